package export

import (
	"cmp"
	"slices"
)

// standard is a section that every post-mortem has.
type standard struct {
	Heading

	// always says that it is shown also where nothing is in it, unless a layout leaves it out.
	always bool
	filled func(Document) bool
	write  func(w *writer, title string, document Document)
}

// written is a standard section of Markdown.
func written(id, title string, text func(Document) string) standard {
	return standard{
		Heading: Heading{ID: id, Title: title},
		filled:  func(d Document) bool { return text(d) != "" },
		write:   func(w *writer, title string, d Document) { w.text(title, text(d)) },
	}
}

// standards are the standard sections in their usual order.
func standards() []standard {
	return []standard{
		written("summary", "Summary", func(d Document) string { return d.Summary }),
		written("impact", "Impact", func(d Document) string { return d.Impact }),
		{
			Heading: Heading{ID: "timeline", Title: "Timeline"}, always: true,
			filled: func(d Document) bool { return len(d.Incidents)+len(d.Timeline)+d.FurtherEntries > 0 },
			write: func(w *writer, title string, d Document) {
				w.incidents(d.Incidents)
				w.timeline(title, d)
			},
		},
		{
			Heading: Heading{ID: "beliefs", Title: "What we believed and what was true"},
			filled:  func(d Document) bool { return len(d.Beliefs)+len(d.Models)+d.FurtherModels > 0 },
			write: func(w *writer, title string, d Document) {
				w.beliefs(title, d.Beliefs)
				w.models(d)
			},
		},
		{
			Heading: Heading{ID: "contributing_factors", Title: "Contributing factors"}, always: true,
			filled: func(d Document) bool { return len(d.Factors) > 0 },
			write:  func(w *writer, title string, d Document) { w.factors(title, d.Factors) },
		},
		written("what_went_well", "What went well", func(d Document) string { return d.WhatWentWell }),
		written("where_we_were_lucky", "Where we were lucky", func(d Document) string { return d.WhereWeWereLucky }),
		written("what_surprised_us", "What surprised us", func(d Document) string { return d.WhatSurprisedUs }),
		{
			Heading: Heading{ID: "action_items", Title: "Action items"}, always: true,
			filled: func(d Document) bool { return len(d.Actions)+d.FurtherActions > 0 },
			write:  func(w *writer, title string, d Document) { w.actions(title, d) },
		},
		written("open_questions", "Open questions", func(d Document) string { return d.OpenQuestions }),
	}
}

// Standard are the standard sections in their usual order, under their usual headings.
func Standard() []Heading {
	var headings []Heading
	for _, s := range standards() {
		headings = append(headings, s.Heading)
	}
	return headings
}

// sections writes all sections: first those of the layout, then what it leaves out.
func (w *writer) sections(document Document) {
	known, free := standards(), slices.Clone(document.Sections)
	for _, heading := range document.layout() {
		if i := slices.IndexFunc(known, func(s standard) bool { return s.ID == heading.ID }); i >= 0 {
			if known[i].always || known[i].filled(document) {
				known[i].write(w, line(cmp.Or(heading.Title, known[i].Title)), document)
			}
			known = slices.Delete(known, i, i+1)
			continue
		}
		if i := slices.IndexFunc(free, func(s Section) bool { return s.ID == heading.ID }); i >= 0 {
			w.free(cmp.Or(heading.Title, free[i].Title), free[i])
			free = slices.Delete(free, i, i+1)
		}
	}
	for _, left := range known {
		if left.filled(document) {
			left.write(w, left.Title, document)
		}
	}
	for _, left := range free {
		w.free(left.Title, left)
	}
}

// ModelsID is the id of a free section that stands where mental models do: they were told in an imported document.
const ModelsID = "imported_mental_models"

func (d Document) layout() []Heading {
	if len(d.Layout) > 0 {
		return d.Layout
	}
	layout := Standard()
	beliefs := slices.IndexFunc(layout, func(h Heading) bool { return h.ID == "beliefs" })
	return slices.Insert(layout, beliefs+1, Heading{ID: ModelsID})
}

// free writes a free section, under its id where it has no heading.
func (w *writer) free(title string, section Section) {
	w.text(line(cmp.Or(title, section.ID, "Untitled section")), section.Text)
}

// answers are the questions of the review that were answered.
func (w *writer) answers(document Document) {
	if len(document.Answers) == 0 {
		return
	}
	w.section(answersPart.Title)
	omitted := w.blocks(len(document.Answers), w.room(), func(i int) string { return document.Answers[i].markdown() })
	w.leftOut(omitted, "question", "questions")
}

// markdown is the question as a heading, and the answer below it, or where that stands.
func (a Answer) markdown() string {
	text := "### " + cmp.Or(line(a.Question), "Untitled question")
	if answer := embed(a.Text, subsectionLevel); answer != "" {
		text += "\n\n" + answer
	}
	if section := line(a.Section); section != "" {
		text += "\n\n*See " + section + ".*"
	}
	return text
}
