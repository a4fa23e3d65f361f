package service

import (
	"context"
	"slices"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/access"
)

// maxRestricted is how many incidents, and how many post-mortems, can be restricted at a time: what a caller reads is held against all
// that is concealed from them.
const maxRestricted = 1000

// checkRestriction answers nil where the caller may restrict a resource in this way: nobody is to lock themselves out, nor to think
// that a restriction holds where nobody has to show who they are.
func (b *base) checkRestriction(ctx context.Context, field string, before, after repository.Restriction) error {
	if after.IsZero() || equalRestrictions(before, after) {
		return nil
	}
	principal, _ := access.PrincipalOf(ctx)
	if !b.access.Required || principal.By == access.ByNothing {
		return failedPrecondition("AUTHENTICATION_NOT_REQUIRED", "nobody has to show this server who they are, so that a restriction would keep nobody out: serve with --require-authentication")
	}
	if !principal.Among(after.People, after.Teams) {
		return invalid(field, "leaves you out: name %s, or one of your teams", principal.Name)
	}
	return nil
}

// hasRoomToRestrict answers nil where nothing is asked to be restricted that is not, or not too much is restricted already. The name is
// that of the resource, empty where it is new.
func hasRoomToRestrict[T any](ctx context.Context, reader repository.Reader[T], name string, of func(*T) repository.Restriction, asked *debriefv1.Restriction) error {
	if restrictionFromProto(asked).IsZero() {
		return nil
	}
	if name != "" {
		present, err := get(ctx, reader, name)
		if err != nil || !of(&present).IsZero() {
			return err
		}
	}
	restricted, err := reader.Count(seeingAll(ctx), repository.Query{
		Where: repository.TermIn{repository.Restricted()}, Visible: repository.Deleted, Limit: maxRestricted,
	})
	if err == nil && restricted >= maxRestricted {
		err = tooMany("TOO_MANY_RESTRICTED", "%d are restricted already: lift restrictions that are not needed any more", maxRestricted)
	}
	return err
}

func restrictionOfIncident(incident *repository.Incident) repository.Restriction {
	return incident.Restriction
}

func restrictionOfPostMortem(p *repository.PostMortem) repository.Restriction { return p.Restriction }

// equalRestrictions says whether the same may know of two resources.
func equalRestrictions(a, b repository.Restriction) bool {
	return slices.Equal(a.People, b.People) && slices.Equal(a.Teams, b.Teams)
}

func restrictionToProto(restriction repository.Restriction) *debriefv1.Restriction {
	if restriction.IsZero() {
		return nil
	}
	return &debriefv1.Restriction{People: restriction.People, Teams: restriction.Teams}
}

// restrictionFromProto puts the names in order, so that what is the same is equal.
func restrictionFromProto(restriction *debriefv1.Restriction) repository.Restriction {
	return repository.Restriction{People: slices.Sorted(slices.Values(restriction.GetPeople())), Teams: slices.Sorted(slices.Values(restriction.GetTeams()))}
}
