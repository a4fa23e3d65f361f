package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// describe is what a person is told about an error.
func (a *application) describe(command *cobra.Command, err error) string {
	if errors.As(err, new(*usageError)) {
		return fmt.Sprintf("error: %s\nSee '%s --help'.\n", lines(err.Error()), command.CommandPath())
	}
	answer, ok := statusOf(err)
	if !ok {
		return "error: " + lines(err.Error()) + "\n"
	}
	problem := problemOf(answer)
	if problem.reason == "" {
		return "error: " + a.transportProblem(answer) + "\n"
	}
	return problem.String()
}

// problem is what the server says went wrong.
type problem struct {
	message    string
	violations []*errdetails.BadRequest_FieldViolation
	reason     string
	metadata   map[string]string
}

func problemOf(answer *status.Status) problem {
	told := problem{message: answer.Message()}
	for _, detail := range answer.Details() {
		switch detail := detail.(type) {
		case *errdetails.BadRequest:
			told.violations = append(told.violations, detail.GetFieldViolations()...)
		case *errdetails.ErrorInfo:
			told.reason, told.metadata = detail.GetReason(), detail.GetMetadata()
		}
	}
	return told
}

func (p problem) String() string {
	fields := make([]string, len(p.violations))
	for i, violation := range p.violations {
		fields[i] = violation.GetField() + ": " + violation.GetDescription()
	}
	headline := p.message
	if strings.Join(fields, "; ") == p.message {
		if len(fields) == 1 {
			headline, fields = fields[0], nil
		} else {
			headline = fmt.Sprintf("%d values are refused", len(fields))
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "error: %s\n", lines(headline))
	for _, field := range fields {
		fmt.Fprintf(&text, "  %s\n", line(strings.TrimSuffix(field, ": "+p.message)))
	}
	fmt.Fprintf(&text, "  reason: %s\n", line(p.reason))
	for _, key := range slices.Sorted(maps.Keys(p.metadata)) {
		value := strings.ReplaceAll(p.metadata[key], ",", ", ")
		fmt.Fprintf(&text, "  %s: %s\n", line(strings.ReplaceAll(key, "_", " ")), line(value))
	}
	return text.String()
}

// transportProblem tells of an error that did not come from Debrief itself.
func (a *application) transportProblem(answer *status.Status) string {
	switch answer.Code() {
	case codes.Unavailable:
		hint := ""
		if !a.globals.tls.enabled() && !strings.Contains(answer.Message(), whileDialing) {
			hint = " If it speaks TLS, say --tls."
		}
		return fmt.Sprintf("the server at %s can't be reached: %s\n"+
			"Is it running ('debrief serve')? --server or DEBRIEF_SERVER says where it is.%s", line(a.globals.server), cause(answer.Message()), hint)
	case codes.DeadlineExceeded:
		return fmt.Sprintf("the server at %s did not answer within %s: --timeout says how long to wait", line(a.globals.server), a.globals.timeout)
	case codes.Unimplemented:
		return fmt.Sprintf("the server at %s does not know this call: it is older than this command, or no Debrief", line(a.globals.server))
	default:
		return lines(cause(answer.Message()))
	}
}

// whileDialing begins what a transport says of a server with which no connection could be made.
const whileDialing = "Error while dialing: "

// cause is the innermost part of a transport's message.
func cause(message string) string {
	if _, description, found := strings.Cut(message, "desc = "); found {
		message = strings.Trim(description, `"`)
	}
	message = strings.TrimPrefix(message, "transport: ")
	return line(strings.TrimPrefix(message, whileDialing))
}
