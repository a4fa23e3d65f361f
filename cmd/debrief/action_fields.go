package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// actionFields are the flags for the fields of an action item that people set.
type actionFields struct {
	command              *cobra.Command
	description          *longText
	title                string
	owner                string
	due, lookBack        *timestamppb.Timestamp
	priority             debriefv1.ActionItem_Priority
	strength             debriefv1.ActionItem_Strength
	firstStep, tracker   string
	postMortem, incident string
	factor, gap          string

	labels, removedLabels []string
}

func (a *application) addActionFields(command *cobra.Command) *actionFields {
	f := &actionFields{command: command}
	flags := command.Flags()
	f.description = a.addEditableText(command, "description", "what is to be done, and how one will see that it worked, in Markdown")
	flags.StringVar(&f.owner, "owner", "", "who sees to it: a `name` or handle, a person or a team")
	flags.Var(timeFlag{&f.due, a.environment.now}, "due", "when it should be done, such as 2026-12-01 or \"in 2w\"")
	flags.Var(timeFlag{&f.lookBack, a.environment.now}, "look-back", "when to look back whether it helped; default: as the server is set, after it was done")
	addEnum(command, &f.priority, "priority", "how soon it should be done")
	addEnum(command, &f.strength, "strength", "how little it relies on people to remember")
	flags.StringVar(&f.firstStep, "first-step", "", "what to do first: small enough to begin today")
	flags.StringVar(&f.tracker, "tracker", "", "where it is tracked: a `URL`")
	flags.Var(nameFlag{postMortemNames, &f.postMortem}, "postmortem", "the post-mortem that it came from")
	flags.StringVar(&f.factor, "factor", "", "the contributing factor of the post-mortem that it answers, by `ID`")
	flags.StringVar(&f.gap, "gap", "", "the gap of a mental model that it answers, by its `name`")
	flags.Var(nameFlag{incidentNames, &f.incident}, "incident", "the incident that it came from, where there is no post-mortem")
	flags.StringArrayVar(&f.labels, "label", nil, "a label, `KEY=VALUE`; can be repeated")
	completeFlag(command, "postmortem", a.complete(suggestPostMortems))
	completeFlag(command, "incident", a.complete(suggestIncidents))
	return f
}

// apply sets the fields that were given, and answers their paths.
func (f *actionFields) apply(ctx context.Context, item *debriefv1.ActionItem) (paths []string, err error) {
	paths = assign(f.command, []assignment{
		{"title", "title", func() { item.Title = f.title }},
		{"owner", "owner", func() { item.Owner = f.owner }},
		{"due", "due_time", func() { item.DueTime = f.due }},
		{"look-back", "look_back_time", func() { item.LookBackTime = f.lookBack }},
		{"gap", "model_gap", func() { item.ModelGap = f.gap }},
		{"priority", "priority", func() { item.Priority = f.priority }},
		{"strength", "strength", func() { item.Strength = f.strength }},
		{"first-step", "first_step", func() { item.FirstStep = f.firstStep }},
		{"tracker", "tracker_uri", func() { item.TrackerUri = f.tracker }},
		{"postmortem", "post_mortem", func() { item.PostMortem = f.postMortem }},
		{"factor", "contributing_factor", func() { item.ContributingFactor = f.factor }},
		{"incident", "incident", func() { item.Incident = f.incident }},
	})
	if f.description.given() {
		if item.Description, err = f.description.read(ctx, item.GetDescription()); err != nil {
			return nil, err
		}
		paths = append(paths, "description")
	}
	if f.adding() {
		set, err := readLabels(f.labels)
		if err != nil {
			return nil, err
		}
		item.Labels = mergeLabels(item.GetLabels(), set, f.removedLabels)
		paths = append(paths, "labels")
	}
	return paths, nil
}

// adding says whether lists are changed, for which one has to know what they are.
func (f *actionFields) adding() bool {
	return changed(f.command, "label", "remove-label")
}

func (a *application) newActionAddCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "add TITLE…", Short: "Add something to be done", Args: takes,
		Example: `  debrief action add Alert on the age of the queue --postmortem 01JD3V2Q6R8T0W2Y4A6C8E0G2J --owner payments \
    --priority p2 --strength intermediate --due "in 2w" --first-step "Look at the age of the last month"`,
	}
	request := &debriefv1.CreateActionItemRequest{ActionItem: &debriefv1.ActionItem{}}
	fields := a.addActionFields(command)
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be added, and add nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		request.ActionItem.Title = strings.Join(arguments, " ")
		if _, err := fields.apply(command.Context(), request.GetActionItem()); err != nil {
			return err
		}
		request.RequestId = a.environment.newRequestID()
		item, err := server.actionItems.CreateActionItem(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(item, done(item.GetName(), "is added", request.GetValidateOnly())+actionSummary(item))
	})
	return command
}

// actionUpdate is one change of an action item.
type actionUpdate struct {
	server       *connection
	fields       *actionFields
	name, etag   string
	validateOnly bool
}

func (a *application) newActionUpdateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "update ACTION", Short: "Change what an action item says", Args: takes, ValidArgsFunction: a.completeFirst(suggestActions),
		Long: `Update changes the fields for which there are flags; an empty value clears a field. Labels are added to those that are
there. The state changes by verbs of its own, such as complete.`,
	}
	update := actionUpdate{fields: a.addActionFields(command)}
	flags := command.Flags()
	flags.StringVar(&update.fields.title, "title", "", "what is to be done, in a line")
	flags.StringArrayVar(&update.fields.removedLabels, "remove-label", nil, "a label to remove, by `KEY`; can be repeated")
	flags.BoolVar(&update.validateOnly, "validate-only", false, "check it and show what would be stored, and store nothing")
	addEtag(command, &update.etag)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		update.server = server
		if update.name, err = actionNames.parse(arguments[0]); err != nil {
			return usagef("%w", err)
		}
		item, err := update.run(command)
		if err != nil {
			return err
		}
		return a.tell(item, done(update.name, "is updated", update.validateOnly)+actionSummary(item))
	})
	return command
}

// run makes the change, as that of an incident is made.
func (u actionUpdate) run(command *cobra.Command) (item *debriefv1.ActionItem, err error) {
	attempt := func() error {
		item, err = u.attempt(command)
		return err
	}
	if u.etag == "" && !u.fields.description.editing && u.fields.adding() {
		return item, retryConflicts(attempt)
	}
	return item, attempt()
}

func (u actionUpdate) attempt(command *cobra.Command) (*debriefv1.ActionItem, error) {
	item := &debriefv1.ActionItem{Name: u.name}
	if u.fields.adding() || u.fields.description.editing {
		var err error
		if item, err = u.server.actionItems.GetActionItem(command.Context(), &debriefv1.GetActionItemRequest{Name: u.name}); err != nil {
			return nil, err
		}
	}
	paths, err := u.fields.apply(command.Context(), item)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, usagef("nothing is to be changed: %s --help tells of the flags", command.CommandPath())
	}
	if u.etag != "" {
		item.Etag = u.etag
	}
	return u.server.actionItems.UpdateActionItem(command.Context(), &debriefv1.UpdateActionItemRequest{
		ActionItem: item, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, ValidateOnly: u.validateOnly,
	})
}
