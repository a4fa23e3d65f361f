package service_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

func TestMergedIncidentsNameTheOther(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		part, whole := d.open(t, "Cart is slow").GetName(), d.open(t, "Everything is slow").GetName()
		request := &debriefv1.MergeIncidentRequest{Name: part, Into: whole, RequestId: "merge-1"}
		merged := must[*debriefv1.Incident](t)(d.incidents.MergeIncident(t.Context(), request))
		if merged.GetState() != debriefv1.Incident_STATE_MERGED || merged.GetMergedInto() != whole {
			t.Errorf("merged: %v", merged)
		}
		again := must[*debriefv1.Incident](t)(d.incidents.MergeIncident(t.Context(), request))
		if again.GetEtag() != merged.GetEtag() {
			t.Error("the repetition changed the incident")
		}
		want := []string{"Detected; the incident was opened.", part + " was merged into this incident: Cart is slow"}
		if diff := cmp.Diff(want, d.entries(t, whole)); diff != "" {
			t.Errorf("timeline of the whole (-want +got):\n%s", diff)
		}
		found := must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{Filter: fmt.Sprintf("merged_into = %q", whole)}))
		if len(found.GetIncidents()) != 1 {
			t.Errorf("parts of the whole: %v", found)
		}
	})
}

func TestMergesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		one, merged, canceled, gone := d.open(t, "1").GetName(), d.open(t, "2").GetName(), d.open(t, "3").GetName(), d.open(t, "4").GetName()
		must[*debriefv1.Incident](t)(d.incidents.MergeIncident(t.Context(), &debriefv1.MergeIncidentRequest{Name: merged, Into: canceled}))
		must[*debriefv1.Incident](t)(d.incidents.CancelIncident(t.Context(), &debriefv1.CancelIncidentRequest{Name: canceled}))
		must[*debriefv1.Incident](t)(d.incidents.DeleteIncident(t.Context(), &debriefv1.DeleteIncidentRequest{Name: gone}))
		etag := must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: one})).GetEtag()
		for into, reason := range map[string]string{
			one: "INVALID_ARGUMENT", merged: "TARGET_MERGED", canceled: "TARGET_CANCELED", gone: "RESOURCE_DELETED",
			"incidents/01JGQ0000000000000000000AA": "RESOURCE_NOT_FOUND",
		} {
			_, err := d.incidents.MergeIncident(t.Context(), &debriefv1.MergeIncidentRequest{Name: one, Into: into})
			if got, _ := refused(t, err); got.Reason != reason {
				t.Errorf("merging into %s: %v, want %s", into, err, reason)
			}
		}
		if read := must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: one})); read.GetEtag() != etag {
			t.Errorf("refused merges changed the etag from %s to %s", etag, read.GetEtag())
		}
	})
}

// TestConcurrentMergesNeverCloseACycle merges three incidents around in a circle, all at once.
func TestConcurrentMergesNeverCloseACycle(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for range 10 {
			names := []string{d.open(t, "0").GetName(), d.open(t, "1").GetName(), d.open(t, "2").GetName()}
			var group sync.WaitGroup
			for i := range names {
				group.Go(func() {
					_, _ = d.incidents.MergeIncident(t.Context(), &debriefv1.MergeIncidentRequest{Name: names[i], Into: names[(i+1)%len(names)]})
				})
			}
			group.Wait()
			merged := 0
			for _, name := range names {
				if must[*debriefv1.Incident](t)(d.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: name})).GetState() == debriefv1.Incident_STATE_MERGED {
					merged++
				}
			}
			if merged == len(names) {
				t.Fatal("three incidents are merged into each other")
			}
		}
	})
}

func TestAbandonedMergesAreCleared(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		one, other := d.open(t, "1"), d.open(t, "2")
		id := other.GetName()[len("incidents/"):]
		if _, err := d.repository.Incidents().Update(t.Context(), id, func(incident *repository.Incident) (repository.Effects, error) {
			incident.Merging = &repository.Merging{Into: one.GetName(), Time: start}
			return repository.Effects{}, nil
		}); err != nil {
			t.Fatal(err)
		}
		request := &debriefv1.MergeIncidentRequest{Name: one.GetName(), Into: other.GetName()}
		_, err := d.incidents.MergeIncident(t.Context(), request)
		if got, _ := refused(t, err); got.Reason != "MERGE_UNDER_WAY" {
			t.Errorf("merging into what is being merged: %v", err)
		}
		d.advance(2 * time.Minute)
		if merged := must[*debriefv1.Incident](t)(d.incidents.MergeIncident(t.Context(), request)); merged.GetMergedInto() != other.GetName() {
			t.Errorf("merged: %v", merged)
		}
	})
}
