package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// postMortemFilter are the flags that say which post-mortems are meant.
type postMortemFilter struct {
	states       []debriefv1.PostMortem_State
	incident     string
	facilitator  string
	participant  string
	title        string
	labels       []string
	since, until *timestamppb.Timestamp
}

func (f *postMortemFilter) add(a *application, command *cobra.Command) {
	flags := command.Flags()
	addEnums(command, &f.states, "state", "only in these states")
	flags.Var(nameFlag{incidentNames, &f.incident}, "incident", "only those that cover this incident")
	completeFlag(command, "incident", a.complete(suggestIncidents))
	flags.StringVar(&f.facilitator, "facilitator", "", "only those that this `person` facilitates")
	flags.StringVar(&f.participant, "participant", "", "only those that this `person` takes part in")
	flags.StringVar(&f.title, "title", "", "only those whose title has these `words`")
	flags.StringArrayVar(&f.labels, "label", nil, "only with this label, `KEY` or KEY=VALUE; can be repeated")
	flags.Var(timeFlag{&f.since, a.environment.now}, "since", "only those created at this time or later")
	flags.Var(timeFlag{&f.until, a.environment.now}, "until", "only those created before this time")
}

func (f *postMortemFilter) expression(custom string) string {
	var all filter
	all.custom(custom)
	among(&all, "state", f.states)
	all.has("incidents", f.incident)
	all.equal("facilitator", f.facilitator)
	all.has("participants.person", f.participant)
	all.has("title", f.title)
	all.labels(f.labels)
	all.within("create_time", f.since, f.until)
	return all.String()
}

func (a *application) newPostMortemListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List post-mortems, the newest first", Args: takes}
	var (
		flags   listFlags
		meaning postMortemFilter
	)
	flags.add(command, 50)
	flags.addFilter(command, "fields: state, title, incidents, facilitator, scribe, labels.KEY, review_time, publish_time, …")
	flags.addOrder(command, "create_time desc (default), update_time, publish_time, review_time")
	flags.addShowDeleted(command)
	meaning.add(a, command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		flags.filter = meaning.expression(flags.filter)
		return a.postMortemListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) postMortemListing(server *connection, flags *listFlags) listing[*debriefv1.PostMortem] {
	return listing[*debriefv1.PostMortem]{
		field:    "postMortems",
		headings: []heading{{text: "ID"}, {text: "STATE"}, {text: "REVISION"}, {text: "REVIEW"}, {text: "TITLE", flexible: true}},
		row:      a.postMortemRow,
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.PostMortem, string, error) {
			answer, err := server.postMortems.ListPostMortems(ctx, &debriefv1.ListPostMortemsRequest{
				PageSize: size, PageToken: token, Filter: flags.filter, OrderBy: flags.orderBy, ShowDeleted: flags.showDeleted,
			})
			return answer.GetPostMortems(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) postMortemRow(postMortem *debriefv1.PostMortem) []cell {
	title := postMortem.GetTitle()
	if postMortem.GetDeleteTime() != nil {
		title = "(deleted) " + title
	}
	return []cell{
		{idOf(postMortem.GetName()), plain},
		{enumText(postMortem.GetState()), postMortemStyle(postMortem.GetState())},
		{revisionText(postMortem), plain},
		{orDash(a.moment(postMortem.GetReviewTime())), plain},
		{title, plain},
	}
}

// revisionText is the newest published revision; a + says that it was edited since.
func revisionText(postMortem *debriefv1.PostMortem) string {
	text := "-"
	if revision := postMortem.GetLatestRevision(); revision > 0 {
		text = fmt.Sprint(revision)
	}
	if postMortem.GetUnpublishedChanges() && text != "-" {
		text += "+"
	}
	return text
}
