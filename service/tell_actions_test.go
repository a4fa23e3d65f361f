package service_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// reminders are the events that tell that action items are due, with their times after the start.
func (d *debrief) reminders(t *testing.T) []string {
	t.Helper()
	var told []string
	for _, event := range d.feed(t, "type = ACTION_ITEM_DUE OR type = ACTION_ITEM_OVERDUE") {
		told = append(told, fmt.Sprint(event.GetType().String()[len("TYPE_ACTION_ITEM_"):], " ", event.GetTime().AsTime().Sub(start)))
	}
	return told
}

func (d *debrief) dueIn(t *testing.T, after time.Duration) *debriefv1.ActionItem {
	t.Helper()
	return must[*debriefv1.ActionItem](t)(d.actionItems.CreateActionItem(t.Context(), &debriefv1.CreateActionItemRequest{
		ActionItem: &debriefv1.ActionItem{Title: "Add a limit", DueTime: timestamppb.New(start.Add(after))},
	}))
}

func TestActionItemsThatAreDueAreToldOnce(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		if next := d.tell(t); !next.IsZero() {
			t.Errorf("with nothing to tell: %v", next)
		}
		name := d.dueIn(t, 72*time.Hour).GetName()
		if next := d.tell(t); !next.Equal(start.Add(48 * time.Hour)) {
			t.Errorf("next: %v", next)
		}
		d.advance(48 * time.Hour)
		d.tell(t)
		if next := d.tell(t); !next.Equal(start.Add(72 * time.Hour)) {
			t.Errorf("next: %v", next)
		}
		d.advance(30 * time.Hour)
		d.tell(t)
		d.tell(t)
		want := []string{"DUE 48h0m0s", "OVERDUE 72h0m0s"}
		if diff := cmp.Diff(want, d.reminders(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		// With more time it is due again.
		must[*debriefv1.ActionItem](t)(d.actionItems.UpdateActionItem(t.Context(), &debriefv1.UpdateActionItemRequest{
			ActionItem: &debriefv1.ActionItem{Name: name, DueTime: timestamppb.New(start.Add(200 * time.Hour))},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"due_time"}},
		}))
		d.advance(200 * time.Hour)
		d.tell(t)
		if diff := cmp.Diff(append(want, "DUE 176h0m0s", "OVERDUE 200h0m0s"), d.reminders(t)); diff != "" {
			t.Errorf("after days without anybody who tells (-want +got):\n%s", diff)
		}
	})
}

func TestActionItemsThatAreDoneAreNotTold(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		dropped := d.dueIn(t, time.Hour).GetName()
		must[*debriefv1.ActionItem](t)(d.actionItems.DropActionItem(t.Context(), &debriefv1.DropActionItemRequest{Name: dropped, Reason: "Not needed"}))
		deleted := d.dueIn(t, time.Hour).GetName()
		must[*debriefv1.ActionItem](t)(d.actionItems.DeleteActionItem(t.Context(), &debriefv1.DeleteActionItemRequest{Name: deleted}))
		d.advance(2 * time.Hour)
		if next := d.tell(t); !next.IsZero() || len(d.reminders(t)) != 0 {
			t.Errorf("%v, next %v", d.reminders(t), next)
		}
		must[*debriefv1.ActionItem](t)(d.actionItems.UndeleteActionItem(t.Context(), &debriefv1.UndeleteActionItemRequest{Name: deleted}))
		d.tell(t)
		if diff := cmp.Diff([]string{"OVERDUE 2h0m0s"}, d.reminders(t)); diff != "" {
			t.Errorf("one that is undeleted (-want +got):\n%s", diff)
		}
	})
}

func TestReplicasRemindOnce(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		const items = 150 // More than are asked for at once.
		for i := range items {
			d.dueIn(t, time.Duration(i)*time.Minute)
		}
		d.advance(24 * time.Hour)
		var group sync.WaitGroup
		for range 3 {
			replica := must[*service.Services](t)(service.New(service.Options{Repository: d.repository, Now: d.now}))
			group.Go(func() {
				if _, err := replica.Tell(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if told := d.reminders(t); len(told) != 2*items-1 { // The first was overdue from the beginning.
			t.Errorf("%d were told, want %d", len(told), 2*items-1)
		}
	})
}

// TestActionItemsOfBeforeAreRemindedOf has items that a version without reminders has written.
func TestActionItemsOfBeforeAreRemindedOf(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		newID := service.NewIDs(strings.NewReader(strings.Repeat("x", 1000)))
		for i, state := range []string{"OPEN", "IN_PROGRESS", "DONE"} {
			now := start.Add(time.Duration(i) * time.Second)
			if _, err := d.repository.ActionItems().Create(t.Context(), repository.Creation[repository.ActionItem]{Resource: repository.ActionItem{
				Header: repository.Header{ID: newID(now), CreateTime: start, UpdateTime: start}, Title: state, State: state, DueTime: start.Add(48 * time.Hour),
			}}); err != nil {
				t.Fatal(err)
			}
		}
		if next := d.tell(t); !next.IsZero() {
			t.Errorf("next: %v", next)
		}
		for range 2 {
			if err := d.services.ScheduleReminders(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if next := d.tell(t); !next.Equal(start.Add(24 * time.Hour)) {
			t.Errorf("next: %v", next)
		}
		d.advance(72 * time.Hour)
		d.tell(t)
		if diff := cmp.Diff([]string{"DUE 24h0m0s", "DUE 24h0m0s", "OVERDUE 48h0m0s", "OVERDUE 48h0m0s"}, d.reminders(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
