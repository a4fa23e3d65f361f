package importer_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/mentalmodel"
	"github.com/debriefhq/debrief/service/mentalmodel/importer"
)

type read func([]byte) (importer.Result, error)

// told is a graph in lines that a test can show.
func told(graph mentalmodel.Graph) []string {
	var lines []string
	for _, c := range graph.Components {
		line := c.Name
		if c.Kind != "" {
			line += " (" + c.Kind + ")"
		}
		if len(c.Aliases) > 0 {
			line += " alias " + strings.Join(c.Aliases, ", ")
		}
		lines = append(lines, line)
	}
	for _, l := range graph.Links {
		lines = append(lines, l.From+" -"+string(l.Kind)+"-> "+l.To)
	}
	for _, f := range graph.Facts {
		lines = append(lines, f.Component+": "+f.Key+" = "+f.Value)
	}
	return lines
}

func TestAMermaidFlowchartBecomesAGraph(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
		notes      []importer.Note
	}{
		{
			"nodes with labels and shapes", "flowchart LR\n  A[Orders] --> B[(Orders DB)]\n  C((\"Load (balancer)\")) --> A\n",
			[]string{"Orders", "Orders DB (database)", "Load (balancer)", "Orders -depends on-> Orders DB", "Load (balancer) -depends on-> Orders"},
			nil,
		},
		{
			"labels on edges in both forms", "graph TD;\nweb-shop-->|calls|api; api -- reads and writes --> db\napi == publishes ==> bus; bus -. alerts .-> ops\n",
			[]string{
				"web-shop", "api", "db", "bus", "ops", "web-shop -calls-> api", "api -reads-> db", "api -writes-> db", "api -writes-> bus", "bus -alerts-> ops",
			},
			nil,
		},
		{
			"chains and groups", "graph TD\nab & cd --> ef --> gh",
			[]string{"ab", "cd", "ef", "gh", "ab -depends on-> ef", "cd -depends on-> ef", "ef -depends on-> gh"},
			nil,
		},
		{
			"arrows of all kinds", "graph TD\nab <--> cd\nab ~~~ ef; ef --x gh\nef o--o ij\nkl ----> mn -.-> op ==> qr",
			[]string{
				"ab", "cd", "ef", "gh", "ij", "kl", "mn", "op", "qr", "ab -depends on-> cd", "cd -depends on-> ab", "ef -depends on-> gh",
				"ef -depends on-> ij", "ij -depends on-> ef", "kl -depends on-> mn", "mn -depends on-> op", "op -depends on-> qr",
			},
			nil,
		},
		{
			"looks are passed over", "---\ntitle: x\n---\n%%{init: {\n'a': 1}}%%\nflowchart\n%% a comment\nclassDef hot fill:#f00\nab:::hot --> cd\nclick ab \"https://a.example\"\nstyle ab fill:#fff;",
			[]string{"ab", "cd", "ab -depends on-> cd"},
			nil,
		},
		{
			"an id that says more than a letter is an alias", "graph LR\norders-api[Order intake] --> x1@{ shape: cyl, label: \"Ledger\" }",
			[]string{"Order intake alias orders-api", "Ledger (database)", "Order intake -depends on-> Ledger"},
			nil,
		},
		{
			"markup in labels", "graph LR\na[\"`**Orders** #quot;new#quot;`\"] --> b[\"Line<br/>break #35;1\"]",
			[]string{`Orders "new"`, "Line break #1", `Orders "new" -depends on-> Line break #1`},
			nil,
		},
		{
			"subgraphs are told", "graph LR\nsubgraph one[Zone A]\ndirection TB\nab --> cd\nend\n;end",
			[]string{"ab", "cd", "ab -depends on-> cd"},
			[]importer.Note{{2, `the subgraph "Zone A" groups components; groups are no part of a graph`}, {6, `"end" closes no subgraph`}},
		},
		{
			"what is not understood is told", "graph LR\nab --> cd[broken\nab -->|frobs| ef\nab --- gh",
			[]string{"ab", "ef", "gh", "ab -depends on-> ef", "ab -depends on-> gh"},
			[]importer.Note{
				{2, `not understood: "[broken"`},
				{3, `"frobs" says no kind of link that is known: taken as "depends on"`},
				{4, "a line without an arrowhead: taken to lead the way it is written"},
			},
		},
		{
			"equal labels", "graph LR\na[Orders] --> b[orders]",
			[]string{"Orders", "orders (2)", "Orders -depends on-> orders (2)"},
			[]importer.Note{{2, `"orders" is the name of several components: this one is "orders (2)"`}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { check(t, importer.Mermaid, test.text, test.want, test.notes) })
	}
}

func check(t *testing.T, read read, text string, want []string, notes []importer.Note) {
	t.Helper()
	got, err := read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, told(got.Graph)); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(notes, got.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if violations := mentalmodel.Check(got.Graph); violations != nil {
		t.Errorf("the graph is not sound: %v", violations)
	}
}

func TestADOTFileBecomesAGraph(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
		notes      []importer.Note
	}{
		{
			"nodes and edges", "digraph {\n  orders [label=\"Order intake\"];\n  db [shape=cylinder];\n  orders -> db [label=\"reads & writes\"];\n}",
			[]string{"Order intake alias orders", "db (database)", "Order intake -reads-> db", "Order intake -writes-> db"},
			nil,
		},
		{
			"chains, groups, ports, directions", "digraph g { a1 -> {b1 c1} -> d1:n; e1 -> f1 [dir=back label=calls] g1 -> h1 [dir=both] }",
			[]string{
				"a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "a1 -depends on-> b1", "a1 -depends on-> c1", "b1 -depends on-> d1", "c1 -depends on-> d1",
				"f1 -calls-> e1", "g1 -depends on-> h1", "h1 -depends on-> g1",
			},
			nil,
		},
		{
			"labels with markup", "digraph { a [label=<<b>Orders</b><br/>&amp; more>]; b [label=\"\\N\\nline\\lend\"]; \"c d\" }",
			[]string{"Orders & more", "b line end", "c d"},
			nil,
		},
		{
			"what is not understood is told", "graph {\nsubgraph cluster_a { x1; y1 }\nx1 -- y1\nx1 -- z1 [label=frobs]\n}",
			[]string{"x1", "y1", "z1", "x1 -depends on-> y1", "x1 -depends on-> z1"},
			[]importer.Note{
				{1, "the graph is undirected: its edges are taken to lead the way they are written"},
				{2, `the subgraph "cluster_a" groups components; groups are no part of a graph`},
				{4, `"frobs" says no kind of link that is known: taken as "depends on"`},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { check(t, importer.DOT, test.text, test.want, test.notes) })
	}
}

// The examples of the documentation, each with nothing left to say.
func TestTheDocumentedExamplesAreUnderstood(t *testing.T) {
	document, err := os.ReadFile("../../../docs/mental-models.md")
	if err != nil {
		t.Fatal(err)
	}
	_, imports, _ := strings.Cut(string(document), "\n## Import\n")
	for fence, read := range map[string]read{"mermaid": importer.Mermaid, "dot": importer.DOT, "yaml": importer.Compose} {
		_, example, _ := strings.Cut(imports, "\n```"+fence)
		_, example, _ = strings.Cut(example, "\n") // A name of a file may follow.
		example, _, _ = strings.Cut(example, "\n```\n")
		got, err := read([]byte(example))
		if err != nil || len(got.Notes) > 0 || len(got.Graph.Components) < 4 {
			t.Errorf("%s: %v, %v, %v", fence, err, got.Notes, got.Graph.Components)
		}
	}
}

const shop = `
x-base: &base
  restart: always
  environment: {SECRET: hunter2}
services:
  web:
    <<: *base
    image: registry.example/shop/web:1.2
    container_name: shop-web
    depends_on: [api]
    ports: ["80:8080", {published: 443, target: 8443}]
    deploy: {replicas: 3, resources: {limits: {memory: 512M}}}
  api:
    build: .
    env_file: /etc/passwd
    extends: {file: ../../other.yaml, service: x}
    depends_on: {db: {condition: service_healthy}, ghost: {}}
    links: ["db:database"]
    volumes: ["uploads:/data", "./src:/src"]
  db:
    image: postgres:17
    volumes: [{type: volume, source: dbdata, target: /var, read_only: true}]
include: [other.yaml]
networks: {front: {}}
`

func TestAComposeFileBecomesAGraph(t *testing.T) {
	check(t, importer.Compose, shop, []string{
		"web (service) alias shop-web", "api (service)", "db (database)", "ghost", "uploads volume (volume)", "dbdata volume (volume)",
		"web -depends on-> api", "api -depends on-> db", "api -depends on-> ghost", "api -calls-> db", "api -writes-> uploads volume", "db -reads-> dbdata volume",
		"web: image = registry.example/shop/web:1.2", "web: ports = 80:8080, 443:8443", "web: replicas = 3", "web: limit of memory = 512M", "web: restart = always",
		"db: image = postgres:17",
	}, []importer.Note{
		{6, `of "web" these are no part of a graph: environment`},
		{13, `of "api" these are no part of a graph: build`},
		{15, `env_file of "api" was not followed: no other file is read`},
		{16, `extends of "api" was not followed: no other file is read`},
		{17, `"ghost" is not defined in this file`},
		{19, "only volumes that have a name are components; this one is a folder of the host or has none"},
		{23, "include was not followed: no other file is read"},
		{24, `"networks" are no part of a graph`},
	})
}

func TestValuesOfTheEnvironmentAreNeverImported(t *testing.T) {
	got, err := importer.Compose([]byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(told(got.Graph), "\n"); strings.Contains(all, "hunter2") {
		t.Errorf("the graph holds a secret:\n%s", all)
	}
}

func TestTextsThatAreNoneOfAKindAreRefusedWithTheLine(t *testing.T) {
	tests := []struct {
		name string
		read read
		text string
		line int
	}{
		{"a sequence diagram", importer.Mermaid, "\nsequenceDiagram\n a->>b: x", 2},
		{"an empty text", importer.Mermaid, "", 1},
		{"DOT with a broken edge", importer.DOT, "digraph {\n a -> -> b\n}", 2},
		{"YAML that is none", importer.Compose, "services:\n  a: [\n", 2},
		{"YAML that is no compose file", importer.Compose, "a: b", 1},
		{"a text that is not UTF-8", importer.DOT, "digraph { \xff }", 0},
		{"a text that is too long", importer.Compose, strings.Repeat(" ", importer.MaxSize+1), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.read([]byte(test.text))
			var syntax *importer.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if syntax.Line != test.line {
				t.Errorf("line %d, want %d: %v", syntax.Line, test.line, err)
			}
		})
	}
}

// hostile are texts that are small and would be much.
func hostile() map[string]struct {
	read read
	text string
} {
	type input = struct {
		read read
		text string
	}
	bomb := "a0: &a0 {x: y}\n"
	for i := 1; i < 40; i++ {
		prior := "*a" + string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		if i == 1 {
			prior = "*a0"
		}
		name := string(rune('0'+i/10)) + string(rune('0'+i%10))
		bomb += "a" + name + ": &a" + name + "\n  <<: [" + strings.Repeat(prior+", ", 30) + prior + "]\n"
	}
	return map[string]input{
		"groups times groups":   {importer.Mermaid, "graph TD\n" + many("n", " & ", 60_000) + " --> " + many("m", " & ", 60_000)},
		"a long chain":          {importer.Mermaid, "graph TD\n" + many("n", "-->", 90_000)},
		"brackets never closed": {importer.Mermaid, "graph TD\n" + strings.Repeat("a[\n", 300_000)},
		"equal labels":          {importer.Mermaid, "graph TD\n" + many("n", "[x]\n", 60_000)},
		"dashes":                {importer.Mermaid, "graph TD\na" + strings.Repeat("-", 1_000_000)},
		"braces":                {importer.DOT, "digraph " + strings.Repeat("{", 500_000)},
		"groups of DOT":         {importer.DOT, "digraph { {" + many("x_", " ", 50_000) + "} -> {" + many("m_", " ", 50_000) + "} }"},
		"labels of DOT":         {importer.DOT, "digraph { " + strings.Repeat("a->b[label=frobs];", 20_000) + "}"},
		"aliases of aliases":    {importer.Compose, bomb + "services:\n  a:\n    <<: *a39\n"},
		"nested lists":          {importer.Compose, "services: " + strings.Repeat("[", 500_000)},
		"nested mappings":       {importer.Compose, "services: {a: " + strings.Repeat("{a: ", 200_000)},
	}
}

func many(name, between string, count int) string {
	var b strings.Builder
	for i := range count {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(name)
		for ; i > 0; i /= 26 {
			b.WriteByte(byte('a' + i%26))
		}
	}
	return b.String()
}

func TestHostileTextsAreBounded(t *testing.T) {
	for name, input := range hostile() {
		t.Run(name, func(t *testing.T) {
			got, err := input.read([]byte(input.text))
			t.Logf("%d bytes: %d components, %d links, %d notes, %v", len(input.text), len(got.Graph.Components), len(got.Graph.Links), len(got.Notes), err)
			if violations := mentalmodel.Check(got.Graph); violations != nil {
				t.Errorf("the graph is not sound: %v", violations)
			}
			if len(got.Notes) > importer.MaxNotes+4 {
				t.Errorf("%d notes", len(got.Notes))
			}
		})
	}
}

func FuzzMermaid(f *testing.F) {
	f.Add("flowchart LR\n a[x] -->|reads| b((y)) & c{z}\nsubgraph s\n end\n a@{shape: cyl} -. t .-> d:::e; %% f")
	fuzz(f, importer.Mermaid)
}

func FuzzDOT(f *testing.F) {
	f.Add("digraph { a [label=<b>]; a -> {b c} [dir=both label=\"reads\"] subgraph cluster_x { d:n } }")
	f.Add("graph { a -- b -- \"c\\\"d\" }")
	fuzz(f, importer.DOT)
}

func FuzzCompose(f *testing.F) {
	f.Add(shop)
	f.Add("services: {a: &a {depends_on: [b]}, b: {<<: [*a, *a]}}")
	fuzz(f, importer.Compose)
}

// fuzz looks for texts that crash a reader, or that it makes an unsound graph of.
func fuzz(f *testing.F, read read) {
	f.Helper()
	f.Fuzz(func(t *testing.T, text string) {
		got, err := read([]byte(text))
		var syntax *importer.SyntaxError
		if err != nil && !errors.As(err, &syntax) {
			t.Fatalf("%v is no SyntaxError", err)
		}
		if violations := mentalmodel.Check(got.Graph); violations != nil {
			t.Errorf("%q leads to an unsound graph: %v", text, violations)
		}
		for _, note := range got.Notes {
			if note.Line < 0 || note.Line > 1+strings.Count(text, "\n") {
				t.Errorf("the note %v is on no line of %q", note, text)
			}
		}
	})
}
