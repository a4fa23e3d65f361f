package service

import (
	"cmp"
	"context"
	"errors"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/mentalmodel/importer"
)

// ImportSystem reads a drawing or a configuration, and makes the system of it, or the next revision of one that is there. The
// same content again changes nothing.
func (s *Systems) ImportSystem(ctx context.Context, request *debriefv1.ImportSystemRequest) (*debriefv1.ImportSystemResponse, error) {
	read, err := readDrawing(request.GetFormat(), request.GetContent())
	if err != nil {
		return nil, err
	}
	graph := storedGraph(read.Graph)
	if err := checkGraph("content", graphToProto(graph)); err != nil {
		return nil, err
	}
	answer := &debriefv1.ImportSystemResponse{Notices: each(read.Notes, func(note importer.Note) *debriefv1.ImportNotice {
		return &debriefv1.ImportNotice{Line: int32(note.Line), Message: note.Message}
	})}
	system, unchanged, err := s.importGraph(ctx, request, graph)
	if errors.Is(err, errSystemAppeared) {
		system, unchanged, err = s.importGraph(ctx, request, graph)
	}
	if err != nil {
		return nil, err
	}
	answer.System, answer.Unchanged = s.systemToProto(system), unchanged
	return answer, nil
}

func readDrawing(format debriefv1.ImportSystemRequest_Format, content string) (importer.Result, error) {
	var read func([]byte) (importer.Result, error)
	switch format {
	case debriefv1.ImportSystemRequest_FORMAT_MERMAID:
		read = importer.Mermaid
	case debriefv1.ImportSystemRequest_FORMAT_DOT:
		read = importer.DOT
	case debriefv1.ImportSystemRequest_FORMAT_COMPOSE:
		read = importer.Compose
	case debriefv1.ImportSystemRequest_FORMAT_UNSPECIFIED:
		return importer.Result{}, invalid("format", "is required")
	}
	result, err := read([]byte(content))
	if syntax, ok := errors.AsType[*importer.SyntaxError](err); ok {
		return result, invalid("content", "%s", syntax)
	}
	return result, err
}

// errSystemAppeared says that somebody else made the system at the same moment.
var errSystemAppeared = errors.New("the system has come to be meanwhile")

func (s *Systems) importGraph(ctx context.Context, request *debriefv1.ImportSystemRequest, graph repository.SystemGraph) (system repository.System, unchanged bool, err error) {
	asked := update{name: systemName(request.GetSystemId())}
	system, err = s.repository.Systems().Get(ctx, request.GetSystemId())
	if errors.Is(err, repository.ErrNotFound) {
		system, err = s.importNew(ctx, request, graph)
		return system, false, err
	}
	if err != nil {
		return system, false, err
	}
	unchanged = true
	system, err = applyMask(ctx, s.base, repository.SystemSchema, s.repository.Systems(), asked, request.GetValidateOnly(),
		func(system *repository.System, now time.Time) (repository.Effects, error) {
			effects, err := s.edit(ctx, system, now, "", func() {
				system.Reality = graph
				system.Title = cmp.Or(request.GetTitle(), system.Title)
			})
			unchanged = errors.Is(err, repository.ErrUnchanged)
			return effects, err
		})
	return system, unchanged, err
}

func (s *Systems) importNew(ctx context.Context, request *debriefv1.ImportSystemRequest, graph repository.SystemGraph) (repository.System, error) {
	now := s.present()
	system := repository.System{
		Header:  repository.Header{ID: request.GetSystemId(), Revision: 1, CreateTime: now, UpdateTime: now},
		Title:   cmp.Or(request.GetTitle(), request.GetSystemId()),
		Reality: graph,
	}
	if request.GetValidateOnly() {
		return system, nil
	}
	added, err := s.addSystem(ctx, system, now)
	var state *stateError
	if errors.As(err, &state) && state.Reason == reasonExists {
		return added, errSystemAppeared
	}
	return added, err
}
