package service

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

const (
	// modelsAtOnce is how many models are read at a time: each may have thousands of gaps.
	modelsAtOnce = 25
	// maxModelsOfPage bounds how many are looked at for one page, which may then have fewer gaps than were asked for.
	maxModelsOfPage = 500
)

// locatedGap is a gap, and the model that it is in.
type locatedGap struct {
	model *repository.MentalModel
	gap   repository.ModelGap
}

func valuesOf(value func(locatedGap) string) func(*locatedGap) []string {
	return func(located *locatedGap) []string { return []string{value(*located)} }
}

// locatedGapSchema says by which fields gaps are found. No store knows them: see gapFilter.
var locatedGapSchema = repository.Schema[locatedGap]{
	Name: "model_gaps",
	Fields: []repository.Field[locatedGap]{
		{Name: "create_time", Type: repository.IDTime},
		{Name: "system", Type: repository.Keyword, Values: valuesOf(func(l locatedGap) string { return l.model.System })},
		{Name: "held_by", Type: repository.Keyword, Values: valuesOf(func(l locatedGap) string { return l.model.HeldBy })},
		{Name: "kind", Type: repository.Enumeration, Values: valuesOf(func(l locatedGap) string { return l.gap.Kind })},
		{Name: "components", Type: repository.Keyword, Many: true, Values: func(l *locatedGap) []string { return l.gap.Components }},
		{Name: "surprise", Type: repository.Enumeration, Values: valuesOf(func(l locatedGap) string { return l.gap.Surprise })},
		{Name: "updated", Type: repository.Boolean, Values: valuesOf(func(l locatedGap) string { return strconv.FormatBool(len(l.gap.Updates) > 0) })},
		{Name: "resolved", Type: repository.Boolean, Values: valuesOf(func(l locatedGap) string { return strconv.FormatBool(l.gap.Resolved) })},
		{Name: "implied", Type: repository.Boolean, Values: valuesOf(func(l locatedGap) string { return strconv.FormatBool(l.gap.ImpliedBy != "") })},
	},
}

var locatedGapFields = fieldsOf(locatedGapSchema, map[string]protoreflect.EnumDescriptor{
	"kind":     debriefv1.ModelGapKind(0).Descriptor(),
	"surprise": debriefv1.ModelGap_Surprise(0).Descriptor(),
})

// ListModelGaps reads a page of gaps over all incidents, those of the newest models first.
func (s *MentalModels) ListModelGaps(ctx context.Context, request *debriefv1.ListModelGapsRequest) (*debriefv1.ListModelGapsResponse, error) {
	condition, err := compileFilter(locatedGapFields, request.GetFilter(), s.present())
	if err != nil {
		return nil, err
	}
	from, err := readToken(request)
	if err != nil {
		return nil, err
	}
	page := gapPage{condition: condition, size: listing[repository.MentalModel]{}.size(request.GetPageSize())}
	if from != nil {
		page.begin = *from
	}
	if err := s.fill(ctx, &page); err != nil {
		return nil, err
	}
	answer := &debriefv1.ListModelGapsResponse{ModelGaps: page.gaps}
	if page.next != nil {
		answer.NextPageToken, err = tokenAfter(request, *page.next)
	}
	return answer, err
}

// gapPage is a page of gaps on its way.
type gapPage struct {
	condition repository.Condition
	size      int
	// begin is the model to begin with, and the number of the gap in it; next is where the next page begins.
	begin repository.Position
	next  *repository.Position
	gaps  []*debriefv1.LocatedModelGap
}

// fill reads models, the newest first, until the page is full or it has looked at many.
func (s *MentalModels) fill(ctx context.Context, page *gapPage) error {
	query := repository.Query{Where: narrowed(page.condition), Descending: true, Limit: modelsAtOnce}
	if page.begin.ID != "" {
		query.Where = both(query.Where, repository.IDRange{Before: page.begin.ID + next})
	}
	for range maxModelsOfPage / modelsAtOnce {
		models, err := s.repository.MentalModels().List(ctx, query)
		if err != nil {
			return err
		}
		for i := range models {
			if page.add(&models[i]) {
				return nil
			}
		}
		if len(models) < modelsAtOnce {
			return nil
		}
		query.After = &repository.Position{ID: models[len(models)-1].ID}
	}
	page.next = query.After
	page.next.Number = maxGapNumber
	return nil
}

// maxGapNumber is behind the last gap of any model.
const maxGapNumber = 1 << 30

// add takes the gaps of a model for which the condition holds. It says true when the page is full, and there is more.
func (p *gapPage) add(model *repository.MentalModel) bool {
	first := 0
	if model.ID == p.begin.ID {
		first = min(int(p.begin.Number), len(model.Gaps))
	}
	for i, gap := range model.Gaps[first:] {
		located := locatedGap{model, gap}
		if !holdsFor(p.condition, &located) {
			continue
		}
		if len(p.gaps) == p.size {
			p.next = &repository.Position{ID: model.ID, Number: int64(first + i)}
			return true
		}
		p.gaps = append(p.gaps, located.toProto())
	}
	return false
}

func (l locatedGap) toProto() *debriefv1.LocatedModelGap {
	model := mentalModelName(l.model.Parent, l.model.ID)
	return &debriefv1.LocatedModelGap{
		Name: modelGapName(model, l.gap.ID), MentalModel: model, PostMortem: postMortemName(l.model.Parent),
		System: l.model.System, HeldBy: l.model.HeldBy, Gap: gapToProto(l.gap), CreateTime: timeToProto(l.model.CreateTime),
	}
}

// holdsFor says whether a condition of a filter holds for a gap.
func holdsFor(condition repository.Condition, located *locatedGap) bool {
	if condition == nil {
		return true
	}
	return conditionHolds(condition, locatedGapSchema.Terms(located), located.model.ID)
}

// conditionHolds evaluates a condition on what a resource is found by.
func conditionHolds(condition repository.Condition, terms []string, id string) bool {
	holds := func(c repository.Condition) bool { return conditionHolds(c, terms, id) }
	switch c := condition.(type) {
	case repository.And:
		return !slices.ContainsFunc(c, func(part repository.Condition) bool { return !holds(part) })
	case repository.Or:
		return slices.ContainsFunc(c, holds)
	case repository.Not:
		return !holds(c.Condition)
	case repository.TermIn:
		return slices.ContainsFunc(c, func(term string) bool { return slices.Contains(terms, term) })
	case repository.TermRange:
		return slices.ContainsFunc(terms, func(term string) bool { return term >= c.From && term < c.Before })
	case repository.IDRange:
		return id >= c.From && (c.Before == "" || id < c.Before)
	}
	return false
}

// narrowed is a condition on models that holds wherever one of their gaps may pass a filter: what a store can find by an index.
// nil: any model may have such a gap.
func narrowed(condition repository.Condition) repository.Condition {
	switch c := condition.(type) {
	case repository.And:
		var all repository.Condition
		for _, part := range c {
			all = both(all, narrowed(part))
		}
		return all
	case repository.Or:
		either := repository.Or{}
		for _, part := range c {
			one := narrowed(part)
			if one == nil {
				return nil
			}
			either = append(either, one)
		}
		return either
	case repository.TermIn:
		terms := repository.TermIn{}
		for _, term := range c {
			known, ok := modelTerm(term)
			if !ok {
				return nil
			}
			terms = append(terms, known)
		}
		return terms
	case repository.TermRange:
		from, ok := modelTerm(c.From)
		if before, also := modelTerm(c.Before); ok && also {
			return repository.TermRange{From: from, Before: before}
		}
	case repository.IDRange:
		return c
	}
	return nil
}

// modelTerm is the term by which a model is found that has a gap with the term; false where there is none.
func modelTerm(term string) (string, bool) {
	for _, field := range []string{"system", "held_by"} {
		if strings.HasPrefix(term, field) {
			return term, true
		}
	}
	for _, field := range []string{"kind", "components", "surprise"} {
		if strings.HasPrefix(term, field) && term != repository.Term(field, "") {
			return "gaps." + term, true
		}
	}
	return "", false
}
