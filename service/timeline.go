package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// Timeline implements TimelineService.
type Timeline struct {
	debriefv1.UnimplementedTimelineServiceServer
	*base
}

var timelineFields = fieldsOf(repository.TimelineEntrySchema, map[string]protoreflect.EnumDescriptor{
	"kind":   debriefv1.TimelineEntry_Kind(0).Descriptor(),
	"source": debriefv1.TimelineEntry_Source(0).Descriptor(),
})

// CreateTimelineEntry adds an entry.
func (s *Timeline) CreateTimelineEntry(ctx context.Context, request *debriefv1.CreateTimelineEntryRequest) (*debriefv1.TimelineEntry, error) {
	batch := &debriefv1.BatchCreateTimelineEntriesRequest{
		Parent: request.GetParent(), RequestId: request.GetRequestId(), Requests: []*debriefv1.CreateTimelineEntryRequest{request},
	}
	if request.GetValidateOnly() {
		return s.preview(ctx, batch)
	}
	entries, err := s.add(ctx, batch)
	if err != nil {
		return nil, err
	}
	return timelineEntryToProto(entries[0]), nil
}

// BatchCreateTimelineEntries adds entries to one incident, in one atomic step.
func (s *Timeline) BatchCreateTimelineEntries(ctx context.Context, request *debriefv1.BatchCreateTimelineEntriesRequest) (*debriefv1.BatchCreateTimelineEntriesResponse, error) {
	for i, inner := range request.GetRequests() {
		field := fmt.Sprintf("requests[%d]", i)
		if inner.GetParent() != "" && inner.GetParent() != request.GetParent() {
			return nil, invalid(field+".parent", "must be empty, or the parent of the batch")
		}
		if inner.GetRequestId() != "" {
			return nil, invalid(field+".request_id", "must be empty: it belongs on the batch")
		}
		if inner.GetValidateOnly() {
			return nil, invalid(field+".validate_only", "must be false: a batch can't be tried")
		}
	}
	entries, err := s.add(ctx, request)
	if err != nil {
		return nil, err
	}
	return &debriefv1.BatchCreateTimelineEntriesResponse{TimelineEntries: each(entries, timelineEntryToProto)}, nil
}

// preview is what the one entry of a batch would be, with what the blameless check finds in it.
func (s *Timeline) preview(ctx context.Context, batch *debriefv1.BatchCreateTimelineEntriesRequest) (*debriefv1.TimelineEntry, error) {
	if err := s.checkIncident(ctx, batch.GetParent()); err != nil {
		return nil, err
	}
	entries, _, err := s.newEntries(ctx, batch)
	if err != nil {
		return nil, err
	}
	preview := timelineEntryToProto(entries[0])
	preview.Name, preview.Etag = "", ""
	return s.language.timelineEntry(preview), nil
}

// add stores entries in one atomic step: the first with all others as its effects.
func (s *Timeline) add(ctx context.Context, request *debriefv1.BatchCreateTimelineEntriesRequest) ([]repository.TimelineEntry, error) {
	if err := s.checkIncident(ctx, request.GetParent()); err != nil {
		return nil, err
	}
	entries, events, err := s.newEntries(ctx, request)
	if err != nil {
		return nil, err
	}
	effects := repository.Effects{Events: events, TimelineEntries: entries[1:]}
	first, existed, err := create(ctx, repository.TimelineEntrySchema, s.repository.TimelineEntries(), entries[0], effects)
	if err != nil {
		return nil, err
	}
	if !existed {
		return entries, nil
	}
	return s.firstEntries(ctx, first)
}

func (s *Timeline) checkIncident(ctx context.Context, name string) error {
	incident, err := get(ctx, s.repository.Incidents(), name)
	if err != nil {
		return err
	}
	return update{name: name}.check(incident.Header)
}

func (s *Timeline) newEntries(ctx context.Context, request *debriefv1.BatchCreateTimelineEntriesRequest) ([]repository.TimelineEntry, []repository.Event, error) {
	now := s.present()
	header, err := s.newHeader(now, request.GetRequestId(), withoutAuthors(request))
	if err != nil {
		return nil, nil, err
	}
	header.Parent = lastID(request.GetParent())
	var entries []repository.TimelineEntry
	var events []repository.Event
	for i, inner := range request.GetRequests() {
		if i > 0 {
			header = repository.Header{ID: s.newID(now), Parent: header.Parent, Revision: 1, CreateTime: now, UpdateTime: now}
		}
		// Whoever wants to stay unknown is forgotten here, before anything is written down.
		entryContext := ctx
		if inner.GetTimelineEntry().GetAnonymous() {
			entryContext = WithActor(ctx, "")
		}
		entry, err := newEntry(entryContext, header, inner.GetTimelineEntry(), now)
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, entry)
		events = append(events, s.event(entryContext, "TIMELINE_ENTRY_CREATED", timelineEntryName(header.Parent, header.ID), request.GetParent(), 1, now, nil))
	}
	if len(entries) > 1 {
		entries[0].Batch = each(entries, func(entry repository.TimelineEntry) string { return entry.ID })
	}
	return entries, events, nil
}

// withoutAuthors is the request without those who want to stay unknown: not even its hash may tell who they were.
func withoutAuthors(request *debriefv1.BatchCreateTimelineEntriesRequest) *debriefv1.BatchCreateTimelineEntriesRequest {
	anonymous := func(inner *debriefv1.CreateTimelineEntryRequest) bool {
		return inner.GetTimelineEntry().GetAnonymous() && inner.GetTimelineEntry().GetAuthor() != ""
	}
	if !slices.ContainsFunc(request.GetRequests(), anonymous) {
		return request
	}
	cleared, _ := proto.Clone(request).(*debriefv1.BatchCreateTimelineEntriesRequest)
	for _, inner := range cleared.GetRequests() {
		if anonymous(inner) {
			inner.TimelineEntry.Author = ""
		}
	}
	return cleared
}

func newEntry(ctx context.Context, header repository.Header, from *debriefv1.TimelineEntry, now time.Time) (repository.TimelineEntry, error) {
	occurred, err := happened("timeline_entry.occur_time", from.GetOccurTime(), now, now)
	if err != nil {
		return repository.TimelineEntry{}, err
	}
	entry := repository.TimelineEntry{
		Header:     header,
		Statement:  statementFromProto(from, occurred, now, actor(ctx)),
		Author:     from.GetAuthor(),
		AuthorRole: from.GetAuthorRole(),
		Anonymous:  from.GetAnonymous(),
		Source:     "PERSON",
	}
	switch {
	case entry.Anonymous:
		entry.Author = ""
	case entry.Author == "":
		entry.Author = actor(ctx)
	}
	return entry, nil
}

// firstEntries are the entries of a repeated request as they were when it was carried out.
func (s *Timeline) firstEntries(ctx context.Context, first repository.TimelineEntry) ([]repository.TimelineEntry, error) {
	entries := []repository.TimelineEntry{first}
	for _, id := range first.Batch[min(1, len(first.Batch)):] {
		entry, err := s.repository.TimelineEntries().Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if len(entry.Past) > 0 {
			entry.Statement, entry.Past = entry.Past[0], nil
		}
		entry.Revision, entry.UpdateTime, entry.DeleteTime = 1, entry.CreateTime, time.Time{}
		entries = append(entries, entry)
	}
	return entries, nil
}

// entry reads an entry by its name: of the incident that the name says.
func (s *Timeline) entry(ctx context.Context, name string) (repository.TimelineEntry, error) {
	entry, err := get(ctx, s.repository.TimelineEntries(), name)
	if err == nil && entry.Parent != parentID(name) {
		return entry, notFound(name)
	}
	return entry, err
}

// GetTimelineEntry reads an entry.
func (s *Timeline) GetTimelineEntry(ctx context.Context, request *debriefv1.GetTimelineEntryRequest) (*debriefv1.TimelineEntry, error) {
	entry, err := s.entry(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	return inView(request.GetView(), timelineEntryToProto(entry), s.language.timelineEntry), nil
}

// ListTimelineEntries reads a page of an incident's entries.
func (s *Timeline) ListTimelineEntries(ctx context.Context, request *debriefv1.ListTimelineEntriesRequest) (*debriefv1.ListTimelineEntriesResponse, error) {
	if _, err := get(ctx, s.repository.Incidents(), request.GetParent()); err != nil {
		return nil, err
	}
	list := listing[repository.TimelineEntry]{
		schema: repository.TimelineEntrySchema, reader: s.repository.TimelineEntries(), fields: timelineFields,
		orders: []string{"occur_time", "record_time"}, ascending: true, byID: "record_time",
	}
	entries, token, err := list.page(ctx, request, lastID(request.GetParent()), nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListTimelineEntriesResponse{TimelineEntries: each(entries, timelineEntryToProto), NextPageToken: token}, nil
}

// UpdateTimelineEntry amends an entry, and keeps what it said before.
func (s *Timeline) UpdateTimelineEntry(ctx context.Context, request *debriefv1.UpdateTimelineEntryRequest) (*debriefv1.TimelineEntry, error) {
	name := request.GetTimelineEntry().GetName()
	if _, err := s.entry(ctx, name); err != nil {
		return nil, err
	}
	asked := update{name: name, etag: request.GetTimelineEntry().GetEtag()}
	entry, err := apply(ctx, s.base, repository.TimelineEntrySchema, s.repository.TimelineEntries(), asked,
		func(entry *repository.TimelineEntry, now time.Time) (repository.Effects, error) {
			return s.amend(ctx, entry, request, now)
		})
	if err != nil {
		return nil, err
	}
	return timelineEntryToProto(entry), nil
}

func (s *Timeline) amend(ctx context.Context, entry *repository.TimelineEntry, request *debriefv1.UpdateTimelineEntryRequest, now time.Time) (repository.Effects, error) {
	if entry.Anonymous {
		ctx = WithActor(ctx, "")
	}
	before := timelineEntryToProto(*entry)
	after, err := merge(before, request.GetTimelineEntry(), request.GetUpdateMask())
	if err != nil {
		return repository.Effects{}, err
	}
	if after.GetAuthor() != before.GetAuthor() {
		return repository.Effects{}, invalid("timeline_entry.author", "can't be changed by an update")
	}
	occurred, err := happened("timeline_entry.occur_time", after.GetOccurTime(), now, now)
	if err != nil {
		return repository.Effects{}, err
	}
	effects, err := s.updated(ctx, "TIMELINE_ENTRY_UPDATED", before.GetName(), incidentName(entry.Parent), entry.Revision+1, now, before, after)
	if err != nil {
		return effects, err
	}
	if len(entry.Past)+1 >= repository.MaxStatements {
		return repository.Effects{}, failedPrecondition("TOO_MANY_REVISIONS", "%s has %d revisions: more are not possible", before.GetName(), repository.MaxStatements)
	}
	entry.Past = append(entry.Past, entry.Statement)
	entry.Statement = statementFromProto(after, occurred, now, actor(ctx))
	entry.AuthorRole = after.GetAuthorRole()
	return effects, nil
}

// DeleteTimelineEntry hides an entry.
func (s *Timeline) DeleteTimelineEntry(ctx context.Context, request *debriefv1.DeleteTimelineEntryRequest) (*debriefv1.TimelineEntry, error) {
	entry, err := s.entry(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	if entry.Anonymous {
		ctx = WithActor(ctx, "")
	}
	asked := update{name: request.GetName(), etag: request.GetEtag()}
	told := deletion[repository.TimelineEntry]{
		prefix: "TIMELINE_ENTRY", incident: func(e *repository.TimelineEntry) string { return incidentName(e.Parent) },
	}
	entry, err = setDeleted(ctx, s.base, repository.TimelineEntrySchema, s.repository.TimelineEntries(), asked, true, told)
	if err != nil {
		return nil, err
	}
	return timelineEntryToProto(entry), nil
}

// ListTimelineEntryRevisions reads all that an entry has said.
func (s *Timeline) ListTimelineEntryRevisions(ctx context.Context, request *debriefv1.ListTimelineEntryRevisionsRequest) (*debriefv1.ListTimelineEntryRevisionsResponse, error) {
	entry, err := s.entry(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListTimelineEntryRevisionsResponse{Revisions: revisionsToProto(entry)}, nil
}
