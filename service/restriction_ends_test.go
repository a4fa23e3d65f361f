package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// restricted restricts what there is to the responder whose key it answers, and answers the key of an administrator as well.
func restricted(t *testing.T, d *debrief, incident string) (insider, outsider string) {
	t.Helper()
	insider, outsider = d.firstKey(t, debriefv1.Role_ROLE_RESPONDER), d.firstKey(t, debriefv1.Role_ROLE_ADMIN)
	must[*debriefv1.Incident](t)(restrict(t, d, insider, &debriefv1.Incident{
		Name: incident, Restriction: &debriefv1.Restriction{People: []string{"apiKeys/first-responder"}},
	}))
	return insider, outsider
}

// TestWhatIsRestrictedIsNotPurged deletes an incident and waits: if it were gone, nothing would conceal what is left of it.
func TestWhatIsRestrictedIsNotPurged(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "Somebody was here").GetName()
		p := d.covering(t, incident).GetName()
		item := d.act(t, &debriefv1.ActionItem{Title: "Look who", PostMortem: p}).GetName()
		_, outsider := restricted(t, d, incident)
		must[*debriefv1.Incident](t)(d.incidents.DeleteIncident(t.Context(), &debriefv1.DeleteIncidentRequest{Name: incident}))
		must[*debriefv1.PostMortem](t)(d.postMortems.DeletePostMortem(t.Context(), &debriefv1.DeletePostMortemRequest{Name: p}))
		must[*debriefv1.ActionItem](t)(d.actionItems.DeleteActionItem(t.Context(), &debriefv1.DeleteActionItemRequest{Name: item}))
		d.advance(365 * 24 * time.Hour)
		if err := d.services.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: incident}))
		feed := must[*debriefv1.ListEventsResponse](t)(d.events.ListEvents(showing(t, outsider), &debriefv1.ListEventsRequest{}))
		if len(feed.GetEvents()) > 0 {
			t.Errorf("the outsider is told %v", types(feed.GetEvents()))
		}
	})
}

// TestOpenIncidentsDoNotNameWhatIsRestricted restricts the post-mortem of an incident of which everybody may know.
func TestOpenIncidentsDoNotNameWhatIsRestricted(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		insider := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)
		incident := d.resolved(t, "It was slow").GetName()
		p := d.covering(t, incident)
		must[*debriefv1.PostMortem](t)(d.locked(t).postMortems.UpdatePostMortem(showing(t, insider), &debriefv1.UpdatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
			Name: p.GetName(), Summary: "It was slow.", Restriction: &debriefv1.Restriction{People: []string{"apiKeys/first-responder"}},
			ContributingFactors: []*debriefv1.ContributingFactor{{Description: "Nobody had looked."}},
		}}))
		item := d.act(t, &debriefv1.ActionItem{Title: "Look who", PostMortem: p.GetName()})
		must[*debriefv1.ActionItem](t)(d.actionItems.StartActionItem(t.Context(), &debriefv1.StartActionItemRequest{Name: item.GetName(), Owner: "kim", FirstStep: "Look"}))
		d.readRules(t, p.GetName())
		must[*debriefv1.PostMortem](t)(d.postMortems.StartPostMortemReview(t.Context(), &debriefv1.StartPostMortemReviewRequest{Name: p.GetName()}))
		must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: p.GetName()}))
		told := strings.Join(d.entries(t, incident), "\n") + d.get(t, incident).String()
		for _, name := range []string{p.GetName(), item.GetName()} {
			if strings.Contains(told, name) {
				t.Errorf("the incident names %s:\n%s", name, told)
			}
		}
		if got := d.get(t, incident); got.GetState() != debriefv1.Incident_STATE_CLOSED || got.GetFollowUpClock().GetReason() == "" {
			t.Errorf("the incident is %s, and its clock shows %v", got.GetState(), got.GetFollowUpClock())
		}
	})
}

// TestRevisionsAreRestrictedByWhatTheyCovered takes an incident out of a post-mortem, and restricts it then.
func TestRevisionsAreRestrictedByWhatTheyCovered(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		slow, here := d.open(t, "It was slow").GetName(), d.open(t, "Somebody was here").GetName()
		p := d.publish(t, slow, here)
		must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{
			PostMortem: &debriefv1.PostMortem{Name: p.GetName(), Incidents: []string{slow}},
		}))
		_, outsider := restricted(t, d, here)
		must[*debriefv1.PostMortem](t)(d.postMortems.GetPostMortem(showing(t, outsider), &debriefv1.GetPostMortemRequest{Name: p.GetName()}))
		_, err := d.postMortems.GetPostMortemRevision(showing(t, outsider), &debriefv1.GetPostMortemRevisionRequest{Name: p.GetName() + "/revisions/1"})
		wantRefusal(t, err, codes.NotFound, "RESOURCE_NOT_FOUND")
		page := must[*debriefv1.ListPostMortemRevisionsResponse](t)(d.postMortems.ListPostMortemRevisions(showing(t, outsider), &debriefv1.ListPostMortemRevisionsRequest{Parent: p.GetName()}))
		if len(page.GetRevisions()) > 0 {
			t.Errorf("listed are %v", page.GetRevisions())
		}
	})
}

// TestSystemsDoNotNameWhatIsRestricted has somebody who may know of a post-mortem say that it brought something to light.
func TestSystemsDoNotNameWhatIsRestricted(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		incident := d.open(t, "Somebody was here").GetName()
		p := d.covering(t, incident).GetName()
		insider, _ := restricted(t, d, incident)
		_, err := d.systems.CreateSystem(showing(t, insider), &debriefv1.CreateSystemRequest{SystemId: "shop", System: &debriefv1.System{Title: "Shop", Reality: shop(), PostMortem: p}})
		wantRefusal(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "system.post_mortem")
	})
}

// TestAPseudonymSeesNothing forgets who alone may know of an incident, in favor of somebody who would like to.
func TestAPseudonymSeesNothing(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		name := d.open(t, "Somebody was here").GetName()
		_, err := d.repository.Incidents().Update(t.Context(), name[strings.LastIndexByte(name, '/')+1:], func(incident *repository.Incident) (repository.Effects, error) {
			incident.Restriction.People = []string{"marguerite"}
			return repository.Effects{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		must[*debriefv1.ForgetPersonResponse](t)(d.access.ForgetPerson(t.Context(), &debriefv1.ForgetPersonRequest{Person: "marguerite", Replacement: "mallory"}))
		got := d.get(t, name).GetRestriction().GetPeople()
		if diff := cmp.Diff([]string{"people/mallory"}, got); diff != "" {
			t.Errorf("it is restricted to (-want +got):\n%s", diff)
		}
	})
}

// TestAWatchEndsWithTheKey revokes a key while somebody watches by it.
func TestAWatchEndsWithTheKey(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		admin, viewer := d.firstKey(t, debriefv1.Role_ROLE_ADMIN), d.firstKey(t, debriefv1.Role_ROLE_VIEWER)
		stream, err := d.events.WatchEvents(showing(t, viewer), &debriefv1.WatchEventsRequest{AfterSequence: -1})
		if err != nil {
			t.Fatal(err)
		}
		must[*debriefv1.WatchEventsResponse](t)(stream.Recv())
		must[*debriefv1.ApiKey](t)(d.access.RevokeApiKey(showing(t, admin), &debriefv1.RevokeApiKeyRequest{Name: "apiKeys/first-viewer"}))
		d.advance(2 * time.Second)
		must[*debriefv1.Incident](t)(d.incidents.CreateIncident(showing(t, admin), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "It is slow"}}))
		for err == nil {
			var told *debriefv1.WatchEventsResponse
			if told, err = stream.Recv(); told.GetEvent() != nil {
				t.Fatalf("whose key is revoked is told %v", told)
			}
		}
		wantRefusal(t, err, codes.Unauthenticated, "CREDENTIALS_INVALID")
	})
}
