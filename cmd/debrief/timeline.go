package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newTimelineCommand() *cobra.Command {
	return newGroup("timeline", "Keep what happened in an incident, in order",
		a.newTimelineAddCommand(), a.newTimelineListCommand(), a.newTimelineAmendCommand(),
		a.newTimelineDeleteCommand(), a.newTimelineRevisionsCommand())
}

// entryFields are the flags for the fields of a timeline entry that people set.
type entryFields struct {
	app       *application
	command   *cobra.Command
	kind      debriefv1.TimelineEntry_Kind
	at        *timestamppb.Timestamp
	precision time.Duration
	role      string
	evidence  []string
	excerpt   string
}

func (a *application) addEntryFields(command *cobra.Command) *entryFields {
	f := &entryFields{app: a, command: command}
	flags := command.Flags()
	addEnum(command, &f.kind, "kind", "what sort of thing happened; default: note")
	flags.Var(timeFlag{&f.at, a.environment.now}, "at", "when it happened; default: now")
	flags.Var(durationFlag{&f.precision}, "precision", "how precise that is: give or take this `duration`; 0 is exact")
	flags.StringVar(&f.role, "role", "", "the `role` in which the author was there")
	flags.StringArrayVar(&f.evidence, "evidence", nil, "where it is to be seen, `\"TITLE URL\"`; can be repeated")
	flags.StringVar(&f.excerpt, "excerpt-file", "", "what shows it, word by word, such as log lines, from a `file`; - is stdin")
	completeFile(command, "excerpt-file")
	return f
}

// apply sets the fields that were given, and answers their paths. Evidence takes the place of what was there.
func (f *entryFields) apply(entry *debriefv1.TimelineEntry) ([]string, error) {
	paths := assign(f.command, []assignment{
		{"kind", "kind", func() { entry.Kind = f.kind }},
		{"at", "occur_time", func() { entry.OccurTime = f.at }},
		{"precision", "precision", func() { entry.Precision = durationpb.New(f.precision) }},
		{"role", "author_role", func() { entry.AuthorRole = f.role }},
	})
	if !changed(f.command, "evidence", "excerpt-file") {
		return paths, nil
	}
	entry.Evidence = readEvidence(f.evidence)
	if f.excerpt != "" {
		excerpt, err := f.app.readFile("--excerpt-file", f.excerpt)
		if err != nil {
			return nil, err
		}
		entry.Evidence = append(entry.Evidence, &debriefv1.Evidence{Excerpt: excerpt})
	}
	return append(paths, "evidence"), nil
}

func (a *application) newTimelineAddCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "add INCIDENT [TEXT…]", Short: "Say what happened", Args: takes, ValidArgsFunction: a.completeFirst(suggestIncidents),
		Example: `  debrief timeline add 01JD3V2Q6R8T0W2Y4A6C8E0G2J Rolled the release back --kind action --at 10:02
  debrief timeline add 01JD3V2Q6R8T0W2Y4A6C8E0G2J --text-file - --anonymous`,
	}
	entry := &debriefv1.TimelineEntry{}
	fields := a.addEntryFields(command)
	text := a.addEditableText(command, "text", "what happened, in Markdown, instead of the argument")
	command.Flags().StringVar(&entry.Author, "author", "", "who tells it: a `name` or handle; default: you")
	command.Flags().BoolVar(&entry.Anonymous, "anonymous", false, "tell it without saying who tells it: nothing that Debrief keeps holds who it was")
	command.MarkFlagsMutuallyExclusive("author", "anonymous")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		parent, err := incidentNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		if err := a.readEntry(command, fields, text, entry, arguments[1:]); err != nil {
			return err
		}
		ctx := command.Context()
		if entry.GetAnonymous() {
			ctx = nameless(ctx)
		}
		created, err := server.timeline.CreateTimelineEntry(ctx, &debriefv1.CreateTimelineEntryRequest{
			Parent: parent, TimelineEntry: entry, RequestId: a.environment.newRequestID(),
		})
		if err != nil {
			return err
		}
		return a.tell(created, shortEntry(created.GetName())+" is added: "+entrySummary(created))
	})
	return command
}

func (a *application) readEntry(command *cobra.Command, fields *entryFields, text *longText, entry *debriefv1.TimelineEntry, words []string) (err error) {
	if len(words) > 0 && text.given() {
		return usagef("the text is given twice, as an argument and by a flag")
	}
	if entry.Text = strings.Join(words, " "); text.given() {
		if entry.Text, err = text.read(command.Context(), ""); err != nil {
			return err
		}
	}
	if strings.TrimSpace(entry.GetText()) == "" {
		return usagef("TEXT is missing: give it as an argument, by --text-file, or with --edit")
	}
	_, err = fields.apply(entry)
	return err
}

func entrySummary(entry *debriefv1.TimelineEntry) string {
	return enumText(entry.GetKind()) + ", " + shorten(line(entry.GetText()), 60)
}

func suggestEntries(command *cobra.Command, server *connection, arguments []string) ([]cobra.Completion, error) {
	if len(arguments) == 0 {
		return suggestIncidents(command, server, arguments)
	}
	parent, err := incidentNames.parse(arguments[0])
	if err != nil || len(arguments) > 1 {
		return nil, err
	}
	answer, err := server.timeline.ListTimelineEntries(command.Context(), &debriefv1.ListTimelineEntriesRequest{
		Parent: parent, PageSize: completionPage, OrderBy: "record_time desc",
	})
	return texts(answer.GetTimelineEntries(), func(entry *debriefv1.TimelineEntry) cobra.Completion {
		return completion(entry.GetName(), entrySummary(entry))
	}), err
}

func (a *application) newTimelineAmendCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "amend INCIDENT [ENTRY]", Short: "Put an entry right; what it said before is kept", Args: takes,
		Long:              "Amend changes an entry, which is named by INCIDENT ENTRY or INCIDENT/ENTRY. Evidence takes the place of what was there.",
		ValidArgsFunction: a.complete(suggestEntries),
	}
	fields := a.addEntryFields(command)
	text := a.addEditableText(command, "text", "what happened, in Markdown")
	var etag string
	addEtag(command, &etag)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseEntry(arguments)
		if err != nil {
			return err
		}
		entry, paths, err := amendment(command.Context(), server, name, fields, text)
		if err != nil {
			return err
		}
		if len(paths) == 0 {
			return usagef("nothing is to be changed: %s --help tells of the flags", command.CommandPath())
		}
		if etag != "" {
			entry.Etag = etag
		}
		amended, err := server.timeline.UpdateTimelineEntry(command.Context(), &debriefv1.UpdateTimelineEntryRequest{
			TimelineEntry: entry, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		if err != nil {
			return err
		}
		return a.tell(amended, shortEntry(name)+" is amended: "+entrySummary(amended))
	})
	return command
}

// amendment is the entry as it is to be, and the paths of what is new in it.
func amendment(ctx context.Context, server *connection, name string, fields *entryFields, text *longText) (*debriefv1.TimelineEntry, []string, error) {
	entry := &debriefv1.TimelineEntry{Name: name}
	if text.editing {
		present, err := server.timeline.GetTimelineEntry(ctx, &debriefv1.GetTimelineEntryRequest{Name: name})
		if err != nil {
			return nil, nil, err
		}
		entry.Text, entry.Etag = present.GetText(), present.GetEtag()
	}
	paths, err := fields.apply(entry)
	if err != nil || !text.given() {
		return entry, paths, err
	}
	entry.Text, err = text.read(ctx, entry.GetText())
	return entry, append(paths, "text"), err
}
