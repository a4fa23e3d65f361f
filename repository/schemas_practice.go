package repository

import "time"

// ParticipantStatementSchema says how participants' statements are found, within their post-mortem.
var ParticipantStatementSchema = Schema[ParticipantStatement]{
	Name:   "participant_statements",
	Scoped: true,
	Header: func(s *ParticipantStatement) *Header { return &s.Header },
}

// GroundRulesSchema says how ground rules are found.
var GroundRulesSchema = Schema[GroundRules]{
	Name:   "ground_rules",
	Header: func(g *GroundRules) *Header { return &g.Header },
	Fields: []Field[GroundRules]{
		{Name: "delete_time", Type: Time, Number: milliseconds(func(g *GroundRules) time.Time { return g.DeleteTime })},
	},
}

// PostMortemTemplateSchema says how templates are found.
var PostMortemTemplateSchema = Schema[PostMortemTemplate]{
	Name:   "post_mortem_templates",
	Header: func(t *PostMortemTemplate) *Header { return &t.Header },
	Fields: []Field[PostMortemTemplate]{
		{Name: "delete_time", Type: Time, Number: milliseconds(func(t *PostMortemTemplate) time.Time { return t.DeleteTime })},
	},
}

// SystemSchema says how systems are found.
var SystemSchema = Schema[System]{
	Name:   "systems",
	Header: func(s *System) *Header { return &s.Header },
	Fields: []Field[System]{
		{Name: "update_time", Type: Time, Ordered: true, Number: milliseconds(func(s *System) time.Time { return s.UpdateTime })},
		{Name: "delete_time", Type: Time, Number: milliseconds(func(s *System) time.Time { return s.DeleteTime })},
		{Name: "title", Type: Words, Values: one(func(s *System) string { return s.Title })},
		{Name: "labels", Type: Map, Map: func(s *System) map[string]string { return s.Labels }},
		{Name: "reality.components.name", Type: Keyword, Many: true, Values: componentNames},
	},
}

// SystemRevisionSchema says how the revisions of systems are found, within their system.
var SystemRevisionSchema = Schema[SystemRevision]{
	Name:   "system_revisions",
	Scoped: true,
	Header: func(r *SystemRevision) *Header { return &r.Header },
}

// MentalModelSchema says how mental models are found, over all post-mortems.
var MentalModelSchema = Schema[MentalModel]{
	Name:   "mental_models",
	Header: func(m *MentalModel) *Header { return &m.Header },
	Fields: []Field[MentalModel]{
		{Name: "create_time", Type: IDTime},
		{Name: "delete_time", Type: Time, Number: milliseconds(func(m *MentalModel) time.Time { return m.DeleteTime })},
		{Name: "post_mortem", Type: Keyword, Values: one(func(m *MentalModel) string { return m.Parent })},
		{Name: "system", Type: Keyword, Values: one(func(m *MentalModel) string { return m.System })},
		{Name: "held_by", Type: Keyword, Values: one(func(m *MentalModel) string { return m.HeldBy })},
		{Name: "gaps.kind", Type: Keyword, Many: true, Values: gapValues(func(g ModelGap) []string { return []string{g.Kind} })},
		{Name: "gaps.components", Type: Keyword, Many: true, Values: gapValues(func(g ModelGap) []string { return g.Components })},
		{Name: "gaps.surprise", Type: Keyword, Many: true, Values: gapValues(func(g ModelGap) []string { return []string{g.Surprise} })},
	},
}

func componentNames(s *System) []string {
	names := make([]string, len(s.Reality.Components))
	for i, component := range s.Reality.Components {
		names[i] = component.Name
	}
	return names
}

// gapValues are the values of all gaps that are kept, resolved ones included.
func gapValues(values func(ModelGap) []string) func(*MentalModel) []string {
	return func(m *MentalModel) []string {
		var all []string
		for _, gap := range m.Gaps {
			all = append(all, values(gap)...)
		}
		return all
	}
}
