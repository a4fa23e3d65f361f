package service

import (
	"context"
	"errors"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// Systems implements SystemService.
type Systems struct {
	debriefv1.UnimplementedSystemServiceServer
	*base
}

var systemFields = fieldsOf(repository.SystemSchema, nil)

// CreateSystem adds a system under an id that the caller chooses.
func (s *Systems) CreateSystem(ctx context.Context, request *debriefv1.CreateSystemRequest) (*debriefv1.System, error) {
	if err := s.checkSystem(ctx, "", request.GetSystem()); err != nil {
		return nil, err
	}
	now := s.present()
	header, err := s.newHeader(now, request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	header.ID = request.GetSystemId()
	system := repository.System{Header: header}
	writeSystem(&system, request.GetSystem())
	if request.GetValidateOnly() {
		preview := s.systemToProto(system)
		preview.Etag = ""
		return preview, nil
	}
	if system, err = s.addSystem(ctx, system, now); err != nil {
		return nil, err
	}
	return s.systemToProto(system), nil
}

// addSystem stores a new system, with the first revision of its reality where it has one. Where there was a system with its
// id before, whose revisions stay readable, it goes on counting.
func (s *Systems) addSystem(ctx context.Context, system repository.System, now time.Time) (repository.System, error) {
	former, err := s.repository.SystemRevisions().List(ctx, repository.Query{Parent: system.ID, Descending: true, Limit: 1})
	if err != nil {
		return system, err
	}
	if len(former) > 0 {
		system.LatestRevision = former[0].Number
	}
	effects := repository.Effects{Events: []repository.Event{s.event(ctx, "SYSTEM_CREATED", systemName(system.ID), "", 1, now, nil)}}
	if !isEmpty(system.Reality) {
		effects.SystemRevisions = []repository.SystemRevision{nextSystemRevision(ctx, &system, now)}
	}
	stored, _, err := create(ctx, repository.SystemSchema, s.repository.Systems(), system, effects)
	if errors.Is(err, repository.ErrAlreadyExists) {
		return stored, alreadyExists(systemName(system.ID))
	}
	return stored, err
}

// nextSystemRevision keeps the reality of a system as its next revision.
func nextSystemRevision(ctx context.Context, system *repository.System, now time.Time) repository.SystemRevision {
	system.LatestRevision++
	return repository.SystemRevision{
		Header: repository.Header{
			ID: repository.RevisionID(system.ID, system.LatestRevision), Parent: system.ID, Revision: 1, CreateTime: now, UpdateTime: now,
		},
		Number: system.LatestRevision, Reality: system.Reality, PostMortem: system.PostMortem, Actor: actor(ctx), ReviseTime: now,
	}
}

func isEmpty(graph repository.SystemGraph) bool {
	return len(graph.Components)+len(graph.Links)+len(graph.Facts) == 0
}

// checkSystem answers what is wrong with a system that somebody describes; known is the post-mortem that it named before.
func (s *Systems) checkSystem(ctx context.Context, known string, system *debriefv1.System) error {
	if err := checkGraph("system.reality", system.GetReality()); err != nil {
		return err
	}
	if system.GetPostMortem() == "" || system.GetPostMortem() == known {
		return nil
	}
	if err := s.checkPostMortem(ctx, system.GetPostMortem()); err != nil {
		return err
	}
	secret, err := s.isSecret(ctx, system.GetPostMortem())
	if err == nil && secret {
		err = invalid("system.post_mortem", "is restricted, and everybody may read what is known of a system: leave it out")
	}
	return err
}

// GetSystem reads a system.
func (s *Systems) GetSystem(ctx context.Context, request *debriefv1.GetSystemRequest) (*debriefv1.System, error) {
	system, err := get(ctx, s.repository.Systems(), request.GetName())
	if err != nil {
		return nil, err
	}
	return s.systemToProto(system), nil
}

// ListSystems reads a page of systems.
func (s *Systems) ListSystems(ctx context.Context, request *debriefv1.ListSystemsRequest) (*debriefv1.ListSystemsResponse, error) {
	list := listing[repository.System]{
		schema: repository.SystemSchema, reader: s.repository.Systems(), fields: systemFields,
		orders: []string{"name", "update_time"}, ascending: true, byID: "name",
	}
	systems, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListSystemsResponse{Systems: each(systems, s.systemToProto), NextPageToken: token}, nil
}

// UpdateSystem changes the fields that the mask names.
func (s *Systems) UpdateSystem(ctx context.Context, request *debriefv1.UpdateSystemRequest) (*debriefv1.System, error) {
	asked := update{name: request.GetSystem().GetName(), etag: request.GetSystem().GetEtag()}
	present, err := get(ctx, s.repository.Systems(), asked.name)
	if err != nil {
		return nil, err
	}
	before := s.systemToProto(present)
	after, err := merge(before, request.GetSystem(), request.GetUpdateMask())
	if err != nil {
		return nil, err
	}
	if err := s.checkSystem(ctx, before.GetPostMortem(), after); err != nil {
		return nil, err
	}
	system, err := applyMask(ctx, s.base, repository.SystemSchema, s.repository.Systems(), asked, request.GetValidateOnly(),
		func(system *repository.System, now time.Time) (repository.Effects, error) {
			after, err := merge(s.systemToProto(*system), request.GetSystem(), request.GetUpdateMask())
			if err != nil {
				return repository.Effects{}, err
			}
			if err := checkGraph("system.reality", after.GetReality()); err != nil {
				return repository.Effects{}, err
			}
			return s.edit(ctx, system, now, request.GetSystem().GetPostMortem(), func() { writeSystem(system, after) })
		})
	if err != nil {
		return nil, err
	}
	return s.systemToProto(system), nil
}

// edit makes a change of a system, and the next revision where its reality becomes another, which the post-mortem has brought
// to light.
func (s *Systems) edit(ctx context.Context, system *repository.System, now time.Time, postMortem string, write func()) (repository.Effects, error) {
	before, reality := s.systemToProto(*system), system.Reality
	write()
	revised := !proto.Equal(graphToProto(reality), graphToProto(system.Reality))
	if revised {
		system.PostMortem = postMortem
	}
	changes := changesBetween(before, s.systemToProto(*system))
	if len(changes) == 0 {
		return repository.Effects{}, repository.ErrUnchanged
	}
	if system.Title == "" {
		return repository.Effects{}, invalid("system.title", "is required")
	}
	var effects repository.Effects
	if revised {
		effects.SystemRevisions = []repository.SystemRevision{nextSystemRevision(ctx, system, now)}
	}
	effects.Events = []repository.Event{s.event(ctx, "SYSTEM_UPDATED", before.GetName(), "", system.Revision+1, now, changes)}
	return effects, nil
}

// DeleteSystem hides a system from lists.
func (s *Systems) DeleteSystem(ctx context.Context, request *debriefv1.DeleteSystemRequest) (*debriefv1.System, error) {
	return s.setDeleted(ctx, update{name: request.GetName(), etag: request.GetEtag()}, true)
}

// UndeleteSystem takes a deletion back.
func (s *Systems) UndeleteSystem(ctx context.Context, request *debriefv1.UndeleteSystemRequest) (*debriefv1.System, error) {
	return s.setDeleted(ctx, update{name: request.GetName(), etag: request.GetEtag()}, false)
}

func (s *Systems) setDeleted(ctx context.Context, asked update, deleted bool) (*debriefv1.System, error) {
	told := deletion[repository.System]{prefix: "SYSTEM", incident: func(*repository.System) string { return "" }}
	system, err := setDeleted(ctx, s.base, repository.SystemSchema, s.repository.Systems(), asked, deleted, told)
	if err != nil {
		return nil, err
	}
	return s.systemToProto(system), nil
}

// GetSystemRevision reads what was known at one time.
func (s *Systems) GetSystemRevision(ctx context.Context, request *debriefv1.GetSystemRevisionRequest) (*debriefv1.SystemRevision, error) {
	number, err := strconv.ParseInt(lastID(request.GetName()), 10, 32)
	if err != nil {
		return nil, notFound(request.GetName())
	}
	revision, err := s.systemRevision(ctx, parentID(request.GetName()), int32(number))
	if err != nil {
		return nil, err
	}
	return systemRevisionToProto(revision), nil
}

func (b *base) systemRevision(ctx context.Context, system string, number int32) (repository.SystemRevision, error) {
	revision, err := b.repository.SystemRevisions().Get(ctx, repository.RevisionID(system, number))
	if errors.Is(err, repository.ErrNotFound) {
		return revision, notFound(systemRevisionName(system, number))
	}
	return revision, err
}

// ListSystemRevisions reads a page of a system's revisions, the newest first.
func (s *Systems) ListSystemRevisions(ctx context.Context, request *debriefv1.ListSystemRevisionsRequest) (*debriefv1.ListSystemRevisionsResponse, error) {
	list := listing[repository.SystemRevision]{
		schema: repository.SystemRevisionSchema, reader: s.repository.SystemRevisions(),
		orders: []string{"revision"}, byID: "revision", pageSize: 10, maxPageSize: 50,
	}
	revisions, token, err := list.page(ctx, request, lastID(request.GetParent()), nil)
	if err != nil {
		return nil, err
	}
	if len(revisions) == 0 {
		// Those of a purged system are there still: only where there are none it matters whether there is a system.
		if _, err := get(ctx, s.repository.Systems(), request.GetParent()); err != nil {
			return nil, err
		}
	}
	return &debriefv1.ListSystemRevisionsResponse{Revisions: each(revisions, systemRevisionToProto), NextPageToken: token}, nil
}

func (b *base) systemToProto(system repository.System) *debriefv1.System {
	return &debriefv1.System{
		Name:           systemName(system.ID),
		Title:          system.Title,
		Description:    system.Description,
		Labels:         system.Labels,
		Reality:        graphToProto(system.Reality),
		PostMortem:     system.PostMortem,
		LatestRevision: system.LatestRevision,
		Etag:           etag(system.Header),
		CreateTime:     timeToProto(system.CreateTime),
		UpdateTime:     timeToProto(system.UpdateTime),
		DeleteTime:     timeToProto(system.DeleteTime),
		PurgeTime:      timeToProto(b.purgeTime(system.Header)),
	}
}

// writeSystem writes the fields that callers may change.
func writeSystem(system *repository.System, from *debriefv1.System) {
	system.Title = from.GetTitle()
	system.Description = from.GetDescription()
	system.Labels = from.GetLabels()
	system.Reality = graphFromProto(from.GetReality())
	system.PostMortem = from.GetPostMortem()
}

func systemRevisionToProto(revision repository.SystemRevision) *debriefv1.SystemRevision {
	return &debriefv1.SystemRevision{
		Name:       systemRevisionName(revision.Parent, revision.Number),
		Revision:   revision.Number,
		Reality:    graphToProto(revision.Reality),
		PostMortem: revision.PostMortem,
		Actor:      revision.Actor,
		ReviseTime: timeToProto(revision.ReviseTime),
	}
}
