package service

import (
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/debriefhq/debrief/repository"
)

// checkFacilitator answers nil where the facilitator did not respond to any of the incidents, or somebody has said why they
// facilitate all the same: who was in the middle of it can hardly ask about it with open eyes.
func checkFacilitator(p repository.PostMortem, incidents []repository.Incident) error {
	if strings.TrimSpace(p.Facilitator) == "" || strings.TrimSpace(p.FacilitatorOverrideReason) != "" {
		return nil
	}
	for _, incident := range incidents {
		role, responded := roleIn(incident, p.Facilitator)
		if !responded {
			continue
		}
		name := incidentName(incident.ID)
		return &stateError{
			Code: codes.FailedPrecondition, Reason: "FACILITATOR_WAS_RESPONDER",
			Message: fmt.Sprintf("%s was %s in %s: let somebody facilitate who did not respond, or say in facilitator_override_reason why not",
				strings.TrimSpace(p.Facilitator), role, name),
			Metadata: map[string]string{"facilitator": p.Facilitator, "role": role, "incident": name},
		}
	}
	return nil
}

// roleIn is the role that a person had in an incident: the one that is written down, or else "lead" or "responder".
func roleIn(incident repository.Incident, person string) (role string, responded bool) {
	if samePerson(incident.Lead, person) {
		role, responded = "lead", true
	}
	for _, responder := range incident.Responders {
		if !samePerson(responder.Person, person) {
			continue
		}
		if written := strings.TrimSpace(responder.Role); written != "" {
			return written, true
		}
		if !responded {
			role, responded = "responder", true
		}
	}
	return role, responded
}

// samePerson compares names as people write them.
func samePerson(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}
