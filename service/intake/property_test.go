package intake_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/intake"
)

// told is one alert as one Alertmanager would tell it.
type told struct {
	fingerprint string
	labels      map[string]string
	start       time.Time
}

func (a told) sentIn(t *rapid.T, zone *time.Location) map[string]any {
	alert := map[string]any{
		"status":   rapid.SampledFrom([]string{"firing", "resolved"}).Draw(t, "status"),
		"labels":   a.labels,
		"startsAt": a.start.In(zone).Format(time.RFC3339Nano),
	}
	if a.fingerprint != "" {
		alert["fingerprint"] = a.fingerprint
	}
	return alert
}

// However the members of a pair of Alertmanagers order and time their alerts, they name the same episodes, and never one
// episode for two.
func TestEpisodeKeysDependOnFingerprintAndInstantAlone(t *testing.T) {
	label := rapid.StringMatching(`[a-z]{1,3}`)
	alerts := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) told {
		return told{
			fingerprint: rapid.SampledFrom([]string{"", "f1", "f1/2026", "0138124b64a893b8"}).Draw(t, "fingerprint"),
			labels:      rapid.MapOfN(label, label, 1, 3).Draw(t, "labels"),
			start:       time.Unix(0, rapid.Int64Range(0, 4e18).Draw(t, "start")),
		}
	}), 1, 8, func(a told) string {
		if a.fingerprint == "" {
			return fmt.Sprint(a.labels, a.start.UnixNano())
		}
		return fmt.Sprint(a.fingerprint, a.start.UnixNano())
	})
	rapid.Check(t, func(t *rapid.T) {
		first := alerts.Draw(t, "alerts")
		second := rapid.Permutation(first).Draw(t, "order")
		got, again := keys(t, first), keys(t, second)
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("keys of the same alerts, told differently:\n%s", diff)
		}
		if distinct := slices.Compact(got); len(distinct) != len(first) {
			t.Errorf("%d episodes share %d keys", len(first), len(distinct))
		}
	})
}

// keys tells the alerts, each in a time zone of its own, and returns their keys in order.
func keys(t *rapid.T, alerts []told) []string {
	sent := make([]map[string]any, len(alerts))
	for i, alert := range alerts {
		minutes := rapid.IntRange(-14*60, 14*60).Draw(t, "zone")
		sent[i] = alert.sentIn(t, time.FixedZone("", minutes*60))
	}
	body, err := json.Marshal(map[string]any{"version": "4", "alerts": sent})
	if err != nil {
		t.Fatal(err)
	}
	delivery, err := intake.ParseAlertmanager(body)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, alert := range delivery.Alerts {
		names = append(names, alert.EpisodeKey)
	}
	slices.Sort(names)
	return names
}

func FuzzParseAlertmanager(f *testing.F) {
	seed(f, "", func(body []byte) { f.Add(body) })
	f.Add([]byte(`{"version":"4","alerts":[{"status":"resolved","labels":{"\u0000":"\ud800"},"startsAt":"1970-01-01T00:00:00+23:59"}]}`))
	adapter := intake.Adapter{
		Source: intake.Alertmanager,
		Parse: func(request intake.Request, _ intake.Options) (intake.Delivery, error) {
			return intake.ParseAlertmanager(request.Body)
		},
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request := posted("", string(body))
		fuzzAdapter(t, adapter, request, intake.Options{})
		delivery, err := intake.ParseAlertmanager(body)
		if err != nil {
			return
		}
		for _, alert := range delivery.Alerts {
			if !strings.Contains(alert.EpisodeKey, alert.Fingerprint) {
				t.Errorf("EpisodeKey %q of %q", alert.EpisodeKey, alert.Fingerprint)
			}
		}
	})
}
