package service

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

func timelineEntryToProto(entry repository.TimelineEntry) *debriefv1.TimelineEntry {
	return &debriefv1.TimelineEntry{
		Name:         timelineEntryName(entry.Parent, entry.ID),
		Kind:         valueOf[debriefv1.TimelineEntry_Kind](entry.Kind),
		OccurTime:    timeToProto(entry.OccurTime),
		Precision:    durationToProto(entry.Precision),
		RecordTime:   timeToProto(entry.CreateTime),
		RecordingLag: durationpb.New(max(entry.CreateTime.Sub(entry.OccurTime), 0)),
		Text:         entry.Text,
		Evidence:     each(entry.Evidence, evidenceToProto),
		Author:       entry.Author,
		AuthorRole:   entry.AuthorRole,
		Anonymous:    entry.Anonymous,
		Source:       valueOf[debriefv1.TimelineEntry_Source](entry.Source),
		Revision:     int32(len(entry.Past) + 1),
		Etag:         etag(entry.Header),
		UpdateTime:   timeToProto(entry.UpdateTime),
		DeleteTime:   timeToProto(entry.DeleteTime),
	}
}

// statementFromProto is what an entry says.
func statementFromProto(entry *debriefv1.TimelineEntry, occurred, now time.Time, actor string) repository.Statement {
	return repository.Statement{
		Kind:       nameOr(entry.GetKind(), "NOTE"),
		OccurTime:  occurred,
		Precision:  entry.GetPrecision().AsDuration(),
		Text:       entry.GetText(),
		Evidence:   each(entry.GetEvidence(), evidenceFromProto),
		Actor:      actor,
		ReviseTime: now,
	}
}

// revisionsToProto are all statements of an entry, the newest first.
func revisionsToProto(entry repository.TimelineEntry) []*debriefv1.TimelineEntryRevision {
	statements := append(slices.Clip(entry.Past), entry.Statement)
	revisions := make([]*debriefv1.TimelineEntryRevision, len(statements))
	for i, statement := range statements {
		revisions[len(statements)-1-i] = &debriefv1.TimelineEntryRevision{
			Revision:   int32(i + 1),
			Kind:       valueOf[debriefv1.TimelineEntry_Kind](statement.Kind),
			OccurTime:  timeToProto(statement.OccurTime),
			Precision:  durationToProto(statement.Precision),
			Text:       statement.Text,
			Evidence:   each(statement.Evidence, evidenceToProto),
			Actor:      statement.Actor,
			ReviseTime: timeToProto(statement.ReviseTime),
		}
	}
	return revisions
}
