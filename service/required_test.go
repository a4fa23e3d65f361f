package service

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const (
	anIncident = "incidents/01JGQ0000000000000000000AA"
	anEntry    = anIncident + "/timelineEntries/01JGQ0000000000000000000BB"
)

func TestRequestsAreHeldAgainstTheirRules(t *testing.T) {
	t.Parallel()
	long := string(make([]rune, 301))
	tests := []struct {
		name    string
		request proto.Message
		want    []string
	}{
		{"a whole request", &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x"}}, nil},
		{"nothing at all", &debriefv1.CreateIncidentRequest{}, []string{"incident"}},
		{"no title", &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{}}, []string{"incident.title"}},
		{"a long title", &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: long}}, []string{"incident.title"}},
		{
			"a responder without a name",
			&debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x", Responders: []*debriefv1.Responder{{Person: "sam"}, {Role: "scribe"}}}},
			[]string{"incident.responders[1].person"},
		},
		{
			"a link that would run",
			&debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x", Links: []*debriefv1.Link{{Uri: "javascript:alert(1)"}}}},
			[]string{"incident.links[0].uri"},
		},
		{
			"a label with a bad key",
			&debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x", Labels: map[string]string{"a b": "c"}}},
			[]string{`incident.labels["a b"]`},
		},
		{"no name", &debriefv1.GetIncidentRequest{}, []string{"name"}},
		{"a bad name", &debriefv1.GetIncidentRequest{Name: "incidents/1"}, []string{"name"}},
		{"an update of what", &debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Title: "x"}}, []string{"incident.name"}},
		{"an update that leaves the title alone", &debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Name: anIncident, Lead: "sam"}}, nil},
		{
			"an update that clears the title",
			&debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Name: anIncident}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title"}}},
			[]string{"incident.title"},
		},
		{
			"an update of everything without a title",
			&debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Name: anIncident}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"*"}}},
			[]string{"incident.title"},
		},
		{
			"an amendment of the kind alone",
			&debriefv1.UpdateTimelineEntryRequest{TimelineEntry: &debriefv1.TimelineEntry{Name: anEntry, Kind: debriefv1.TimelineEntry_KIND_ACTION}},
			nil,
		},
		{
			"a batch whose requests leave the parent out",
			&debriefv1.BatchCreateTimelineEntriesRequest{Parent: anIncident, Requests: []*debriefv1.CreateTimelineEntryRequest{
				{TimelineEntry: &debriefv1.TimelineEntry{Text: "x"}}, {TimelineEntry: &debriefv1.TimelineEntry{}},
			}},
			[]string{"requests[1].timeline_entry.text"},
		},
		{"an empty batch", &debriefv1.BatchCreateTimelineEntriesRequest{Parent: anIncident}, []string{"requests"}},
		{"a correction of nothing", &debriefv1.CorrectMilestoneRequest{Name: anIncident}, []string{"milestone", "time", "reason"}},
		{"a negative page size", &debriefv1.ListIncidentsRequest{PageSize: -1}, []string{"page_size"}},
	}
	validator, err := protovalidate.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			if err := check(validator, test.request); err != nil {
				var bad *invalidError
				if !errors.As(err, &bad) {
					t.Fatalf("check() = %v, want violations", err)
				}
				for _, v := range bad.Violations {
					got = append(got, v.Field)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("fields that are wrong (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnAnswerDoesNotTellOfThousands has more wrong than anybody reads.
func TestAnAnswerDoesNotTellOfThousands(t *testing.T) {
	t.Parallel()
	wrong := &invalidError{Violations: slices.Repeat([]violation{{"field", "is required"}}, 5000)}
	answer := status.Convert(wrong.status())
	if !strings.HasSuffix(answer.Message(), "; and 4900 more") || proto.Size(answer.Proto()) > 10_000 {
		t.Errorf("%d bytes, with the message %.300s", proto.Size(answer.Proto()), answer.Message())
	}
}
