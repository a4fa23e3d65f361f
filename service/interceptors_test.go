package service_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
)

func TestCallersNameThemselvesInAnyScript(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for name, test := range map[string]struct {
			key, actor string
			more       metadata.MD
			code       codes.Code
		}{
			"in ASCII":            {key: service.ActorHeader, actor: "ann"},
			"with an umlaut":      {key: service.ActorBinaryHeader, actor: "Jörg Müller"},
			"in another alphabet": {key: service.ActorBinaryHeader, actor: "李雷"},
			"both ways":           {key: service.ActorBinaryHeader, actor: "ann", more: metadata.Pairs(service.ActorHeader, "bob"), code: codes.InvalidArgument},
			"not in UTF-8":        {key: service.ActorBinaryHeader, actor: "J\xf6rg", code: codes.InvalidArgument},
			"with a line break":   {key: service.ActorBinaryHeader, actor: "ann\nbob", code: codes.InvalidArgument},
		} {
			t.Run(name, func(t *testing.T) {
				ctx := metadata.NewOutgoingContext(t.Context(), metadata.Join(metadata.Pairs(test.key, test.actor), test.more))
				opened, err := d.incidents.CreateIncident(ctx, &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x"}})
				if test.code != codes.OK {
					if got, _ := refused(t, err); got.Code != test.code {
						t.Errorf("error is %v, want %v", err, test.code)
					}
					return
				}
				if err != nil || opened.GetOrigin().GetActor() != test.actor {
					t.Errorf("actor is %q (%v), want %q", opened.GetOrigin().GetActor(), err, test.actor)
				}
			})
		}
	})
}
