package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/intake"
)

// intakePath is where alerting systems send to: the name of the intake follows, and what its senders put behind that.
const intakePath = "/intake/"

const (
	// intakePatience is how long a sender waits, at most, to see its delivery worked off. It is durable by then.
	intakePatience = 250 * time.Millisecond
	// slotPatience is how long a delivery waits, at most, for others to be taken: less than it takes to send it again, and
	// less than a second, within which some senders want their answer.
	slotPatience = 500 * time.Millisecond
)

// deliveryIntake takes what alerting systems send.
type deliveryIntake interface {
	// Admits refuses a key by which nothing would be taken.
	Admits(ctx context.Context, adapter intake.Adapter, key string) error
	// Receive returns once the delivery is durable.
	Receive(ctx context.Context, adapter intake.Adapter, request intake.Request, key string) (service.Receipt, error)
	// AskOpsgenie answers a sender that asks how far a request has come, or how it stands with an alert.
	AskOpsgenie(ctx context.Context, question intake.OpsgenieQuestion, key string) (intake.Answer, error)
	// Reject keeps a delivery that makes no sense.
	Reject(ctx context.Context, rejected service.RejectedDelivery) error
}

// intakes takes what alerting systems send, each in its own form, and answers in that form.
type intakes struct {
	intake   deliveryIntake
	adapters []intake.Adapter
	toStatus func(context.Context, error) error
	bodies   *bodies
	// keyed says that nothing is taken without a key.
	keyed bool
	// slots bound the deliveries that are taken at once, and patience is how long one may wait for a slot.
	slots    chan struct{}
	patience time.Duration
	deadline time.Duration
	logger   *slog.Logger
}

// arrival is a request to an intake, on its way.
type arrival struct {
	*intakes

	adapter intake.Adapter
	path    []string
	// bytes is the size of the body, as far as it was read.
	bytes int
	// unsupported says that the body is in no form of the sender's.
	unsupported bool
}

// ServeHTTP answers as the sender expects when the delivery is durable, 4xx when it makes no sense or is not let in, and 503
// when it can't be taken now.
func (i *intakes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	source, rest, err := intakeSegments(r.URL)
	at := slices.IndexFunc(i.adapters, func(adapter intake.Adapter) bool { return adapter.Source == source })
	if err != nil || at < 0 {
		notFound(w, r)
		return
	}
	r.Pattern = intakePath + source // Spans and measurements go by it.
	a := &arrival{intakes: i, adapter: i.adapters[at], path: rest}
	if a.ask(w, r) {
		return
	}
	if methods := intakeMethods(source); !slices.Contains(methods, r.Method) {
		methodNotAllowed(w, r, methods)
		return
	}
	a.serve(w, r)
}

// ask answers questions of senders that are no deliveries: of CloudEvents whether it may send, and of Opsgenie how far a
// request has come, or how it stands with an alert.
func (a *arrival) ask(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case a.adapter.Source == "cloudevents" && r.Method == http.MethodOptions:
		answer, asked := intake.CloudEventsValidation(r.Header)
		if asked {
			writeAnswer(w, answer)
		}
		return asked
	case a.adapter.Source == "opsgenie" && r.Method == http.MethodGet:
		question, asked := intake.ReadOpsgenieQuestion(a.path)
		if asked {
			a.askOpsgenie(w, r, question)
		}
		return asked
	default:
		return false
	}
}

func (a *arrival) askOpsgenie(w http.ResponseWriter, r *http.Request, question intake.OpsgenieQuestion) {
	ctx, cancel := context.WithTimeout(r.Context(), a.deadline)
	defer cancel()
	answer, err := a.intake.AskOpsgenie(ctx, question, keyOf(r))
	if outcome := status.Convert(a.toStatus(ctx, err)); outcome.Code() != codes.OK {
		a.refuse(w, deliveryStatus(outcome.Code()), outcome)
		return
	}
	writeAnswer(w, answer)
}

// intakeSegments are the intake's name and the segments behind it, of which one may hold anything, also a slash.
func intakeSegments(address *url.URL) (source string, rest []string, err error) {
	for segment := range strings.SplitSeq(strings.TrimPrefix(address.EscapedPath(), intakePath), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return "", nil, err
		}
		if plain != "" {
			rest = append(rest, plain)
		}
	}
	if len(rest) == 0 {
		return "", nil, nil
	}
	return rest[0], rest[1:], nil
}

// intakeMethods are the methods by which a sender may come.
func intakeMethods(source string) []string {
	if source == "grafana" {
		return []string{http.MethodPost, http.MethodPut}
	}
	return []string{http.MethodPost}
}

func (a *arrival) serve(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	receipt, outcome, httpStatus := a.outcome(w, r)
	a.logger.LogAttrs(r.Context(), slog.LevelInfo, "delivery",
		slog.String("source", a.adapter.Source),
		slog.String("code", outcome.Code().String()),
		slog.Int("bytes", a.bytes),
		milliseconds(time.Since(start)),
	)
	if outcome.Code() != codes.OK {
		a.refuse(w, httpStatus, outcome)
		return
	}
	a.wait(r.Context(), receipt)
	a.answer(w, receipt)
}

// outcome is what becomes of the request. What it holds while it is read is given back before the sender is answered.
func (a *arrival) outcome(w http.ResponseWriter, r *http.Request) (service.Receipt, *status.Status, int) {
	if err := a.knock(r); err != nil {
		outcome := status.Convert(err)
		w.Header().Set("Connection", "close") // Else the body is read before the answer is sent.
		return service.Receipt{}, outcome, deliveryStatus(outcome.Code())
	}
	body, release, problem := a.bodies.readAs(w, r, intakeType(a.adapter.Source))
	defer release()
	a.bytes = len(body)
	receipt, err := a.limited(r.Context(), func() (service.Receipt, error) { return a.take(r, body, problem) })
	outcome := status.Convert(err)
	if problem != nil && outcome.Code() == codes.OK {
		return receipt, problem.status(), problem.httpStatus
	}
	httpStatus := deliveryStatus(outcome.Code())
	if a.unsupported {
		httpStatus = http.StatusUnsupportedMediaType
	}
	return receipt, outcome, httpStatus
}

// knock refuses those who are not let in, before their bodies take room: as far as that can be told, as some have the key in the body.
func (a *arrival) knock(r *http.Request) error {
	if !a.keyed || keyOf(r) == "" && a.adapter.Key != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), a.deadline)
	defer cancel()
	_, err := a.limited(ctx, func() (service.Receipt, error) {
		return service.Receipt{}, a.toStatus(ctx, a.intake.Admits(ctx, a.adapter, keyOf(r)))
	})
	return err
}

// intakeType says whether a Content-Type is one that the senders of a source use.
func intakeType(source string) func(mediaType string) bool {
	return func(mediaType string) bool {
		switch {
		case mediaType == jsonType:
			return true
		case source == "sns":
			return mediaType == "text/plain"
		case source == "cloudevents":
			return mediaType != ""
		}
		return false
	}
}

// limited does the work once there is a slot for it, unless others hold all of them for too long.
func (a *arrival) limited(ctx context.Context, work func() (service.Receipt, error)) (service.Receipt, error) {
	if !a.slot(ctx) {
		return service.Receipt{}, newStatus(codes.Unavailable, "TOO_MANY_DELIVERIES", "too many deliveries at once: send it again").Err()
	}
	defer func() { <-a.slots }()
	return work()
}

// slot takes a slot, and says whether there was one in time.
func (a *arrival) slot(ctx context.Context) bool {
	select {
	case a.slots <- struct{}{}:
		return true
	default:
	}
	waiting, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	select {
	case a.slots <- struct{}{}:
		return true
	case <-waiting.Done():
		return false
	}
}

// take makes the delivery durable, or keeps what is wrong with it.
func (a *arrival) take(r *http.Request, body []byte, problem *problem) (service.Receipt, error) {
	ctx, cancel := context.WithTimeout(r.Context(), a.deadline)
	defer cancel()
	switch problem {
	case nil:
	case noRoom:
		return service.Receipt{}, problem.status().Err()
	default:
		return service.Receipt{}, a.reject(ctx, r, body, problem.message)
	}
	request := intake.Request{Method: r.Method, Path: a.path, Query: r.URL.Query(), Header: r.Header, Body: body}
	receipt, err := a.intake.Receive(ctx, a.adapter, request, keyOf(r))
	a.unsupported = errors.As(err, new(*intake.UnsupportedError))
	if reason, code, refused := senseless(err); refused {
		if err := a.reject(ctx, r, body, err.Error()); err != nil {
			return service.Receipt{}, err
		}
		return service.Receipt{}, newStatus(code, reason, err.Error()).Err()
	}
	return receipt, a.toStatus(ctx, err)
}

// senseless says whether an error is about what was sent, so that it is kept to be looked at.
func senseless(err error) (reason string, code codes.Code, refused bool) {
	switch {
	case errors.As(err, new(*intake.InvalidError)):
		return "INVALID_DELIVERY", codes.InvalidArgument, true
	case errors.As(err, new(*intake.UnsupportedError)):
		return "UNSUPPORTED_MEDIA_TYPE", codes.InvalidArgument, true
	case errors.As(err, new(*intake.SignatureError)):
		return "INVALID_SIGNATURE", codes.Unauthenticated, true
	default:
		return "", codes.OK, false
	}
}

func (a *arrival) reject(ctx context.Context, r *http.Request, body []byte, reason string) error {
	return a.toStatus(ctx, a.intake.Reject(ctx, service.RejectedDelivery{
		Source: a.adapter.Source, ContentType: r.Header.Get("Content-Type"), Reason: reason,
		Body: body, Size: max(r.ContentLength, int64(len(body))),
	}))
}

// wait lets a delivery be worked off, for a moment, so that who lists right after the answer sees what came of it.
func (a *arrival) wait(ctx context.Context, receipt service.Receipt) {
	if receipt.Done == nil {
		return
	}
	timer := time.NewTimer(intakePatience)
	defer timer.Stop()
	select {
	case <-receipt.Done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// answer says that a delivery was taken, as its sender expects.
func (a *arrival) answer(w http.ResponseWriter, receipt service.Receipt) {
	answer := intake.Answer{Status: http.StatusOK, Body: struct{}{}}
	if a.adapter.Answer != nil {
		answer = a.adapter.Answer(receipt.Request, receipt.Delivery)
	}
	writeAnswer(w, answer)
}

// refuse says why a delivery was not taken, as its sender expects.
func (a *arrival) refuse(w http.ResponseWriter, httpStatus int, outcome *status.Status) {
	if a.adapter.Refuse == nil {
		writeStatus(w, httpStatus, outcome)
		return
	}
	if after := waitFirst(httpStatus, outcome); after != "" {
		w.Header().Set("Retry-After", after)
	}
	writeAnswer(w, a.adapter.Refuse(httpStatus, outcome.Message()))
}

func writeAnswer(w http.ResponseWriter, answer intake.Answer) {
	maps.Copy(w.Header(), answer.Header)
	w.Header().Set("Cache-Control", "no-store")
	if answer.Body == nil {
		w.WriteHeader(answer.Status)
		return
	}
	body, err := json.Marshal(answer.Body)
	if err != nil {
		// Nothing but a value that no adapter makes leads here.
		writeStatus(w, http.StatusInternalServerError, newStatus(codes.Internal, "INTERNAL", internalMessage))
		return
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(answer.Status)
	_, _ = w.Write(body) // A sender that is gone sends it again.
}

// deliveryStatus is the HTTP status that makes a sender do the right thing: what may succeed later is to be sent again, and
// 429 is not by all of them.
func deliveryStatus(code codes.Code) int {
	switch code {
	case codes.InvalidArgument:
		return http.StatusBadRequest
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return http.StatusInternalServerError
	default:
		return http.StatusServiceUnavailable
	}
}

type intakeKey struct{}

// keyOf is the key that a request came with.
func keyOf(r *http.Request) string {
	key, _ := r.Context().Value(intakeKey{}).(string)
	return key
}

// unkeyed takes the key from a request to an intake before anything sees it that tells what it saw: log, traces, errors. One that is in
// the path of something else gets no further.
func unkeyed(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, intakePath) {
			if _, key := service.CutURLKey(&url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath}); key != "" {
				misplacedKey(w)
				return
			}
			handler.ServeHTTP(w, r)
			return
		}
		address, key := service.CutURLKey(r.URL)
		if found := service.AuthorizationKey(r.Header.Get("Authorization")); found != "" {
			key = found
		}
		kept := r.Clone(context.WithValue(r.Context(), intakeKey{}, key))
		kept.URL, kept.RequestURI = address, address.RequestURI()
		kept.Header.Del("Authorization")
		handler.ServeHTTP(w, kept)
	})
}

func misplacedKey(w http.ResponseWriter) {
	(&problem{
		httpStatus: http.StatusNotFound, code: codes.NotFound, reason: "PATH_NOT_FOUND",
		message: "there is no such path, and the key of an integration is in it: send to " + intakePath + ", and rotate the key, which others may have seen",
	}).write(w)
}
