package service

import (
	"context"
	"errors"
	"strings"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// MentalModels implements MentalModelService.
type MentalModels struct {
	debriefv1.UnimplementedMentalModelServiceServer
	*base
}

var mentalModelFields = fieldsOf(repository.MentalModelSchema, nil)

// modelsOf holds for the mental models of a post-mortem.
func modelsOf(postMortem string) repository.Condition {
	return repository.TermIn{repository.Term("post_mortem", postMortem)}
}

// CreateMentalModel adds a model to a post-mortem, and compares it.
func (s *MentalModels) CreateMentalModel(ctx context.Context, request *debriefv1.CreateMentalModelRequest) (*debriefv1.MentalModel, error) {
	if err := s.checkPostMortem(ctx, request.GetParent()); err != nil {
		return nil, err
	}
	now := s.present()
	header, err := s.newHeader(now, request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	header.Parent = lastID(request.GetParent())
	model := repository.MentalModel{Header: header}
	writeMentalModel(&model, request.GetMentalModel())
	reality, err := s.reality(ctx, model.System, model.SystemRevision)
	if err != nil {
		return nil, err
	}
	if err := recompare(&model, reality); err != nil {
		return nil, err
	}
	if request.GetValidateOnly() {
		preview := mentalModelToProto(model)
		preview.Name, preview.Etag = "", ""
		return preview, nil
	}
	event := s.event(ctx, "MENTAL_MODEL_CREATED", mentalModelName(header.Parent, header.ID), "", 1, now, nil)
	model, _, err = create(ctx, repository.MentalModelSchema, s.repository.MentalModels(), model,
		repository.Effects{Events: []repository.Event{event}})
	if err != nil {
		return nil, err
	}
	return mentalModelToProto(model), nil
}

// reality is what was known of a system at a revision; the newest where the number is 0.
type reality struct {
	system   string
	revision int32
	graph    repository.SystemGraph
}

func (b *base) reality(ctx context.Context, name string, number int32) (reality, error) {
	system, err := get(ctx, b.repository.Systems(), name)
	if err == nil && (number == 0 || number == system.LatestRevision) {
		return reality{name, system.LatestRevision, system.Reality}, nil
	}
	if number == 0 {
		return reality{}, err
	}
	// The revisions of a purged system are there still.
	revision, err := b.systemRevision(ctx, lastID(name), number)
	return reality{name, number, revision.Reality}, err
}

// recompare checks a model, lays it over reality and keeps the gaps.
func recompare(model *repository.MentalModel, against reality) error {
	if strings.ContainsRune(model.HeldBy, '@') {
		return invalid("mental_model.held_by", "%q looks like a person: a model is held by a role or a team, such as \"on-call\" or \"the payments team\"", model.HeldBy)
	}
	if err := checkGraph("mental_model.belief", graphToProto(model.Belief)); err != nil {
		return err
	}
	if err := checkCorrections(model.MatchCorrections); err != nil {
		return err
	}
	model.SystemRevision = against.revision
	model.Gaps, model.OmittedGaps = keptGaps(model.Gaps, compare(*model, against.graph).Gaps)
	return nil
}

// checkCorrections answers what is wrong where a component is said to be two things.
func checkCorrections(corrections []repository.MatchCorrection) error {
	believed, actual := map[string]bool{}, map[string]bool{}
	for _, correction := range corrections {
		if believed[correction.Believed] {
			return invalid("mental_model.match_corrections", "%q is corrected twice: a component can be one thing only", correction.Believed)
		}
		if correction.Actual != "" && actual[correction.Actual] {
			return invalid("mental_model.match_corrections", "%q is meant twice: only one component can be it", correction.Actual)
		}
		believed[correction.Believed], actual[correction.Actual] = true, true
	}
	return nil
}

// GetMentalModel reads a model.
func (s *MentalModels) GetMentalModel(ctx context.Context, request *debriefv1.GetMentalModelRequest) (*debriefv1.MentalModel, error) {
	model, err := s.mentalModel(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	return mentalModelToProto(model), nil
}

// mentalModel reads a model by its name: of the post-mortem that the name says.
func (b *base) mentalModel(ctx context.Context, name string) (repository.MentalModel, error) {
	model, err := get(ctx, b.repository.MentalModels(), name)
	if err == nil && model.Parent != parentID(name) {
		return model, notFound(name)
	}
	return model, err
}

// ListMentalModels reads a page of a post-mortem's models, or of those of all post-mortems.
func (s *MentalModels) ListMentalModels(ctx context.Context, request *debriefv1.ListMentalModelsRequest) (*debriefv1.ListMentalModelsResponse, error) {
	var within repository.Condition
	if parent := lastID(request.GetParent()); parent != "-" {
		if _, err := get(ctx, s.repository.PostMortems(), request.GetParent()); err != nil {
			return nil, err
		}
		within = modelsOf(parent)
	}
	list := listing[repository.MentalModel]{
		schema: repository.MentalModelSchema, reader: s.repository.MentalModels(), fields: mentalModelFields,
		orders: []string{"create_time"}, ascending: true, byID: "create_time",
	}
	models, token, err := list.page(ctx, request, "", within)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListMentalModelsResponse{MentalModels: each(models, mentalModelToProto), NextPageToken: token}, nil
}

// errMovedOn says that the model is of another revision than the one that was read for it.
var errMovedOn = errors.New("the model is compared with something else meanwhile")

// maxRereads is how often an update reads the reality that it compares with.
const maxRereads = 4

// UpdateMentalModel changes the fields that the mask names, and compares anew.
func (s *MentalModels) UpdateMentalModel(ctx context.Context, request *debriefv1.UpdateMentalModelRequest) (*debriefv1.MentalModel, error) {
	for range maxRereads {
		model, err := s.update(ctx, request)
		if !errors.Is(err, errMovedOn) {
			return model, err
		}
	}
	return nil, repository.ErrConflict
}

func (s *MentalModels) update(ctx context.Context, request *debriefv1.UpdateMentalModelRequest) (*debriefv1.MentalModel, error) {
	asked := update{name: request.GetMentalModel().GetName(), etag: request.GetMentalModel().GetEtag()}
	present, err := s.mentalModel(ctx, asked.name)
	if err != nil {
		return nil, err
	}
	after, err := mergeModel(present, request)
	if err != nil {
		return nil, err
	}
	against, err := s.reality(ctx, after.GetSystem(), after.GetSystemRevision())
	if err != nil {
		return nil, err
	}
	model, err := applyMask(ctx, s.base, repository.MentalModelSchema, s.repository.MentalModels(), asked, request.GetValidateOnly(),
		func(model *repository.MentalModel, now time.Time) (repository.Effects, error) {
			return s.edit(ctx, model, request, against, now)
		})
	if err != nil {
		return nil, err
	}
	return mentalModelToProto(model), nil
}

// mergeModel is what a model becomes. One that becomes a model of another system is compared with that one's newest
// revision, unless the request names one.
func mergeModel(present repository.MentalModel, request *debriefv1.UpdateMentalModelRequest) (*debriefv1.MentalModel, error) {
	before := mentalModelToProto(present)
	after, err := merge(before, request.GetMentalModel(), request.GetUpdateMask())
	if err != nil {
		return nil, err
	}
	if after.GetSystem() != before.GetSystem() {
		after.SystemRevision = request.GetMentalModel().GetSystemRevision()
	}
	return after, nil
}

func (s *MentalModels) edit(ctx context.Context, model *repository.MentalModel, request *debriefv1.UpdateMentalModelRequest, against reality, now time.Time) (repository.Effects, error) {
	before := mentalModelToProto(*model)
	after, err := mergeModel(*model, request)
	if err != nil {
		return repository.Effects{}, err
	}
	if after.GetSystem() != against.system || after.GetSystemRevision() != 0 && after.GetSystemRevision() != against.revision {
		return repository.Effects{}, errMovedOn
	}
	writeMentalModel(model, after)
	if err := recompare(model, against); err != nil {
		return repository.Effects{}, err
	}
	return s.updated(ctx, "MENTAL_MODEL_UPDATED", before.GetName(), "", model.Revision+1, now, before, mentalModelToProto(*model))
}

// DeleteMentalModel hides a model.
func (s *MentalModels) DeleteMentalModel(ctx context.Context, request *debriefv1.DeleteMentalModelRequest) (*debriefv1.MentalModel, error) {
	if _, err := s.mentalModel(ctx, request.GetName()); err != nil {
		return nil, err
	}
	asked := update{name: request.GetName(), etag: request.GetEtag()}
	told := deletion[repository.MentalModel]{
		prefix: "MENTAL_MODEL", incident: func(*repository.MentalModel) string { return "" },
	}
	model, err := setDeleted(ctx, s.base, repository.MentalModelSchema, s.repository.MentalModels(), asked, true, told)
	if err != nil {
		return nil, err
	}
	return mentalModelToProto(model), nil
}
