package endtoend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// storm is many alerts at once, in groups that each are delivered together. Episodes are known by their
// fingerprints. It is the same for the same seed.
type storm struct {
	random *rand.Rand
	groups []group
}

// group is what is delivered of some alerts, one delivery after the other.
type group struct {
	fingerprints []string
	deliveries   []string
	// resolved says that the last delivery says so.
	resolved bool
}

// stormBegan is when all alerts of a storm began to fire.
var stormBegan = time.Date(2025, time.March, 4, 9, 0, 0, 0, time.UTC)

// newStorm makes a storm. Every third group or so is delivered twice, as by a pair of Alertmanagers, and every third is
// told to be over in the end.
func newStorm(alerts int) *storm { return newStormOf(alerts, 20, 50) }

// newStormOf makes one in groups of other sizes.
func newStormOf(alerts, smallest, largest int) *storm {
	s := &storm{random: rand.New(rand.NewPCG(2025, uint64(alerts)))}
	for made := 0; made < alerts; {
		size := min(smallest+s.random.IntN(largest-smallest+1), alerts-made)
		g := group{resolved: s.random.IntN(3) == 0}
		for i := range size {
			g.fingerprints = append(g.fingerprints, fmt.Sprintf("%016x", made+i+1))
		}
		firing := g.delivery("firing", time.Time{})
		g.deliveries = []string{firing}
		if s.random.IntN(3) == 0 {
			g.deliveries = append(g.deliveries, firing)
		}
		if g.resolved {
			g.deliveries = append(g.deliveries, g.delivery("resolved", stormBegan.Add(time.Hour)))
		}
		s.groups = append(s.groups, g)
		made += size
	}
	return s
}

// delivery is what Alertmanager would send of the group.
func (g group) delivery(status string, ended time.Time) string {
	alerts := make([]map[string]any, len(g.fingerprints))
	for i, fingerprint := range g.fingerprints {
		alerts[i] = map[string]any{
			"status": status, "fingerprint": fingerprint, "startsAt": stormBegan, "endsAt": ended,
			"labels":      map[string]string{"alertname": "NodeDown", "instance": fingerprint, "severity": "critical"},
			"annotations": map[string]string{"summary": "Node " + fingerprint + " is down"},
		}
	}
	body, _ := json.Marshal(map[string]any{ // Nothing in it can't be JSON.
		"version": "4", "groupKey": g.fingerprints[0], "status": status, "receiver": "debrief", "alerts": alerts,
	})
	return string(body)
}

// deliveryCount is how many deliveries there are in all.
func (s *storm) deliveryCount() int {
	count := 0
	for _, g := range s.groups {
		count += len(g.deliveries)
	}
	return count
}

// sendersAtOnce is how many deliveries are under way at the same time.
const sendersAtOnce = 4

// send delivers a storm, as Alertmanager does: what is not acknowledged is sent again, and what has an answer below 500
// that is not a success is a fault. It tells of each acknowledgement, and who gave it.
func (s *storm) send(ctx context.Context, to func() *debrief, acknowledged func(by *debrief)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sendersAtOnce)
	for _, g := range s.groups {
		group.Go(func() error {
			for _, body := range g.deliveries {
				if err := deliver(ctx, to, body, acknowledged); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func deliver(ctx context.Context, to func() *debrief, body string, acknowledged func(by *debrief)) error {
	var refused error
	err := poll(ctx, func() bool {
		server := to()
		code, answer, err := server.try(ctx, http.MethodPost, "/intake/alertmanager", body, nil)
		switch {
		case err != nil || code >= http.StatusInternalServerError:
			return false
		case code != http.StatusOK:
			refused = fmt.Errorf("a delivery is answered %d: %s", code, answer)
		default:
			acknowledged(server)
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return refused
}

// check holds a store against what came of a storm: one incident for each episode, with all that belongs to it.
func (s *storm) check(t *testing.T, d *debrief) {
	t.Helper()
	d.awaitDeliveries(t)
	incidents := d.byFingerprint(t)
	found := 0
	for _, g := range s.groups {
		for _, fingerprint := range g.fingerprints {
			incident, ok := incidents[fingerprint]
			if !ok {
				t.Errorf("the alert %s has no incident", fingerprint)
				continue
			}
			found++
			g.checkIncident(t, d, incident)
		}
	}
	if found != len(incidents) {
		t.Errorf("there are %d incidents, want %d", len(incidents), found)
	}
	s.checkEvents(t, d, incidents, func(string) bool { return false })
}

// awaitDeliveries waits until everything that was acknowledged is worked off, also what a server that is gone has left behind.
func (d *debrief) awaitDeliveries(t *testing.T) {
	t.Helper()
	eventually(t, "no delivery waits", func() bool {
		waiting := must[*debriefv1.ListDeliveriesResponse](t)(d.intake.ListDeliveries(t.Context(), &debriefv1.ListDeliveriesRequest{
			PageSize: 1, Filter: "state = PENDING",
		}))
		return len(waiting.GetDeliveries()) == 0
	})
}
