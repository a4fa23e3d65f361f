package deploy

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// TestMetricsThatAreAskedForAreThere holds each name of a metric or a label in the rules and the dashboard against what a server
// tells that has done everything once.
func TestMetricsThatAreAskedForAreThere(t *testing.T) {
	files := certificate(t)
	server := startServer(t, "DEBRIEF_TLS_CERT="+files+"/tls.crt", "DEBRIEF_TLS_KEY="+files+"/tls.key", "DEBRIEF_TLS_RELOAD_INTERVAL=20ms")
	server.live(t)
	// What is there instead now is refused, and counted.
	if err := os.WriteFile(filepath.Join(files, "tls.crt"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	known := metricsOf(t, server)
	rules := ruleExpressions(t)
	for name, expression := range rules.recorded {
		known[name] = labelsOf(t, expression, known)
	}
	expressions := slices.Concat(rules.all, dashboardExpressions(t))
	if len(expressions) < 60 {
		t.Errorf("there are %d expressions, want more: are they looked for where they are?", len(expressions))
	}
	for _, expression := range expressions {
		parser.Inspect(parse(t, expression.text), func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok {
				checkSelector(t, expression, selector, known)
			}
			return nil
		})
		checkGrouping(t, expression, known)
	}
}

// expression is one that is asked of Prometheus.
type expression struct {
	where, text string
	// shown are the labels that what it answers is shown with.
	shown []string
}

// metrics are the labels of each metric with the values that were seen, by the names of its series.
type metrics map[string]values

type values map[string]map[string]bool

func (v values) add(label string, seen ...string) {
	if v[label] == nil {
		v[label] = map[string]bool{}
	}
	for _, value := range seen {
		v[label][value] = true
	}
}

// byPrometheus are what Prometheus gives each series when it asks for it.
var byPrometheus = []string{"job", "instance"}

func metricsOf(t *testing.T, server *debrief) metrics {
	t.Helper()
	known := metrics{"up": set(byPrometheus)}
	page := server.get(t, "/metrics")
	// These are told of what goes on in the background; of what is in the store, subscriptions are counted last.
	for _, late := range []string{"debrief_subscriptions{", "debrief_clock_changes_total{", "debrief_tls_reloads_total{"} {
		for !strings.Contains(page, late) {
			if t.Context().Err() != nil {
				t.Fatal(t.Context().Err())
			}
			page = server.get(t, "/metrics")
		}
	}
	reader := expfmt.NewTextParser(model.UTF8Validation)
	families, err := reader.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for name, family := range families {
		known[name] = set(byPrometheus)
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				known[name].add(label.GetName(), label.GetValue())
			}
		}
		if family.GetType() == dto.MetricType_HISTOGRAM {
			known[name+"_count"], known[name+"_sum"], known[name+"_bucket"] = known[name], known[name], maps.Clone(known[name])
			for _, bucket := range family.GetMetric()[0].GetHistogram().GetBucket() {
				known[name+"_bucket"].add("le", strconv.FormatFloat(bucket.GetUpperBound(), 'g', -1, 64))
			}
		}
	}
	return known
}

func set(labels []string) values {
	made := values{}
	for _, label := range labels {
		made.add(label)
	}
	return made
}

// expressions are those of a file of rules.
type expressions struct {
	all []expression
	// recorded are the expressions by what they are recorded as.
	recorded map[string]expression
}

func ruleExpressions(t *testing.T) expressions {
	t.Helper()
	groups, errs := rulefmt.ParseFile(filepath.Join(folder, "prometheus/rules.yaml"), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Fatal(err)
	}
	found := expressions{recorded: map[string]expression{}}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			one := expression{where: "rules: " + rule.Record + rule.Alert, text: rule.Expr, shown: shownIn(strings.Join(slices.Collect(maps.Values(rule.Annotations)), " "), annotated)}
			found.all = append(found.all, one)
			if rule.Record != "" {
				found.recorded[rule.Record] = one
			}
			if severity := rule.Labels["severity"]; rule.Alert != "" && severity != "page" && severity != "ticket" {
				t.Errorf("%s has the severity %q: want page or ticket", rule.Alert, severity)
			}
		}
	}
	return found
}

var (
	// annotated finds labels in annotations of alerts.
	annotated = regexp.MustCompile(`\$labels\.(\w+)`)
	// inLegend finds them in legends of panels.
	inLegend = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

func shownIn(text string, where *regexp.Regexp) []string {
	var names []string
	for _, match := range where.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

// dashboardExpressions are those of the panels, with the values that Grafana puts in place of its variables.
func dashboardExpressions(t *testing.T) []expression {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, "grafana/debrief.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	variables, ids := strings.NewReplacer("$__rate_interval", "5m", "$job", "debrief"), map[int]bool{}
	var found []expression
	for _, panel := range dashboard.Panels {
		if ids[panel.ID] {
			t.Errorf("two panels have the id %d", panel.ID)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			found = append(found, expression{where: "panel " + panel.Title, text: variables.Replace(target.Expr), shown: shownIn(target.LegendFormat, inLegend)})
		}
	}
	return found
}

func parse(t *testing.T, text string) parser.Expr {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return parsed
}

func checkSelector(t *testing.T, expression expression, selector *parser.VectorSelector, known metrics) {
	t.Helper()
	has, ok := known[selector.Name]
	if !ok {
		t.Errorf("%s asks for %s, which a server does not tell", expression.where, selector.Name)
		return
	}
	for _, matcher := range selector.LabelMatchers {
		switch seen := has[matcher.Name]; {
		case matcher.Name == labels.MetricName:
		case seen == nil:
			t.Errorf("%s asks for the label %s of %s, which has %v", expression.where, matcher.Name, selector.Name, slices.Sorted(maps.Keys(has)))
		case matcher.Type == labels.MatchEqual && isClosed(matcher.Name) && !seen[matcher.Value]:
			t.Errorf("%s asks for %s, and there are %v", expression.where, matcher, slices.Sorted(maps.Keys(seen)))
		}
	}
	if !strings.HasPrefix(selector.Name, "job:") && !slices.ContainsFunc(selector.LabelMatchers, func(matcher *labels.Matcher) bool { return matcher.Name == "job" }) {
		t.Errorf("%s asks for %s of any job", expression.where, selector.Name)
	}
}

// isClosed says whether each value of a label is told from the beginning.
func isClosed(label string) bool { return label == "le" || strings.HasPrefix(label, "debrief_") }

// checkGrouping wants the labels that are grouped by to be there, and those that are shown to be left.
func checkGrouping(t *testing.T, expression expression, known metrics) {
	t.Helper()
	parsed := parse(t, expression.text)
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		aggregate, ok := node.(*parser.AggregateExpr)
		if !ok || aggregate.Without {
			return nil
		}
		has := labelsBelow(aggregate.Expr, known)
		for _, label := range aggregate.Grouping {
			if has[label] == nil {
				t.Errorf("%s groups by %s, which %s does not have", expression.where, label, aggregate.Expr)
			}
		}
		return nil
	})
	left := labelsOf(t, expression, known)
	for _, label := range expression.shown {
		if left[label] == nil {
			t.Errorf("%s shows the label %s, and has %v left", expression.where, label, slices.Sorted(maps.Keys(left)))
		}
	}
}

// labelsBelow are the labels of everything that is selected somewhere in an expression.
func labelsBelow(node parser.Node, known metrics) values {
	all := values{}
	parser.Inspect(node, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			maps.Copy(all, known[selector.Name])
		}
		return nil
	})
	return all
}

// labelsOf are the labels that may be left in what an expression answers.
func labelsOf(t *testing.T, expression expression, known metrics) values {
	t.Helper()
	return left(parse(t, expression.text), known)
}

func left(node parser.Expr, known metrics) values {
	switch node := node.(type) {
	case *parser.AggregateExpr:
		switch {
		case node.Op == parser.TOPK || node.Op == parser.BOTTOMK:
			return left(node.Expr, known)
		case node.Without:
			return left(node.Expr, known)
		default:
			return set(node.Grouping)
		}
	case *parser.VectorSelector:
		return known[node.Name]
	case *parser.MatrixSelector:
		return left(node.VectorSelector, known)
	default:
		all := values{}
		for child := range parser.ChildrenIter(node) {
			if below, ok := child.(parser.Expr); ok {
				maps.Copy(all, left(below, known))
			}
		}
		return all
	}
}
