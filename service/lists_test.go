package service_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

func TestListsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for i := range 25 {
			d.advance(time.Second)
			must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{
				Title: fmt.Sprint(i), Severity: debriefv1.Severity(i%3 + 1), Labels: map[string]string{"parity": fmt.Sprint(i % 2)},
			}}))
		}
		tests := []struct {
			name    string
			request *debriefv1.ListIncidentsRequest
			want    []string
			// meanwhile is opened between the first two pages, and fits the filter. It is in the list where it comes last.
			meanwhile *debriefv1.Incident
			last      bool
		}{
			{"newest first", &debriefv1.ListIncidentsRequest{Filter: `title >= "2" AND title < "3"`}, []string{"24", "23", "22", "21", "20", "2"}, &debriefv1.Incident{Title: "2 more"}, false},
			{"oldest first", &debriefv1.ListIncidentsRequest{Filter: `title:"4" OR title:"1" OR title:"3"`, OrderBy: "create_time"}, []string{"1", "3", "4"}, &debriefv1.Incident{Title: "1 more"}, true},
			{"worst first", &debriefv1.ListIncidentsRequest{Filter: `labels.parity = "0" AND title < "2"`, OrderBy: "severity"}, []string{"0", "12", "18", "10", "16", "14"}, &debriefv1.Incident{
				Title: "0 more", Severity: debriefv1.Severity_SEVERITY_SEV3, Labels: map[string]string{"parity": "0"},
			}, true},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				var got []string
				test.request.PageSize = 2
				for {
					page := must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), test.request))
					for _, incident := range page.GetIncidents() {
						got = append(got, incident.GetTitle())
					}
					if page.GetNextPageToken() == "" {
						break
					}
					if test.request.GetPageToken() == "" {
						d.advance(time.Second)
						must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: test.meanwhile}))
					}
					test.request.PageToken = page.GetNextPageToken()
				}
				if test.last {
					test.want = append(test.want, test.meanwhile.GetTitle())
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestPageTokensBelongToTheirRequest(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for range 3 {
			d.open(t, "x")
		}
		token := must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{PageSize: 1, Filter: "state = TRIAGE"})).GetNextPageToken()
		must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{PageSize: 2, Filter: "state = TRIAGE", PageToken: token}))
		for name, request := range map[string]*debriefv1.ListIncidentsRequest{
			"another filter": {PageToken: token},
			"another order":  {PageToken: token, Filter: "state = TRIAGE", OrderBy: "update_time"},
			"deleted ones":   {PageToken: token, Filter: "state = TRIAGE", ShowDeleted: true},
			"no token":       {PageToken: "?", Filter: "state = TRIAGE"},
			"not one of us":  {PageToken: "e30", Filter: "state = TRIAGE"},
		} {
			_, err := d.incidents.ListIncidents(t.Context(), request)
			if diff := cmp.Diff(refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"page_token"}}, first1(refused(t, err))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		for _, orderBy := range []string{"colour", "title", "create_time, severity", "create_time sideways"} {
			_, err := d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{OrderBy: orderBy})
			if diff := cmp.Diff(refusal{codes.InvalidArgument, "INVALID_ARGUMENT", []string{"order_by"}}, first1(refused(t, err))); diff != "" {
				t.Errorf("order by %s (-want +got):\n%s", orderBy, diff)
			}
		}
	})
}

// TestPageTokensBelongToTheirParent takes the token of one subscription's deliveries to another one's.
func TestPageTokensBelongToTheirParent(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		var names []string
		for _, id := range []string{"chat", "pager"} {
			d.subscribe(t, id, "https://example.com/hook")
			names = append(names, "subscriptions/"+id)
			for n := range 2 {
				delivery := repository.EventDelivery{Header: repository.Header{ID: fmt.Sprintf("%s-%d", id, n), Parent: id}}
				if _, err := d.repository.EventDeliveries().Create(t.Context(), repository.Creation[repository.EventDelivery]{Resource: delivery}); err != nil {
					t.Fatal(err)
				}
			}
		}
		page := must[*debriefv1.ListEventDeliveriesResponse](t)(d.subscriptions.ListEventDeliveries(t.Context(), &debriefv1.ListEventDeliveriesRequest{Parent: names[0], PageSize: 1}))
		for name, wanted := range map[string]bool{names[0]: true, names[1]: false} {
			_, err := d.subscriptions.ListEventDeliveries(t.Context(), &debriefv1.ListEventDeliveriesRequest{Parent: name, PageToken: page.GetNextPageToken()})
			if wanted {
				if err != nil {
					t.Errorf("its own: %v", err)
				}
				continue
			}
			wantRefusal(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "page_token")
		}
	})
}

func TestTheFeedIsFollowedByItsCursor(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for range 5 {
			d.open(t, "x")
		}
		var sequences []int64
		var cursor int64
		for {
			page := must[*debriefv1.ListEventsResponse](t)(d.events.ListEvents(t.Context(), &debriefv1.ListEventsRequest{AfterSequence: cursor, PageSize: 2}))
			if len(page.GetEvents()) == 0 {
				break
			}
			for _, event := range page.GetEvents() {
				sequences = append(sequences, event.GetSequence())
			}
			cursor = sequences[len(sequences)-1]
		}
		if diff := cmp.Diff([]int64{1, 2, 3, 4, 5}, sequences); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if newest := d.feed(t, "sequence >= 4"); len(newest) != 2 {
			t.Errorf("sequence >= 4: %v", newest)
		}
	})
}

func TestDeletedIncidentsComeBackOrGo(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, service.Options{Retention: 24 * time.Hour}, func(t *testing.T, d *debrief) {
		kept, purged := d.open(t, "kept"), d.open(t, "purged")
		list := func(deleted bool) int {
			return len(must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{ShowDeleted: deleted})).GetIncidents())
		}
		for _, incident := range []*debriefv1.Incident{kept, purged} {
			deleted := must[*debriefv1.Incident](t)(d.incidents.DeleteIncident(t.Context(), &debriefv1.DeleteIncidentRequest{Name: incident.GetName()}))
			if !deleted.GetDeleteTime().AsTime().Equal(start) || !deleted.GetPurgeTime().AsTime().Equal(start.Add(24*time.Hour)) {
				t.Errorf("deleted: %v", deleted)
			}
			must[*debriefv1.Incident](t)(d.incidents.DeleteIncident(t.Context(), &debriefv1.DeleteIncidentRequest{Name: incident.GetName()}))
			_, err := d.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: incident.GetName()})
			if got, _ := refused(t, err); got.Reason != "RESOURCE_DELETED" {
				t.Errorf("resolving a deleted incident: %v", err)
			}
		}
		if list(false) != 0 || list(true) != 2 {
			t.Errorf("listed: %d live, %d in all", list(false), list(true))
		}
		restored := must[*debriefv1.Incident](t)(d.incidents.UndeleteIncident(t.Context(), &debriefv1.UndeleteIncidentRequest{Name: kept.GetName()}))
		if diff := cmp.Diff(kept, restored, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.Incident{}, "etag")); diff != "" {
			t.Errorf("restored (-before +after):\n%s", diff)
		}
		d.advance(23 * time.Hour)
		d.purge(t)
		if list(true) != 2 {
			t.Error("purged before its time")
		}
		d.advance(2 * time.Hour)
		d.purge(t)
		d.purge(t)
		if list(true) != 1 {
			t.Errorf("%d are left", list(true))
		}
		_, err := d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: purged.GetName()})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("reading a purged incident: %v", err)
		}
		if told := d.feed(t, "type = INCIDENT_PURGED"); len(told) != 1 || told[0].GetResource() != purged.GetName() {
			t.Errorf("told: %v", told)
		}
	})
}

func (d *debrief) purge(t *testing.T) {
	t.Helper()
	if err := d.services.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestCallersNameThemselvesInBounds(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		long := string(make([]byte, 129))
		for name, values := range map[string][]string{"twice": {"a", "b"}, "too long": {long}, "with a line break": {"a\tb"}} {
			ctx := metadata.NewOutgoingContext(t.Context(), metadata.MD{service.ActorHeader: values})
			_, err := d.incidents.ListIncidents(ctx, &debriefv1.ListIncidentsRequest{})
			if err == nil {
				t.Errorf("%s: accepted", name)
			}
		}
	})
}
