package endtoend_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// replicasInTrouble is how many replicas there are, each with a link of its own to the store.
const replicasInTrouble = 3

// befall is what a fault does to those whom it befalls.
type befall int

const (
	// goesOn: they serve, slowly maybe, and say that they are ready.
	goesOn befall = iota
	// isAway: they can't serve, and say so.
	isAway
	// isSilent: they are away, and nothing but their own deadline ends a call.
	isSilent
	// isLate: no call ends before its deadline, though all of them would end.
	isLate
	// stumbles: now they can and now they can't.
	stumbles
)

// faults are what may happen on the way to a store. A toxic is what it does to the bytes on the link; without one there is nobody to
// connect to. None of them depends on chance.
var faults = []struct {
	name, toxic string
	// replicas are how many it befalls: all, or some while the others go on.
	replicas int
	befall   befall
}{
	{"the store is away", "", 3, isAway},
	{"no answer comes", `{"type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`, 3, isSilent},
	{"the store is slow", `{"type": "latency", "stream": "downstream", "attributes": {"latency": 100}}`, 3, goesOn},
	{"the store is slower than anybody waits", `{"type": "latency", "stream": "downstream", "attributes": {"latency": 3000}}`, 3, isLate},
	{"answers are cut off", `{"type": "limit_data", "stream": "downstream", "attributes": {"bytes": 7001}}`, 3, stumbles},
	{"requests are cut off", `{"type": "limit_data", "stream": "upstream", "attributes": {"bytes": 9001}}`, 3, stumbles},
	{"the store answers errors", `{"type": "error", "stream": "downstream", "attributes": {"every": 3}}`, 3, stumbles},
	{"connections are reset", `{"type": "reset_peer", "stream": "downstream", "attributes": {"timeout": 50}}`, 3, isAway},
	{"one replica is cut off", "", 1, isAway},
	{"two replicas are not heard", `{"type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`, 2, isAway},
}

// TestFaultsOnTheWayToTheStore has the links between three replicas and their store break in one way after the other, while
// callers go on asking. After each of them all is well again by itself: nothing that was acknowledged is lost or there twice, and
// nothing is there in part.
func TestFaultsOnTheWayToTheStore(t *testing.T) {
	t.Parallel()
	store, hook := mongodbtest.NewDatabase(t), newHook(t)
	replicas, links := make([]*debrief, replicasInTrouble), make([]*link, replicasInTrouble)
	flags := ledgerFlags(t)
	for i := range replicas {
		over, uri := newLink(t, store)
		links[i], replicas[i] = over, serve(t, uri, flags...)
	}
	replicas[0].subscribe(t, hook)
	followers := []*follower{newFollower(t, replicas[0]), newFollower(t, replicas[2])}
	alerts := newStormOf(40*len(faults), 1, 2).groups
	var delivered []group
	for i, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			const share = 20
			l := openLedger(t, fault.name, replicas, alerts[i*share:(i+1)*share])
			l.goesOn(t, 6)
			for _, link := range links[:fault.replicas] {
				link.spoil(t, fault.toxic)
			}
			l.suffer(t, replicas[:fault.replicas], replicas[fault.replicas:], fault.befall)
			for _, link := range links[:fault.replicas] {
				link.mend(t)
			}
			for _, replica := range replicas {
				replica.says(t, http.StatusOK)
			}
			l.goesOn(t, 6)
			l.close(t)
			t.Logf("%d stories were told, and %d of %d requests refused", l.done.Load(), l.refused.Load(), l.asked.Load())
			delivered = append(delivered, l.delivered()...)
			l.check(t, replicas[i%replicasInTrouble])
		})
	}
	// What was delivered in a bad moment is worked off some seconds later, in the midst of the next fault maybe.
	checkAlerts(t, replicas[0], delivered)
	hook.check(t, replicas[1], replicas)
	checkOneFeed(t, replicas)
	for _, follower := range followers {
		follower.check(t, replicas[1].follow(t))
	}
}

// suffer waits until a fault has done to some what it does, and wants all of them to say so.
func (l *ledger) suffer(t *testing.T, befallen, others []*debrief, befall befall) {
	t.Helper()
	const while = 8
	switch befall {
	case isSilent:
		l.outlast(t, befallen[0])
		fallthrough
	case isAway:
		for _, replica := range befallen {
			replica.says(t, http.StatusServiceUnavailable)
		}
		l.isRefused(t, while)
	case isLate:
		l.isRefused(t, while)
	case goesOn:
		l.goesOn(t, while)
	case stumbles:
		l.isAsked(t, 3*while)
		return
	}
	if befall == goesOn {
		others = slices.Concat(befallen, others)
	}
	if len(others) > 0 {
		l.goesOn(t, while/2)
	}
	for _, replica := range others {
		if code := replica.readyz(t.Context()); code != http.StatusOK {
			t.Errorf("who goes on serving says %d, want 200", code)
		}
	}
}

// outlast begins to open incidents, by gRPC and by REST, and waits for as long as it takes: the server has both come to an end.
func (l *ledger) outlast(t *testing.T, d *debrief) {
	t.Helper()
	// Calls of the other connection get a deadline from the tests.
	connection := must[*grpc.ClientConn](t)(grpc.NewClient(d.grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials())))
	ctx, cancel := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	var overGRPC error
	var overREST int
	var answer string
	calls.Go(func() {
		_, overGRPC = debriefv1.NewIncidentServiceClient(connection).CreateIncident(ctx, &debriefv1.CreateIncidentRequest{
			Incident: &debriefv1.Incident{Title: l.name + " waited for by gRPC, and given up"},
		})
	})
	calls.Go(func() {
		overREST, answer, _ = d.try(ctx, http.MethodPost, "/v1/incidents", fmt.Sprintf(`{"title": "%s waited for by REST, and given up"}`, l.name), nil)
	})
	ended := make(chan struct{})
	go func() { calls.Wait(); close(ended) }()
	defer func() {
		cancel()
		<-ended
		_ = connection.Close() // Nothing is under way any more.
	}()
	eventually(t, "the end of calls without a deadline", func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
	if code := status.Code(overGRPC); code != codes.DeadlineExceeded {
		t.Errorf("a call without a deadline ends with %v, want DeadlineExceeded", overGRPC)
	}
	if overREST != http.StatusGatewayTimeout {
		t.Errorf("a request without a deadline is answered %d %s, want 504", overREST, answer)
	}
}

// subscribe has a hook told of everything that happens to incidents and action items.
func (d *debrief) subscribe(t *testing.T, hook *hook) {
	t.Helper()
	must[*debriefv1.SubscriptionWithSecret](t)(d.subscriptions.CreateSubscription(t.Context(), &debriefv1.CreateSubscriptionRequest{
		SubscriptionId: "all", Subscription: &debriefv1.Subscription{
			Title: "All", Filter: hookFilter, Webhook: &debriefv1.Webhook{Uri: hook.URL, Format: debriefv1.Webhook_FORMAT_EVENT},
		},
	}))
}

// checkOneFeed wants all replicas to tell the same feed.
func checkOneFeed(t *testing.T, replicas []*debrief) {
	t.Helper()
	feed := replicas[0].follow(t)
	for _, replica := range replicas[1:] {
		if diff := cmp.Diff(feed, replica.follow(t), protocmp.Transform()); diff != "" {
			t.Errorf("the replicas tell different feeds (-first +other):\n%s", diff)
		}
	}
}
