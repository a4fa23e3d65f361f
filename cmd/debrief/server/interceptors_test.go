package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestCallsWithoutADeadlineGetOne(t *testing.T) {
	far := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	own, cancel := context.WithDeadline(t.Context(), far)
	defer cancel()
	if got := deadlineOf(own, t); !got.Equal(far) {
		t.Errorf("the deadline of the caller's own became %v", got)
	}
	if got := deadlineOf(t.Context(), t); got.IsZero() || !got.Before(far) {
		t.Errorf("the deadline of a caller without one is %v, want an hour from now", got)
	}
}

// deadlineOf is the deadline of a call that comes with the context; zero where it has none.
func deadlineOf(ctx context.Context, t *testing.T) time.Time {
	t.Helper()
	var deadline time.Time
	_, err := defaultDeadline(time.Hour)(ctx, nil, nil, func(ctx context.Context, _ any) (any, error) {
		deadline, _ = ctx.Deadline()
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return deadline
}

func TestAPanicIsAnErrorOfItsCallAlone(t *testing.T) {
	log := &logBuffer{}
	interceptor := recovery.UnaryServerInterceptor(onPanic(slog.New(slog.NewJSONHandler(log, nil))))
	_, err := interceptor(t.Context(), nil, &grpc.UnaryServerInfo{}, func(context.Context, any) (any, error) { panic("secret cause") })
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v, want Internal without its cause", err)
	}
	if !strings.Contains(log.String(), "secret cause") || !strings.Contains(log.String(), "interceptors_test.go") {
		t.Errorf("the log does not tell cause and place: %s", log)
	}
}

func TestTheLogHasALineForEachCall(t *testing.T) {
	for method, want := range map[string]string{
		"/debrief.v1.IncidentService/GetIncident": "NotFound",
		"/grpc.health.v1.Health/Check":            "",
	} {
		t.Run(method, func(t *testing.T) {
			log := &logBuffer{}
			logged := logCalls(slog.New(slog.NewJSONHandler(log, nil)))
			ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("debrief-actor", "ann"))
			_, err := logged(ctx, "what was said", &grpc.UnaryServerInfo{FullMethod: method}, func(context.Context, any) (any, error) {
				return nil, status.Error(codes.NotFound, "what was answered")
			})
			if status.Code(err) != codes.NotFound {
				t.Errorf("error is %v, want that of the call", err)
			}
			if want == "" {
				if log.String() != "" {
					t.Errorf("log is %s, want none", log)
				}
				return
			}
			checkCallLine(t, log.String(), method, want)
		})
	}
}

// checkCallLine wants a line that tells of the call, and nothing that callers may want to keep to themselves.
func checkCallLine(t *testing.T, line, method, code string) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		t.Fatalf("log is %s: %v", line, err)
	}
	if _, ok := fields["duration_ms"].(float64); !ok {
		t.Errorf("no duration in %s", line)
	}
	delete(fields, "duration_ms")
	delete(fields, "time")
	want := map[string]any{"level": "INFO", "msg": "call", "method": method, "code": code}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}
