package export_test

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/export"
)

var sectionHeading = regexp.MustCompile(`(?m)^## (.*)$`)

func TestSectionsStandAsTheLayoutSays(t *testing.T) {
	document := export.Document{
		Summary: "a", Impact: "b", OpenQuestions: "c", Actions: []export.Action{{Title: "d"}},
		Sections: []export.Section{{ID: "money", Title: "Money", Text: "e"}, {ID: "annex", Title: "Annex *1*", Text: "f"}, {ID: "void", Title: "Void"}},
	}
	for _, test := range []struct {
		name   string
		layout []export.Heading
		want   []string
	}{
		{"without a layout", nil, []string{"Summary", "Impact", "Timeline", "Contributing factors", "Action items", "Open questions", "Money", `Annex \*1\*`}},
		{
			"with one that says all",
			[]export.Heading{
				{"money", "What became of the money"},
				{"open_questions", "Open"},
				{"summary", "In short"},
				{"annex", ""},
				{"impact", "Harm"},
				{"action_items", "To do"},
				{"timeline", "What happened"},
				{"void", "Nothing"},
			},
			[]string{"What became of the money", "Open", "In short", `Annex \*1\*`, "Harm", "To do", "What happened"},
		},
		{
			"what it leaves out follows where it is not empty",
			[]export.Heading{{"annex", "Annex"}},
			[]string{"Annex", "Summary", "Impact", "Action items", "Open questions", "Money"},
		},
		{
			"what it says twice stands once",
			[]export.Heading{{"summary", "One"}, {"summary", "Two"}, {"nobody", "None"}},
			[]string{"One", "Impact", "Action items", "Open questions", "Money", `Annex \*1\*`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			document.Layout = test.layout
			var got []string
			for _, found := range sectionHeading.FindAllStringSubmatch(export.Markdown(document), -1) {
				got = append(got, found[1])
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("headings (-want +got):\n%s", diff)
			}
		})
	}
}
