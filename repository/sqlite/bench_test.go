package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/debriefhq/debrief/repository"
)

// alertID makes an id as the service does: a ULID of a time, with a counter behind it.
func alertID(n int) string {
	id := make([]byte, 26)
	milliseconds, counter := int64(1_772_000_000_000+n/20), int64(n%20)
	for i := 9; i >= 0; i-- {
		id[i] = crockford[milliseconds&31]
		milliseconds >>= 5
	}
	rest := uint64(n+1) * 0x9E3779B97F4A7C15
	for i := 25; i >= 10; i-- {
		if i < 14 {
			id[i] = crockford[counter&31]
			counter >>= 5
		} else {
			id[i] = crockford[rest&31]
			rest = rest>>5 | rest<<59
		}
	}
	return string(id)
}

// alert makes the creation of an incident as an alerting system's delivery does, with an event and a timeline entry.
func alert(n int) repository.Creation[repository.Incident] {
	at := time.UnixMilli(1_772_000_000_000 + int64(n/20)).UTC()
	mixed := uint64(n+1) * 0x9E3779B97F4A7C15
	labels := map[string]string{
		"alertname": fmt.Sprintf("HighLatency%d", n%40), "job": fmt.Sprintf("service-%d", n%97), "severity": "critical",
		"instance": fmt.Sprintf("10.0.%d.%d:9090", n/256%256, n%256), "cluster": "eu-1", "env": "production",
		"pod": fmt.Sprintf("checkout-%x", mixed),
	}
	header := repository.Header{ID: alertID(n), CreateTime: at, UpdateTime: at}
	incident := repository.Incident{
		Header: header, Title: fmt.Sprintf("High latency of service-%d", n%97), Summary: "p99 latency is above 2 s",
		Kind: "INCIDENT", Severity: fmt.Sprintf("SEV%d", 1+n%5), State: "ACTIVE", Labels: labels,
		Impact:     repository.Impact{Services: []string{labels["job"]}},
		Milestones: repository.Milestones{StartTime: at.Add(-time.Duration(mixed % 600_000_000_000)).Truncate(time.Millisecond), DetectTime: at},
		Origin: repository.Origin{Actor: "alertmanager", Alerts: []repository.IncidentAlert{{
			Fingerprint: fmt.Sprintf("%016x", mixed), Status: "FIRING", Labels: labels, StartTime: at, NotificationCount: 1,
			Annotations:  map[string]string{"summary": "High latency", "runbook_url": "https://runbooks.example.com/latency"},
			GeneratorURL: "http://prometheus.example.com/graph?g0.expr=latency", LastNotificationTime: at,
		}}},
		Links: []repository.Link{{URI: "http://prometheus.example.com/graph?g0.expr=latency", Title: "Prometheus"}},
	}
	incident.CreationKey = fmt.Sprintf("alert/%016x", mixed)
	name := "incidents/" + incident.ID
	entry := repository.TimelineEntry{
		Header:    header,
		Statement: repository.Statement{Kind: "DETECTION", OccurTime: at, Text: "Alert fired", ReviseTime: at},
		Source:    "ALERT",
	}
	entry.Parent = incident.ID
	event := repository.Event{
		Header: repository.Header{CreationKey: alertID(n), CreateTime: at, UpdateTime: at},
		Type:   "INCIDENT_OPENED", Resource: name, ResourceRevision: 1, Incident: name, Time: at, Actor: "alertmanager",
	}
	return repository.Creation[repository.Incident]{Resource: incident, Effects: repository.Effects{
		Events: []repository.Event{event}, TimelineEntries: []repository.TimelineEntry{entry},
	}}
}

func fillStore(b *testing.B, store *Repository, incidents int) {
	b.Helper()
	const batch = 1000
	for begin := 0; begin < incidents; begin += batch {
		creations := make([]repository.Creation[repository.Incident], 0, batch)
		for n := begin; n < min(begin+batch, incidents); n++ {
			creations = append(creations, alert(n))
		}
		if _, err := store.Incidents().Create(b.Context(), creations...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCreate has 16 callers create incidents, each with a timeline entry and an event.
func BenchmarkCreate(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d at once", size), func(b *testing.B) {
			store := openStore(b, filepath.Join(b.TempDir(), "debrief.db"))
			var next atomic.Int64
			b.SetParallelism(8)
			b.ReportAllocs()
			before := processorTime(b)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					creations := make([]repository.Creation[repository.Incident], size)
					for i := range creations {
						creations[i] = alert(int(next.Add(1)))
					}
					if _, err := store.Incidents().Create(b.Context(), creations...); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(next.Load())/b.Elapsed().Seconds(), "incidents/s")
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(next.Load()), "cpu-µs/incident")
		})
	}
}

// processorTime is what the process has used: on a machine that others use too it says more than the clock.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkRead reads from stores of several sizes: 10,000 incidents, and as many as DEBRIEF_BENCH_INCIDENTS says.
func BenchmarkRead(b *testing.B) {
	sizes := []int{10_000}
	if more, err := strconv.Atoi(os.Getenv("DEBRIEF_BENCH_INCIDENTS")); err == nil {
		sizes = append(sizes, more)
	}
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d incidents", size), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "debrief.db")
			if folder := os.Getenv("DEBRIEF_BENCH_FOLDER"); folder != "" {
				path = filepath.Join(folder, fmt.Sprintf("debrief-%d.db", size))
			}
			_, missing := os.Stat(path)
			store := openStore(b, path)
			if missing != nil {
				fillStore(b, store, size)
			}
			readStore(b, store, size)
		})
	}
}

func readStore(b *testing.B, store *Repository, size int) {
	b.Helper()
	b.Run("get", func(b *testing.B) {
		b.SetParallelism(8)
		b.ReportAllocs()
		var next atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := store.Incidents().Get(b.Context(), alertID(int(next.Add(7919))%size)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
	severity := repository.TermIn{repository.Term("severity", "SEV2")}
	service := repository.TermIn{repository.Term("labels.job", "service-5")}
	deep := repository.IncidentSchema.Position(repository.Query{OrderBy: "milestones.start_time"}, &[]repository.Incident{alert(size / 2).Resource}[0])
	for _, list := range []struct {
		name  string
		query repository.Query
	}{
		{"newest", repository.Query{Descending: true}},
		{"newest, deep", repository.Query{Descending: true, After: &deep}},
		{"newest of a severity", repository.Query{Descending: true, Where: severity}},
		{"newest of a severity, deep", repository.Query{Descending: true, Where: severity, After: &deep}},
		{"newest of a service", repository.Query{Descending: true, Where: service}},
		{"newest of a service or severity", repository.Query{Descending: true, Where: repository.Or{service, severity}}},
		{"newest not of a severity", repository.Query{Descending: true, Where: repository.Not{Condition: severity}}},
		{"latest started", repository.Query{OrderBy: "milestones.start_time", Descending: true}},
		{"latest started, deep", repository.Query{OrderBy: "milestones.start_time", Descending: true, After: &deep}},
		{"latest started of a severity", repository.Query{OrderBy: "milestones.start_time", Descending: true, Where: severity}},
		{"latest started of a severity, deep", repository.Query{OrderBy: "milestones.start_time", Descending: true, Where: severity, After: &deep}},
		{"latest started of a service", repository.Query{OrderBy: "milestones.start_time", Descending: true, Where: service}},
		{"latest started of one", repository.Query{
			OrderBy: "milestones.start_time", Descending: true,
			Where: repository.TermIn{repository.Term("labels.pod", alert(size / 3).Resource.Labels["pod"])},
		}},
	} {
		b.Run("list "+list.name, func(b *testing.B) {
			list.query.Limit = 50
			for b.Loop() {
				if _, err := store.Incidents().List(b.Context(), list.query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
