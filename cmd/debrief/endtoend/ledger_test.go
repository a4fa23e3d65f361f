package endtoend_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// ledger is what callers ask for while things break, and what they were told. Each story is an incident from its opening to its
// resolution, with an action item and a delivery of alerts behind it: whatever is not acknowledged is asked for again, of the next server, by the
// same request_id.
type ledger struct {
	name    string
	servers []*debrief
	// alerts are delivered group by group, one or none with each story.
	alerts []group

	begun, done, asked, refused, turn atomic.Int64
	stop                              chan struct{}
	cancel                            context.CancelFunc
	writers                           errgroup.Group

	mutex sync.Mutex
	// told are the incidents that were acknowledged, by their title, as they were last.
	told map[string]*debriefv1.Incident
	// items are the action items that were acknowledged, by their title.
	items map[string]*debriefv1.ActionItem
	// codes count how requests were refused.
	codes map[codes.Code]int
}

// givenUpAfter is how long somebody waits who then asks no more: what becomes of that is anybody's guess, but nothing half.
const givenUpAfter = 20 * time.Millisecond

// patienceOfCallers is how long they wait for an answer before they ask again.
const patienceOfCallers = 2 * time.Second

// untilBreach is after how long the clocks of a story run out, and its action item is overdue, so that some are in the middle of what
// breaks.
const untilBreach = 3 * time.Second

// ledgerFlags have clocks run out a minute after the resolution, told by whoever is there.
func ledgerFlags(t *testing.T) []string {
	t.Helper()
	policies := filepath.Join(t.TempDir(), "clocks.yaml")
	text := "clocks: {review: {default: {length: 1m, at_risk: 2%}}, follow_up: {default: {length: 1m, at_risk: 0}}}"
	if err := os.WriteFile(policies, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"--clock-policies", policies, "--clock-interval", "200ms", "--store-check-interval", "100ms", "--default-deadline", "2s",
		"--delivery-interval", "1s", "--webhooks-allow-private-addresses",
	}
}

// openLedger has callers begin to tell stories, until the ledger is closed.
func openLedger(t *testing.T, name string, servers []*debrief, alerts []group) *ledger {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	l := &ledger{name: name, servers: servers, alerts: alerts, stop: make(chan struct{}), cancel: cancel}
	l.told, l.items, l.codes = map[string]*debriefv1.Incident{}, map[string]*debriefv1.ActionItem{}, map[codes.Code]int{}
	for range sendersAtOnce {
		l.writers.Go(func() error {
			for {
				select {
				case <-l.stop:
					return nil
				default:
				}
				if err := l.tell(ctx, int(l.begun.Add(1)-1)); err != nil {
					return err
				}
				l.done.Add(1)
			}
		})
	}
	return l
}

// close waits until every story that was begun is told to its end.
func (l *ledger) close(t *testing.T) {
	t.Helper()
	defer l.cancel()
	close(l.stop)
	if err := l.writers.Wait(); err != nil {
		t.Fatalf("after %d stories, and %d refusals: %v", l.done.Load(), l.refused.Load(), err)
	}
}

// goesOn waits until so many further stories are told.
func (l *ledger) goesOn(t *testing.T, stories int64) {
	t.Helper()
	until := l.done.Load() + stories
	eventually(t, fmt.Sprintf("%d further stories", stories), func() bool { return l.done.Load() >= until })
}

// isRefused waits until so many further requests are refused.
func (l *ledger) isRefused(t *testing.T, requests int64) {
	t.Helper()
	until := l.refused.Load() + requests
	eventually(t, fmt.Sprintf("%d further refusals", requests), func() bool { return l.refused.Load() >= until })
}

// isAsked waits until so many further requests are made.
func (l *ledger) isAsked(t *testing.T, requests int64) {
	t.Helper()
	until := l.asked.Load() + requests
	eventually(t, fmt.Sprintf("%d further requests", requests), func() bool { return l.asked.Load() >= until })
}

// tell tells one story, and begins another one now and then without waiting for what comes of it.
func (l *ledger) tell(ctx context.Context, number int) error {
	title := fmt.Sprintf("%s %d", l.name, number)
	began := timestamppb.New(time.Now().Add(untilBreach - time.Minute))
	create := &debriefv1.CreateIncidentRequest{
		RequestId: strings.ReplaceAll(title, " ", "-"), Incident: &debriefv1.Incident{Title: title}, DetectTime: began,
	}
	if number%4 == 0 {
		l.giveUp(ctx, title)
	}
	var name string
	for _, step := range []func(context.Context, *debrief) (*debriefv1.Incident, error){
		func(ctx context.Context, d *debrief) (*debriefv1.Incident, error) {
			return d.incidents.CreateIncident(ctx, create)
		},
		func(ctx context.Context, d *debrief) (*debriefv1.Incident, error) {
			return d.incidents.AcknowledgeIncident(ctx, &debriefv1.AcknowledgeIncidentRequest{Name: name, RequestId: "acknowledge", Time: began})
		},
		func(ctx context.Context, d *debrief) (*debriefv1.Incident, error) {
			return d.incidents.ResolveIncident(ctx, &debriefv1.ResolveIncidentRequest{Name: name, RequestId: "resolve", Time: began})
		},
	} {
		incident, err := l.insist(ctx, step)
		if err != nil {
			return fmt.Errorf("%s: %w", title, err)
		}
		name = incident.GetName()
		l.mutex.Lock()
		l.told[title] = incident
		l.mutex.Unlock()
	}
	if err := l.owe(ctx, create.GetRequestId(), &debriefv1.ActionItem{Title: title, DueTime: timestamppb.New(began.AsTime().Add(time.Minute))}); err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}
	return l.deliver(ctx, number)
}

// owe makes an action item.
func (l *ledger) owe(ctx context.Context, requestID string, item *debriefv1.ActionItem) error {
	var made *debriefv1.ActionItem
	_, err := l.insist(ctx, func(ctx context.Context, d *debrief) (_ *debriefv1.Incident, err error) {
		made, err = d.actionItems.CreateActionItem(ctx, &debriefv1.CreateActionItemRequest{RequestId: requestID, ActionItem: item})
		return nil, err
	})
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.items[item.GetTitle()] = made
	return err
}

// giveUp begins to open an incident, and soon asks no more.
func (l *ledger) giveUp(ctx context.Context, title string) {
	ctx, cancel := context.WithTimeout(ctx, givenUpAfter)
	defer cancel()
	_, _ = l.next().incidents.CreateIncident(ctx, &debriefv1.CreateIncidentRequest{ // Nobody knows what becomes of it.
		Incident: &debriefv1.Incident{Title: title + " given up"},
	})
}

// next is the server to ask next.
func (l *ledger) next() *debrief { return l.servers[int(l.turn.Add(1))%len(l.servers)] }

// insist asks until it is acknowledged. Only what may come right by itself is a reason not to be.
func (l *ledger) insist(ctx context.Context, ask func(context.Context, *debrief) (*debriefv1.Incident, error)) (*debriefv1.Incident, error) {
	var incident *debriefv1.Incident
	var fault error
	err := poll(ctx, func() bool {
		l.asked.Add(1)
		var err error
		bounded, cancel := context.WithTimeout(ctx, patienceOfCallers)
		defer cancel()
		if incident, err = ask(bounded, l.next()); err == nil {
			return true
		}
		switch code := status.Code(err); code {
		case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted:
			l.refuse(code)
			if inside.MatchString(err.Error()) {
				fault = fmt.Errorf("callers are told of the inside: %w", err)
			}
			return fault != nil
		default:
			fault = err
			return true
		}
	})
	if fault != nil {
		return nil, fault
	}
	return incident, err
}

// inside is what only the log may tell.
var inside = regexp.MustCompile(`(?i)127\.0\.0\.1|mongo|sqlite|ferret|socket|topology|disk is full|locked|/tmp`)

func (l *ledger) refuse(code codes.Code) {
	l.refused.Add(1)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.codes[code]++
}

// refusals are how many requests were refused with the code.
func (l *ledger) refusals(code codes.Code) int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.codes[code]
}

// deliver delivers the alerts of a story, if there are any.
func (l *ledger) deliver(ctx context.Context, number int) error {
	if number >= len(l.alerts) {
		return nil
	}
	for _, body := range l.alerts[number].deliveries {
		if err := deliver(ctx, l.next, body, func(*debrief) {}); err != nil {
			return err
		}
	}
	return nil
}

// delivered are the alerts that were acknowledged.
func (l *ledger) delivered() []group { return l.alerts[:min(int(l.done.Load()), len(l.alerts))] }

// readyz is what a server says of itself.
func (d *debrief) readyz(ctx context.Context) int {
	code, _, err := d.try(ctx, http.MethodGet, "/readyz", "", nil)
	if err != nil {
		return 0
	}
	return code
}

// says waits until a server says that of itself.
func (d *debrief) says(t *testing.T, code int) {
	t.Helper()
	eventually(t, fmt.Sprintf("/readyz says %d", code), func() bool { return d.readyz(t.Context()) == code })
}
