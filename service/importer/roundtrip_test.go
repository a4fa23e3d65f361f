package importer_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/export"
	"github.com/debriefhq/debrief/service/importer"
)

// exportable is what was imported as the exporter takes it.
func exportable(d importer.Document) export.Document {
	out := export.Document{
		Title: d.Title, State: d.State, Revision: d.Revision, ReviewTime: d.ReviewTime.Time, PublishTime: d.PublishTime.Time,
		RulesReadTime: d.RulesReadTime.Time, ReviewEndTime: d.ReviewEndTime.Time, Conclusion: d.Conclusion, ConclusionNote: d.ConclusionNote, Labels: d.Labels,
		Facilitator: d.Facilitator, Scribe: d.Scribe, Summary: d.Summary, Impact: d.Impact, WhatWentWell: d.WhatWentWell,
		WhereWeWereLucky: d.WhereWeWereLucky, WhatSurprisedUs: d.WhatSurprisedUs, OpenQuestions: d.OpenQuestions,
	}
	for _, p := range d.Participants {
		out.Participants = append(out.Participants, export.Person{Name: p.Name, Role: p.Role})
	}
	for _, p := range d.Stakeholders {
		out.Stakeholders = append(out.Stakeholders, export.Person{Name: p.Name, Role: p.Role})
	}
	for _, s := range d.Sections {
		out.Sections = append(out.Sections, export.Section{ID: s.Heading, Title: s.Heading, Text: s.Markdown})
	}
	for _, i := range d.Incidents {
		incident := export.Incident{Name: i.Name, Title: i.Title, Severity: i.Severity, State: i.State, Services: i.Services}
		for _, m := range i.Milestones {
			incident.Milestones = append(incident.Milestones, export.Milestone{Name: m.Name, Time: m.Time})
		}
		out.Incidents = append(out.Incidents, incident)
	}
	for _, e := range d.Timeline {
		out.Timeline = append(out.Timeline, export.Entry{
			Time: e.Time, Precision: e.Precision, Kind: e.Kind, Author: e.Author, AuthorRole: e.AuthorRole, Anonymous: e.Anonymous,
			Incident: e.Incident, Text: e.Text, Evidence: shownBy(e.Evidence), Amended: e.Amended,
		})
	}
	for _, b := range d.Beliefs {
		out.Beliefs = append(out.Beliefs, export.Belief{HeldBy: b.HeldBy, Believed: b.Believed, Actual: b.Actual, Evidence: shownBy(b.Evidence)})
	}
	for _, f := range d.Factors {
		out.Factors = append(out.Factors, export.Factor{Category: f.Category, Description: f.Description, Evidence: shownBy(f.Evidence)})
	}
	for _, a := range d.Actions {
		out.Actions = append(out.Actions, export.Action{Title: a.Title, Owner: a.Owner, State: a.State, Strength: a.Strength, DueTime: a.Due.Time, TrackerURI: a.TrackerURI, Priority: a.Priority, Labels: a.Labels, Description: a.Description})
	}
	return out
}

func shownBy(evidence []importer.Evidence) []export.Evidence {
	var out []export.Evidence
	for _, e := range evidence {
		out = append(out, export.Evidence(e))
	}
	return out
}

// The example that the exporter is tested with has something in each field.
func TestAnExportedDocumentIsImportedWithoutLoss(t *testing.T) {
	for _, name := range []string{"published", "empty"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("../export/testdata/" + name + ".md")
			if err != nil {
				t.Fatal(err)
			}
			result := parse(t, string(text))
			if diff := cmp.Diff(string(text), export.Markdown(exportable(result.Document))); diff != "" {
				t.Errorf("exported again (-first +again):\n%s", diff)
			}
			if len(result.Report.Warnings) > 0 {
				t.Errorf("not understood: %s", shown(t, result.Report.Warnings))
			}
		})
	}
}

var (
	plainTexts = []string{
		"Ada", "Bo, the second", "Chidi (SRE)", "a · b", "amended", "anonymous", "Note", "We", "*", "a|b", "`code`", "&amp;", "C#", "1. x", "- y", "x > y", "snake_case", "#5",
		"https://a.example/b?c=d&e=f", "www.x.example", "x@y.example", "Ünïcödé 日本", "a, b and c", `back\slash`, "~12:00", "[x]", "(y)", "**Held by**", "Due", "T-1 DONE", "key: value",
	}
	markdownTexts = []string{
		"One sentence.", "Two\nlines.", "A paragraph.\n\nAnother with **strength** and `code | bar`.", "- a\n- b\n  - c", "1. one\n2. two", "> quoted\n> twice",
		"```sh\nmake all\n\n# not a heading\n```", "| a | b |\n| --- | --- |\n| c | d |", "### Impact\n\ntext", "### Timeline", "None recorded.", "Nothing recorded.", "All times are UTC.",
		"[a link](https://l.example/x)", "Evidence", "14:05 it fell", "**23:50:00** · Note", "**Owner:** Ada", "- **Date:** 2020-01-01", "text\n\n- [link](https://e.example)", "___", "- ☑ done",
	}
)

// Whatever a document holds, its export is imported as a document of which the export is the same.
func TestExportAndImportAgainGivesTheSameDocument(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		document := draw(t)
		first := export.Markdown(document)
		imported := parse(t, first).Document
		again := exportable(imported)
		again.ActionAdvice = document.ActionAdvice // which is made anew, of the action items
		if diff := cmp.Diff(first, export.Markdown(again)); diff != "" {
			t.Fatalf("exported again (-first +again):\n%s\nof\n%s", diff, first)
		}
		if diff := cmp.Diff(fields(document), fields(again), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("fields (-exported +imported):\n%s\nof\n%s", diff, first)
		}
		if len(imported.Sections) > 0 {
			t.Fatalf("left over %s of\n%s", shown(t, imported.Sections), first)
		}
	})
}

// fields are those whose text the exporter does not write anew: it does so with Markdown only.
func fields(d export.Document) export.Document {
	d.Summary, d.Impact, d.WhatWentWell, d.WhereWeWereLucky, d.WhatSurprisedUs, d.OpenQuestions, d.Beliefs, d.Factors = "", "", "", "", "", "", nil, nil
	for i := range d.Actions {
		d.Actions[i].Description = ""
	}
	entries := d.Timeline
	d.Timeline = nil
	for _, entry := range entries {
		entry.Text = ""
		d.Timeline = append(d.Timeline, entry)
	}
	return d
}

func draw(t *rapid.T) export.Document {
	plain := rapid.SampledFrom(plainTexts)
	maybe := rapid.OneOf(rapid.Just(""), plain)
	texts := rapid.SampledFrom(append([]string{""}, markdownTexts...))
	pick := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	moment := func(label string) time.Time {
		return time.UnixMilli(1_772_000_000_000 + rapid.Int64Range(0, 400_000_000).Draw(t, label)).UTC()
	}
	d := export.Document{
		Title: plain.Draw(t, "title"), State: pick("state", "DRAFT", "IN_REVIEW", "PUBLISHED"), Revision: rapid.Int32Range(0, 9).Draw(t, "revision"),
		Facilitator: maybe.Draw(t, "facilitator"), Scribe: maybe.Draw(t, "scribe"), Summary: texts.Draw(t, "summary"), Impact: texts.Draw(t, "impact"),
		WhatWentWell: texts.Draw(t, "well"), WhereWeWereLucky: texts.Draw(t, "lucky"), WhatSurprisedUs: texts.Draw(t, "surprised"), OpenQuestions: texts.Draw(t, "open"),
	}
	if rapid.Bool().Draw(t, "reviewed") {
		d.ReviewTime, d.RulesReadTime, d.ReviewEndTime = moment("review").Truncate(time.Minute), moment("read").Truncate(time.Minute), moment("ended").Truncate(time.Minute)
		d.Conclusion, d.ConclusionNote = pick("conclusion", "ACTION_ITEMS", "NOTHING_TO_DO"), maybe.Draw(t, "note")
	}
	d.Labels, d.ActionAdvice = drawLabels(t, plain), pick("advice", "", "Only weaker ones: think again.")
	for range rapid.IntRange(0, 3).Draw(t, "participants") {
		d.Participants = append(d.Participants, export.Person{Name: plain.Draw(t, "name"), Role: maybe.Draw(t, "role")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "incidents") {
		d.Incidents = append(d.Incidents, export.Incident{
			Name: pick("incident", "incidents/01KJV2W8Z4Q5N8B7X0C3D6F9GH", ""), Title: pick("title", "Checkout down", "a | b", "Refunds"), Severity: pick("severity", "", "SEV1", "SEV4"),
			State: pick("state", "RESOLVED", "MERGED"), Milestones: []export.Milestone{{Name: "STARTED", Time: moment("started")}, {Name: "MITIGATED", Time: moment("mitigated")}},
			Services: rapid.SliceOfN(plain, 0, 2).Draw(t, "services"),
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, "entries") {
		d.Timeline = append(d.Timeline, drawEntry(t, d.Incidents, plain, maybe, texts, moment("time")))
	}
	for range rapid.IntRange(0, 2).Draw(t, "beliefs") {
		d.Beliefs = append(d.Beliefs, export.Belief{HeldBy: maybe.Draw(t, "holder"), Believed: texts.Draw(t, "believed"), Actual: texts.Draw(t, "actual"), Evidence: drawEvidence(t, plain)})
	}
	for range rapid.IntRange(0, 3).Draw(t, "factors") {
		d.Factors = append(d.Factors, export.Factor{Category: pick("category", "", "TOOLING", "ACCESS_AND_SAFEGUARDS"), Description: texts.Draw(t, "factor"), Evidence: drawEvidence(t, plain)})
	}
	for range rapid.IntRange(0, 3).Draw(t, "actions") {
		action := export.Action{
			Title: plain.Draw(t, "action"), Owner: maybe.Draw(t, "owner"), State: pick("state", "OPEN", "IN_PROGRESS", "VERIFIED"), Strength: pick("strength", "", "STRONGER"),
			TrackerURI: pick("tracker", "", "https://t.example/T-1", "T-1", "https://t.example/?a=b&c"),
			Priority:   pick("priority", "", "P1"), Labels: drawLabels(t, plain), Description: texts.Draw(t, "description"),
		}
		if rapid.Bool().Draw(t, "due") {
			action.DueTime = moment("due").Truncate(24 * time.Hour).Add(12 * time.Hour) // the day is exported
		}
		d.Actions = append(d.Actions, action)
	}
	return d
}

func drawLabels(t *rapid.T, plain *rapid.Generator[string]) map[string]string {
	var labels map[string]string
	for _, key := range rapid.SliceOfN(rapid.SampledFrom([]string{"team", "date", "State", "a.b/c-d_e", "0"}), 0, 2).Draw(t, "labels") {
		if labels == nil {
			labels = map[string]string{}
		}
		labels[key] = plain.Draw(t, "label")
	}
	return labels
}

func drawEntry(t *rapid.T, incidents []export.Incident, plain, maybe, texts *rapid.Generator[string], at time.Time) export.Entry {
	entry := export.Entry{
		Time: at, Precision: time.Duration(rapid.IntRange(0, 3).Draw(t, "precision")) * 3661 * time.Second,
		Kind: rapid.SampledFrom([]string{"", "NOTE", "KEY_MOMENT"}).Draw(t, "kind"), Text: texts.Draw(t, "text"), Amended: rapid.Bool().Draw(t, "amended"),
		AuthorRole: maybe.Draw(t, "role"), Anonymous: rapid.Bool().Draw(t, "anonymous"), Evidence: drawEvidence(t, plain),
	}
	if !entry.Anonymous {
		entry.Author = maybe.Draw(t, "author")
	}
	if len(incidents) > 1 {
		entry.Incident = incidents[rapid.IntRange(0, 1).Draw(t, "of")].Title
	}
	return entry
}

func drawEvidence(t *rapid.T, plain *rapid.Generator[string]) []export.Evidence {
	var shown []export.Evidence
	for range rapid.IntRange(0, 2).Draw(t, "evidence") {
		shown = append(shown, export.Evidence{
			URI: rapid.SampledFrom([]string{"", "https://g.example/d/1", "https://g.example/a,b?c&d"}).Draw(t, "uri"), Title: plain.Draw(t, "title"),
			Excerpt: rapid.SampledFrom([]string{"", "one line", "two\n\n```\nlines", strings.Repeat("x", 3)}).Draw(t, "excerpt"),
		})
	}
	return shown
}
