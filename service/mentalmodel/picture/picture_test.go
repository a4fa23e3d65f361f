package picture_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/mentalmodel"
	"github.com/debriefhq/debrief/service/mentalmodel/importer"
	"github.com/debriefhq/debrief/service/mentalmodel/picture"
)

var update = flag.Bool("update", false, "write the golden files anew")

func link(from string, kind mentalmodel.LinkKind, to string) mentalmodel.Link {
	return mentalmodel.Link{From: from, To: to, Kind: kind}
}

// shop is a small system with a gap of each kind.
func shop() mentalmodel.Comparison {
	reality := mentalmodel.Graph{
		Components: []mentalmodel.Component{{Name: "web shop", Kind: "frontend"}, {Name: "orders", Kind: "service"}, {Name: "orders database", Kind: "database"}, {Name: "replica", Kind: "database"}},
		Links: []mentalmodel.Link{
			link("web shop", mentalmodel.Calls, "orders"), link("orders", mentalmodel.Writes, "orders database"), link("replica", mentalmodel.Reads, "orders database"),
			link("orders", mentalmodel.Calls, "orders"), link("orders", mentalmodel.Alerts, "web shop"),
		},
		Facts: []mentalmodel.Fact{{Component: "orders", Key: "timeout", Value: "30 s"}, {Component: "orders database", Key: "size", Value: "2 TB"}, {Key: "regions", Value: "1"}},
	}
	model := mentalmodel.Graph{
		Components: []mentalmodel.Component{{Name: "Web Shop"}, {Name: "orders", Kind: "service"}, {Name: "orders db", Kind: "cache"}, {Name: "queue", Kind: "queue"}},
		Links: []mentalmodel.Link{
			link("Web Shop", mentalmodel.Calls, "orders"), link("orders", mentalmodel.Reads, "orders db"), link("orders", mentalmodel.Writes, "queue"),
			link("Web Shop", mentalmodel.Alerts, "orders"),
		},
		Facts: []mentalmodel.Fact{{Component: "orders", Key: "timeout", Value: "60 s"}, {Component: "orders", Key: "retries", Value: "3"}, {Key: "regions", Value: "2"}},
	}
	return mentalmodel.Compare(reality, model, mentalmodel.Options{})
}

func TestPicturesStayAsTheyAre(t *testing.T) {
	options := picture.Options{Title: "Checkout outage", ID: "checkout"}
	for name, got := range map[string][]byte{
		"shop.svg": picture.SVG(shop(), options), "shop.mmd": []byte(picture.Mermaid(shop(), options)), "shop.dot": []byte(picture.DOT(shop(), options)),
		"empty.svg": picture.SVG(mentalmodel.Comparison{}, picture.Options{}),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("-want +got (look at it, and then write it anew with -update):\n%s", diff)
			}
		})
	}
}

// allowed are the attributes of each element that a picture may have.
var allowed = map[string][]string{
	"svg":   {"xmlns", "width", "height", "viewBox", "role", "aria-labelledby", "font-family", "font-size"},
	"title": {"id"}, "desc": {"id"}, "g": nil,
	"rect": {"x", "y", "width", "height", "rx", "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap"},
	"path": {"d", "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin"},
	"text": {"x", "y", "font-size", "font-weight", "fill", "text-anchor"},
}

// inspect fails if an SVG is not well-formed, has anything but shapes and texts, or draws outside of itself. It returns
// what it says.
func inspect(t rapid.TB, svg []byte) string {
	t.Helper()
	var said strings.Builder
	width, height := 0.0, 0.0
	for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return said.String()
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.CharData:
			said.Write(token)
		case xml.StartElement:
			attributes, known := allowed[token.Name.Local]
			if !known {
				t.Fatalf("an element <%s>", token.Name.Local)
			}
			at := make(map[string]float64)
			for _, a := range token.Attr {
				if !slices.Contains(attributes, a.Name.Local) {
					t.Errorf("<%s> has an attribute %s", token.Name.Local, a.Name.Local)
				}
				at[a.Name.Local], _ = strconv.ParseFloat(a.Value, 64)
			}
			if token.Name.Local == "svg" {
				width, height = at["width"], at["height"]
			}
			if at["x"] < 0 || at["y"] < 0 || at["x"]+at["width"] > width || at["y"]+at["height"] > height {
				t.Errorf("%v is outside of %v by %v", token, width, height)
			}
		}
	}
}

const hostileName = `"><script>alert(1)</script><a href='javascript:x'>&amp;]]>--><!--` + "\u202e\x00\x1b\ufffe'%s|;#`\\"

func hostile() mentalmodel.Comparison {
	names := []string{hostileName, hostileName + "2", "]] --> x[(", `\N\"] ; }`, strings.Repeat("W", 200), strings.Repeat("語", 60)}
	var reality, model mentalmodel.Graph
	for i, name := range names {
		reality.Components = append(reality.Components, mentalmodel.Component{Name: name, Kind: name})
		reality.Links = append(reality.Links, link(name, mentalmodel.Calls, names[(i+1)%len(names)]), link(name, mentalmodel.Reads, name), link(name, mentalmodel.Calls, name))
		reality.Facts = append(reality.Facts, mentalmodel.Fact{Component: name, Key: name, Value: name, Unit: name}, mentalmodel.Fact{Key: name, Value: strings.Repeat(name, 9)})
	}
	model.Components = reality.Components[:3:3]
	return mentalmodel.Compare(reality, model, mentalmodel.Options{})
}

func TestHostileNamesAreTexts(t *testing.T) {
	options := picture.Options{Title: hostileName, ID: `" onload="x`}
	said := inspect(t, picture.SVG(hostile(), options))
	if !strings.Contains(said, "<script>alert(1)</script>") {
		t.Errorf("the name is not shown:\n%s", said)
	}
	chart, err := importer.Mermaid([]byte(picture.Mermaid(hostile(), options)))
	if err != nil {
		t.Fatal(err)
	}
	graph, err := importer.DOT([]byte(picture.DOT(hostile(), options)))
	if err != nil {
		t.Fatal(err)
	}
	for format, read := range map[string]importer.Result{"Mermaid": chart, "DOT": graph} {
		if got := len(read.Graph.Components); got != 6+2 {
			t.Errorf("%s has %d components: %v", format, got, read.Graph.Components)
		}
		for _, n := range read.Notes {
			if strings.Contains(n.Message, "not understood") {
				t.Errorf("%s: %v", format, n)
			}
		}
		if violations := mentalmodel.Check(read.Graph); violations != nil {
			t.Errorf("%s leads to an unsound graph: %v", format, violations)
		}
	}
}

func TestEachStatusIsToldByColourLineAndWord(t *testing.T) {
	svg := string(picture.SVG(shop(), picture.Options{}))
	for _, want := range []string{
		`role="img" aria-labelledby="mental-model-title mental-model-desc"`, `<title id="mental-model-title">What was believed and what was true</title>`,
		"! missing database", "? phantom queue", "≠ different database", "≠ writes, believed reads", "! missing: reads", "? phantom: writes", "≠ alerts, believed reversed",
		`stroke="#b3261e" stroke-width="2.4" stroke-dasharray="9 4"`, `stroke="#5636a6" stroke-width="2.6" stroke-dasharray="1.5 4.5"`,
		"≠ timeout: 30 s, believed 60 s", "? retries: 3 believed, there is none", "! size: 2 TB, not in the model", "≠ regions: 1, believed 2", "believed as orders db (90% sure)",
		"replica is there; the model does not have it.",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("the picture does not have %q", want)
		}
	}
}

// large is a comparison at the bounds of graphs; every seventh component is missing.
func large(components, links int) mentalmodel.Comparison {
	var reality, model mentalmodel.Graph
	gone := make(map[string]bool)
	for i := range components {
		c := mentalmodel.Component{Name: fmt.Sprintf("component number %d", i), Kind: "service"}
		reality.Components = append(reality.Components, c)
		if gone[c.Name] = i%7 == 3; !gone[c.Name] {
			model.Components = append(model.Components, c)
		}
	}
	for i := range links {
		l := link(reality.Components[i%components].Name, mentalmodel.LinkKinds()[i/components%7], reality.Components[(i*31+i/components)%components].Name)
		reality.Links = append(reality.Links, l)
		if !gone[l.From] && !gone[l.To] && i%13 > 0 {
			model.Links = append(model.Links, l)
		}
	}
	return mentalmodel.Compare(reality, model, mentalmodel.Options{})
}

func TestWhatDoesNotFitIsSaid(t *testing.T) {
	comparison := large(mentalmodel.MaxComponents, mentalmodel.MaxLinks)
	svg := picture.SVG(comparison, picture.Options{})
	said := inspect(t, svg)
	for _, want := range []string{"1750 of 2000 components are not drawn", "more gaps."} {
		if !strings.Contains(said, want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	if len(svg) > 2<<20 {
		t.Errorf("the picture has %d bytes", len(svg))
	}
	if again := picture.SVG(comparison, picture.Options{}); !bytes.Equal(svg, again) {
		t.Error("the second picture differs")
	}
}

func TestAnyComparisonIsDrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		graph := rapid.Custom(func(t *rapid.T) mentalmodel.Graph {
			var graph mentalmodel.Graph
			for _, name := range rapid.SliceOfNDistinct(rapid.StringN(1, 20, 60), 1, 12, mentalmodel.Identity).Draw(t, "names") {
				graph.Components = append(graph.Components, mentalmodel.Component{Name: name, Kind: rapid.String().Draw(t, "kind")})
			}
			end := rapid.SampledFrom(graph.Components)
			for range rapid.IntRange(0, 20).Draw(t, "links") {
				graph.Links = append(graph.Links, link(end.Draw(t, "from").Name, rapid.SampledFrom(mentalmodel.LinkKinds()).Draw(t, "kind"), end.Draw(t, "to").Name))
				graph.Facts = append(graph.Facts, mentalmodel.Fact{Component: end.Draw(t, "of").Name, Key: rapid.String().Draw(t, "key"), Value: rapid.String().Draw(t, "value")})
			}
			return graph
		})
		comparison := mentalmodel.Compare(graph.Draw(t, "reality"), graph.Draw(t, "model"), mentalmodel.Options{})
		inspect(t, picture.SVG(comparison, picture.Options{Title: rapid.String().Draw(t, "title")}))
		if _, err := importer.Mermaid([]byte(picture.Mermaid(comparison, picture.Options{}))); err != nil {
			t.Errorf("Mermaid: %v", err)
		}
		if _, err := importer.DOT([]byte(picture.DOT(comparison, picture.Options{}))); err != nil {
			t.Errorf("DOT: %v", err)
		}
	})
}

func BenchmarkSVG(b *testing.B) {
	for _, size := range []int{6, 60, 250, 2000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			comparison := large(size, size*2)
			for b.Loop() {
				picture.SVG(comparison, picture.Options{})
			}
		})
	}
}
