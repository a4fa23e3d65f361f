package importer

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extensionast "github.com/yuin/goldmark/extension/ast"
)

const (
	titleColumn    column = "title"
	ownerColumn    column = "owner"
	stateColumn    column = "state"
	strengthColumn column = "strength"
	priorityColumn column = "priority"
	typeColumn     column = "type"
	dueColumn      column = "due"
	trackerColumn  column = "tracker"
	numberColumn   column = "number"
	labelsColumn   column = "labels"
)

var actionColumns = map[string]column{
	"action": titleColumn, "action item": titleColumn, "title": titleColumn, "task": titleColumn, "item": titleColumn, "what": titleColumn,
	"follow up": titleColumn, "description": titleColumn, "summary": titleColumn, "todo": titleColumn, "actions": titleColumn, "repair item": titleColumn,
	"remediation": titleColumn, "improvement": titleColumn,
	"owner": ownerColumn, "assignee": ownerColumn, "who": ownerColumn, "dri": ownerColumn, "responsible": ownerColumn, "assigned to": ownerColumn, "team": ownerColumn, "owners": ownerColumn,
	"type": typeColumn, "kind": typeColumn, "category": typeColumn, "class": typeColumn,
	"bug": trackerColumn, "ticket": trackerColumn, "issue": trackerColumn, "tracker": trackerColumn, "jira": trackerColumn, "link": trackerColumn,
	"tracking": trackerColumn, "tracking bug": trackerColumn, "jira ticket": trackerColumn, "pr": trackerColumn, "tracking issue": trackerColumn, "issue link": trackerColumn,
	"github issue": trackerColumn, "bug id": trackerColumn, "work item": trackerColumn,
	"due": dueColumn, "due date": dueColumn, "deadline": dueColumn, "when": dueColumn, "eta": dueColumn, "target date": dueColumn, "by when": dueColumn, "target": dueColumn,
	"status": stateColumn, "state": stateColumn, "done": stateColumn, "progress": stateColumn,
	"priority": priorityColumn, "prio": priorityColumn, "p": priorityColumn,
	"strength": strengthColumn, "no": numberColumn, "nr": numberColumn, "number": numberColumn,
}

// stateWords lead to the state of an action item, in lower case.
var stateWords = map[string]string{
	"open": "OPEN", "todo": "OPEN", "to do": "OPEN", "not started": "OPEN", "new": "OPEN", "planned": "OPEN", "backlog": "OPEN", "pending": "OPEN", "proposed": "OPEN", "no": "OPEN",
	"in progress": "IN_PROGRESS", "started": "IN_PROGRESS", "doing": "IN_PROGRESS", "wip": "IN_PROGRESS", "ongoing": "IN_PROGRESS", "in review": "IN_PROGRESS",
	"done": "DONE", "completed": "DONE", "complete": "DONE", "closed": "DONE", "fixed": "DONE", "resolved": "DONE", "merged": "DONE", "shipped": "DONE", "yes": "DONE",
	"verified": "VERIFIED", "ineffective": "INEFFECTIVE",
	"dropped": "DROPPED", "won t do": "DROPPED", "wontfix": "DROPPED", "won t fix": "DROPPED", "canceled": "DROPPED", "cancelled": "DROPPED", "rejected": "DROPPED",
}

// nothing is what people write in a cell that has nothing to say.
var nothing = map[string]bool{"": true, "n a": true, "na": true, "none": true, "tbd": true}

// stateOf is an action item's state, or empty.
func stateOf(said string) string {
	switch {
	case strings.ContainsAny(said, "✅☑✔"):
		return "DONE"
	default:
		return stateWords[strings.TrimSpace(notWords.ReplaceAllString(strings.ToLower(said), " "))]
	}
}

// actions reads action items from tables and lists, under headings that group them or without.
func (r *reader) actions(p *part) {
	p.goTo(string(actions))
	group := ""
	blocks := p.blocks
	if r.own {
		blocks = r.describeActions(p)
	}
	for _, b := range blocks {
		switch n := b.node.(type) {
		case *ast.Heading:
			group = plainText(n, r.body)
			p.name(group)
		case *ast.List:
			r.listedActions(p, b, group)
		case *extensionast.Table:
			if !r.actionTable(p, n, r.line(b.start), group) {
				r.keep(p, b)
			}
		case *ast.Paragraph:
			text := r.markdown(b.start, b.end)
			if r.own && text == "None recorded." {
				p.name(text)
				continue
			}
			r.keep(p, b)
		default:
			if r.own && strings.HasPrefix(r.markdown(b.start, b.end), adviceMark) {
				p.name(r.quote(b)) // the action items say again how strong they are
				continue
			}
			r.keep(p, b)
		}
	}
}

// listedActions reads the items of a list.
func (r *reader) listedActions(p *part, b block, group string) {
	for _, item := range r.items(p, b) {
		action := r.listedAction(p, item)
		action.Line = item.line
		if action.Type == "" {
			action.Type = group
		}
		r.document.Actions = append(r.document.Actions, action)
	}
}

// adviceMark begins what Debrief says to action items as a whole.
const adviceMark = "> **Advice:** "

// describeActions reads the table of a document of Debrief, and the descriptions below it, each under the title of its
// action item and in their order. It is what is left of the section.
func (r *reader) describeActions(p *part) []block {
	isHeading := func(b block) bool {
		h, ok := b.node.(*ast.Heading)
		return ok && h.Level == 3
	}
	first := slices.IndexFunc(p.blocks, isHeading)
	if first < 0 {
		return p.blocks
	}
	var left []block
	for _, b := range p.blocks[:first] {
		if node, ok := b.node.(*extensionast.Table); !ok || !r.actionTable(p, node, r.line(b.start), "") {
			left = append(left, b)
		}
	}
	next := 0
	for i := first; i < len(p.blocks); {
		end := i + 1
		for end < len(p.blocks) && !isHeading(p.blocks[end]) {
			end++
		}
		at := -1
		if node, ok := p.blocks[i].node.(*ast.Heading); ok && end > i+1 {
			title := plainText(node, r.body)
			at = slices.IndexFunc(r.document.Actions[next:], func(a Action) bool { return a.Title == title || a.Title == "" && title == "Untitled action item" })
			p.name(title)
		}
		if at < 0 {
			left = append(left, p.blocks[i:end]...)
		} else {
			next += at + 1
			r.document.Actions[next-1].Description = r.markdown(p.blocks[i+1].start, p.blocks[end-1].end)
		}
		i = end
	}
	return left
}

func (r *reader) actionTable(p *part, node *extensionast.Table, line int, group string) bool {
	t := r.table(node)
	columns, hasTitle := r.actionHeadings(t.heading)
	if !hasTitle {
		return false
	}
	for i, cell := range t.heading {
		p.name(cell.plain)
		if columns[i] == unknownColumn && cell.plain != "" {
			r.warnings.add(line, "the column %s is not known: its cells were added to the descriptions", quoted(cell.plain))
		}
	}
	for i, row := range t.rows {
		action := r.actionRow(p, t.heading, columns, row, r.line(t.at[i]))
		if action.Type == "" {
			action.Type = group
		}
		r.document.Actions = append(r.document.Actions, action)
	}
	return true
}

// actionHeadings finds what the columns say. A second column of the same is not known.
func (r *reader) actionHeadings(heading []cell) (columns []column, hasTitle bool) {
	columns = make([]column, len(heading))
	seen := map[column]bool{}
	for i, cell := range heading {
		columns[i] = actionColumns[key(cell.plain)]
		if r.own && cell.plain == "Labels" {
			columns[i] = labelsColumn
		}
		if cell.plain == "#" {
			columns[i] = numberColumn
		}
		if seen[columns[i]] {
			columns[i] = unknownColumn
		}
		seen[columns[i]] = true
	}
	return columns, seen[titleColumn]
}

func (r *reader) actionRow(p *part, heading []cell, columns []column, row []cell, line int) Action {
	action := Action{Line: line}
	for i, cell := range row {
		switch {
		case cell.text == "":
		case columns[i] == numberColumn, columns[i] != titleColumn && !r.own && nothing[key(cell.plain)]:
			p.name(cell.plain)
		case !r.setCell(&action, columns[i], cell, line):
			action.describe("**" + heading[i].plain + ":** " + cell.text)
		}
	}
	return action
}

func (a *Action) describe(markdown string) {
	if a.Description != "" {
		a.Description += "\n\n"
	}
	a.Description += markdown
}

// setCell sets what a cell says, if there is a field for it.
func (r *reader) setCell(action *Action, to column, cell cell, line int) bool {
	switch to {
	case titleColumn:
		r.setActionTitle(action, cell.text)
	case ownerColumn:
		action.Owner = cell.plain
	case typeColumn:
		action.Type = cell.plain
	case priorityColumn:
		action.Priority = cell.plain
	case strengthColumn:
		action.Strength = enum(cell.plain, strengths)
		return action.Strength != ""
	case stateColumn:
		action.setState(cell.plain)
	case dueColumn:
		action.Due = r.due(cell.plain, line)
	case trackerColumn:
		action.setTracker(cell.text)
	case labelsColumn:
		read, ok := ownLabels(cell.text)
		action.Labels = read
		return ok
	default:
		return false
	}
	return true
}

// setActionTitle takes what a reader reads for the title. A description holds the rest of what is written.
func (r *reader) setActionTitle(action *Action, markdown string) {
	in := readInline(markdown)
	action.Title = in.plain
	if len(in.links) == 1 && action.TrackerURI == "" {
		action.TrackerURI = in.links[0].URI
	} else if len(in.links) > 0 {
		action.describe(markdown)
	}
}

func (a *Action) setState(said string) {
	a.State, a.StateSaid = enum(said, actionStates), said
	if a.State == "" {
		a.State = stateOf(said)
	}
}

// due reads a due day. The calendar of the timeline does not move.
func (r *reader) due(said string, line int) Moment {
	calendar := r.calendar
	defer func() { r.calendar = calendar }()
	return r.moment(said, line)
}

var (
	// stated is a state in a cell that is meant for a ticket: "Bug 5554825 DONE".
	stated = regexp.MustCompile(`(?i)[ \t]*\b(done|todo|closed|open|fixed|in progress|wip)\b\.?[ \t]*$`)
	ticket = regexp.MustCompile(`^(?:[A-Z][A-Z0-9]{1,9}-[0-9]{1,9}|#[0-9]{1,9})$`)
)

// setTracker reads a link to a ticket, or its number, with a state behind it or without.
func (a *Action) setTracker(markdown string) {
	in := readInline(markdown)
	called := in.plain
	if found := stated.FindStringSubmatch(called); found != nil && a.State == "" {
		a.setState(found[1])
		called = strings.TrimSpace(strings.TrimSuffix(called, found[0]))
	}
	switch {
	case len(in.links) == 1:
		a.TrackerURI = in.links[0].URI
	case len(in.links) == 0:
		a.TrackerURI = called
	default:
		a.describe(markdown)
	}
	if called != a.TrackerURI {
		a.Tracker = called
	}
}

var (
	taskBox    = regexp.MustCompile(`^\[([ xX])\][ \t]+`)
	inParens   = regexp.MustCompile(`[ \t]*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\.?[ \t]*$`)
	inSquare   = regexp.MustCompile(`[ \t]*\[([^\[\]()]*)\][ \t]*$`)
	ownedBy    = regexp.MustCompile(`(?i)^(owner|assignee|assigned to|dri|who|responsible)[ \t]*[:=]?[ \t]+(.+)$`)
	dueBy      = regexp.MustCompile(`(?i)^(due(?: date)?(?: by| on)?|by|eta|deadline|until)[ \t]*[:=]?[ \t]+(.+)$`)
	prioritize = regexp.MustCompile(`(?i)^(?:priority[: ]+)?(p[0-4])$`)
	handle     = regexp.MustCompile(`^@[\w.-]+(?:/[\w.-]+)?$`)
)

// listedAction reads an item of a list: a task with or without a box, what stands in brackets at its end, and a
// description below it.
func (r *reader) listedAction(p *part, item item) Action {
	action := Action{}
	first, below, _ := strings.Cut(item.text, "\n")
	if found := taskBox.FindStringSubmatch(first); found != nil {
		first = first[len(found[0]):]
		action.State, action.StateSaid = "OPEN", ""
		if found[1] != " " {
			action.State, action.StateSaid = "DONE", found[1]
		}
	}
	for _, form := range []*regexp.Regexp{inParens, inSquare, inParens} {
		found := form.FindStringSubmatch(first)
		if found == nil || strings.HasSuffix(strings.TrimSuffix(first, found[0]), "]") {
			continue
		}
		read := action
		if names, ok := r.readDetails(&read, found[1], item.line); ok {
			action, first = read, strings.TrimSuffix(first, found[0])
			for _, name := range names {
				p.name(name)
			}
		}
	}
	r.setActionTitle(&action, first)
	if below = trimBlankLines(below); below != "" {
		action.describe(below)
	}
	return action
}

// readDetails reads "owner: Bo, due 2024-03-20, PAY-12", all of it or none.
func (r *reader) readDetails(action *Action, details string, line int) (names []string, ok bool) {
	parts := separateDetails(details)
	named := ""
	for i, detail := range parts {
		if i == 0 && len(parts) > 1 && properName.MatchString(detail) {
			named = detail
			continue
		}
		in := readInline(detail)
		if found := ownedBy.FindStringSubmatch(in.plain); found != nil {
			action.Owner = found[2]
			names = append(names, found[1])
			continue
		}
		if found := dueBy.FindStringSubmatch(in.plain); found != nil {
			if _, _, isTime := scanStamp(found[2]); isTime {
				action.Due = r.due(found[2], line)
				names = append(names, found[1])
				continue
			}
		}
		switch {
		case prioritize.MatchString(detail):
			action.Priority = detail
		case handle.MatchString(detail) && action.Owner == "":
			action.Owner = detail
		case (len(in.links) == 1 || ticket.MatchString(detail)) && action.TrackerURI == "":
			action.setTracker(detail)
		case stateOf(detail) != "" && action.State == "":
			action.setState(detail)
		default:
			return nil, false
		}
	}
	if named != "" && action.Owner == "" {
		action.Owner, named = named, ""
	}
	return names, len(parts) > 0 && named == ""
}

var (
	// properName may be an owner where it stands first among other details.
	properName = regexp.MustCompile(`^\p{Lu}[\pL'’-]+(?: \p{Lu}[\pL'’-]+)?$`)
	onlyYear   = regexp.MustCompile(`^(?:19|20)[0-9]{2}$`)
)

// separateDetails splits details at commas, but not between a day and its year.
func separateDetails(details string) []string {
	var parts []string
	for part := range strings.FieldsFuncSeq(details, func(c rune) bool { return c == ',' || c == ';' }) {
		part = strings.TrimSpace(part)
		if last := len(parts) - 1; last >= 0 && onlyYear.MatchString(part) {
			parts[last] += ", " + part
			continue
		}
		parts = append(parts, part)
	}
	return parts
}
