package service_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
)

func retryDelay(err error) time.Duration {
	for _, detail := range status.Convert(err).Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

func TestWhoCallsTooOftenWaits(t *testing.T) {
	t.Parallel()
	options := authenticated()
	options.Limits = service.LimitOptions{CallsPerSecond: 2}
	onEachStoreWith(t, options, func(t *testing.T, d *debrief) {
		one, two := showing(t, d.firstKey(t, debriefv1.Role_ROLE_VIEWER)), showing(t, d.firstKey(t, debriefv1.Role_ROLE_ADMIN))
		call := func(ctx context.Context) error {
			_, err := d.incidents.ListIncidents(ctx, &debriefv1.ListIncidentsRequest{})
			return err
		}
		for range 10 {
			if err := call(one); err != nil {
				t.Fatal(err)
			}
		}
		err := call(one)
		wantRefusal(t, err, codes.ResourceExhausted, "RATE_LIMITED")
		if got := retryDelay(err); got != 500*time.Millisecond {
			t.Errorf("it says to wait for %v, want 500ms", got)
		}
		if err := call(two); err != nil {
			t.Errorf("another one: %v", err)
		}
		d.advance(500 * time.Millisecond)
		if err := call(one); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		wantRefusal(t, call(one), codes.ResourceExhausted, "RATE_LIMITED")
	})
}

func TestWhomNobodyKnowsIsNotCounted(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, service.Options{Limits: service.LimitOptions{CallsPerSecond: 1}}, func(t *testing.T, d *debrief) {
		for range 20 {
			if _, err := d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestTooManyCallsAreSentAway holds one call where there is room for one: another one is sent away at once, health checks are not.
func TestTooManyCallsAreSentAway(t *testing.T) {
	t.Parallel()
	options := service.Options{Limits: service.LimitOptions{CallsAtOnce: 1}}
	onEachStoreWith(t, options, func(t *testing.T, d *debrief) {
		shed := func(method string, handler grpc.UnaryHandler) error {
			_, err := d.services.Shed(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: method}, handler)
			return err
		}
		nothing := func(context.Context, any) (any, error) { return nil, nil }
		const method = debriefv1.IncidentService_ListIncidents_FullMethodName
		err := shed(method, func(ctx context.Context, _ any) (any, error) {
			wantRefusal(t, d.services.ToStatus(ctx, shed(method, nothing)), codes.Unavailable, "OVERLOADED")
			if err := shed("/grpc.health.v1.Health/Check", nothing); err != nil {
				t.Errorf("a health check: %v", err)
			}
			return nil, nil
		})
		if err != nil {
			t.Error(err)
		}
		if err := shed(method, nothing); err != nil {
			t.Errorf("after it has ended: %v", err)
		}
	})
}
