package server

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func TestReflectionTellsWhatIsServed(t *testing.T) {
	tellsWhatIsServed(t, start(t, nil))
}

// tellsWhatIsServed asks by reflection.
func tellsWhatIsServed(t *testing.T, server *running) {
	t.Helper()
	stream, err := reflectionpb.NewServerReflectionClient(server.grpc).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	question := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}
	if err := stream.Send(question); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, service := range answer.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	for _, want := range []string{"debrief.v1.IncidentService", "grpc.health.v1.Health"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %v", want, names)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
}

func TestARequestOverGRPCIsBounded(t *testing.T) {
	server := start(t, nil)
	client := debriefv1.NewIncidentServiceClient(server.grpc)
	_, err := client.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
		Incident: &debriefv1.Incident{Title: "x", Summary: strings.Repeat("x", maxRequest)},
	})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a message that is too large: %v, want ResourceExhausted", err)
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "something", strings.Repeat("x", maxMetadata))
	if _, err := client.ListIncidents(ctx, &debriefv1.ListIncidentsRequest{}); status.Code(err) == codes.OK {
		t.Error("metadata that is too large is accepted")
	}
}

func TestEveryCallIsHeldAgainstTheRules(t *testing.T) {
	server := start(t, nil)
	_, err := debriefv1.NewIncidentServiceClient(server.grpc).GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: "7"})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("error is %v, want InvalidArgument", err)
	}
}
