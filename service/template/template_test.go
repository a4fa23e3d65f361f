package template_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/template"
)

func ids(sections []template.Section) []string {
	var found []string
	for _, s := range sections {
		found = append(found, s.ID)
	}
	return found
}

func TestTheBuiltInTemplateHasTheStandardSections(t *testing.T) {
	builtIn := template.Default()
	if diff := cmp.Diff(template.Standard(), ids(builtIn.Sections)); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
	for _, s := range builtIn.Sections {
		if s.Help == "" || strings.Contains(s.Help, "\n") {
			t.Errorf("%s: help %q", s.ID, s.Help)
		}
	}
	builtIn.Sections[0].Title = "changed"
	if template.Default().Sections[0].Title == "changed" {
		t.Error("a caller can change the built-in template")
	}
}

func TestWhatIsMissing(t *testing.T) {
	own := template.Template{Title: "Ours", Sections: []template.Section{
		{ID: "customers", Title: "Customers", Required: true},
		{ID: template.Summary, Title: "Summary", Required: true},
		{ID: template.Impact, Title: "Impact"},
		{ID: template.Timeline, Title: "Timeline", Required: true},
		{ID: "weather", Title: "Weather"},
	}}
	text := func(words string) template.Contents {
		return template.Contents{
			Texts: map[string]string{template.Summary: words, "customers": "All."}, Counts: map[string]int{template.Timeline: 1},
		}
	}
	tests := []struct {
		name           string
		template       template.Template
		contents       template.Contents
		missing, empty []string
	}{
		{
			name: "everything, of the built-in one", template: template.Default(),
			missing: []string{"summary", "timeline", "contributing_factors"}, empty: template.Standard(),
		},
		{
			name: "everything, in the template's own order", template: own,
			missing: []string{"customers", "summary", "timeline"}, empty: []string{"customers", "summary", "impact", "timeline", "weather"},
		},
		{name: "nothing", template: own, contents: text("It was down."), empty: []string{"impact", "weather"}},
		{name: "a text that is space", template: own, contents: text(" \n\t\u00a0\u200b\ufeff\u2800"), missing: []string{"summary"}, empty: []string{"summary", "impact", "weather"}},
		{name: "a text that is a comment", template: own, contents: text("<!-- What\nhappened? -->\n<!---->"), missing: []string{"summary"}, empty: []string{"summary", "impact", "weather"}},
		{name: "no text beside comments", template: own, contents: text("<!-- a --> Down. <!-- b -->"), empty: []string{"impact", "weather"}},
		{name: "no text in what looks like a comment", template: own, contents: text("<!-- it was down"), empty: []string{"impact", "weather"}},
		{name: "no text of other scripts", template: own, contents: text("障害"), empty: []string{"impact", "weather"}},
		{
			name: "a list of none", template: own, contents: template.Contents{
				Texts: map[string]string{"summary": "a", "customers": "b", "impact": "c", "weather": "d"}, Counts: map[string]int{template.Timeline: 0},
			},
			missing: []string{"timeline"}, empty: []string{"timeline"},
		},
		{
			name: "a list that is told as text", template: own,
			contents: template.Contents{Texts: map[string]string{"summary": "a", "customers": "b", "impact": "c", "weather": "d", "timeline": "10:02 it broke"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.missing, ids(test.template.Missing(test.contents))); diff != "" {
				t.Errorf("Missing() (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.empty, ids(test.template.Empty(test.contents))); diff != "" {
				t.Errorf("Empty() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestATemplateThatIsNotValidIsRefusedWithAllThatIsWrong(t *testing.T) {
	long := strings.Repeat("ä", template.MaxHelpRunes+1)
	with := func(sections ...template.Section) template.Template {
		return template.Template{Title: "Ours", Sections: sections}
	}
	tests := []struct {
		name     string
		template template.Template
		want     []string
	}{
		{"empty", template.Template{}, []string{"title", "sections"}},
		{"too many sections", with(make([]template.Section, template.MaxSections+1)...), []string{"sections"}},
		{"a section without anything", with(template.Section{}), []string{"sections[0].id", "sections[0].title"}},
		{"an id twice", with(template.Section{ID: "a", Title: "A"}, template.Section{ID: "a", Title: "B"}), []string{"sections[1].id"}},
		{
			"ids that are none",
			with(template.Section{ID: "A", Title: "A"}, template.Section{ID: "a-b", Title: "B"}, template.Section{ID: strings.Repeat("a", 64), Title: "C"}),
			[]string{"sections[0].id", "sections[1].id", "sections[2].id"},
		},
		{"a title of two lines", with(template.Section{ID: "a", Title: "A\nB"}), []string{"sections[0].title"}},
		{"a help too long", with(template.Section{ID: "a", Title: "A", Help: long}), []string{"sections[0].help"}},
		{"a help with control characters", with(template.Section{ID: "a", Title: "A", Help: "\x00"}), []string{"sections[0].help"}},
		{"the longest", with(template.Section{ID: strings.Repeat("a", 63), Title: long[:2*template.MaxTitleRunes], Help: long[2:]}), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var invalid *template.InvalidError
			var got []string
			if err := test.template.Validate(); errors.As(err, &invalid) {
				for _, p := range invalid.Problems {
					got = append(got, p.Field)
					if !strings.Contains(err.Error(), p.Field+": "+p.Text) {
						t.Errorf("%v does not say %q", err, p.Text)
					}
				}
			} else if err != nil {
				t.Fatalf("Validate() = %v, want an *InvalidError", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestATeamsTemplateIsRead(t *testing.T) {
	got, err := template.Parse([]byte("title: Ours\nsections:\n  - id: weather\n    title: Weather\n    required: true\n    help: >\n      Rain,\n      or sun.\n"))
	want := template.Template{Title: "Ours", Sections: []template.Section{{ID: "weather", Title: "Weather", Help: "Rain, or sun.", Required: true}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Parse() = %v (-want +got):\n%s", err, diff)
	}
	for name, file := range map[string]string{
		"nothing": "", "no template": "- a", "an unknown field": "title: A\nsections: [{id: a, title: A, color: red}]\n",
		"too much": strings.Repeat("#\n", template.MaxBytes), "one that is not valid": "title: A\n",
	} {
		if parsed, err := template.Parse([]byte(file)); err == nil {
			t.Errorf("%s: Parse() = %v", name, parsed)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("title: A\nsections: [{id: a, title: A, help: b, required: true}]\n"), "<!-- a -->")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		parsed, err := template.Parse(file)
		if err != nil {
			return
		}
		if err := parsed.Validate(); err != nil {
			t.Errorf("Parse() = %v, which is not valid: %v", parsed, err)
		}
		parsed.Missing(template.Contents{Texts: map[string]string{parsed.Sections[0].ID: text}})
	})
}
