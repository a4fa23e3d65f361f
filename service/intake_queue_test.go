package service

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
)

func queued(q *queue, id string, alerts, size int) (<-chan struct{}, bool) {
	room := q.reserve(size)
	if room == nil {
		return nil, false
	}
	kept := repository.Delivery{Header: repository.Header{ID: id}, AlertCount: int32(alerts)}
	return room.put(kept, intake.Delivery{Alerts: make([]intake.Alert, alerts)}), true
}

func TestTheQueueIsBounded(t *testing.T) {
	t.Parallel()
	q := newQueue()
	for i := range maxQueued {
		if _, ok := queued(q, fmt.Sprint(i), 1, 1); !ok {
			t.Fatalf("there is no room for delivery %d", i)
		}
	}
	if _, ok := queued(q, "one more", 1, 1); ok {
		t.Error("there is room for more than there may be")
	}
	q.finish(q.next())
	room := q.reserve(1)
	if room == nil {
		t.Fatal("there is no room after some were worked off")
	}
	room.cancel()

	q = newQueue()
	large := q.reserve(maxQueuedBytes + 1)
	if large == nil {
		t.Fatal("a large delivery has no room where nothing waits: it would never have any")
	}
	if q.reserve(1) != nil {
		t.Error("there is room for more bytes than there may be")
	}
	large.cancel()
	if q.reserve(1) == nil {
		t.Error("there is no room after the large one has gone")
	}
}

func TestTheQueueHandsOutLots(t *testing.T) {
	t.Parallel()
	q := newQueue()
	var worked []<-chan struct{}
	for i, alerts := range []int{alertsInLot + 1, 1, alertsInLot - 1, 1, 0} {
		done, _ := queued(q, fmt.Sprint(i), alerts, 1)
		worked = append(worked, done)
	}
	var lots [][]string
	for jobs := q.next(); len(jobs) > 0; jobs = q.next() {
		var ids []string
		for _, one := range jobs {
			ids = append(ids, one.kept.ID)
			if !q.holds(one.kept.ID) {
				t.Errorf("%s is not held while it is worked off", one.kept.ID)
			}
		}
		lots = append(lots, ids)
		q.finish(jobs)
	}
	if diff := cmp.Diff([][]string{{"0"}, {"1", "2"}, {"3", "4"}}, lots); diff != "" {
		t.Errorf("lots (-want +got):\n%s", diff)
	}
	for i, done := range worked {
		if i >= shortQueue {
			if done != nil {
				t.Errorf("the sender of %d waits for it, with so many others", i)
			}
			continue
		}
		select {
		case <-done:
		default:
			t.Errorf("nobody says that %d was worked off", i)
		}
	}
	for i := range worked {
		if q.holds(fmt.Sprint(i)) {
			t.Errorf("%d is held after it was worked off", i)
		}
	}
}

func TestTheQueueHoldsLittleOfWhatWasRead(t *testing.T) {
	t.Parallel()
	q := newQueue()
	for i := range 8 {
		if _, ok := queued(q, fmt.Sprint(i), 3, maxReadBytes/4); !ok {
			t.Fatalf("there is no room for delivery %d", i)
		}
	}
	jobs := q.next()
	if len(jobs) != 8 {
		t.Fatalf("%d deliveries wait, want 8", len(jobs))
	}
	for i, one := range jobs {
		if read := one.delivery != nil; read != (i < 4) {
			t.Errorf("what was read of delivery %d waits: %v", i, read)
		}
	}
}
