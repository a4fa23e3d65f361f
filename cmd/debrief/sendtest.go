package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/structpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// maxIntakeAnswer is how much of an answer to an alert is shown, in bytes.
const maxIntakeAnswer = 64 << 10

const snsUnsigned = "Amazon SNS signs its messages with a key that nobody else has. This one is not signed, so that the server has to refuse it:\n" +
	"that it does so says that the way is open. To see an alarm arrive, have SNS send it."

// intakeError is that a server did not take an alert.
type intakeError struct {
	code    int
	problem string
}

func (e *intakeError) Error() string { return e.problem }

// sendTest is an alert on its way to a server.
type sendTest struct {
	app                 *application
	server, key, secret string
	alert               string
	resolve             bool
}

func (a *application) newSendTestCommand() *cobra.Command {
	kinds := enumNames(debriefv1.Integration_Kind(0).Descriptor())
	for i := range kinds {
		kinds[i] = strings.ToLower(kinds[i])
	}
	send := &sendTest{app: a}
	command := &cobra.Command{
		Use: "send-test KIND", Short: "Send a server an alert as an alerting system would, to see it arrive", Args: takes,
		Long: "Send-test goes the way that an alerting system goes, over HTTP and with its key, and shows what the server answers.\n" +
			"Each run sends an alert of its own, which opens an incident unless the rules say otherwise. KIND is one of\n" +
			strings.Join(kinds, ", ") + ".\n\n" + snsUnsigned,
		Example: "  debrief send-test pagerduty --key \"$KEY\"\n  debrief send-test pagerduty --key \"$KEY\" --alert 01JD3V2Q6R8T0W2Y4A6C8E0G2J --resolve",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return kinds, cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags := command.Flags()
	flags.StringVar(&send.server, "url", "http://127.0.0.1:8080", "HTTP `address` of the server; with --tls it begins with https")
	flags.StringVar(&send.key, "key", "", "the `key` of the integration; without one the server's own settings hold")
	flags.StringVar(&send.secret, "signing-secret", "", "the `secret` to sign with, for grafana and sentry")
	flags.StringVar(&send.alert, "alert", "", "send the alert of an earlier run again, by the `ID` that it told")
	flags.BoolVar(&send.resolve, "resolve", false, "say that the alert of --alert does not fire any more")
	command.RunE = func(command *cobra.Command, arguments []string) error {
		send.server = a.globals.tls.url(flags, send.server)
		return send.run(command.Context(), arguments[0])
	}
	return command
}

func (s *sendTest) run(ctx context.Context, kind string) error {
	alert, err := s.prepare(kind)
	if err != nil {
		return err
	}
	if alert.kind == debriefv1.Integration_KIND_SNS {
		s.app.note("%s", snsUnsigned)
	}
	status, answer, err := s.post(ctx, alert)
	if err != nil {
		return err
	}
	if err := s.show(alert, status, answer); err != nil {
		return err
	}
	return refusal(status)
}

// prepare is the alert that is to be sent.
func (s *sendTest) prepare(kind string) (testAlert, error) {
	of, err := parseEnum[debriefv1.Integration_Kind](kind)
	if err != nil {
		return testAlert{}, usagef("KIND %w", err)
	}
	address, err := url.Parse(s.server)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return testAlert{}, usagef("--url %q is no address: write it like http://127.0.0.1:8080", s.server)
	}
	if s.resolve && s.alert == "" {
		return testAlert{}, usagef("--resolve needs --alert: the ID that sending the alert told")
	}
	alert := testAlert{kind: of, now: s.app.environment.now(), Resolved: s.resolve, key: s.key}
	if s.alert == "" {
		hash := sha256.Sum256([]byte(s.app.environment.newRequestID()))
		err = errors.Join(alert.id.SetTime(ulid.Timestamp(alert.now)), alert.id.SetEntropy(hash[:10]))
		return alert, err
	}
	if alert.id, err = ulid.ParseStrict(s.alert); err != nil {
		return testAlert{}, usagef("--alert %q is no ID of an alert that was sent: it has 26 letters and digits", s.alert)
	}
	return alert, nil
}

// post sends the alert, and answers what the server said. What it reports has no key in it.
func (s *sendTest) post(ctx context.Context, alert testAlert) (status int, answer string, err error) {
	body, err := alert.body()
	if err != nil {
		return 0, "", err
	}
	transport, err := s.app.globals.tls.transport()
	if err != nil {
		return 0, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, s.app.globals.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, alert.address(s.server), bytes.NewReader(body))
	if err != nil {
		return 0, "", usagef("--url %q is no address", s.server)
	}
	alert.setHeader(request.Header, body, s.secret)
	client := &http.Client{
		Transport: transport,
		// A redirection would take the key elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		if told, ok := errors.AsType[*url.Error](err); ok {
			err = told.Err
		}
		return 0, "", &intakeError{exitUnreachable, fmt.Sprintf("%s does not answer: %v", s.server, err)}
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxIntakeAnswer))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return 0, "", &intakeError{exitUnreachable, fmt.Sprintf("the answer of %s breaks off: %v", s.server, err)}
	}
	return response.StatusCode, strings.TrimSpace(string(text)), nil
}

// show shows the status and the answer, and for eyes how to go on.
func (s *sendTest) show(alert testAlert, status int, answer string) error {
	message, err := structpb.NewStruct(map[string]any{
		"kind": enumText(alert.kind), "id": alert.ID(), "title": alert.Title(), "status": status, "answer": strings.ToValidUTF8(answer, "\uFFFD"),
	})
	if err != nil {
		return fmt.Errorf("show the answer: %w", err)
	}
	if s.app.globals.output.value == "name" {
		_, err := fmt.Fprintln(s.app.out, alert.ID())
		return err
	}
	return s.app.show(message, func() error {
		text := fmt.Sprintf("%d %s\n", status, http.StatusText(status))
		if answer = lines(answer); answer != "" {
			text += answer + "\n"
		}
		if refusal(status) == nil {
			text += fmt.Sprintf("To see it: debrief alert list --title %s\n", alert.ID())
			if !alert.Resolved {
				text += fmt.Sprintf("To resolve it: debrief send-test %s --alert %s --resolve\n", strings.ToLower(enumText(alert.kind)), alert.ID())
			}
		}
		_, err := s.app.out.WriteString(text)
		return err
	})
}

// refusal is nil where the server took the alert.
func refusal(status int) error {
	code := exitFailure
	switch {
	case status >= http.StatusOK && status < http.StatusMultipleChoices:
		return nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		code = exitDenied
	case status == http.StatusNotFound:
		code = exitNotFound
	case status == http.StatusTooManyRequests:
		code = exitExhausted
	case status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout, status == http.StatusBadGateway:
		code = exitUnreachable
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		code = exitInvalid
	}
	return &intakeError{code, fmt.Sprintf("the server did not take the alert: %d %s", status, http.StatusText(status))}
}
