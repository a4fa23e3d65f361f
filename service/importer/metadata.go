package importer

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
)

// A label stands before a value. One that is emphasised is a label whatever it says, another one only if it is known.
var (
	strongLabel = regexp.MustCompile(`^(?:\*{1,3}|_{1,3})([^*_:\n]{1,60}?)[ \t]*(?::[ \t]*(?:\*{1,3}|_{1,3})|(?:\*{1,3}|_{1,3})[ \t]*:)[ \t]*(.*)$`)
	plainLabel  = regexp.MustCompile(`^(\pL[^:*_|\n]{0,59}?)[ \t]*:(?:[ \t]+(.*)|$)`)
)

// labelled splits a line into a label and a value.
func labelled(line string) (label, value string, ok bool) {
	line = strings.TrimSpace(line)
	if found := strongLabel.FindStringSubmatch(line); found != nil {
		return strings.TrimSpace(found[1]), found[2], true
	}
	found := plainLabel.FindStringSubmatch(line)
	if found == nil {
		return "", "", false
	}
	_, known := metadataLabels[key(found[1])]
	return found[1], found[2], known
}

// metadata reads what is told of the document as labels with values. What is no such thing is kept.
func (r *reader) metadata(p *part) {
	for _, b := range p.blocks {
		switch n := b.node.(type) {
		case *ast.Paragraph:
			r.labelledLines(p, b)
		case *ast.List:
			r.labelledItems(p, b)
		case *extensionast.Table:
			r.labelledCells(p, b, n)
		default:
			r.keep(p, b)
		}
	}
}

// labelledLines reads a paragraph. A line without a label goes on with the value before it.
func (r *reader) labelledLines(p *part, b block) {
	type pair struct {
		label string
		value []string
		at    int
	}
	var pairs []pair
	var rest []string
	for i, line := range strings.Split(r.markdown(b.start, b.end), "\n") {
		label, value, ok := labelled(strings.TrimRight(line, `\ `))
		switch {
		case ok:
			pairs = append(pairs, pair{label, []string{value}, r.line(b.start) + i})
		case len(pairs) > 0:
			pairs[len(pairs)-1].value = append(pairs[len(pairs)-1].value, strings.TrimSpace(line))
		default:
			rest = append(rest, line)
		}
	}
	if len(rest) > 0 {
		p.rest = append(p.rest, strings.Join(rest, "\n"))
	}
	for _, pair := range pairs {
		r.setOrKeep(p, pair.label, strings.TrimSpace(strings.Join(pair.value, "\n")), pair.at)
	}
}

func (r *reader) labelledItems(p *part, list block) {
	var rest []string
	for _, item := range r.items(p, list) {
		first, below, _ := strings.Cut(item.text, "\n")
		label, value, ok := labelled(first)
		if !ok {
			rest = append(rest, r.markdown(item.start, item.end))
			continue
		}
		r.setOrKeep(p, label, trimBlankLines(value+"\n"+below), item.line)
	}
	if len(rest) > 0 {
		p.rest = append(p.rest, strings.Join(rest, "\n"))
	}
}

// labelledCells reads a table of labels and values, which stand side by side, or below each other in a table of one row.
func (r *reader) labelledCells(p *part, b block, node *extensionast.Table) {
	t := r.table(node)
	known := 0
	for _, cell := range t.heading {
		if _, ok := metadataLabels[key(cell.plain)]; ok {
			known++
		}
	}
	switch {
	case len(t.rows) == 1 && known == len(t.heading):
		for i, cell := range t.heading {
			r.setOrKeep(p, cell.plain, t.rows[0][i].text, r.line(t.at[0]))
		}
	case len(t.heading) == 2:
		if known > 0 {
			r.setOrKeep(p, t.heading[0].plain, t.heading[1].text, r.line(b.start))
		} else {
			p.name(t.heading[0].plain)
			p.name(t.heading[1].plain)
		}
		for i, row := range t.rows {
			r.setOrKeep(p, strings.TrimSuffix(row[0].plain, ":"), row[1].text, r.line(t.at[i]))
		}
	default:
		r.keep(p, b)
	}
}

// setOrKeep sets what a label leads to. What it cannot set is kept with its label.
func (r *reader) setOrKeep(p *part, label, value string, line int) {
	if value == "" || r.set(p, label, value, line) {
		p.name(label)
		return
	}
	p.rest, p.labelled = append(p.rest, "**"+strings.TrimSpace(label)+":** "+value), true
}

// set sets what a label leads to, if it can.
func (r *reader) set(p *part, label, value string, line int) bool {
	to, known := metadataLabels[key(label)]
	switch {
	case r.own && r.setReview(label, value, line):
		p.goTo("review")
		return true
	case !known:
		r.document.foundAt("labels."+labelName(label), line)
		return r.setLabel(p, label, value)
	}
	set := true
	switch to {
	case title, identifier, revision, status, severity, facilitator, scribe:
		set = r.setPlain(to, plainOf(value))
	case date, reviewTime, publishTime, started, detected, acknowledged, mitigated, resolved, closed:
		set = r.setMoment(to, value, line)
	case authors, participants, stakeholders, services, labels, lead:
		set = r.setList(p, to, label, value, line)
	case factors:
		r.addFactor(Factor{Description: value, Line: line})
	default:
		r.addText(to, value, line)
	}
	if set {
		r.document.foundAt(string(to), line)
		if to == identifier {
			r.document.foundAt("labels.id", line)
		}
		p.goTo(destination(to))
	}
	return set
}

// destination is how a report names what a label leads to.
func destination(to field) string {
	switch to {
	case started, detected, acknowledged, mitigated, resolved, closed:
		return "incidents[0].milestones"
	case severity, services:
		return "incidents[0]." + string(to)
	case lead:
		return string(participants)
	case identifier:
		return string(labels)
	default:
		return string(to)
	}
}

// MaxLabelBytes bounds the value of a label; what is longer is kept as a free section.
const MaxLabelBytes = 256

// labelName is the key of a label that is called so.
func labelName(said string) string { return strings.ReplaceAll(key(said), " ", "_") }

// setReview sets what a document of Debrief tells of its review.
func (r *reader) setReview(label, value string, line int) bool {
	d := &r.document
	switch label {
	case "Ground rules read":
		return setMomentOnce(&d.RulesReadTime, r.moment(value, line))
	case "Review ended":
		return setMomentOnce(&d.ReviewEndTime, r.moment(value, line))
	case "Conclusion":
		said, note, _ := strings.Cut(plainOf(value), ": ")
		d.Conclusion, d.ConclusionNote = enum(said, conclusions), note
		d.foundAt("conclusion", line)
		return d.Conclusion != ""
	default:
		return false
	}
}

// setLabel keeps what no field is known for as a label of the document.
func (r *reader) setLabel(p *part, label, value string) bool {
	in := readInline(value)
	name := labelName(label)
	if name == "" || in.plain == "" || len(in.plain) > MaxLabelBytes || !in.isPlain() || strings.Contains(value, "\n") {
		return false
	}
	if _, taken := r.document.Labels[name]; taken {
		return false
	}
	if r.document.Labels == nil {
		r.document.Labels = map[string]string{}
	}
	r.document.Labels[name] = in.plain
	p.goTo(string(labels))
	return true
}

func (r *reader) setPlain(to field, value string) bool {
	d := &r.document
	switch to {
	case identifier:
		return setOnce(&r.id, value) && r.setLabel(&part{}, "id", value)
	case status:
		if state := enum(value, postMortemStates); state != "" && d.State == "" {
			d.State = state
			return true
		}
		return setOnce(&d.Status, value)
	case revision:
		d.Revision = int32(max(min(number(value), 1<<30), 0))
		return d.Revision > 0
	case severity:
		incident := r.incident()
		incident.Severity = severityOf(value)
		return setOnce(&incident.SeveritySaid, value)
	default:
		return setOnce(map[field]*string{title: &d.Title, facilitator: &d.Facilitator, scribe: &d.Scribe}[to], value)
	}
}

func setOnce(target *string, value string) bool {
	if *target != "" {
		return false
	}
	*target = value
	return true
}

// incident is the one that the text is about.
func (r *reader) incident() *Incident {
	if len(r.document.Incidents) == 0 {
		r.document.Incidents = []Incident{{}}
	}
	return &r.document.Incidents[0]
}

func (r *reader) setMoment(to field, value string, line int) bool {
	moment := r.moment(value, line)
	d := &r.document
	switch to {
	case date:
		return setMomentOnce(&d.Date, moment)
	case reviewTime:
		return setMomentOnce(&d.ReviewTime, moment)
	case publishTime:
		return setMomentOnce(&d.PublishTime, moment)
	default:
		return !moment.Time.IsZero() && r.incident().reach(Milestone{Name: string(to), Moment: moment})
	}
}

func setMomentOnce(target *Moment, moment Moment) bool {
	if !target.IsZero() {
		return false
	}
	*target = moment
	return true
}

// reach adds a milestone, unless it is there.
func (i *Incident) reach(milestone Milestone) bool {
	for _, reached := range i.Milestones {
		if reached.Name == milestone.Name {
			return false
		}
	}
	i.Milestones = append(i.Milestones, milestone)
	return true
}

// moment reads a time that stands by itself.
func (r *reader) moment(value string, line int) Moment {
	said := plainOf(value)
	s, _, ok := scanStamp(said)
	if !ok {
		r.warnings.add(line, "no time could be read in %s", quoted(said))
		return Moment{Said: said, Line: line}
	}
	moment, _, problem := r.calendar.resolve(s)
	if problem != "" {
		r.warnings.add(line, "%s %s", quoted(said), problem)
	}
	moment.Said, moment.Line = said, line
	return moment
}
