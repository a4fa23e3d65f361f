package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestGraphFiles shows how people write graphs.
func TestGraphFiles(t *testing.T) {
	t.Parallel()
	want := &debriefv1.SystemGraph{
		Components: []*debriefv1.SystemComponent{{Name: "orders"}, {Name: "orders-db", Kind: "database", Aliases: []string{"the ledger"}}},
		Links:      []*debriefv1.SystemLink{{From: "orders", To: "orders-db"}, {From: "orders", To: "orders-db", Kind: debriefv1.SystemLink_KIND_DEPENDS_ON}},
		Facts:      []*debriefv1.SystemFact{{Component: "orders-db", Key: "connections", Value: "100"}, {Key: "time zone", Value: "UTC"}},
	}
	for name, text := range map[string]string{
		"short": `
components:
  - orders
  - {name: orders-db, kind: database, aliases: [the ledger]}
links:
  - orders -> orders-db
  - orders -> orders-db: depends on
facts:
  - orders-db / connections: 100
  - time zone: UTC
`,
		"long": `
components: [{name: orders}, {name: orders-db, kind: database, aliases: [the ledger]}]
links: [{from: orders, to: orders-db}, {from: orders, to: orders-db, kind: depends on}]
facts: [{component: orders-db, key: connections, value: 100}, {key: time zone, value: UTC}]
`,
	} {
		got, _, err := parseGraph("yaml", text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "no graph": "a text", "an unknown word": "parts: []", "no arrow": "links: [orders]",
		"no kind of link": "links: [a -> b: loves]", "no value": "facts: [connections]", "many documents of aliases": "links: [&a [*a]]",
	} {
		if got, _, err := parseGraph("yaml", text); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	got, notes, err := parseGraph(formatOf("", "shop.mmd"), "graph LR\n  web -->|calls| orders\n  subgraph one\n  end\n")
	if err != nil || len(notes) == 0 || len(got.GetLinks()) != 1 || got.GetLinks()[0].GetKind() != debriefv1.SystemLink_KIND_CALLS {
		t.Errorf("Mermaid: %v, %v, %v", got, notes, err)
	}
}

// TestModelStory leads from a drawing of a system to what people most often do not know of it, by the command line alone.
func TestModelStory(t *testing.T) {
	s := teller{t, startServing(t)}
	directory := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	drawing := file("shop.mmd", "graph LR\n  orders -->|writes| db[(Orders DB)]\n  replica -->|reads| db\n")
	if got := s.does("system", "import", drawing, "--id", "shop"); !strings.Contains(got, "systems/shop is imported: shop, revision 1") {
		t.Errorf("import: %q", got)
	}
	if got := s.does("system", "import", drawing, "--id", "shop"); !strings.Contains(got, "says the same already") {
		t.Errorf("import again: %q", got)
	}
	reality := file("shop.yaml", "components: [orders, {name: Orders DB, kind: database}, replica]\nlinks: ['orders -> Orders DB: writes', 'replica -> Orders DB: reads']\nfacts: [{component: Orders DB, key: connections, value: 100}]\n")
	s.does("system", "update", "shop", "--file", reality, "--title", "The shop", "--label", "team=shop")
	if got := s.does("system", "show", "shop"); !strings.Contains(got, "orders -> Orders DB: writes") || !strings.Contains(got, "Orders DB / connections: 100") {
		t.Errorf("show: %q", got)
	}
	if got := s.does("system", "show", "shop", "--revision", "1"); strings.Contains(got, "connections") {
		t.Errorf("revision 1: %q", got)
	}
	s.does("system", "create", "other", "--title", "Another")
	s.does("system", "delete", "other")
	if got := s.does("system", "list", "-o", "name"); got != "systems/shop" {
		t.Errorf("systems: %q", got)
	}

	incident := s.does("incident", "open", "Orders", "wait", "-o", "name")
	postMortem := s.does("postmortem", "create", incident, "-o", "name")
	belief := file("belief.yaml", "components: [Orders, orders-db, cache]\nlinks: ['Orders -> orders-db: writes']\nfacts: ['orders-db / connections: 200']\n")
	model := s.does("model", "add", postMortem, "--system", "shop", "--held-by", "on-call", "--file", belief, "-o", "name")
	if got := s.tries("", "model", "add", postMortem, "--system", "shop", "--held-by", "@sam"); got.code != exitInvalid {
		t.Errorf("a person's handle: exit code %d, %q", got.code, got.stderr)
	}
	if got := s.does("model", "show", model); !strings.Contains(got, "missing component: replica") || !strings.Contains(got, "believed 200, actual 100") {
		t.Errorf("show: %q", got)
	}
	if got := s.does("model", "compare", model); !strings.Contains(got, "Orders is orders (98 %)") {
		t.Errorf("compare: %q", got)
	}
	picture := filepath.Join(directory, "picture.svg")
	s.does("model", "draw", model, "--file", picture)
	if drawn, err := os.ReadFile(filepath.Clean(picture)); err != nil || !strings.HasPrefix(string(drawn), "<svg ") {
		t.Errorf("picture: %v %.40q", err, drawn)
	}
	if got := s.does("model", "draw", model, "--format", "mermaid"); !strings.Contains(got, "flowchart") {
		t.Errorf("Mermaid: %q", got)
	}
	gaps := s.does("gaps", "list", "--system", "shop", "--kind", "missing-component", "--open", "-o", "name")
	_, gap, _ := strings.Cut(gaps, "/gaps/")
	s.does("model", "annotate", model, gap, "--surprise", "fundamental", "--update", "training: told at the meeting", "--evidence", "Lag https://graphs.example.com/lag")
	s.does("model", "annotate", model, gap, "--update", "dashboard: the replica's lag")
	if got := s.does("model", "show", model); !strings.Contains(got, "told at the meeting") || !strings.Contains(got, "the replica's lag") {
		t.Errorf("annotated: %q", got)
	}
	if got := s.does("gaps", "list", "--kind", "missing-component", "--open", "-o", "name"); got != "" {
		t.Errorf("open gaps: %q", got)
	}
	if got := s.does("gaps", "summary", "shop"); !strings.Contains(got, "replica") || !strings.Contains(got, "missing component") {
		t.Errorf("summary: %q", got)
	}
	if got := s.does("model", "update", model, "--match", "cache=replica"); !strings.Contains(got, "3 gaps") {
		t.Errorf("matched: %q", got)
	}
	if got := s.does("model", "list", postMortem, "-o", "name"); got != model {
		t.Errorf("models: %q", got)
	}
	s.does("model", "delete", model)
	if got := s.does("model", "list", "-o", "name"); got != "" {
		t.Errorf("models after the deletion: %q", got)
	}
}
