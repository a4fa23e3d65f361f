package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const personForgetHelp = `Forget puts a pseudonym in the place of a name wherever it stands: in resources, deleted ones included, in revisions that were
published, in what amended entries said before, in events, and in what was told of them.

NAME is as it stands in resources, such as ana or ana@example.com. Without --texts, what people wrote stays as it is: look at
--texts --dry-run, whether the name is a word that also means something else. The audit trail, deliveries of alerts that are purged
soon, backups and exports, and what others were told, are not touched.

It works bit by bit, and can be ended and begun again at any time: give the same --replacement then. Do it until it finds nothing.`

func (a *application) newPersonCommand() *cobra.Command {
	return newGroup("person", "Forget people who ask for it", a.newPersonForgetCommand())
}

func (a *application) newPersonForgetCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "forget NAME", Short: "Put a pseudonym in the place of a name, wherever it stands", Args: takes, Long: personForgetHelp,
		Example: "  debrief person forget ana@example.com --texts --dry-run\n  debrief person forget ana@example.com --texts --replacement former-member-1",
	}
	request := &debriefv1.ForgetPersonRequest{}
	k := addKeeper(command)
	flags := command.Flags()
	flags.StringVar(&request.Replacement, "replacement", "", "the `pseudonym` (default: former-member- and six letters)")
	flags.BoolVar(&request.Texts, "texts", false, "also where people wrote the name as a word of a text, in small or capital letters")
	flags.BoolVar(&request.ValidateOnly, "dry-run", false, "only count where it stands")
	command.RunE = a.onKeeper(k, func(command *cobra.Command, keeper debriefv1.AccessServiceClient, arguments []string) error {
		request.Person = arguments[0]
		return a.forget(command, keeper, request)
	})
	return command
}

// forget asks again and again, until all was looked at.
func (a *application) forget(command *cobra.Command, keeper debriefv1.AccessServiceClient, request *debriefv1.ForgetPersonRequest) error {
	all := &debriefv1.ForgetPersonResponse{}
	for {
		answer, err := keeper.ForgetPerson(command.Context(), request)
		if err != nil {
			if request.GetReplacement() != "" && !request.GetValidateOnly() {
				a.note("It is not done: begin again with --replacement %s", line(request.GetReplacement()))
			}
			return err
		}
		all.Replacement, request.Replacement = answer.GetReplacement(), answer.GetReplacement()
		for _, places := range answer.GetPlaces() {
			addPlaces(all, places)
		}
		if request.ResumeToken = answer.GetNextResumeToken(); request.GetResumeToken() == "" {
			return a.show(all, func() error { return a.showForgotten(request, all) })
		}
	}
}

// addPlaces adds to what was told of the same kind before.
func addPlaces(all *debriefv1.ForgetPersonResponse, places *debriefv1.ForgetPersonResponse_Places) {
	for _, known := range all.GetPlaces() {
		if known.GetKind() == places.GetKind() {
			known.ResourceCount += places.GetResourceCount()
			known.PlaceCount += places.GetPlaceCount()
			return
		}
	}
	all.Places = append(all.Places, places)
}

func (a *application) showForgotten(request *debriefv1.ForgetPersonRequest, all *debriefv1.ForgetPersonResponse) error {
	if len(all.GetPlaces()) == 0 {
		_, err := fmt.Fprintf(a.out, "%s stands nowhere.\n", line(request.GetPerson()))
		return err
	}
	did := "is replaced by " + all.GetReplacement()
	if request.GetValidateOnly() {
		did = "stands"
	}
	var told strings.Builder
	for _, places := range all.GetPlaces() {
		fmt.Fprintf(&told, "  %s: %d times, in %d\n", line(strings.ReplaceAll(places.GetKind(), "_", " ")), places.GetPlaceCount(), places.GetResourceCount())
	}
	_, err := fmt.Fprintf(a.out, "%s %s in\n%s", line(request.GetPerson()), line(did), told.String())
	return err
}
