package endtoend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// killsVariable says how often servers are killed; CI asks for a hundred times of three replicas, and for twenty of one server.
const killsVariable = "DEBRIEF_TEST_KILLS"

// killsWanted is how often servers are to be killed.
func killsWanted(t *testing.T, otherwise int) int {
	t.Helper()
	if asked := os.Getenv(killsVariable); asked != "" {
		return must[int](t)(strconv.Atoi(asked))
	}
	return otherwise
}

// toldAtOnce is how many events may be on their way to a receiver when a replica is killed.
const toldAtOnce = 100

// killsPatience bounds how long a storm may take in which replicas are killed all the time.
const killsPatience = 10 * time.Minute

// TestReplicasAreKilledUnderLoad kills one of three replicas at a time, while alerts come in through all and a receiver is told of
// them. Which replica, and when, is decided by the seed. Nothing that was acknowledged is lost, and nothing is there twice.
func TestReplicasAreKilledUnderLoad(t *testing.T) {
	t.Parallel()
	kills := killsWanted(t, 10)
	const deliveriesBetween, alertsInDelivery = 3 * sendersAtOnce, 3
	s := newStormOf(kills*deliveriesBetween*alertsInDelivery/2, 2, 4)
	hook := newHook(t)
	store, replicas := serveTimes(t, 3, "--webhooks-allow-private-addresses")
	replicas[0].subscribe(t, hook)
	survivors, all := s.sendWhileKilling(t, store, replicas, kills)
	s.check(t, survivors[0])
	hook.check(t, survivors[1], all)
}

// sendWhileKilling delivers a storm through three replicas, of which one is killed at a time and started again. It answers those
// that run in the end, and all that ever did.
func (s *storm) sendWhileKilling(t *testing.T, store string, replicas []*debrief, kills int) (survivors, all []*debrief) {
	t.Helper()
	moments := s.moments(kills)
	var current [3]atomic.Pointer[debrief]
	for i := range replicas {
		current[i].Store(replicas[i])
	}
	ctx, cancel := context.WithTimeout(t.Context(), killsPatience)
	defer cancel()
	var turn, count atomic.Int64
	var senders errgroup.Group
	victims := victims{killed: map[*debrief]bool{}}
	sent := make(chan struct{})
	done := sent
	senders.Go(func() error {
		defer close(sent)
		return s.send(ctx, func() *debrief { return current[turn.Add(1)%3].Load() }, func(by *debrief) {
			victims.meet(by, slices.Contains(moments, int(count.Add(1))))
		})
	})
	deaths, all := 0, slices.Clone(replicas)
	for done != nil || deaths < victims.count() {
		died := -1
		select {
		case <-done:
			done = nil
		case <-current[0].Load().exited:
			died = 0
		case <-current[1].Load().exited:
			died = 1
		case <-current[2].Load().exited:
			died = 2
		}
		if died >= 0 {
			deaths++
			all = append(all, serve(t, store, "--webhooks-allow-private-addresses"))
			current[died].Store(all[len(all)-1])
		}
	}
	if err := senders.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d replicas died", deaths)
	if deaths+victims.due != kills || victims.due > len(replicas) {
		t.Errorf("replicas died %d times, and were to die %d times more, want %d", deaths, victims.due, kills)
	}
	for i := range current {
		survivors = append(survivors, current[i].Load())
	}
	return survivors, all
}

// victims are the replicas that are killed. One that is dead already can't be: the next that is met is.
type victims struct {
	mutex  sync.Mutex
	killed map[*debrief]bool
	// due is how many are still to be killed.
	due int
}

func (v *victims) meet(by *debrief, kill bool) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if kill {
		v.due++
	}
	if v.due == 0 || v.killed[by] {
		return
	}
	v.due--
	v.killed[by] = true
	_ = by.command.Process.Kill()
}

func (v *victims) count() int {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return len(v.killed)
}

// hook is a receiver of webhooks that remembers the sequences that came, for each resource, in the order in which they came
// first.
type hook struct {
	*httptest.Server

	mutex sync.Mutex
	came  map[string]int
	order map[string][]int64
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{came: map[string]int{}, order: map[string][]int64{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var told struct {
			Resource string
			Sequence int64 `json:",string"`
		}
		if err := json.NewDecoder(r.Body).Decode(&told); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		h.mutex.Lock()
		defer h.mutex.Unlock()
		key := fmt.Sprintf("%d %s", told.Sequence, r.Header.Get("Webhook-Id"))
		if h.came[key]++; h.came[key] == 1 {
			h.order[told.Resource] = append(h.order[told.Resource], told.Sequence)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// check waits until every event was told, and holds the order in which those of one resource came first against the feed. What
// was under way when a server came to deliver no more may have come again from the next one, and nothing else: to each of the servers
// that ever ran an event is told once, as often as it began to deliver.
func (h *hook) check(t *testing.T, d *debrief, servers []*debrief) {
	t.Helper()
	var want map[string][]int64
	eventually(t, "every event is told", func() bool {
		var count int
		want, count = hooked(d.follow(t))
		h.mutex.Lock()
		defer h.mutex.Unlock()
		return len(h.came) == count
	})
	h.mutex.Lock()
	defer h.mutex.Unlock()
	again, most := 0, 0
	for _, times := range h.came {
		again, most = again+times-1, max(most, times)
	}
	eventually(t, fmt.Sprintf("%d events are told again, one %d times in all: servers have begun to deliver as often", again, most), func() bool {
		begun := 0
		for _, server := range servers {
			begun += server.log.count("deliver a subscription")
		}
		return most <= begun && again <= (begun-1)*toldAtOnce
	})
	t.Logf("of %d events %d were told again", len(h.came), again)
	for resource, sequences := range want {
		if !slices.Equal(h.order[resource], sequences) {
			t.Errorf("%s: told of %v, want %v", resource, h.order[resource], sequences)
		}
	}
}

// hooked are the sequences of the events that a hook is to be told of, by their resource, and how many they are.
func hooked(events []*debriefv1.Event) (sequences map[string][]int64, count int) {
	sequences = map[string][]int64{}
	for _, event := range events {
		if hookedTypes.MatchString(event.GetType().String()) {
			sequences[event.GetResource()] = append(sequences[event.GetResource()], event.GetSequence())
			count++
		}
	}
	return sequences, count
}

// hookedTypes and hookFilter are what a hook is told of: what happens to incidents, and what time brings.
var hookedTypes = regexp.MustCompile("^TYPE_(INCIDENT|CLOCK|ACTION_ITEM)_")

const hookFilter = `event.type.startsWith("INCIDENT_") || event.type.startsWith("CLOCK_") || event.type.startsWith("ACTION_ITEM_")`
