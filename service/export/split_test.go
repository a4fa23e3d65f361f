package export_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/export"
)

func TestARenderedDocumentIsTakenApartAtItsSections(t *testing.T) {
	markdown := export.Markdown(export.Document{
		Title: "Slow", Layout: []export.Heading{{ID: "summary", Title: "In *short*"}, {ID: "annex", Title: "Annex"}},
		Summary:   "## No section\n\n```\n## nor this\n```\n\nText.",
		Incidents: []export.Incident{{Title: "One"}},
		Sections:  []export.Section{{ID: "annex", Text: "More."}, {ID: "twice", Title: "Annex", Text: "Again."}},
		Answers:   []export.Answer{{Question: "Why now?", Text: "Load."}},
	})
	parts := export.Split(markdown, []export.Heading{
		{ID: "summary", Title: "In *short*"}, {ID: "annex", Title: "Annex"}, {ID: "twice", Title: "Annex"}, {ID: "timeline", Title: "Timeline"},
	})
	want := []export.Part{
		{Text: "# Slow"},
		{Heading: export.Heading{ID: "summary", Title: "In *short*"}, Text: "### No section\n\n```\n## nor this\n```\n\nText."},
		{Heading: export.Heading{ID: "annex", Title: "Annex"}, Text: "More."},
		{Heading: export.Heading{ID: "incidents", Title: "Incidents"}, Text: "### One"},
		{Heading: export.Heading{ID: "timeline", Title: "Timeline"}},
		{Heading: export.Heading{ID: "twice", Title: "Annex"}, Text: "Again."},
		{Heading: export.Heading{ID: "questions", Title: "Questions of the review"}, Text: "### Why now?\n\nLoad."},
	}
	if diff := cmp.Diff(want[:4], parts[:4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[5:], parts[len(parts)-2:]); diff != "" {
		t.Errorf("the end (-want +got):\n%s", diff)
	}
}
