package service

import (
	"context"
	"errors"
	"strings"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/forgetting"
)

const (
	// lookedAtOnce and forgottenAtOnce bound what one call of ForgetPerson reads and changes.
	lookedAtOnce    = 5000
	forgottenAtOnce = 200
	// pseudonymLetters are how many letters tell pseudonyms apart that nobody chose.
	pseudonymLetters = 6
)

// ForgetPerson replaces a name wherever it stands, as far as one call goes.
func (s *Access) ForgetPerson(ctx context.Context, request *debriefv1.ForgetPersonRequest) (*debriefv1.ForgetPersonResponse, error) {
	replacement := request.GetReplacement()
	if replacement == "" {
		id := s.newID(s.present())
		replacement = "former-member-" + strings.ToLower(id[len(id)-pseudonymLetters:])
	}
	name := forgetting.New(request.GetPerson(), replacement)
	if _, times := name.Words(replacement, true); times > 0 {
		return nil, invalid("replacement", "has the name in it that is to be forgotten: choose another one")
	}
	run := &forgettingRun{
		base: s.base, shelves: personalShelves(s.bare, s.repository), forgetter: forgetter{name: name, texts: request.GetTexts()}, only: request.GetValidateOnly(),
		response: &debriefv1.ForgetPersonResponse{Replacement: replacement},
	}
	if err := run.resume(request.GetResumeToken()); err != nil {
		return nil, err
	}
	if err := run.run(ctx); err != nil {
		return nil, err
	}
	return run.response, nil
}

// forgettingRun is one call's part of the work.
type forgettingRun struct {
	*base
	// shelves are those that are left to be looked at, and after is the id on the first of them behind which to begin.
	shelves   []personalShelf
	after     string
	forgetter forgetter
	// only says that nothing is to be changed.
	only bool
	// told says that the event was written.
	told bool
	// looked and forgotten are how many resources were read and changed.
	looked, forgotten int
	response          *debriefv1.ForgetPersonResponse
}

const toldMark = "told"

// resume goes on where a token says: at a kind, behind an id.
func (r *forgettingRun) resume(token string) error {
	if token == "" {
		return nil
	}
	kind, rest, _ := strings.Cut(token, "/")
	told, after, found := strings.Cut(rest, "/")
	for len(r.shelves) > 0 && r.shelves[0].kind() != kind {
		r.shelves = r.shelves[1:]
	}
	if len(r.shelves) == 0 || !found {
		return invalid("resume_token", "is none that ForgetPerson has answered: leave it out to begin again")
	}
	r.told, r.after = told == toldMark, after
	return nil
}

// token says where to go on.
func (r *forgettingRun) token() string {
	told := ""
	if r.told {
		told = toldMark
	}
	return r.shelves[0].kind() + "/" + told + "/" + r.after
}

func (r *forgettingRun) run(ctx context.Context) error {
	for ; len(r.shelves) > 0; r.shelves, r.after = r.shelves[1:], "" {
		for {
			documents, err := r.bare.Documents(ctx, r.shelves[0].kind(), r.after)
			if err != nil {
				return err
			}
			if len(documents) == 0 {
				break
			}
			if full, err := r.page(ctx, documents); err != nil || full {
				r.response.NextResumeToken = r.token()
				return err
			}
		}
	}
	return nil
}

// page looks at documents of the first shelf, until it is enough for one call.
func (r *forgettingRun) page(ctx context.Context, documents []repository.Document) (full bool, err error) {
	for _, document := range documents {
		times, err := r.shelves[0].look(document, r.forgetter)
		if err == nil && times > 0 {
			err = r.forget(ctx, document.ID, times)
		}
		if err != nil {
			return false, err
		}
		r.after = document.ID
		if r.looked++; r.looked >= lookedAtOnce || r.forgotten >= forgottenAtOnce {
			return true, nil
		}
	}
	return false, nil
}

// forget replaces the name in a resource, once it is told that it is being replaced. It counts only what the caller may know of.
func (r *forgettingRun) forget(ctx context.Context, id string, times int) error {
	shown, err := r.shelves[0].isShown(ctx, id)
	if err != nil {
		return err
	}
	if !r.only {
		if times, err = r.change(ctx, id); err != nil {
			return err
		}
	}
	if shown {
		r.count(times)
	}
	return nil
}

func (r *forgettingRun) change(ctx context.Context, id string) (int, error) {
	if !r.told {
		if err := r.tell(ctx); err != nil {
			return 0, err
		}
		r.told = true
	}
	r.forgotten++
	return r.shelves[0].forget(ctx, id, r.forgetter)
}

// count adds to what is answered.
func (r *forgettingRun) count(times int) {
	if times == 0 {
		return
	}
	kind := r.shelves[0].kind()
	last := len(r.response.GetPlaces()) - 1
	if last < 0 || r.response.GetPlaces()[last].GetKind() != kind {
		r.response.Places = append(r.response.Places, &debriefv1.ForgetPersonResponse_Places{Kind: kind})
		last++
	}
	r.response.Places[last].ResourceCount++
	r.response.Places[last].PlaceCount += int64(times)
}

// tell writes the event, with a change of whichever resource there is: an event comes into being with a change alone.
func (r *forgettingRun) tell(ctx context.Context) error {
	now := r.present()
	event := r.event(ctx, "PERSON_FORGOTTEN", forgottenPrefix+r.forgetter.name.Replacement(), "", 1, now, nil)
	event.Actor, _ = r.forgetter.name.Whole(event.Actor)
	effects := repository.Effects{Events: []repository.Event{event}}
	for _, carry := range []func() (bool, error){
		func() (bool, error) { return carry(ctx, repository.IncidentSchema, r.bare.Incidents(), effects) },
		func() (bool, error) { return carry(ctx, repository.PostMortemSchema, r.bare.PostMortems(), effects) },
		func() (bool, error) { return carry(ctx, repository.ActionItemSchema, r.bare.ActionItems(), effects) },
		func() (bool, error) { return carry(ctx, repository.SystemSchema, r.bare.Systems(), effects) },
		func() (bool, error) {
			return carry(ctx, repository.SubscriptionSchema, r.bare.Subscriptions(), effects)
		},
	} {
		if carried, err := carry(); err != nil || carried {
			return err
		}
	}
	return nil
}

// carry stores effects with the latest resource of a collection, which stays as it is; it is false where there is none.
func carry[T any](ctx context.Context, schema repository.Schema[T], collection repository.Collection[T], effects repository.Effects) (bool, error) {
	found, err := collection.List(ctx, repository.Query{Visible: repository.Deleted, Descending: true, Limit: 1})
	if err != nil || len(found) == 0 {
		return false, err
	}
	_, err = collection.Update(ctx, schema.Header(&found[0]).ID, func(*T) (repository.Effects, error) { return effects, nil })
	if errors.Is(err, repository.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
