package main

import (
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// restrictionFlag says who alone may know of something.
const restrictionFlag = "restrict-to"

// teamPrefix tells teams from people.
const teamPrefix = "team:"

func addRestriction(command *cobra.Command, to *[]string) {
	command.Flags().StringArrayVar(to, restrictionFlag, nil,
		"who alone may know of it: a `NAME` as whoami says it, or team:NAME; can be repeated, replaces what was, and \"\" lets everybody know")
}

// readRestriction reads what the flag was given; nil where everybody may know.
func readRestriction(given []string) *debriefv1.Restriction {
	restriction := &debriefv1.Restriction{}
	for _, name := range given {
		team, isTeam := strings.CutPrefix(name, teamPrefix)
		switch {
		case name == "":
		case isTeam:
			restriction.Teams = append(restriction.Teams, team)
		default:
			restriction.People = append(restriction.People, name)
		}
	}
	if len(restriction.GetPeople()) == 0 && len(restriction.GetTeams()) == 0 {
		return nil
	}
	return restriction
}

// restrictionText says who alone may know of something; nothing where everybody may.
func restrictionText(restriction *debriefv1.Restriction) string {
	names := restriction.GetPeople()
	for _, team := range restriction.GetTeams() {
		names = append(names, teamPrefix+team)
	}
	return strings.Join(names, ", ")
}
