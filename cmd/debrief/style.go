package main

import (
	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// style is how a terminal shows a text: the parameters of ECMA-48's SGR sequence. Empty: as everything else.
type style string

const (
	plain  style = ""
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	blue   style = "34"
	alarm  style = "1;31"
)

func (s style) paint(text string) string {
	if s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// colored says whether stdout is to have colours; NO_COLOR is the convention of no-color.org.
func (a *application) colored() bool {
	switch a.globals.color.value {
	case "always":
		return true
	case "never":
		return false
	}
	return a.environment.width > 0 && a.environment.variable("NO_COLOR") == "" && a.environment.variable("TERM") != "dumb"
}

// paint is the text in a style, where there are colours.
func (a *application) paint(with style, text string) string {
	if !a.colored() {
		return text
	}
	return with.paint(text)
}

func severityStyle(severity debriefv1.Severity) style {
	switch severity {
	case debriefv1.Severity_SEVERITY_SEV1:
		return alarm
	case debriefv1.Severity_SEVERITY_SEV2:
		return red
	case debriefv1.Severity_SEVERITY_SEV3:
		return yellow
	default:
		return plain
	}
}

func incidentStyle(state debriefv1.Incident_State) style {
	switch state {
	case debriefv1.Incident_STATE_TRIAGE:
		return alarm
	case debriefv1.Incident_STATE_ACTIVE:
		return red
	case debriefv1.Incident_STATE_MITIGATED:
		return yellow
	case debriefv1.Incident_STATE_RESOLVED:
		return green
	default:
		return faint
	}
}

func postMortemStyle(state debriefv1.PostMortem_State) style {
	switch state {
	case debriefv1.PostMortem_STATE_SCHEDULED:
		return blue
	case debriefv1.PostMortem_STATE_IN_REVIEW:
		return yellow
	case debriefv1.PostMortem_STATE_PUBLISHED:
		return green
	case debriefv1.PostMortem_STATE_ARCHIVED:
		return faint
	default:
		return plain
	}
}

func actionStyle(state debriefv1.ActionItem_State) style {
	switch state {
	case debriefv1.ActionItem_STATE_IN_PROGRESS:
		return blue
	case debriefv1.ActionItem_STATE_DONE, debriefv1.ActionItem_STATE_VERIFIED:
		return green
	case debriefv1.ActionItem_STATE_INEFFECTIVE:
		return yellow
	case debriefv1.ActionItem_STATE_DROPPED:
		return faint
	default:
		return plain
	}
}
