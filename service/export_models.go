package service

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/export"
	"github.com/debriefhq/debrief/service/mentalmodel/picture"
)

const (
	// maxExportedModels and maxExportedGaps bound what a document shows; it says how much more there is.
	maxExportedModels = 20
	maxExportedGaps   = 100
	// maxPictureBytes bounds all pictures of a document together: those that do not fit stay flowcharts.
	maxPictureBytes = 2 << 20
	// maxFlowchartBytes bounds the flowchart of one model.
	maxFlowchartBytes = 128 << 10
)

// exportedModels are the mental models of a document, and their pictures.
type exportedModels struct {
	models   []export.Model
	further  int
	pictures []repository.Picture
}

func (b *base) exportModels(ctx context.Context, postMortem string) (exportedModels, error) {
	var shown exportedModels
	query := repository.Query{Where: modelsOf(postMortem), Limit: maxExportedModels}
	models, err := b.repository.MentalModels().List(ctx, query)
	if err != nil {
		return shown, err
	}
	if len(models) == maxExportedModels {
		query.Limit = 100 * maxExportedModels
		count, err := b.repository.MentalModels().Count(ctx, query)
		if err != nil {
			return shown, err
		}
		shown.further = max(count-maxExportedModels, 0)
	}
	room := maxPictureBytes
	for _, model := range models {
		document := exportedModel(model)
		drawn, err := b.drawn(ctx, model)
		if err != nil {
			return shown, err
		}
		document.Mermaid = drawn.mermaid
		if room -= len(drawn.svg); drawn.mermaid != "" && room >= 0 {
			shown.pictures = append(shown.pictures, repository.Picture{Source: export.PictureSource(drawn.mermaid), SVG: drawn.svg})
		}
		shown.models = append(shown.models, document)
	}
	return shown, nil
}

// drawing is a model's picture, as a flowchart and drawn; empty where there is none.
type drawing struct {
	mermaid string
	svg     []byte
}

// drawn draws a model for a document. One whose reality is not there any more has no picture.
func (b *base) drawn(ctx context.Context, model repository.MentalModel) (drawing, error) {
	against, err := b.reality(ctx, model.System, model.SystemRevision)
	if _, ok := errors.AsType[*stateError](err); ok {
		return drawing{}, nil
	}
	if err != nil {
		return drawing{}, err
	}
	comparison := compare(model, against.graph)
	options := picture.Options{Title: pictureTitle(model), ID: "model-" + model.ID}
	mermaid := picture.Mermaid(comparison, options)
	if len(mermaid) > maxFlowchartBytes {
		return drawing{}, nil
	}
	return drawing{mermaid, picture.SVG(comparison, options)}, nil
}

// exportedModel shows a model's gaps, those first that stand alone or that something was noted on.
func exportedModel(model repository.MentalModel) export.Model {
	gaps := slices.Clone(model.Gaps)
	follows := func(gap repository.ModelGap) int {
		if gap.ImpliedBy != "" && !noted(gap) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(gaps, func(a, b repository.ModelGap) int { return cmp.Compare(follows(a), follows(b)) })
	shown := gaps[:min(len(gaps), maxExportedGaps)]
	return export.Model{
		HeldBy: model.HeldBy, System: lastID(model.System), SystemRevision: model.SystemRevision, Description: model.Description,
		Gaps: each(shown, exportedGap), FurtherGaps: len(gaps) - len(shown) + int(model.OmittedGaps),
	}
}

func exportedGap(gap repository.ModelGap) export.Gap {
	return export.Gap{
		Kind: gap.Kind, Components: gap.Components, FactKey: gap.FactKey, Believed: gap.Believed, Actual: gap.Actual,
		Surprise: gap.Surprise, Resolved: gap.Resolved,
		Updates: each(gap.Updates, func(told repository.ModelUpdate) string {
			return cmp.Or(told.Note, told.ActionItem, told.Kind)
		}),
	}
}

func exportedPictures(pictures []repository.Picture) []export.Picture {
	return each(pictures, func(p repository.Picture) export.Picture { return export.Picture(p) })
}
