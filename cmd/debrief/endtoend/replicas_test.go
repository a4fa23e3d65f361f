package endtoend_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// serveTwice starts two servers on one new database.
func serveTwice(t *testing.T, more ...string) (store string, replicas [2]*debrief) {
	t.Helper()
	store, both := serveTimes(t, 2, more...)
	return store, [2]*debrief(both)
}

// serveTimes starts several servers on one new database.
func serveTimes(t *testing.T, times int, more ...string) (store string, replicas []*debrief) {
	t.Helper()
	store = mongodbtest.NewDatabase(t)
	// All come upon an empty database at the same time.
	arguments := append([]string{"serve", "--store", store, "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"}, more...)
	var launched []*program
	for range times {
		launched = append(launched, launch(t, binaryPath(t), arguments...))
	}
	for _, one := range launched {
		replicas = append(replicas, ready(t, one))
	}
	return store, replicas
}

// checkSameFeed holds the feeds of both replicas against what is promised, and against each other.
func checkSameFeed(t *testing.T, replicas [2]*debrief, count int) {
	t.Helper()
	var feeds [2][]*debriefv1.Event
	for i, replica := range replicas {
		eventually(t, fmt.Sprintf("%d events", count), func() bool {
			feeds[i] = replica.follow(t)
			return len(feeds[i]) >= count
		})
		checkFeed(t, feeds[i])
	}
	if diff := cmp.Diff(feeds[0], feeds[1], protocmp.Transform()); diff != "" {
		t.Errorf("the replicas tell different feeds (-first +second):\n%s", diff)
	}
	if len(feeds[0]) != count {
		t.Errorf("there are %d events, want %d", len(feeds[0]), count)
	}
}

func TestReplicasTakeTheSameDeliveries(t *testing.T) {
	t.Parallel()
	_, replicas := serveTwice(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := newStorm(300)
	var senders errgroup.Group
	for _, replica := range replicas {
		senders.Go(func() error {
			return s.send(ctx, func() *debrief { return replica }, func(*debrief) {})
		})
	}
	if err := senders.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, replica := range replicas {
		t.Logf("as replica %d sees it", i+1)
		s.check(t, replica)
	}
}

// answers are what concurrent calls through both replicas came to.
type answers[T any] struct {
	granted []T
	refused []codes.Code
}

// throughBoth makes a call so many times at once through each replica.
func throughBoth[T any](t *testing.T, replicas [2]*debrief, times int, call func(ctx context.Context, replica *debrief, number int) (T, error)) answers[T] {
	t.Helper()
	results := make([]T, times*len(replicas))
	errs := make([]error, len(results))
	var callers errgroup.Group
	begin := make(chan struct{})
	for i := range results {
		callers.Go(func() error {
			<-begin
			results[i], errs[i] = call(t.Context(), replicas[i%len(replicas)], i)
			return nil
		})
	}
	close(begin)
	_ = callers.Wait() // What went wrong is in errs.
	var got answers[T]
	for i, err := range errs {
		if err == nil {
			got.granted = append(got.granted, results[i])
		} else {
			got.refused = append(got.refused, status.Code(err))
		}
	}
	return got
}

// check wants exactly one call to be granted, and all others to be refused with the code.
func (a answers[T]) check(t *testing.T, what string, want codes.Code) {
	t.Helper()
	if len(a.granted) != 1 {
		t.Errorf("%s: %d calls were granted, want 1", what, len(a.granted))
	}
	if slices.ContainsFunc(a.refused, func(code codes.Code) bool { return code != want }) {
		t.Errorf("%s: the others were refused with %v, want %v only", what, a.refused, want)
	}
}

func TestReplicasCompete(t *testing.T) {
	t.Parallel()
	_, replicas := serveTwice(t)
	const rounds, times = 10, 4
	for round := range rounds {
		created := throughBoth(t, replicas, times, func(ctx context.Context, replica *debrief, _ int) (*debriefv1.Incident, error) {
			return replica.incidents.CreateIncident(ctx, &debriefv1.CreateIncidentRequest{
				RequestId: fmt.Sprint("create-", round), Incident: &debriefv1.Incident{Title: "Once"},
			})
		})
		if len(created.refused) > 0 {
			t.Fatalf("the same request, at the same time: refused with %v", created.refused)
		}
		incident := created.granted[0]
		for _, other := range created.granted {
			if diff := cmp.Diff(incident, other, protocmp.Transform()); diff != "" {
				t.Errorf("the same request has two answers (-one +other):\n%s", diff)
			}
		}
		compete(t, replicas, times, incident)
	}
	// Resolving starts two clocks.
	checkSameFeed(t, replicas, 6*rounds)
	for _, replica := range replicas {
		if got := len(replica.listIncidents(t, "")); got != rounds {
			t.Errorf("there are %d incidents, want %d", got, rounds)
		}
	}
}

// compete has many callers change an incident at the same time, of whom only one can.
func compete(t *testing.T, replicas [2]*debrief, times int, incident *debriefv1.Incident) {
	t.Helper()
	name := incident.GetName()
	throughBoth(t, replicas, times, func(ctx context.Context, replica *debrief, _ int) (*debriefv1.Incident, error) {
		return replica.incidents.AcknowledgeIncident(ctx, &debriefv1.AcknowledgeIncidentRequest{Name: name})
	}).check(t, "acknowledge", codes.FailedPrecondition)

	seen := must[*debriefv1.Incident](t)(replicas[1].incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: name}))
	updated := throughBoth(t, replicas, times, func(ctx context.Context, replica *debrief, number int) (*debriefv1.Incident, error) {
		return replica.incidents.UpdateIncident(ctx, &debriefv1.UpdateIncidentRequest{
			Incident: &debriefv1.Incident{Name: name, Etag: seen.GetEtag(), Title: fmt.Sprint("Mine: ", number)},
		})
	})
	updated.check(t, "update with an etag", codes.Aborted)

	resolvedOnce := throughBoth(t, replicas, times, func(ctx context.Context, replica *debrief, _ int) (*debriefv1.Incident, error) {
		return replica.incidents.ResolveIncident(ctx, &debriefv1.ResolveIncidentRequest{Name: name, RequestId: "resolve"})
	})
	if len(resolvedOnce.refused) > 0 {
		t.Errorf("the same request to resolve: refused with %v", resolvedOnce.refused)
	}
	for _, replica := range replicas {
		got := must[*debriefv1.Incident](t)(replica.incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: name}))
		if got.GetState() != resolved || len(updated.granted) == 1 && got.GetTitle() != updated.granted[0].GetTitle() {
			t.Errorf("in the end: %v, want it resolved with the title of %v", got, updated.granted)
		}
	}
}

// TestReplicasTellOfClocksOnce has clocks run out while two replicas look, each of which tells in time by itself.
func TestReplicasTellOfClocksOnce(t *testing.T) {
	t.Parallel()
	policies := filepath.Join(t.TempDir(), "clocks.yaml")
	text := "clocks: {review: {default: {length: 1m, at_risk: 2%}}, follow_up: {default: {length: 1m, at_risk: 0}}}"
	if err := os.WriteFile(policies, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, replicas := serveTwice(t, "--clock-policies", policies, "--clock-interval", "50ms")
	const incidents = 20
	for number := range incidents {
		replica := replicas[number%len(replicas)]
		resolvedAt := timestamppb.New(time.Now().Add(-58 * time.Second)) // Two seconds are left.
		opened := must[*debriefv1.Incident](t)(replica.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
			Incident: &debriefv1.Incident{Title: "Once"}, DetectTime: resolvedAt,
		}))
		must[*debriefv1.Incident](t)(replica.incidents.ResolveIncident(t.Context(), &debriefv1.ResolveIncidentRequest{Name: opened.GetName(), Time: resolvedAt}))
	}
	// Opened, resolved, two clocks started; one at risk; two breached.
	checkSameFeed(t, replicas, 7*incidents)
	for _, event := range replicas[0].follow(t) {
		if event.GetType() != debriefv1.Event_TYPE_CLOCK_BREACHED {
			continue
		}
		incident := must[*debriefv1.Incident](t)(replicas[1].incidents.GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: event.GetIncident()}))
		if due := incident.GetReviewClock().GetDueTime().AsTime(); !event.GetTime().AsTime().Equal(due) {
			t.Errorf("the breach of %v is told of %v", due, event.GetTime().AsTime())
		}
	}
}

// TestReplicaIsKilled kills one replica again and again in the middle of writing: the other brings to its end what was
// begun, so that the feed and the timelines have all that the resources say.
func TestReplicaIsKilled(t *testing.T) {
	t.Parallel()
	store, replicas := serveTwice(t)
	victim, survivor := replicas[0], replicas[1]
	acknowledged := map[string]*debriefv1.Incident{}
	const rounds, writesUntilDeath = 3, 30
	for round := range rounds {
		for _, incident := range writeUntilKilled(t, victim, round, writesUntilDeath) {
			acknowledged[incident.GetName()] = incident
		}
		<-victim.exited
		checkCompleted(t, survivor, acknowledged)
		if round < rounds-1 {
			victim = serve(t, store)
		}
	}
}

// writeUntilKilled opens and acknowledges incidents, many at a time, and kills the server after some of them. It answers
// what was acknowledged to have been written.
func writeUntilKilled(t *testing.T, victim *debrief, round, writes int) []*debriefv1.Incident {
	t.Helper()
	kept := make(chan *debriefv1.Incident, writes)
	var count atomic.Int64
	var writers errgroup.Group
	for writer := range sendersAtOnce {
		writers.Go(func() error {
			for number := 0; ; number++ {
				incident, err := victim.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
					Incident: &debriefv1.Incident{Title: fmt.Sprintf("Round %d, writer %d, number %d", round, writer, number)},
				})
				if err == nil {
					kept <- incident
					incident, err = victim.incidents.AcknowledgeIncident(t.Context(), &debriefv1.AcknowledgeIncidentRequest{Name: incident.GetName()})
				}
				switch {
				case status.Code(err) == codes.Unavailable:
					return nil
				case err != nil:
					return err
				}
				kept <- incident
				if count.Add(1) == int64(writes) {
					_ = victim.command.Process.Kill() // Nobody else ends it.
				}
			}
		})
	}
	// The channel is emptied while the writers go on.
	done := make(chan error, 1)
	go func() { done <- writers.Wait(); close(kept) }()
	var incidents []*debriefv1.Incident
	for incident := range kept {
		incidents = append(incidents, incident)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return incidents
}

// checkCompleted waits until the feed and the timelines have all that the incidents say, and wants nothing twice.
func checkCompleted(t *testing.T, d *debrief, acknowledged map[string]*debriefv1.Incident) {
	t.Helper()
	var opened, active map[string]int
	var events []*debriefv1.Event
	// What the replica had sent to the database when it was killed may still be carried out there: so what was written is
	// read last.
	eventually(t, "the events of all that was written", func() bool {
		events = d.follow(t)
		opened, active = written(d.listIncidents(t, ""))
		return len(events) >= len(opened)+len(active)
	})
	for name, incident := range acknowledged {
		if opened[name] == 0 || active[name] == 0 && incident.GetState() == debriefv1.Incident_STATE_ACTIVE {
			t.Errorf("%v is lost", incident)
		}
	}
	checkFeed(t, events)
	for eventType, want := range map[debriefv1.Event_Type]map[string]int{
		debriefv1.Event_TYPE_INCIDENT_OPENED:       opened,
		debriefv1.Event_TYPE_INCIDENT_ACKNOWLEDGED: active,
	} {
		if diff := cmp.Diff(want, eventsOf(events, eventType)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", eventType, diff)
		}
	}
	for name := range opened {
		want := 1 + active[name]
		eventually(t, fmt.Sprintf("%d timeline entries of %s", want, name), func() bool { return len(d.listEntries(t, name)) == want })
	}
}

// written are the incidents, and those of them that are acknowledged.
func written(incidents []*debriefv1.Incident) (opened, active map[string]int) {
	opened, active = map[string]int{}, map[string]int{}
	for _, incident := range incidents {
		opened[incident.GetName()] = 1
		if incident.GetState() == debriefv1.Incident_STATE_ACTIVE {
			active[incident.GetName()] = 1
		}
	}
	return opened, active
}
