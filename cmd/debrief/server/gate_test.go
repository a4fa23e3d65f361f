package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func TestTheGateSetsDeadlines(t *testing.T) {
	const call = debriefv1.IncidentService_ListIncidents_FullMethodName
	for name, test := range map[string]struct {
		method      string
		asked, want time.Duration
	}{
		"a call without a deadline":         {call, 0, 15 * time.Second},
		"a call with a deadline":            {call, time.Second, time.Second},
		"a call that would take for ever":   {call, 1000 * time.Hour, maxPatience},
		"a stream goes on":                  {debriefv1.EventService_WatchEvents_FullMethodName, 0, 0},
		"a stream with a deadline":          {debriefv1.EventService_WatchEvents_FullMethodName, time.Hour, time.Hour},
		"somebody who watches health":       {"/grpc.health.v1.Health/Watch", 0, 0},
		"somebody who asks after health":    {"/grpc.health.v1.Health/Check", 0, 15 * time.Second},
		"somebody who asks what there is":   {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", 0, 0},
		"a method that there is not at all": {"/debrief.v1.IncidentService/Nothing", 0, 15 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.asked > 0 {
					ctx, cancel = context.WithTimeout(ctx, test.asked)
					defer cancel()
				}
				admitted, err := newGate(15*time.Second).admit(ctx, &tap.Info{FullMethodName: test.method})
				if err != nil {
					t.Fatal(err)
				}
				deadline, ok := admitted.Deadline()
				if ok != (test.want > 0) || ok && time.Until(deadline) != test.want {
					t.Errorf("the call ends after %v, %v; want %v", time.Until(deadline), ok, test.want)
				}
			})
		})
	}
}

func TestTheGateLetsSoManyCallsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		gate, info := newGate(time.Hour), &tap.Info{FullMethodName: debriefv1.IncidentService_ListIncidents_FullMethodName}
		for range maxOpen {
			if _, err := gate.admit(ctx, info); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := gate.admit(t.Context(), info); status.Code(err) != codes.Unavailable {
			t.Errorf("one more: %v, want Unavailable", err)
		}
		for _, method := range []string{healthpb.Health_Check_FullMethodName, healthpb.Health_Watch_FullMethodName} {
			for range maxProbes {
				if _, err := gate.admit(ctx, &tap.Info{FullMethodName: method}); err != nil {
					t.Fatalf("%s beside them: %v", method, err)
				}
			}
			if _, err := gate.admit(t.Context(), &tap.Info{FullMethodName: method}); status.Code(err) != codes.Unavailable {
				t.Errorf("one more of %s: %v, want Unavailable", method, err)
			}
		}
		end()
		synctest.Wait()
		if _, err := gate.admit(t.Context(), info); err != nil {
			t.Errorf("when the others have ended: %v", err)
		}
	})
}
