package export

import (
	"strings"
	"time"
)

// timeline shows entries under their days.
func (w *writer) timeline(title string, document Document) {
	w.section(title)
	if len(document.Timeline)+document.FurtherEntries == 0 {
		w.block("Nothing recorded.")
		return
	}
	w.block("All times are UTC.")
	several := len(document.Incidents) > 1
	var day string
	omitted := w.blocks(len(document.Timeline), w.room(), func(i int) string {
		entry := document.Timeline[i]
		text := entry.markdown(several)
		if date := entry.Time.UTC().Format(time.DateOnly); date != day {
			day = date
			text = "### " + date + "\n\n" + text
		}
		return text
	})
	w.leftOut(omitted+document.FurtherEntries, "entry", "entries")
}

// markdown is one item of a list: a line that says when and who, and below it what.
func (e Entry) markdown(several bool) string {
	item := []string{e.headline(several)}
	if text := embed(e.Text, subsectionLevel); text != "" {
		item = append(item, text)
	}
	if shown := evidence(e.Evidence); shown != "" {
		item = append(item, shown)
	}
	return prefixed(strings.Join(item, "\n\n"), "- ", "  ")
}

func (e Entry) headline(several bool) string {
	when := e.Time.UTC().Format("15:04:05.999")
	if e.Precision > 0 {
		when += " ± " + exactly(e.Precision)
	}
	parts := []string{"**" + when + "**"}
	if kind := words(e.Kind); kind != "" {
		parts = append(parts, kind)
	}
	if author := e.author(); author != "" {
		parts = append(parts, author)
	}
	if title := nameLine(e.Incident); several && title != "" {
		parts = append(parts, title)
	}
	if e.Amended {
		parts = append(parts, amended)
	}
	return strings.Join(parts, " · ")
}

func (e Entry) author() string {
	if e.Anonymous {
		return personName(anonymous, e.AuthorRole)
	}
	return strings.Replace(personName(e.Author, e.AuthorRole), nameLine(e.Author), distinct(nameLine(e.Author), headlineWords...), 1)
}

const (
	anonymous = "anonymous"
	amended   = "amended"
)

// headlineWords are what a headline may say beside names.
var headlineWords = []string{
	anonymous, amended, "Detection", "Diagnosis", "Action", "Repair", "Communication", "Alert", "Key moment", "Note",
}

// evidence is a list of links, with what they show below them.
func evidence(shown []Evidence) string {
	if len(shown) == 0 {
		return ""
	}
	items := []string{"Evidence:"}
	for _, e := range shown {
		items = append(items, prefixed(e.markdown(), "- ", "  "))
	}
	return strings.Join(items, "\n\n")
}

func (e Evidence) markdown() string {
	item := link(strings.TrimSpace(e.Title), strings.TrimSpace(e.URI))
	if e.Excerpt == "" {
		return item
	}
	excerpt := fenced(clean(e.Excerpt), "text")
	if item == "" {
		return excerpt
	}
	return item + "\n\n" + excerpt
}
