package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// actionFilter are the flags that say which action items are meant.
type actionFilter struct {
	states               []debriefv1.ActionItem_State
	priorities           []debriefv1.ActionItem_Priority
	strengths            []debriefv1.ActionItem_Strength
	open, mine, overdue  bool
	lookBack, recurred   bool
	owner, title         string
	postMortem, incident string
	labels               []string
	dueBefore            *timestamppb.Timestamp
}

func (f *actionFilter) add(a *application, command *cobra.Command) {
	flags := command.Flags()
	addEnums(command, &f.states, "state", "only in these states")
	addEnums(command, &f.priorities, "priority", "only of these priorities")
	addEnums(command, &f.strengths, "strength", "only of these strengths")
	flags.BoolVar(&f.open, "open", false, "only those still to be done: OPEN, IN_PROGRESS")
	flags.BoolVar(&f.overdue, "overdue", false, "only those still to be done whose time is over")
	flags.BoolVar(&f.lookBack, "look-back", false, "only finished ones at which it is time to look back: DONE, and not verified yet")
	flags.BoolVar(&f.recurred, "recurred", false, "only those after which a similar incident has come")
	flags.BoolVar(&f.mine, "mine", false, "only those that you own")
	flags.StringVar(&f.owner, "owner", "", "only those that this `person` or team owns")
	flags.StringVar(&f.title, "title", "", "only those whose title has these `words`")
	flags.Var(nameFlag{postMortemNames, &f.postMortem}, "postmortem", "only those that came from this post-mortem")
	flags.Var(nameFlag{incidentNames, &f.incident}, "incident", "only those that came from this incident itself")
	flags.StringArrayVar(&f.labels, "label", nil, "only with this label, `KEY` or KEY=VALUE; can be repeated")
	flags.Var(timeFlag{&f.dueBefore, a.environment.now}, "due-before", "only those due before this time")
	completeFlag(command, "postmortem", a.complete(suggestPostMortems))
	completeFlag(command, "incident", a.complete(suggestIncidents))
	command.MarkFlagsMutuallyExclusive("state", "open", "overdue", "look-back")
	command.MarkFlagsMutuallyExclusive("owner", "mine")
	command.MarkFlagsMutuallyExclusive("overdue", "due-before")
}

func (f *actionFilter) expression(custom, me string, now time.Time) string {
	if f.open || f.overdue {
		f.states = []debriefv1.ActionItem_State{debriefv1.ActionItem_STATE_OPEN, debriefv1.ActionItem_STATE_IN_PROGRESS}
	}
	if f.overdue {
		f.dueBefore = timestamppb.New(now)
	}
	if f.mine {
		f.owner = me
	}
	var all filter
	if f.lookBack {
		f.states = []debriefv1.ActionItem_State{debriefv1.ActionItem_STATE_DONE}
		all.within("look_back_time", nil, timestamppb.New(now))
	}
	if f.recurred {
		all.custom("recurrences.incident:*")
	}
	all.custom(custom)
	among(&all, "state", f.states)
	among(&all, "priority", f.priorities)
	among(&all, "strength", f.strengths)
	all.equal("owner", f.owner)
	all.has("title", f.title)
	all.equal("post_mortem", f.postMortem)
	all.equal("incident", f.incident)
	all.labels(f.labels)
	all.within("due_time", nil, f.dueBefore)
	return all.String()
}

func (a *application) newActionListCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "list", Short: "List action items, the newest first", Args: takes,
		Example: "  debrief action list --mine --open --order-by due_time\n  debrief action list --overdue -o json",
	}
	var (
		flags   listFlags
		meaning actionFilter
	)
	flags.add(command, 50)
	flags.addFilter(command, "fields: state, title, owner, priority, strength, post_mortem, incident, labels.KEY, due_time, …")
	flags.addOrder(command, "create_time desc (default), update_time, due_time, look_back_time, priority")
	flags.addShowDeleted(command)
	meaning.add(a, command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		me, err := a.actor()
		if err != nil {
			return err
		}
		if meaning.mine && me == "" {
			return usagef("--mine: nobody knows who you are; say it with --as")
		}
		flags.filter = meaning.expression(flags.filter, me, a.environment.now())
		return a.actionListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) actionListing(server *connection, flags *listFlags) listing[*debriefv1.ActionItem] {
	return listing[*debriefv1.ActionItem]{
		field: "actionItems",
		headings: []heading{
			{text: "ID"}, {text: "STATE"}, {text: "PRIORITY"}, {text: "STRENGTH"}, {text: "DUE"}, {text: "OWNER"}, {text: "TITLE", flexible: true},
		},
		row: a.actionRow,
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.ActionItem, string, error) {
			answer, err := server.actionItems.ListActionItems(ctx, &debriefv1.ListActionItemsRequest{
				PageSize: size, PageToken: token, Filter: flags.filter, OrderBy: flags.orderBy, ShowDeleted: flags.showDeleted,
			})
			return answer.GetActionItems(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) actionRow(item *debriefv1.ActionItem) []cell {
	title := item.GetTitle()
	if item.GetDeleteTime() != nil {
		title = "(deleted) " + title
	}
	return []cell{
		{idOf(item.GetName()), plain},
		{enumText(item.GetState()), actionStyle(item.GetState())},
		{orDash(enumText(item.GetPriority())), plain},
		{strengthText(item), plain},
		{orDash(a.moment(item.GetDueTime())), a.dueStyle(item)},
		{orDash(shorten(line(item.GetOwner()), narrowestFlexible)), plain},
		{title, plain},
	}
}

// strengthText is the strength that a person has judged, or else, with a question mark, the one that is suggested.
func strengthText(item *debriefv1.ActionItem) string {
	if judged := enumText(item.GetStrength()); judged != "" {
		return judged
	}
	if suggested := enumText(item.GetSuggestedStrength().GetStrength()); suggested != "" {
		return suggested + "?"
	}
	return orDash("")
}

// suggestionText is what the words of an action item say of its strength.
func suggestionText(suggestion *debriefv1.StrengthSuggestion) string {
	if len(suggestion.GetWords()) == 0 {
		return ""
	}
	return fmt.Sprintf("%s, for %s", enumText(suggestion.GetStrength()), strings.Join(texts(suggestion.GetWords(), strconv.Quote), ", "))
}

// recurrenceText names the incidents that came although it was done.
func recurrenceText(recurrences []*debriefv1.Recurrence) string {
	return strings.Join(texts(recurrences, func(r *debriefv1.Recurrence) string {
		return fmt.Sprintf("%s (%s, %s)", r.GetIncident(), line(r.GetSystem()), enumText(r.GetCategory()))
	}), ", ")
}

// dueStyle stands out where the time of something still to be done is over.
func (a *application) dueStyle(item *debriefv1.ActionItem) style {
	open := item.GetState() == debriefv1.ActionItem_STATE_OPEN || item.GetState() == debriefv1.ActionItem_STATE_IN_PROGRESS
	if open && item.GetDueTime() != nil && item.GetDueTime().AsTime().Before(a.environment.now()) {
		return red
	}
	return plain
}

func (a *application) newActionShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ACTION", Short: "Show all of an action item", Args: takes, ValidArgsFunction: a.completeFirst(suggestActions),
		RunE: a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
			name, err := actionNames.parse(arguments[0])
			if err != nil {
				return usagef("%w", err)
			}
			item, err := server.actionItems.GetActionItem(command.Context(), &debriefv1.GetActionItemRequest{Name: name})
			if err != nil {
				return err
			}
			return a.show(item, func() error { return a.actionSheet(item) })
		}),
	}
}

func (a *application) actionSheet(item *debriefv1.ActionItem) error {
	s := a.newSheet(item.GetTitle(), item.GetName())
	s.styled("State", enumText(item.GetState()), actionStyle(item.GetState()))
	s.field("Owner", orDash(item.GetOwner()))
	s.styled("Due", a.exactMoment(item.GetDueTime()), a.dueStyle(item))
	s.field("Priority", orDash(enumText(item.GetPriority())))
	s.field("Strength", orDash(enumText(item.GetStrength())))
	s.field("Suggested", suggestionText(item.GetSuggestedStrength()))
	s.field("First step", item.GetFirstStep())
	s.field("Tracker", item.GetTrackerUri())
	s.field("Post-mortem", qualifiedFactor(item))
	s.field("Model gap", item.GetModelGap())
	s.field("Incident", item.GetIncident())
	s.field("Systems", line(strings.Join(item.GetSystems(), ", ")))
	s.field("Labels", labelText(item.GetLabels()))
	s.field("Started", a.exactMoment(item.GetStartTime()))
	s.field("Done", a.exactMoment(item.GetCompleteTime()))
	s.field("Verified", a.exactMoment(item.GetVerifyTime()))
	s.field("Look back", a.exactMoment(item.GetLookBackTime()))
	s.field("Came again", recurrenceText(item.GetRecurrences()))
	s.field("Dropped for", item.GetDropReason())
	s.field("Successor", item.GetSuccessor())
	s.field("Predecessor", item.GetPredecessor())
	s.field("Created", a.exactMoment(item.GetCreateTime()))
	s.field("Deleted", a.exactMoment(item.GetDeleteTime()))
	s.field("Etag", item.GetEtag())
	s.section("Description", item.GetDescription())
	s.section("Verification", item.GetOutcomeNote())
	return s.show()
}

func qualifiedFactor(item *debriefv1.ActionItem) string {
	if item.GetContributingFactor() == "" {
		return item.GetPostMortem()
	}
	return qualified(item.GetPostMortem(), fmt.Sprintf("factor %s", item.GetContributingFactor()))
}
