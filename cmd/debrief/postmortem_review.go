package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newPostMortemReviewCommand() *cobra.Command {
	return newVerb(a, postMortemKind, verb[*debriefv1.PostMortem]{
		use: "start-review", short: "Say that the group has come together: DRAFT or SCHEDULED becomes IN_REVIEW", done: "is in review", timed: true,
		long: "Start-review says that the group has come together. The ground rules must have been read before: 'debrief postmortem read-rules'.",
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.PostMortem, error) {
			return server.postMortems.StartPostMortemReview(ctx, &debriefv1.StartPostMortemReviewRequest{
				Name: r.name, Etag: r.etag, RequestId: r.requestID, Time: r.time,
			})
		},
	})
}

func (a *application) newPostMortemReadRulesCommand() *cobra.Command {
	request := &debriefv1.ReadGroundRulesRequest{}
	var only bool
	command := &cobra.Command{
		Use: "read-rules POST-MORTEM", Short: "Print the ground rules to be read out, and say that they were", Args: takes,
		Long: `Read-rules prints the ground rules of a post-mortem, to be read out to everybody who is there, and keeps on record who read
them, when, and which participants were there. A review can't start before; a reading counts for a day.`,
		Example:           "  debrief postmortem read-rules 01JD3V2Q6R8T0W2Y4A6C8E0G2J --present kim,sam",
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
	}
	flags := command.Flags()
	flags.StringVar(&request.Reader, "reader", "", "who reads them: a `name` or handle; default: you")
	flags.StringSliceVar(&request.Present, "present", nil, "which participants are there: `names` or handles, separated by commas; can be repeated")
	flags.Var(timeFlag{&request.Time, a.environment.now}, "at", "when they were read; default: now")
	flags.BoolVar(&only, "print", false, "only print them, and keep nothing on record")
	addEtag(command, &request.Etag)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.Name, err = postMortemNames.parse(arguments[0]); err != nil {
			return usagef("%w", err)
		}
		rules, err := groundRulesOf(command.Context(), server, request.GetName())
		if err != nil {
			return err
		}
		if only {
			return a.show(rules, func() error { return a.readOut(rules) })
		}
		request.RequestId = a.environment.newRequestID()
		read, err := server.postMortems.ReadGroundRules(command.Context(), request)
		if err != nil {
			return err
		}
		return a.show(read, func() error {
			if err := a.readOut(rules); err != nil {
				return err
			}
			_, err := fmt.Fprintln(a.out, line("\n"+read.GetName()+" has it on record that "+read.GetRulesReading().GetReader()+" read these rules"))
			return err
		})
	})
	return command
}

// groundRulesOf are the ground rules that a post-mortem has.
func groundRulesOf(ctx context.Context, server *connection, postMortem string) (*debriefv1.GroundRuleSet, error) {
	p, err := server.postMortems.GetPostMortem(ctx, &debriefv1.GetPostMortemRequest{Name: postMortem})
	if err != nil {
		return nil, err
	}
	name := cmp.Or(p.GetGroundRuleSet(), groundRuleSetNames.path+"/default")
	return server.practice.GetGroundRuleSet(ctx, &debriefv1.GetGroundRuleSetRequest{Name: name})
}

// readOut prints rules as they are read out.
func (a *application) readOut(set *debriefv1.GroundRuleSet) error {
	for i, rule := range set.GetRules() {
		if _, err := fmt.Fprintf(a.out, "%d. %s\n%s\n\n", i+1, a.paint(bold, line(rule.GetTitle())), indent(lines(rule.GetText()))); err != nil {
			return err
		}
	}
	return nil
}

func (a *application) newPostMortemBreachCommand() *cobra.Command {
	rule := ""
	return newVerb(a, postMortemKind, verb[*debriefv1.PostMortem]{
		use: "record-breach", short: "Say that a ground rule was broken: which and when, and never by whom", done: "has the breach on record", timed: true,
		flags: func(command *cobra.Command) {
			command.Flags().StringVar(&rule, "rule", "", "the `id` of the rule, such as it-made-sense; 'debrief rules show' tells them")
			require(command, "rule")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.PostMortem, error) {
			return server.postMortems.RecordGroundRuleBreach(ctx, &debriefv1.RecordGroundRuleBreachRequest{
				Name: r.name, Etag: r.etag, RequestId: r.requestID, Rule: rule, Time: r.time,
			})
		},
	})
}

func (a *application) newPostMortemConcludeCommand() *cobra.Command {
	request := &debriefv1.ConcludePostMortemReviewRequest{}
	return newVerb(a, postMortemKind, verb[*debriefv1.PostMortem]{
		use: "conclude", short: "Say that the meeting is over, and what came of it", done: "is concluded", timed: true,
		flags: func(command *cobra.Command) {
			addEnum(command, &request.Conclusion, "conclusion", "what came of it: action items, or that there is nothing to do, which is a valid outcome")
			command.Flags().StringVar(&request.Note, "note", "", "what is to be said to that, in a line")
			require(command, "conclusion")
		},
		call: func(ctx context.Context, server *connection, r verbRequest) (*debriefv1.PostMortem, error) {
			request.Name, request.Etag, request.RequestId, request.Time = r.name, r.etag, r.requestID, r.time
			return server.postMortems.ConcludePostMortemReview(ctx, request)
		},
	})
}

// readingText tells of a reading of the ground rules in a line.
func (a *application) readingText(reading *debriefv1.RulesReading) string {
	if reading == nil {
		return ""
	}
	text := a.exactMoment(reading.GetReadTime()) + " by " + reading.GetReader()
	if len(reading.GetPresent()) > 0 {
		text += " to " + strings.Join(reading.GetPresent(), ", ")
	}
	return text
}
