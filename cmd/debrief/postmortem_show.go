package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newPostMortemShowCommand() *cobra.Command {
	var revision int32
	var check bool
	command := &cobra.Command{
		Use: "show POST-MORTEM", Short: "Show all of a post-mortem, or one of its revisions", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
	}
	command.Flags().Int32Var(&revision, "revision", 0, "show this published revision; 0: as it stands now")
	command.Flags().BoolVar(&check, "check", false, "show what the blameless check finds in it, as it stands now")
	command.MarkFlagsMutuallyExclusive("revision", "check")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := postMortemNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		if revision != 0 {
			return a.showRevision(command.Context(), server, fmt.Sprintf("%s/revisions/%d", name, revision))
		}
		request := &debriefv1.GetPostMortemRequest{Name: name}
		if check {
			request.View = debriefv1.View_VIEW_LANGUAGE
		}
		postMortem, err := server.postMortems.GetPostMortem(command.Context(), request)
		if err != nil {
			return err
		}
		if check {
			return a.show(postMortem, func() error { return a.tellFindings(postMortem.GetLanguageFindings()) })
		}
		return a.show(postMortem, func() error { return a.postMortemSheet(postMortem) })
	})
	return command
}

func (a *application) showRevision(ctx context.Context, server *connection, name string) error {
	revision, err := server.postMortems.GetPostMortemRevision(ctx, &debriefv1.GetPostMortemRevisionRequest{Name: name})
	if err != nil {
		return err
	}
	return a.show(revision, func() error {
		_, err := fmt.Fprintln(a.out, lines(revision.GetDocument()))
		return err
	})
}

func (a *application) postMortemSheet(postMortem *debriefv1.PostMortem) error {
	s := a.newSheet(postMortem.GetTitle(), postMortem.GetName())
	s.styled("State", enumText(postMortem.GetState()), postMortemStyle(postMortem.GetState()))
	s.field("Incidents", joined(", ", postMortem.GetIncidents()...))
	s.field("Facilitator", postMortem.GetFacilitator())
	s.field("Restricted to", restrictionText(postMortem.GetRestriction()))
	s.field("Override", postMortem.GetFacilitatorOverrideReason())
	s.field("Scribe", postMortem.GetScribe())
	s.field("Review", a.exactMoment(postMortem.GetReviewTime()))
	s.field("Review began", a.exactMoment(postMortem.GetReviewStartTime()))
	s.field("Review ended", a.exactMoment(postMortem.GetReviewEndTime()))
	s.field("Conclusion", qualified(enumText(postMortem.GetConclusion()), postMortem.GetConclusionNote()))
	s.field("Rules read", a.readingText(postMortem.GetRulesReading()))
	s.field("Revision", publishedText(postMortem))
	s.field("Published", a.exactMoment(postMortem.GetPublishTime()))
	s.field("Labels", labelText(postMortem.GetLabels()))
	s.field("Created", a.exactMoment(postMortem.GetCreateTime()))
	s.field("Deleted", a.exactMoment(postMortem.GetDeleteTime()))
	s.field("Etag", postMortem.GetEtag())
	for _, section := range sections {
		if section.text != nil {
			s.section(section.title, *section.text(postMortem))
		} else {
			s.section(section.title, section.tell(postMortem))
		}
	}
	for _, section := range postMortem.GetSections() {
		s.section(line(qualified(section.GetTitle(), section.GetId())), section.GetText())
	}
	s.list("Stakeholders", texts(postMortem.GetStakeholders(), func(p *debriefv1.Participant) string { return qualified(p.GetPerson(), p.GetRole()) }))
	s.list("Participants", texts(postMortem.GetParticipants(), func(p *debriefv1.Participant) string { return qualified(p.GetPerson(), p.GetRole()) }))
	return s.show()
}

// tellBeliefs shows beliefs for eyes.
func tellBeliefs(postMortem *debriefv1.PostMortem) string {
	return strings.Join(texts(postMortem.GetBeliefs(), func(belief *debriefv1.Belief) string {
		return fmt.Sprintf("%s believed\n%s\nand true was\n%s\n%s",
			somebody(belief.GetHeldBy()), indent(belief.GetBelieved()), indent(belief.GetActual()), tellEvidence(belief.GetEvidence()))
	}), "\n")
}

// somebody is who held a belief.
func somebody(who string) string {
	if who == "" {
		return "Somebody"
	}
	return who
}

// tellFactors shows contributing factors for eyes, each with the id by which action items answer it.
func tellFactors(postMortem *debriefv1.PostMortem) string {
	return strings.Join(texts(postMortem.GetContributingFactors(), func(factor *debriefv1.ContributingFactor) string {
		category := enumText(factor.GetCategory())
		return fmt.Sprintf("%s\n%s\n%s", qualified(category, factor.GetId()), indent(factor.GetDescription()), tellEvidence(factor.GetEvidence()))
	}), "\n")
}

func tellEvidence(evidence []*debriefv1.Evidence) string {
	var text strings.Builder
	for _, shown := range evidence {
		fmt.Fprintf(&text, "  seen in %s\n", line(evidenceLine(shown)))
	}
	return text.String()
}

func publishedText(postMortem *debriefv1.PostMortem) string {
	if postMortem.GetLatestRevision() == 0 {
		return "none is published"
	}
	text := fmt.Sprint(postMortem.GetLatestRevision())
	if postMortem.GetUnpublishedChanges() {
		text += ", edited since"
	}
	return text
}

func (a *application) newPostMortemRevisionsCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "revisions POST-MORTEM", Short: "List the published revisions, the newest first", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
	}
	var flags listFlags
	flags.add(command, 50)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		parent, err := postMortemNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		return a.revisionListing(server, parent).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) revisionListing(server *connection, parent string) listing[*debriefv1.PostMortemRevision] {
	return listing[*debriefv1.PostMortemRevision]{
		field:    "revisions",
		headings: []heading{{text: "REVISION"}, {text: "PUBLISHED"}, {text: "BY"}, {text: "TITLE", flexible: true}},
		row: func(revision *debriefv1.PostMortemRevision) []cell {
			return []cell{
				{fmt.Sprint(revision.GetRevision()), plain},
				{a.moment(revision.GetPublishTime()), plain},
				{orDash(revision.GetActor()), plain},
				{revision.GetPostMortem().GetTitle(), plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.PostMortemRevision, string, error) {
			answer, err := server.postMortems.ListPostMortemRevisions(ctx, &debriefv1.ListPostMortemRevisionsRequest{
				Parent: parent, PageSize: size, PageToken: token,
			})
			return answer.GetRevisions(), answer.GetNextPageToken(), err
		},
	}
}
