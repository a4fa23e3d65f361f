package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/intake"
)

// alertIntake takes what alerting systems send.
type alertIntake interface {
	// DeliverAlerts returns once the delivery is durable.
	DeliverAlerts(ctx context.Context, delivery intake.Delivery) error
	// Reject keeps a delivery that makes no sense.
	Reject(ctx context.Context, rejected service.RejectedDelivery) error
}

// alertmanager takes the webhook of Prometheus Alertmanager, which tries again after any answer of 500 and above, and
// after no other.
type alertmanager struct {
	intake   alertIntake
	toStatus func(context.Context, error) error
	bodies   *bodies
	// slots bound the deliveries that are worked on at once.
	slots    chan struct{}
	deadline time.Duration
	logger   *slog.Logger
}

// ServeHTTP answers 200 when the delivery is durable, 400 when it makes no sense, and 503 when it can't be taken now.
func (a *alertmanager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	body, release, problem := a.bodies.read(w, r)
	defer release()
	outcome := status.Convert(a.limited(func() error { return a.take(r, body, problem) }))
	httpStatus := deliveryStatus(outcome.Code())
	if problem != nil && outcome.Code() == codes.OK {
		outcome, httpStatus = problem.status(), problem.httpStatus
	}
	a.logger.LogAttrs(r.Context(), slog.LevelInfo, "delivery",
		slog.String("source", intake.Alertmanager),
		slog.String("code", outcome.Code().String()),
		slog.Int("bytes", len(body)),
		milliseconds(time.Since(start)),
	)
	if outcome.Code() != codes.OK {
		writeStatus(w, httpStatus, outcome)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	_, _ = w.Write([]byte("{}")) // A sender that is gone sends it again.
}

// limited does the work, unless as many others do theirs as there are slots.
func (a *alertmanager) limited(work func() error) error {
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
		return work()
	default:
		return newStatus(codes.Unavailable, "TOO_MANY_DELIVERIES", "too many deliveries at once: send it again").Err()
	}
}

// take makes the delivery durable, or keeps what is wrong with it.
func (a *alertmanager) take(r *http.Request, body []byte, problem *problem) error {
	ctx, cancel := context.WithTimeout(r.Context(), a.deadline)
	defer cancel()
	switch problem {
	case nil:
	case noRoom:
		return problem.status().Err()
	default:
		return a.reject(ctx, r, body, problem.message)
	}
	delivery, err := intake.ParseAlertmanager(body)
	if err != nil {
		if err := a.reject(ctx, r, body, err.Error()); err != nil {
			return err
		}
		return newStatus(codes.InvalidArgument, "INVALID_DELIVERY", err.Error()).Err()
	}
	return a.toStatus(ctx, a.intake.DeliverAlerts(ctx, delivery))
}

func (a *alertmanager) reject(ctx context.Context, r *http.Request, body []byte, reason string) error {
	return a.toStatus(ctx, a.intake.Reject(ctx, service.RejectedDelivery{
		Source: intake.Alertmanager, ContentType: r.Header.Get("Content-Type"), Reason: reason,
		Body: body, Size: max(r.ContentLength, int64(len(body))),
	}))
}

// deliveryStatus is the HTTP status that makes Alertmanager do the right thing: what may succeed later is to be sent
// again, and 429 would not be.
func deliveryStatus(code codes.Code) int {
	switch code {
	case codes.InvalidArgument:
		return http.StatusBadRequest
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return http.StatusInternalServerError
	default:
		return http.StatusServiceUnavailable
	}
}
