package importer

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"

	"github.com/debriefhq/debrief/service/plaintext"
)

var (
	// commas separate names, unless they are escaped: so Debrief writes those that belong to a name.
	commas     = regexp.MustCompile(`(?:\\.|[^\\,])+`)
	separators = regexp.MustCompile(`(?:\\.|&#?[0-9A-Za-z]{1,31};|[^\\,;\n&])+`)
	conjoined  = regexp.MustCompile(`[ \t]+and[ \t]+|\bet al\b\.?`)
	inBrackets = regexp.MustCompile(`^((?:\\.|[^\\(])*)\(((?:\\.|[^\\()])*)\)[ \t]*$`)
	roleWords  = regexp.MustCompile(`(?i)\b(?:commander|lead|leader|scribe|on-?call|responder|liaison|facilitator|engineer|manager|sme|ic|comms|communications?|support|operator|deputy|expert|owner|observer|moderator|team)\b`)
)

func (r *reader) setList(p *part, to field, label, value string, line int) bool {
	d := &r.document
	switch to {
	case authors:
		for _, person := range r.people(p, value) {
			d.Authors = append(d.Authors, person.String())
		}
	case participants:
		d.Participants = append(d.Participants, at(line, r.people(p, value))...)
	case stakeholders:
		d.Stakeholders = append(d.Stakeholders, at(line, r.people(p, value))...)
	case lead:
		for _, person := range at(line, r.people(p, value)) {
			if person.Role == "" {
				person.Role = label
			}
			d.Participants = append(d.Participants, person)
		}
	case services:
		incident := r.incident()
		for _, name := range p.separate(value) {
			incident.Services = append(incident.Services, plainOf(name))
		}
	default:
		if r.own {
			return r.setOwnLabels(value, line)
		}
		d.foundAt("labels."+labelName(label), line)
		return r.setLabel(&part{}, label, value)
	}
	return true
}

// at is people, and where they are written.
func at(line int, people []Person) []Person {
	for i := range people {
		people[i].Line = line
	}
	return people
}

// setOwnLabels sets labels as Debrief writes them.
func (r *reader) setOwnLabels(value string, line int) bool {
	read, ok := ownLabels(value)
	if !ok {
		return false
	}
	r.document.Labels = read
	for name := range read {
		r.document.foundAt("labels."+name, line)
	}
	return true
}

// ownLabels reads labels as Debrief writes them: keys and values, with commas in between that are not escaped.
func ownLabels(value string) (map[string]string, bool) {
	read := map[string]string{}
	for _, pair := range withoutBlank(commas.FindAllString(plaintext.Line(value), -1)) {
		name, said, isPair := strings.Cut(plainOf(pair), "=")
		if _, taken := read[name]; !isPair || taken {
			return nil, false
		}
		read[name] = said
	}
	return read, len(read) > 0
}

func (p Person) String() string {
	if p.Role == "" {
		return p.Name
	}
	return p.Name + " (" + p.Role + ")"
}

// separate splits a list that is written in a line, or as a list.
func (p *part) separate(value string) []string {
	var pieces []string
	for line := range strings.SplitSeq(value, "\n") {
		line = marker.ReplaceAllStringFunc(line, func(mark string) string {
			if strings.TrimSpace(mark) == "" {
				return ""
			}
			return ", "
		})
		for _, piece := range separators.FindAllString(line, -1) {
			pieces = append(pieces, conjoined.Split(piece, -1)...)
			p.marks = append(p.marks, conjoined.FindAllString(piece, -1)...)
		}
	}
	return withoutBlank(pieces)
}

func withoutBlank(pieces []string) []string {
	return slices.DeleteFunc(pieces, func(piece string) bool { return strings.TrimSpace(piece) == "" })
}

// people reads names with their roles in brackets.
func (r *reader) people(p *part, value string) []Person {
	pieces := p.separate(value)
	if r.own {
		pieces = withoutBlank(commas.FindAllString(plaintext.Line(value), -1))
	}
	people := make([]Person, 0, len(pieces))
	for _, piece := range pieces {
		people = append(people, r.person(piece))
	}
	return people
}

// person reads "Ada (incident lead)", and "Incident lead: Ada" where people write by hand.
func (r *reader) person(text string) Person {
	text = strings.TrimSpace(text)
	if found := inBrackets.FindStringSubmatch(text); found != nil {
		return Person{Name: plainOf(found[1]), Role: plainOf(found[2])}
	}
	plain := plainOf(text)
	if r.own {
		return Person{Name: plain}
	}
	for _, separator := range []string{": ", " – ", " — ", " - "} {
		before, after, found := strings.Cut(plain, separator)
		switch {
		case !found:
		case roleWords.MatchString(before) && !roleWords.MatchString(after):
			return Person{Name: strings.TrimSpace(after), Role: strings.TrimSpace(before)}
		default:
			return Person{Name: strings.TrimSpace(before), Role: strings.TrimSpace(after)}
		}
	}
	return Person{Name: plain}
}

// participants reads a section of people: a list, a table of names and roles, or lines.
func (r *reader) participants(p *part) {
	p.goTo(string(participants))
	for _, b := range p.blocks {
		switch n := b.node.(type) {
		case *ast.List:
			for _, item := range r.items(p, b) {
				if strings.Contains(item.text, "\n") {
					p.rest = append(p.rest, r.markdown(item.start, item.end))
					continue
				}
				r.document.Participants = append(r.document.Participants, at(item.line, []Person{r.person(item.text)})...)
			}
		case *ast.Paragraph:
			for i, line := range strings.Split(r.markdown(b.start, b.end), "\n") {
				if len(line) > 200 {
					p.rest = append(p.rest, line)
					continue
				}
				r.document.Participants = append(r.document.Participants, at(r.line(b.start)+i, r.people(p, line))...)
			}
		case *extensionast.Table:
			r.peopleTable(p, b, n)
		default:
			r.keep(p, b)
		}
	}
}

func (r *reader) peopleTable(p *part, b block, node *extensionast.Table) {
	t := r.table(node)
	name, role := -1, -1
	for i, cell := range t.heading {
		switch key(cell.plain) {
		case "name", "person", "who", "participant", "responder", "names":
			name = i
		case "role", "roles", "function", "responsibility", "part":
			role = i
		}
	}
	if len(t.heading) != 2 || name < 0 || role < 0 {
		r.keep(p, b)
		return
	}
	p.name(t.heading[name].plain)
	p.name(t.heading[role].plain)
	for i, row := range t.rows {
		r.document.Participants = append(r.document.Participants, Person{Name: row[name].plain, Role: row[role].plain, Line: r.line(t.at[i])})
	}
}
