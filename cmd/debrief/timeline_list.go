package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newTimelineListCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "list INCIDENT", Short: "List what happened, in the order in which it did", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestIncidents),
	}
	var (
		flags        listFlags
		kinds        []debriefv1.TimelineEntry_Kind
		author       string
		since, until *timestamppb.Timestamp
	)
	flags.add(command, 200)
	flags.addFilter(command, "fields: kind, source, author, author_role, anonymous, occur_time, record_time, …")
	flags.addOrder(command, "occur_time (default), record_time, each with desc if need be")
	flags.addShowDeleted(command)
	addEnums(command, &kinds, "kind", "only of these kinds")
	command.Flags().StringVar(&author, "author", "", "only what this `person` tells")
	command.Flags().Var(timeFlag{&since, a.environment.now}, "since", "only what happened at this time or later")
	command.Flags().Var(timeFlag{&until, a.environment.now}, "until", "only what happened before this time")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		parent, err := incidentNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		var all filter
		all.custom(flags.filter)
		among(&all, "kind", kinds)
		all.equal("author", author)
		all.within("occur_time", since, until)
		flags.filter = all.String()
		return a.timelineListing(server, parent, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) timelineListing(server *connection, parent string, flags *listFlags) listing[*debriefv1.TimelineEntry] {
	return listing[*debriefv1.TimelineEntry]{
		field:    "timelineEntries",
		headings: []heading{{text: "ID"}, {text: "HAPPENED"}, {text: "KIND"}, {text: "AUTHOR"}, {text: "TEXT", flexible: true}},
		row:      a.entryRow,
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.TimelineEntry, string, error) {
			answer, err := server.timeline.ListTimelineEntries(ctx, &debriefv1.ListTimelineEntriesRequest{
				Parent: parent, PageSize: size, PageToken: token, Filter: flags.filter, OrderBy: flags.orderBy, ShowDeleted: flags.showDeleted,
			})
			return answer.GetTimelineEntries(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) entryRow(entry *debriefv1.TimelineEntry) []cell {
	happened := a.point(entry.GetOccurTime())
	if precision := entry.GetPrecision().AsDuration(); precision > 0 {
		happened += " ±" + shortDuration(precision)
	}
	text := entry.GetText()
	if entry.GetDeleteTime() != nil {
		text = "(deleted) " + text
	}
	return []cell{
		{idOf(entry.GetName()), plain},
		{happened, plain},
		{enumText(entry.GetKind()), entryStyle(entry)},
		{entryAuthor(entry), plain},
		{text, plain},
	}
}

func entryStyle(entry *debriefv1.TimelineEntry) style {
	switch entry.GetKind() {
	case debriefv1.TimelineEntry_KIND_KEY_MOMENT:
		return bold
	case debriefv1.TimelineEntry_KIND_ALERT:
		return red
	case debriefv1.TimelineEntry_KIND_REPAIR:
		return green
	default:
		return plain
	}
}

func entryAuthor(entry *debriefv1.TimelineEntry) string {
	if entry.GetAnonymous() {
		return "(anonymous)"
	}
	return orDash(qualified(entry.GetAuthor(), entry.GetAuthorRole()))
}

func (a *application) newTimelineDeleteCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "delete INCIDENT [ENTRY]", Short: "Hide an entry from lists", Args: takes, ValidArgsFunction: a.complete(suggestEntries),
	}
	var etag string
	addEtag(command, &etag)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseEntry(arguments)
		if err != nil {
			return err
		}
		entry, err := server.timeline.DeleteTimelineEntry(command.Context(), &debriefv1.DeleteTimelineEntryRequest{Name: name, Etag: etag})
		if err != nil {
			return err
		}
		return a.tell(entry, shortEntry(name)+" is deleted: "+entrySummary(entry))
	})
	return command
}

func (a *application) newTimelineRevisionsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revisions INCIDENT [ENTRY]", Short: "Show all that an entry has said", Args: takes, ValidArgsFunction: a.complete(suggestEntries),
		RunE: a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
			name, err := parseEntry(arguments)
			if err != nil {
				return err
			}
			answer, err := server.timeline.ListTimelineEntryRevisions(command.Context(), &debriefv1.ListTimelineEntryRevisionsRequest{Name: name})
			if err != nil {
				return err
			}
			return a.show(answer, func() error { return a.entryRevisions(name, answer) })
		}),
	}
}

func (a *application) entryRevisions(name string, answer *debriefv1.ListTimelineEntryRevisionsResponse) error {
	for _, revision := range answer.GetRevisions() {
		s := a.newSheet(fmt.Sprintf("Revision %d", revision.GetRevision()), name)
		s.field("Kind", enumText(revision.GetKind()))
		s.field("Happened", a.exactMoment(revision.GetOccurTime()))
		if precision := revision.GetPrecision().AsDuration(); precision > 0 {
			s.field("Precision", "±"+shortDuration(precision))
		}
		s.field("Written by", revision.GetActor())
		s.field("Written", a.exactMoment(revision.GetReviseTime()))
		s.section("Text", revision.GetText())
		s.list("Evidence", texts(revision.GetEvidence(), evidenceLine))
		if _, err := s.text.WriteString("\n"); err != nil {
			return err
		}
		if err := s.show(); err != nil {
			return err
		}
	}
	return nil
}

func evidenceLine(evidence *debriefv1.Evidence) string {
	return joined(" ", evidence.GetTitle(), evidence.GetUri(), evidence.GetExcerpt())
}
