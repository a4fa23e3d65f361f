package main

import (
	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func (a *application) newPostMortemCreateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "create INCIDENT…", Short: "Start a draft that covers one or more incidents", Args: takes,
		Long:              "Create starts a draft. What is not given is filled from the incidents: title, summary, impact, participants.",
		ValidArgsFunction: a.complete(suggestIncidents),
	}
	request := &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{}}
	fields := a.addPostMortemFields(command)
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be created, and create nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		for _, argument := range arguments {
			name, err := incidentNames.parse(argument)
			if err != nil {
				return usagef("%w", err)
			}
			request.PostMortem.Incidents = append(request.PostMortem.Incidents, name)
		}
		if _, err := fields.apply(command.Context(), request.GetPostMortem()); err != nil {
			return err
		}
		request.RequestId = a.environment.newRequestID()
		created, err := server.postMortems.CreatePostMortem(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(created, done(created.GetName(), "is started", request.GetValidateOnly())+postMortemSummary(created))
	})
	return command
}
