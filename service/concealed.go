package service

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/access"
)

// concealed is what a caller may not know of: what is restricted to others, and what belongs to that. All are resource names.
type concealed struct {
	incidents, postMortems, actionItems map[string]bool

	principal access.Principal
}

// keepsOut says whether a restriction is to others.
func (c *concealed) keepsOut(restriction repository.Restriction) bool {
	return !restriction.IsZero() && !c.principal.Among(restriction.People, restriction.Teams)
}

// equal says whether the same is concealed. A condition says of the rest by whom a resource may be known.
func (c *concealed) equal(other *concealed) bool {
	if c == nil || other == nil {
		return c == other
	}
	return maps.Equal(c.incidents, other.incidents) && maps.Equal(c.postMortems, other.postMortems) && maps.Equal(c.actionItems, other.actionItems)
}

// restricted holds for incidents and post-mortems that are restricted to others themselves.
func (c *concealed) restricted() repository.Condition {
	restricted := repository.TermIn{repository.Restricted()}
	own := repository.TermIn{}
	if c.principal.Name != "" {
		own = append(own, repository.Term("restriction.people", c.principal.Name))
	}
	for _, team := range c.principal.Teams {
		own = append(own, repository.Term("restriction.teams", team))
	}
	if len(own) == 0 {
		return restricted
	}
	return repository.And{restricted, repository.Not{Condition: own}}
}

// reviews holds for post-mortems that are concealed: by themselves, or by an incident that they cover.
func (c *concealed) reviews() repository.Condition {
	if len(c.incidents) == 0 {
		return c.restricted()
	}
	return repository.Or{c.restricted(), termsOf("incidents", c.incidents)}
}

// items holds for action items that belong to what is concealed.
func (c *concealed) items() repository.Condition {
	return append(termsOf("incident", c.incidents), termsOf("post_mortem", c.postMortems)...)
}

// hasIncident says whether one of the incidents is concealed.
func (c *concealed) hasIncident(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return c.incidents[name] })
}

// of says whether the resource with the name is concealed, or belongs to one that is.
func (c *concealed) of(name string) bool {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 2 {
		return false
	}
	owner := resourceName(parts[0], parts[1])
	return c.incidents[owner] || c.postMortems[owner] || c.actionItems[owner]
}

// hasEvent says whether an event is about what is concealed.
func (c *concealed) hasEvent(event *repository.Event) bool {
	return c.incidents[event.Incident] || c.of(event.Resource)
}

// names are the names of all kinds.
func (c *concealed) names() []string {
	var all []string
	for _, kind := range []map[string]bool{c.incidents, c.postMortems, c.actionItems} {
		for name := range kind {
			all = append(all, name)
		}
	}
	return all
}

// belonging holds for what has the name of a concealed resource, or of what belongs to one, in the field.
func (c *concealed) belonging(field string) repository.Condition {
	exactly, below := repository.TermIn{}, repository.Or{}
	for _, name := range c.names() {
		exactly = append(exactly, repository.Term(field, name))
		below = append(below, repository.TermRange{From: repository.Term(field, name+"/"), Before: repository.Term(field, name+"0")})
	}
	return append(below, exactly)
}

// termsOf are the terms of the names in the field.
func termsOf(field string, names map[string]bool) repository.TermIn {
	terms := make(repository.TermIn, 0, len(names))
	for name := range names {
		terms = append(terms, repository.Term(field, name))
	}
	return terms
}

type seeingAllKey struct{}

// seeingAll is a context in which nothing is concealed: for what Debrief does by itself in the course of a call.
func seeingAll(ctx context.Context) context.Context {
	return context.WithValue(ctx, seeingAllKey{}, true)
}

// asOutsider is a context in which all is concealed that is restricted, to whomever: for what leaves Debrief.
func asOutsider(ctx context.Context) context.Context {
	return access.WithPrincipal(context.WithValue(ctx, seeingAllKey{}, false), access.Principal{By: "SUBSCRIPTION"})
}

// whoseSight is the principal by whom it is to be told what is concealed. It is false where nothing is: where nobody has to show who
// they are, and where Debrief itself is at work.
func whoseSight(ctx context.Context) (access.Principal, bool) {
	all, _ := ctx.Value(seeingAllKey{}).(bool)
	principal, called := access.PrincipalOf(ctx)
	return principal, called && !all && principal.By != access.ByNothing && principal.Role != access.Integration
}

// concealedFrom finds what is concealed from the caller; nil where that is nothing. Where nothing is restricted to others these are two
// looks into an index.
func (b *base) concealedFrom(ctx context.Context) (*concealed, error) {
	principal, shown := whoseSight(ctx)
	if !shown {
		return nil, nil //nolint:nilnil // Nothing is concealed.
	}
	found := &concealed{principal: principal}
	var err error
	if found.incidents, err = namesOf(ctx, repository.IncidentSchema, b.bare.Incidents(), found.restricted(), incidentName); err != nil {
		return nil, err
	}
	if found.postMortems, err = namesOf(ctx, repository.PostMortemSchema, b.bare.PostMortems(), found.reviews(), postMortemName); err != nil {
		return nil, err
	}
	if len(found.incidents) == 0 && len(found.postMortems) == 0 {
		return nil, nil //nolint:nilnil // Nothing is concealed.
	}
	found.actionItems, err = namesOf(ctx, repository.ActionItemSchema, b.bare.ActionItems(), found.items(), actionItemName)
	return found, err
}

// isSecret says whether not everybody may know of the resource with the name.
func (b *base) isSecret(ctx context.Context, name string) (bool, error) {
	hidden, err := b.concealedFrom(asOutsider(ctx))
	return hidden != nil && hidden.of(name), err
}

// namesOf are the names of all resources for which the condition holds, hidden ones included.
func namesOf[T any](ctx context.Context, schema repository.Schema[T], reader repository.Reader[T], where repository.Condition, name func(string) string) (map[string]bool, error) {
	names := map[string]bool{}
	query := repository.Query{Where: where, Visible: repository.Purged, Limit: purgeAtOnce}
	for page, err := range everyPage(ctx, schema, reader, query) {
		if err != nil {
			return nil, fmt.Errorf("look for what is restricted: %w", err)
		}
		for i := range page {
			names[name(schema.Header(&page[i]).ID)] = true
		}
	}
	return names, nil
}
