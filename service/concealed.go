package service

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/access"
)

// concealed is what a caller may not know of: what is restricted to others, and what belongs to that. All are resource names.
type concealed struct {
	incidents, postMortems, actionItems map[string]bool
	// restricted holds for incidents and post-mortems that are restricted to others themselves.
	restricted repository.Condition
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

type concealedKey struct{}

// look is what is concealed from the caller of one call, once that was asked for.
type look struct {
	// all says that nothing is.
	all   bool
	mutex sync.Mutex
	known bool
	found *concealed
}

// withLook has a call ask only once what is concealed from its caller.
func withLook(ctx context.Context) context.Context {
	return context.WithValue(ctx, concealedKey{}, &look{})
}

// seeingAll is a context in which nothing is concealed: for what Debrief does by itself in the course of a call.
func seeingAll(ctx context.Context) context.Context {
	return context.WithValue(ctx, concealedKey{}, &look{all: true})
}

// asOutsider is a context in which all is concealed that is restricted, to whomever: for what leaves Debrief.
func asOutsider(ctx context.Context) context.Context {
	return access.WithPrincipal(withLook(ctx), access.Principal{By: "SUBSCRIPTION"})
}

// whoseSight is the principal by whom it is to be told what is concealed; false where nothing is.
func whoseSight(ctx context.Context) (access.Principal, bool) {
	if seen, ok := ctx.Value(concealedKey{}).(*look); ok && seen.all {
		return access.Principal{}, false
	}
	principal, called := access.PrincipalOf(ctx)
	return principal, called && principal.By != access.ByNothing && principal.Role != access.Integration
}

// isRestrictedToOthers says whether a restriction keeps the caller out.
func isRestrictedToOthers(ctx context.Context, restriction repository.Restriction) bool {
	principal, shown := whoseSight(ctx)
	return shown && !restriction.IsZero() && !principal.Among(restriction.People, restriction.Teams)
}

// concealedFrom is what the caller may not know of; nil where that is nothing, where nobody has to show who they are, and where
// Debrief itself is at work.
func (b *base) concealedFrom(ctx context.Context) (*concealed, error) {
	principal, shown := whoseSight(ctx)
	if !shown {
		return nil, nil //nolint:nilnil // Nothing is concealed.
	}
	before, ok := ctx.Value(concealedKey{}).(*look)
	if !ok {
		return b.lookFor(ctx, principal)
	}
	before.mutex.Lock()
	defer before.mutex.Unlock()
	if before.known {
		return before.found, nil
	}
	found, err := b.lookFor(ctx, principal)
	before.found, before.known = found, err == nil
	return found, err
}

// lookFor finds what is concealed from a principal. Where nothing is restricted these are two looks into an index.
func (b *base) lookFor(ctx context.Context, principal access.Principal) (*concealed, error) {
	found := &concealed{restricted: restrictedToOthers(principal)}
	var err error
	if found.incidents, err = namesOf(ctx, repository.IncidentSchema, b.bare.Incidents(), found.restricted, incidentName); err != nil {
		return nil, err
	}
	reviews := repository.Or{found.restricted}
	if len(found.incidents) > 0 {
		reviews = append(reviews, termsOf("incidents", found.incidents))
	}
	if found.postMortems, err = namesOf(ctx, repository.PostMortemSchema, b.bare.PostMortems(), reviews, postMortemName); err != nil {
		return nil, err
	}
	if len(found.incidents) == 0 && len(found.postMortems) == 0 {
		return nil, nil //nolint:nilnil // Nothing is concealed.
	}
	items := append(termsOf("incident", found.incidents), termsOf("post_mortem", found.postMortems)...)
	found.actionItems, err = namesOf(ctx, repository.ActionItemSchema, b.bare.ActionItems(), items, actionItemName)
	return found, err
}

// restrictedToOthers holds for what is restricted, and not to the principal.
func restrictedToOthers(principal access.Principal) repository.Condition {
	restricted := repository.TermIn{repository.Restricted()}
	own := repository.TermIn{}
	if principal.Name != "" {
		own = append(own, repository.Term("restriction.people", principal.Name))
	}
	for _, team := range principal.Teams {
		own = append(own, repository.Term("restriction.teams", team))
	}
	if len(own) == 0 {
		return restricted
	}
	return repository.And{restricted, repository.Not{Condition: own}}
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
