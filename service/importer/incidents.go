package importer

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"

	"github.com/debriefhq/debrief/service/plaintext"
)

// incidents reads the incidents of a document that Debrief exported.
func (r *reader) incidents(p *part) {
	p.goTo(string(incidents))
	for _, b := range p.blocks {
		switch n := b.node.(type) {
		case *ast.Heading:
			r.document.Incidents = append(r.document.Incidents, Incident{Title: plainText(n, r.body), Line: r.line(b.start)})
			continue
		case *ast.Paragraph:
			if last := len(r.document.Incidents); last > 0 && r.incidentLine(p, &r.document.Incidents[last-1], r.markdown(b.start, b.end)) {
				continue
			}
		case *extensionast.Table:
			if last := len(r.document.Incidents); last > 0 && r.milestoneTable(p, &r.document.Incidents[last-1], n) {
				continue
			}
		}
		r.keep(p, b)
	}
}

// incidentLine reads the services of an incident, or its facts.
func (r *reader) incidentLine(p *part, incident *Incident, line string) bool {
	services, ok := strings.CutPrefix(line, "Services: ")
	if !ok {
		return incident.readFacts(line)
	}
	p.name("Services")
	for _, name := range withoutBlank(commas.FindAllString(plaintext.Line(services), -1)) {
		incident.Services = append(incident.Services, plainOf(strings.TrimSpace(name)))
	}
	return true
}

// readFacts reads "SEV2 · Resolved · `incidents/…`", of which each may be missing.
func (i *Incident) readFacts(line string) bool {
	read := *i
	for part := range strings.SplitSeq(line, " · ") {
		plain := plainOf(part)
		switch {
		case strings.HasPrefix(plain, "incidents/"):
			read.Name = plain
		case severityOf(plain) == plain:
			read.Severity = plain
		case enum(plain, incidentStates) != "":
			read.State = enum(plain, incidentStates)
		default:
			return false
		}
	}
	*i = read
	return true
}

func (r *reader) milestoneTable(p *part, incident *Incident, node *extensionast.Table) bool {
	t := r.table(node)
	if len(t.heading) != 3 || t.heading[0].plain != "Milestone" {
		return false
	}
	for _, cell := range t.heading {
		p.name(cell.plain)
	}
	for i, row := range t.rows {
		name := enum(row[0].plain, milestoneNames)
		s, _, ok := scanStamp(row[1].plain)
		if name == "" || !ok {
			r.warnings.add(r.line(t.at[i]), "no milestone could be read in %s", quoted(strings.Join(plains(row), " ")))
			continue
		}
		moment, _, _ := r.calendar.resolve(s)
		moment.Said, moment.Line = row[1].plain, r.line(t.at[i])
		incident.reach(Milestone{Name: name, Moment: moment})
		p.Names = append(p.Names, row[2].plain) // how long after the first one, which the times tell
	}
	r.calendar.assumed = false
	return true
}
