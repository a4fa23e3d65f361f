package intake_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/debriefhq/debrief/service/intake"
)

// tenExpressions are what an ordinary mapping says.
var tenExpressions = intake.MappingSource{
	Alerts: `body.alerts`, Key: `body.site + "/" + alert.id`, Status: `alert.state == "up" ? "resolved" : "firing"`,
	Title: `alert.name + " is " + alert.state`, Summary: `alert.?text.orValue("")`, Severity: `alert.level`,
	URL: `"https://monitoring.example.com/" + alert.id`, Time: `alert.?since`,
	Labels:      `{"site": body.site, "host": alert.host, "environment": alert.?environment.orValue("")}`,
	Annotations: `alert.?notes`,
	Episode:     `alert.id + "/" + alert.since`,
}

func ordinaryAlerts(count int, site string) string {
	alert := `{"id":"a%d","state":"down","name":"db","host":"db-1","level":"high","since":"2026-03-04T08:09:00Z","tags":["a","b"],"notes":{"x":"y"}}`
	alerts := make([]string, count)
	for i := range alerts {
		alerts[i] = fmt.Sprintf(alert, i)
	}
	return `{"site":"` + site + `","alerts":[` + strings.Join(alerts, ",") + `]}`
}

// eachAlert has one expression for each alert.
func eachAlert(title string) intake.MappingSource {
	return intake.MappingSource{Alerts: "body.alerts", Key: `"k"`, Status: `"firing"`, Title: title}
}

func TestMappingAffordsWhatIsOrdinary(t *testing.T) {
	once := func(title string) intake.MappingSource {
		return intake.MappingSource{Key: `"k"`, Status: `"firing"`, Title: title}
	}
	for _, test := range []struct {
		name   string
		source intake.MappingSource
		body   string
		want   int
	}{
		{"ten expressions", tenExpressions, ordinaryAlerts(500, "eu"), 500},
		{"ten expressions, often", tenExpressions, ordinaryAlerts(2500, "eu"), 2500},
		{"as many alerts as there may be", eachAlert("alert.name"), ordinaryAlerts(intake.MaxAlerts, "eu"), intake.MaxAlerts},
		{"one look at a long list", once(`body.alerts.all(a, a.id != "" && a.name != "") ? "a" : "b"`), ordinaryAlerts(2000, "eu"), 1},
		{"a choice of a long list", intake.MappingSource{Alerts: `body.alerts.filter(a, a.state == "down")`, Key: "alert.id", Status: `"firing"`}, ordinaryAlerts(2000, "eu"), 2000},
		{"a long text", once(`body.site == "eu" ? "" : body.site`), ordinaryAlerts(1, strings.Repeat("x", 2<<20)), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := parse(t, intake.Generic(), request([]byte(test.body)), intake.Options{Mapping: newMapping(t, test.source)})
			if len(got.Alerts) != test.want {
				t.Fatalf("%d alerts, want %d", len(got.Alerts), test.want)
			}
			if notes := got.Alerts[0].Alterations; len(notes) > 0 && strings.Contains(strings.Join(notes, "\n"), "costs too much") {
				t.Errorf("Alterations %q", notes)
			}
		})
	}
}

// Where it stops says how often the expensive thing was done.
func TestMappingStopsWhatIsExpensive(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, test := range []struct {
		name   string
		source intake.MappingSource
		body   string
		// most is how many alerts may be gone through before it stops.
		most int
	}{
		{"ten expressions over many", tenExpressions, ordinaryAlerts(9000, "eu"), 4000},
		{"all with all", eachAlert(`body.alerts.exists(a, a.id == alert.id) ? "a" : "b"`), ordinaryAlerts(1000, "eu"), 400},
		{"lists in lists", eachAlert(`body.alerts.map(a, a.tags.filter(t, t != "b").size()).size()`), ordinaryAlerts(1000, "eu"), 20},
		{"a deep comparison", eachAlert(`body == body ? "a" : "b"`), ordinaryAlerts(2000, "eu"), 20},
		{"a deep comparison of what was made", eachAlert(`[body] == [body] && {"a": body} != {"a": alert} ? "a" : "b"`), ordinaryAlerts(2000, "eu"), 20},
		{"a search by comparison", eachAlert(`alert in body.alerts ? "a" : "b"`), ordinaryAlerts(2000, "eu"), 40},
		{"a long text compared with a short one", eachAlert(`body.site == "eu" ? "a" : "b"`), ordinaryAlerts(1000, long), 160},
		{"the size of a long text", eachAlert(`size(body.site)`), ordinaryAlerts(1000, long), 160},
		{"a long text in capitals", eachAlert(`body.site.upperAscii() == "" ? "a" : "b"`), ordinaryAlerts(1000, long), 80},
		{"a pattern over a long text", eachAlert(`body.site.matches("a.*b.*c") ? "a" : "b"`), ordinaryAlerts(1000, long), 4},
		{"a long text in an error", eachAlert(`alert[body.site]`), ordinaryAlerts(1000, long), 160},
		{"a deep comparison of what may be missing", eachAlert(`body.?alerts == optional.of(body.alerts) && body.?none == optional.none() ? "a" : "b"`), ordinaryAlerts(2000, "eu"), 40},
		{"a long title", eachAlert(`body.site`), ordinaryAlerts(1000, long), 20},
		{"large labels", intake.MappingSource{Alerts: "body.alerts", Key: `"k"`, Status: `"firing"`, Labels: `{"a": body.site}`}, ordinaryAlerts(1000, long), 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := intake.Generic().Parse(request([]byte(test.body)), intake.Options{Mapping: newMapping(t, test.source)})
			problem, ok := errors.AsType[*intake.InvalidError](err)
			if !ok || !strings.Contains(problem.Problem, "costs too much") {
				t.Fatalf("error %v, want that it costs too much", err)
			}
			var index int
			if _, err := fmt.Sscanf(problem.Field, "alerts[%d]", &index); err != nil || index > test.most {
				t.Errorf("stopped at %s, want it at alerts[%d] at the latest", problem.Field, test.most)
			}
		})
	}
}

func TestMappingCountsABatchTogether(t *testing.T) {
	source := intake.MappingSource{Key: "body.id", Status: `"firing"`, Title: `body.data.all(n, n > 0) ? "a" : "b"`}
	one := `{"specversion":"1.0","type":"com.example.disk","source":"/db","id":"1","data":[1` + strings.Repeat(",1", 4999) + `]}`
	sent := request([]byte(`[`+one+strings.Repeat(","+one, 49)+`]`), "Content-Type", "application/cloudevents-batch+json")
	_, err := intake.CloudEvents().Parse(sent, intake.Options{Mapping: newMapping(t, source)})
	problem, ok := errors.AsType[*intake.InvalidError](err)
	if !ok || !strings.Contains(problem.Problem, "costs too much") {
		t.Fatalf("error %v, want that it costs too much", err)
	}
	var index int
	if _, err := fmt.Sscanf(problem.Field, "[%d]", &index); err != nil || index > 30 {
		t.Errorf("stopped at %q, want it at [30] at the latest", problem.Field)
	}
}
