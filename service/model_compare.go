package service

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/genproto/googleapis/api/httpbody"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/mentalmodel"
	"github.com/debriefhq/debrief/service/mentalmodel/picture"
)

const (
	// maxGaps and maxGapBytes bound what is kept of a comparison. Gaps that people have noted something on are kept whatever
	// their size.
	maxGaps     = 5000
	maxGapBytes = 1 << 20
)

// compare lays a model over reality, with what people corrected.
func compare(model repository.MentalModel, reality repository.SystemGraph) mentalmodel.Comparison {
	var options mentalmodel.Options
	for _, correction := range model.MatchCorrections {
		pair := mentalmodel.Pair{Reality: correction.Actual, Model: correction.Believed}
		if correction.Actual == "" {
			options.Different = append(options.Different, pair)
		} else {
			options.Same = append(options.Same, pair)
		}
	}
	return mentalmodel.Compare(pureGraph(reality), pureGraph(model.Belief), options)
}

func foundGap(gap mentalmodel.Gap) repository.ModelGap {
	found := repository.ModelGap{
		ID: gap.ID, Kind: string(gap.Kind), Believed: gap.Model, Actual: gap.Reality,
		ImpliedBy: gap.ImpliedBy, FactKey: gap.Key, Confidence: gap.Confidence,
	}
	for _, component := range []string{gap.Component, gap.To} {
		if component != "" && !slices.Contains(found.Components, component) {
			found.Components = append(found.Components, component)
		}
	}
	return found
}

// noted is true of a gap on which people have written something.
func noted(gap repository.ModelGap) bool {
	return len(gap.Evidence)+len(gap.Updates) > 0 || gap.Discovery != "" || gap.Surprise != ""
}

// keptGaps are the gaps that a comparison found, with what was noted on them before, and after them those that it did not
// find any more but that something was noted on. It says how many are left out for want of room.
func keptGaps(known []repository.ModelGap, found []mentalmodel.Gap) (kept []repository.ModelGap, omitted int32) {
	notes := make(map[string]repository.ModelGap, len(known))
	for _, gap := range known {
		if noted(gap) {
			notes[gap.ID] = gap
		}
	}
	all := annotated(found, notes)
	rank := func(gap repository.ModelGap) int {
		switch {
		case noted(gap):
			return 0
		case gap.ImpliedBy == "":
			return 1
		}
		return 2
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank(all[a]), rank(all[b])) })
	fits, size := make([]bool, len(all)), 0
	for n, i := range order {
		size += gapSize(all[i])
		fits[i] = noted(all[i]) || n < maxGaps && size <= maxGapBytes
	}
	for i, gap := range all {
		if fits[i] {
			kept = append(kept, gap)
		} else {
			omitted++
		}
	}
	return append(kept, resolved(known, all)...), omitted
}

// annotated are the gaps that a comparison found, with what was noted on them before.
func annotated(found []mentalmodel.Gap, notes map[string]repository.ModelGap) []repository.ModelGap {
	gaps := make([]repository.ModelGap, 0, len(found))
	for _, pure := range found {
		gap, before := foundGap(pure), notes[pure.ID]
		gap.Evidence, gap.Discovery, gap.Surprise, gap.Updates = before.Evidence, before.Discovery, before.Surprise, before.Updates
		gaps = append(gaps, gap)
	}
	return gaps
}

// resolved are the gaps that were noted, and are not there any more.
func resolved(known, found []repository.ModelGap) []repository.ModelGap {
	present := make(map[string]bool, len(found))
	for _, gap := range found {
		present[gap.ID] = true
	}
	var gone []repository.ModelGap
	for _, gap := range known {
		if noted(gap) && !present[gap.ID] {
			gap.Resolved = true
			gone = append(gone, gap)
		}
	}
	return gone
}

func gapSize(gap repository.ModelGap) int {
	size := len(gap.Believed) + len(gap.Actual) + len(gap.FactKey)
	for _, component := range gap.Components {
		size += len(component)
	}
	return size
}

// CompareMentalModel lays a model over reality, and stores nothing.
func (s *MentalModels) CompareMentalModel(ctx context.Context, request *debriefv1.CompareMentalModelRequest) (*debriefv1.CompareMentalModelResponse, error) {
	model, err := s.mentalModel(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	against, err := s.reality(ctx, model.System, cmp.Or(request.GetSystemRevision(), model.SystemRevision))
	if err != nil {
		return nil, err
	}
	comparison := compare(model, against.graph)
	notes := make(map[string]repository.ModelGap, len(model.Gaps))
	for _, gap := range model.Gaps {
		notes[gap.ID] = gap
	}
	corrected := make(map[repository.MatchCorrection]bool, len(model.MatchCorrections))
	for _, correction := range model.MatchCorrections {
		corrected[correction] = true
	}
	return &debriefv1.CompareMentalModelResponse{
		SystemRevision: against.revision,
		Gaps:           each(annotated(comparison.Gaps, notes), gapToProto),
		Matches: each(comparison.Matches, func(m mentalmodel.Match) *debriefv1.ComponentMatch {
			return &debriefv1.ComponentMatch{
				Believed: m.Model, Actual: m.Reality, Confidence: m.Confidence,
				Corrected: corrected[repository.MatchCorrection{Believed: m.Model, Actual: m.Reality}],
			}
		}),
	}, nil
}

// DrawMentalModel draws both graphs laid over each other.
func (s *MentalModels) DrawMentalModel(ctx context.Context, request *debriefv1.DrawMentalModelRequest) (*httpbody.HttpBody, error) {
	model, err := s.mentalModel(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	against, err := s.reality(ctx, model.System, model.SystemRevision)
	if err != nil {
		return nil, err
	}
	comparison, options := compare(model, against.graph), picture.Options{Title: pictureTitle(model)}
	const plain = "text/plain; charset=utf-8"
	switch request.GetFormat() {
	case debriefv1.DrawMentalModelRequest_FORMAT_MERMAID:
		return &httpbody.HttpBody{ContentType: plain, Data: []byte(picture.Mermaid(comparison, options))}, nil
	case debriefv1.DrawMentalModelRequest_FORMAT_DOT:
		return &httpbody.HttpBody{ContentType: plain, Data: []byte(picture.DOT(comparison, options))}, nil
	case debriefv1.DrawMentalModelRequest_FORMAT_SVG, debriefv1.DrawMentalModelRequest_FORMAT_UNSPECIFIED:
	}
	return &httpbody.HttpBody{ContentType: "image/svg+xml", Data: picture.SVG(comparison, options)}, nil
}

// pictureTitle says whose belief is laid over which reality.
func pictureTitle(model repository.MentalModel) string {
	return "What " + model.HeldBy + " believed of " + lastID(model.System) + ", and what was true"
}
