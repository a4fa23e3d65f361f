package importer

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
)

var (
	// zoneSentence says of all times in which zone they are, and nothing else.
	zoneSentence = regexp.MustCompile(`(?i)^[*_(]*(?:note: ?)?(?:all )?(?:the )?(?:times?|timestamps?)(?: below| here| shown| listed| given)*(?: (?:are|is))?(?: shown| listed| given| all)*(?: in)? [^.\n]{1,40}\.?[*_)]*$`)
	ownHeadline  = regexp.MustCompile(`^\*\*([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?)(?: ± ([0-9a-z ]+))?\*\*((?: · .*)?)$`)
)

// timeline reads entries from tables, lists and paragraphs, under days as headings or without.
func (r *reader) timeline(p *part) {
	p.goTo(string(timeline))
	if z, ok := statedZone(strings.Join(bracketed.FindAllString(p.Heading, -1), " ")); ok {
		r.calendar.zone = &z
	}
	for i := 0; i < len(p.blocks); i++ {
		b := p.blocks[i]
		h, ok := b.node.(*ast.Heading)
		if !ok {
			r.timelineBlock(p, b)
			continue
		}
		if !r.timelineHeading(p, h, b) {
			continue
		}
		first := i + 1 // a heading that is an entry takes what stands below it
		for i+1 < len(p.blocks) && p.blocks[i+1].node.Kind() != ast.KindHeading {
			i++
		}
		if first <= i {
			entry := &r.document.Timeline[len(r.document.Timeline)-1]
			entry.Text = strings.TrimSpace(entry.Text + "\n\n" + r.markdown(p.blocks[first].start, p.blocks[i].end))
			entry.guess()
		}
	}
}

func (r *reader) timelineBlock(p *part, b block) {
	switch n := b.node.(type) {
	case *ast.List:
		for _, item := range r.items(p, b) {
			r.timelineItem(p, item, 0)
		}
	case *extensionast.Table:
		r.timelineTable(p, b, n)
	case *ast.Paragraph:
		r.timelineLines(p, b)
	default:
		r.keep(p, b)
	}
}

// timelineHeading reads a heading below that of the timeline: a day, an entry, of which it says so, or a phase.
func (r *reader) timelineHeading(p *part, h *ast.Heading, b block) bool {
	name := plainText(h, r.body)
	p.name(name)
	s, rest, ok := scanStamp(name)
	switch {
	case ok && !s.hasTime && !s.relative && rest == "":
		if !r.calendar.setDay(s) {
			r.warnings.add(r.line(b.start), "%s tells no year, and no day with one was told before", quoted(name))
		}
	case ok && (s.hasTime || s.relative):
		if entry, ok := r.entry(name, r.line(b.start)); ok {
			r.document.Timeline = append(r.document.Timeline, entry)
			return true
		}
	}
	return false
}

// timelineItem reads an item of a list: an entry, or a day with entries below it.
func (r *reader) timelineItem(p *part, item item, depth int) {
	if r.own {
		if entry, ok := r.ownEntry(p, item); ok {
			r.document.Timeline = append(r.document.Timeline, entry)
			return
		}
	}
	first, _, _ := strings.Cut(item.text, "\n")
	if s, rest, ok := scanStamp(first); ok && !s.hasTime && !s.relative && depth < 2 {
		below := r.within(item.node, item.start, item.end)
		if slices.IndexFunc(below, func(b block) bool { return b.node.Kind() == ast.KindList }) == 1 && strings.Trim(rest, "*_:") == "" && len(below) == 2 && r.calendar.setDay(s) {
			p.name(first)
			for _, nested := range r.items(p, below[1]) {
				r.timelineItem(p, nested, depth+1)
			}
			return
		}
	}
	if entry, ok := r.entry(item.text, item.line); ok {
		r.document.Timeline = append(r.document.Timeline, entry)
		return
	}
	r.warnings.add(item.line, "no time could be read in %s: kept outside the timeline", quoted(first))
	p.rest = append(p.rest, r.markdown(item.start, item.end))
}

// timelineLines reads a paragraph: each line that begins with a time is an entry, and others go on with the one before.
func (r *reader) timelineLines(p *part, b block) {
	text := r.markdown(b.start, b.end)
	if zoneSentence.MatchString(text) {
		if z, ok := statedZone(text); ok {
			r.calendar.zone = &z
			p.name(text)
			return
		}
	}
	if r.own && text == "Nothing recorded." {
		p.name(text)
		return
	}
	var rest, more []string
	var last *Entry
	goOn := func() {
		if last != nil && more != nil {
			last.Text = strings.TrimSpace(last.Text + "\n" + strings.Join(more, "\n"))
		}
		more = nil
	}
	for i, line := range strings.Split(text, "\n") {
		if r.timelineDay(p, line) {
			continue
		}
		if entry, ok := r.entry(strings.TrimRight(line, `\ `), r.line(b.start)+i); ok {
			goOn()
			r.document.Timeline = append(r.document.Timeline, entry)
			last = &r.document.Timeline[len(r.document.Timeline)-1]
			continue
		}
		if last == nil {
			rest = append(rest, line)
			continue
		}
		more = append(more, strings.TrimSpace(line))
	}
	goOn()
	if len(rest) > 0 {
		p.rest = append(p.rest, strings.Join(rest, "\n"))
	}
}

// timelineDay reads a line that is a day, with the zone of all times behind it or without.
func (r *reader) timelineDay(p *part, line string) bool {
	s, rest, ok := scanStamp(line)
	rest = strings.TrimSpace(rest)
	if !ok || s.hasTime || s.relative || rest != "" && !zoneSentence.MatchString(rest) || !r.calendar.setDay(s) {
		return false
	}
	if z, ok := statedZone(rest); ok {
		r.calendar.zone = &z
	}
	p.name(line)
	return true
}

// entry reads an entry that begins with its time.
func (r *reader) entry(text string, line int) (Entry, bool) {
	first, below, _ := strings.Cut(text, "\n")
	s, rest, ok := scanStamp(first)
	if !ok {
		return Entry{}, false
	}
	said := strings.TrimSuffix(first, rest)
	entry, ok := r.entryAt(s, undecorated(said), line)
	if !ok {
		return Entry{}, false
	}
	entry.Text = trimBlankLines(rest + "\n" + below)
	entry.guess()
	r.milestoneIn(entry)
	return entry, true
}

// undecorated is a time without what stands around it.
func undecorated(said string) string {
	said = strings.TrimLeft(strings.TrimRight(said, " \t*_`:–—-|·,;→]"), " \t*_`[(")
	if strings.Count(said, ")") > strings.Count(said, "(") {
		said = strings.TrimSuffix(said, ")")
	}
	return plainOf(said)
}

// entryAt makes an entry of a time.
func (r *reader) entryAt(s stamp, said string, line int) (Entry, bool) {
	moment, end, problem := r.calendar.resolve(s)
	if problem != "" {
		r.warnings.add(line, "%s %s", quoted(said), problem)
	}
	if moment.Time.IsZero() {
		return Entry{}, false
	}
	if r.calendar.begin.IsZero() {
		r.calendar.begin = moment.Time
	}
	moment.Said = said
	moment.Line = line
	return Entry{Moment: moment, EndTime: end}, true
}

const guessed = 2000 // bytes of a text that are read for a guess

// guess takes the words of an entry without a kind for one.
func (e *Entry) guess() {
	if e.Kind == "" || e.KindGuessed {
		e.Kind, e.KindGuessed = guessKind(e.Text[:min(len(e.Text), guessed)]), true
	}
}

// turns are what people write large in a timeline where the incident turns, as the workbook of Google's SREs does.
var turns = []struct {
	milestone field
	pattern   *regexp.Regexp
}{
	{started, regexp.MustCompile(`\b(?:OUTAGE|INCIDENT|IMPACT) (?:BEGINS|STARTS|BEGAN|STARTED)\b`)},
	{mitigated, regexp.MustCompile(`\b(?:OUTAGE|INCIDENT|IMPACT) (?:MITIGATED)\b`)},
	{resolved, regexp.MustCompile(`\b(?:OUTAGE|INCIDENT|IMPACT) (?:ENDS|ENDED|RESOLVED)\b`)},
}

// milestoneIn takes an entry for a milestone that it names in capitals.
func (r *reader) milestoneIn(entry Entry) {
	for _, turn := range turns {
		if turn.pattern.MatchString(entry.Text[:min(len(entry.Text), guessed)]) {
			r.incident().reach(Milestone{Name: string(turn.milestone), Moment: entry.Moment})
		}
	}
}

// ownEntry reads an entry as Debrief exports it.
func (r *reader) ownEntry(p *part, item item) (Entry, bool) {
	first, below, _ := strings.Cut(item.text, "\n")
	found := ownHeadline.FindStringSubmatch(first)
	if found == nil || r.calendar.today.IsZero() {
		return Entry{}, false
	}
	s, _, ok := scanStamp(found[1])
	if !ok {
		return Entry{}, false
	}
	r.calendar.last = r.calendar.today
	moment, _, _ := r.calendar.resolve(s)
	moment.Precision, moment.Said = parseLength(found[2]), strings.Trim(first[:len(first)-len(found[3])], "*")
	moment.Line = item.line
	entry := Entry{Moment: moment}
	entry.readHeadline(strings.Split(found[3], " · ")[1:], r.document.Incidents)
	if entry.Anonymous {
		p.name("anonymous")
	}
	if entry.Amended {
		p.name("amended")
	}
	entry.Text, entry.Evidence = p.splitEvidence(trimBlankLines(below))
	return entry, true
}

// readHeadline reads what follows the time: the kind, the author, the incident, and that it was amended.
func (e *Entry) readHeadline(parts []string, covered []Incident) {
	if len(parts) > 0 && enum(parts[0], entryKinds) != "" {
		e.Kind, parts = enum(parts[0], entryKinds), parts[1:]
	}
	if len(parts) > 0 && parts[len(parts)-1] == "amended" {
		e.Amended, parts = true, parts[:len(parts)-1]
	}
	if last := len(parts) - 1; last >= 0 && len(covered) > 1 {
		name := plainOf(parts[last])
		if slices.ContainsFunc(covered, func(i Incident) bool { return i.Title == name }) {
			e.Incident, parts = name, parts[:last]
		}
	}
	if len(parts) == 0 {
		return
	}
	author := strings.Join(parts, " · ")
	person := Person{Name: plainOf(author)}
	if found := inBrackets.FindStringSubmatch(author); found != nil {
		person = Person{Name: plainOf(found[1]), Role: plainOf(found[2])}
	}
	e.Author, e.AuthorRole = person.Name, person.Role
	if strings.HasPrefix(author, "anonymous") && e.Author == "anonymous" {
		e.Author, e.Anonymous = "", true
	}
}
