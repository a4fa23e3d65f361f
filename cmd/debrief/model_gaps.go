package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// gapsText shows gaps for eyes, each with the id by which it can be annotated. What follows from another stands further in.
func gapsText(gaps []*debriefv1.ModelGap, omitted int) string {
	var text strings.Builder
	for _, gap := range gaps {
		within := ""
		if gap.GetImpliedBy() != "" {
			within = "  "
		}
		fmt.Fprintf(&text, "%s%s\n%s  %s\n", within, line(gapText(gap)), within, gap.GetId())
		for _, noted := range []string{
			wordsOf(enumText(gap.GetSurprise())), gap.GetDiscovery(),
		} {
			if noted = line(noted); noted != "" {
				fmt.Fprintf(&text, "%s  %s\n", within, noted)
			}
		}
		text.WriteString(tellEvidence(gap.GetEvidence()))
		for _, update := range gap.GetUpdates() {
			fmt.Fprintf(&text, "%s  changed by %s\n", within, line(joined(" ", wordsOf(enumText(update.GetKind())), update.GetActionItem(), update.GetNote())))
		}
	}
	if omitted > 0 {
		fmt.Fprintf(&text, "and %d more\n", omitted)
	}
	return text.String()
}

// gapText is a gap in a line.
func gapText(gap *debriefv1.ModelGap) string {
	text := joined(", ", strings.Join(gap.GetComponents(), " "+arrowMark+" "), gap.GetFactKey())
	text = wordsOf(enumText(gap.GetKind())) + ": " + text
	if gap.GetBelieved() != "" || gap.GetActual() != "" {
		text += fmt.Sprintf("; believed %s, actual %s", orDash(gap.GetBelieved()), orDash(gap.GetActual()))
	}
	if gap.GetResolved() {
		text += " (not any more)"
	}
	return text
}

func (a *application) newModelCompareCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "compare MODEL", Short: "Lay a model over what is so, and say which component was taken for which", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestModels),
	}
	request := &debriefv1.CompareMentalModelRequest{}
	command.Flags().Int32Var(&request.SystemRevision, "revision", 0, "compare it with this revision of the system; default: the model's")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.Name, err = parseModel(arguments[0]); err != nil {
			return err
		}
		found, err := server.mentalModels.CompareMentalModel(command.Context(), request)
		if err != nil {
			return err
		}
		return a.show(found, func() error {
			s := a.newSheet(fmt.Sprintf("Compared with revision %d", found.GetSystemRevision()), request.GetName())
			s.list("Matches", texts(found.GetMatches(), func(m *debriefv1.ComponentMatch) string {
				return fmt.Sprintf("%s is %s (%.0f %%)", m.GetBelieved(), m.GetActual(), 100*m.GetConfidence())
			}))
			s.section("Gaps", gapsText(found.GetGaps(), 0))
			return s.show()
		})
	})
	return command
}

func (a *application) newModelDrawCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "draw MODEL", Short: "Draw what was believed over what is so", Args: takes, ValidArgsFunction: a.completeFirst(suggestModels),
	}
	request := &debriefv1.DrawMentalModelRequest{}
	var file string
	addEnum(command, &request.Format, "format", "how to draw it; default: svg")
	command.Flags().StringVar(&file, "file", "-", "write it to a `file`; - is stdout")
	completeFile(command, "file")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.Name, err = parseModel(arguments[0]); err != nil {
			return err
		}
		drawn, err := server.mentalModels.DrawMentalModel(command.Context(), request)
		if err != nil {
			return err
		}
		return a.writeDocument(file, drawn.GetData())
	})
	return command
}

func (a *application) newModelAnnotateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "annotate MODEL GAP", Short: "Note on a gap what shows it, how it surprised, and what has changed it since", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestModels),
		Example:           "  debrief model annotate $model $gap --surprise fundamental --update \"training: told at the team's meeting\"",
	}
	gap := &debriefv1.ModelGap{}
	var evidence, updates []string
	addEnum(command, &gap.Surprise, "surprise", "what had to give way: the case was odd, or the model itself was wrong")
	discovery := a.addLongText(command, "discovery", "how it came to light, in Markdown")
	command.Flags().StringArrayVar(&evidence, "evidence", nil, "what shows it, `\"TITLE URI\"`; can be repeated")
	command.Flags().StringArrayVar(&updates, "update", nil, "what changed it, `\"KIND: NOTE\"`, or \"action-item: ID\"; is added to those before; can be repeated")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseModel(arguments[0])
		if err != nil {
			return err
		}
		added, err := readModelUpdates(updates)
		if err != nil {
			return err
		}
		if gap.Discovery, err = discovery.read(command.Context(), ""); err != nil {
			return err
		}
		gap.Evidence = readEvidence(evidence)
		var model *debriefv1.MentalModel
		requestID := a.environment.newRequestID()
		err = retryConflicts(func() (err error) {
			model, err = annotate(command.Context(), server, &debriefv1.AnnotateModelGapRequest{Name: name, GapId: arguments[1], Gap: gap, RequestId: requestID}, added)
			return err
		})
		if err != nil {
			return err
		}
		return a.tell(model, shortModel(name)+" is noted on: "+modelSummary(model))
	})
	return command
}

// annotate notes something on a gap; updates are added to those that it has.
func annotate(ctx context.Context, server *connection, request *debriefv1.AnnotateModelGapRequest, added []*debriefv1.ModelUpdate) (*debriefv1.MentalModel, error) {
	if len(added) > 0 {
		model, err := server.mentalModels.GetMentalModel(ctx, &debriefv1.GetMentalModelRequest{Name: request.GetName()})
		if err != nil {
			return nil, err
		}
		request.Etag = model.GetEtag()
		for _, known := range model.GetGaps() {
			if known.GetId() == request.GetGapId() {
				request.Gap.Updates = append(known.GetUpdates(), added...)
			}
		}
	}
	return server.mentalModels.AnnotateModelGap(ctx, request)
}

func readModelUpdates(given []string) ([]*debriefv1.ModelUpdate, error) {
	updates := make([]*debriefv1.ModelUpdate, len(given))
	for i, text := range given {
		kindName, note, _ := strings.Cut(text, ":")
		kind, err := parseEnum[debriefv1.ModelUpdate_Kind](kindName)
		if err != nil {
			return nil, usagef("--update: %w", err)
		}
		updates[i] = &debriefv1.ModelUpdate{Kind: kind, Note: strings.TrimSpace(note)}
		if kind == debriefv1.ModelUpdate_KIND_ACTION_ITEM {
			item, err := actionNames.parse(note)
			if err != nil {
				return nil, usagef("--update: %w", err)
			}
			updates[i].ActionItem, updates[i].Note = item, ""
		}
	}
	return updates, nil
}

func (a *application) newGapsCommand() *cobra.Command {
	return newGroup("gaps", "See what people did not know, over all incidents", a.newGapsListCommand(), a.newGapsSummaryCommand())
}

func (a *application) newGapsListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List gaps, those of the newest models first", Args: takes}
	var (
		flags                     listFlags
		system, heldBy, component string
		kinds                     []debriefv1.ModelGapKind
		open                      bool
	)
	flags.add(command, 50)
	flags.addFilter(command, "fields: system, held_by, kind, components, surprise, updated, resolved, implied, create_time")
	command.Flags().Var(systemFlag{&system}, "system", "only those of this system")
	completeFlag(command, "system", a.complete(suggestSystems))
	command.Flags().StringVar(&heldBy, "held-by", "", "only those of this `role` or team")
	command.Flags().StringVar(&component, "component", "", "only those about the component of this `name`")
	addEnums(command, &kinds, "kind", "only of these kinds")
	command.Flags().BoolVar(&open, "open", false, "only those that stand alone, are there still, and that nothing has changed since")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		var all filter
		all.custom(flags.filter)
		all.equal("system", system)
		all.equal("held_by", heldBy)
		all.has("components", component)
		among(&all, "kind", kinds)
		if open {
			all = append(all, "updated = false", "resolved = false", "implied = false")
		}
		flags.filter = all.String()
		return a.gapListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) gapListing(server *connection, flags *listFlags) listing[*debriefv1.LocatedModelGap] {
	return listing[*debriefv1.LocatedModelGap]{
		field:    "modelGaps",
		headings: []heading{{text: "MODEL"}, {text: "GAP"}, {text: "SYSTEM"}, {text: "HELD BY"}, {text: "WHAT", flexible: true}},
		row: func(located *debriefv1.LocatedModelGap) []cell {
			return []cell{
				{shortModel(located.GetMentalModel()), plain},
				{located.GetGap().GetId(), plain},
				{idOf(located.GetSystem()), plain},
				{located.GetHeldBy(), plain},
				{gapText(located.GetGap()), plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.LocatedModelGap, string, error) {
			answer, err := server.mentalModels.ListModelGaps(ctx, &debriefv1.ListModelGapsRequest{PageSize: size, PageToken: token, Filter: flags.filter})
			return answer.GetModelGaps(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) newGapsSummaryCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "summary SYSTEM", Short: "Say what people most often do not know of a system, and whether that becomes less", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestSystems),
	}
	var since, until *timestamppb.Timestamp
	command.Flags().Var(timeFlag{&since, a.environment.now}, "since", "the first moment to look at; default: a year before the last")
	command.Flags().Var(timeFlag{&until, a.environment.now}, "until", "the moment before which to look; default: now")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		system, err := parseSystem(arguments[0])
		if err != nil {
			return err
		}
		summary, err := server.mentalModels.SummarizeModelGaps(command.Context(), &debriefv1.SummarizeModelGapsRequest{System: system, StartTime: since, EndTime: until})
		if err != nil {
			return err
		}
		return a.show(summary, func() error { return a.gapSummary(summary) })
	})
	return command
}

// gapSummary shows a summary for eyes.
func (a *application) gapSummary(summary *debriefv1.SummarizeModelGapsResponse) error {
	if summary.GetTruncated() {
		a.note("There are more models than are looked at: the oldest are left out.")
	}
	if len(summary.GetSummaries()) == 0 {
		a.note("There are none, in %d models.", summary.GetModelCount())
		return nil
	}
	shown := table{out: a.out, columns: a.environment.width, colored: a.colored(), headings: []heading{
		{text: "COMPONENT"}, {text: "KIND"}, {text: "COUNT"}, {text: "OPEN"}, {text: "TREND"}, {text: "HELD BY", flexible: true},
	}}
	var rows [][]cell
	for _, one := range summary.GetSummaries() {
		rows = append(rows, []cell{
			{orDash(one.GetComponent()), plain},
			{wordsOf(enumText(one.GetKind())), plain},
			{fmt.Sprint(one.GetCount()), plain},
			{fmt.Sprint(one.GetCount() - one.GetUpdatedCount()), plain},
			{orDash(wordsOf(enumText(one.GetTrend()))), plain},
			{strings.Join(one.GetHeldBy(), ", "), plain},
		})
	}
	return shown.write(rows)
}
