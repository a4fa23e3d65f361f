package intake_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

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
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"version":"4","alerts":[{"status":"resolved","labels":{"\u0000":"\ud800"},"startsAt":"1970-01-01T00:00:00+23:59"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		delivery, err := intake.ParseAlertmanager(body)
		if err != nil {
			if len(err.Error()) > 1000 || !utf8.ValidString(err.Error()) {
				t.Errorf("the error has %d bytes: %q", len(err.Error()), err)
			}
			return
		}
		again, err := intake.ParseAlertmanager(body)
		if diff := cmp.Diff(delivery, again); err != nil || diff != "" {
			t.Errorf("parsed again: %v\n%s", err, diff)
		}
		for _, alert := range delivery.Alerts {
			checkBounds(t, alert)
		}
	})
}

func checkBounds(t *testing.T, alert intake.Alert) {
	t.Helper()
	if alert.EpisodeKey == "" || len(alert.EpisodeKey) > intake.MaxEpisodeKey || !strings.Contains(alert.EpisodeKey, alert.Fingerprint) {
		t.Errorf("EpisodeKey %q", alert.EpisodeKey)
	}
	if alert.Title == "" || utf8.RuneCountInString(alert.Title) > intake.MaxTitle || strings.ContainsAny(alert.Title, "\r\n") {
		t.Errorf("Title %q", alert.Title)
	}
	if len(alert.Labels) > intake.MaxLabels || len(alert.Annotations) > intake.MaxAnnotations {
		t.Errorf("%d labels, %d annotations", len(alert.Labels), len(alert.Annotations))
	}
	for _, texts := range []map[string]string{alert.Labels, alert.Annotations} {
		for name, value := range texts {
			if len(name) > intake.MaxName || len(value) > intake.MaxAnnotationValue || strings.ContainsRune(name+value, 0) || !utf8.ValidString(name+value) {
				t.Errorf("%q: %q", name, value)
			}
		}
	}
	if _, err := alert.StartTime.MarshalJSON(); err != nil || alert.StartTime.Location() != time.UTC {
		t.Errorf("StartTime %v: %v", alert.StartTime, err)
	}
	if _, err := alert.EndTime.MarshalJSON(); err != nil || !alert.EndTime.IsZero() && alert.EndTime.Before(alert.StartTime) {
		t.Errorf("EndTime %v: %v", alert.EndTime, err)
	}
}
