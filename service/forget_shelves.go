package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/debriefhq/debrief/repository"
)

// personalShelf is a collection in which people's names stand, whatever the type of its resources.
type personalShelf interface {
	// kind is the collection's name.
	kind() string
	// look counts how often the name stands in a document.
	look(document repository.Document, forgetter forgetter) (int, error)
	// isShown says whether the caller may know of the resource of an id.
	isShown(ctx context.Context, id string) (bool, error)
	// forget replaces it in the resource of an id, and says how often it stood there: 0 where it is gone meanwhile.
	forget(ctx context.Context, id string, forgetter forgetter) (int, error)
}

type shelfOf[T any] struct {
	schema repository.Schema[T]
	amend  func(ctx context.Context, id string, change func(*T) error) (T, error)
	// shown is the same without what is concealed from the caller.
	shown repository.Reader[T]
}

// kept is a shelf of what changes.
func kept[T any](schema repository.Schema[T], writer repository.Writer[T], shown repository.Reader[T]) personalShelf {
	return shelfOf[T]{schema, func(ctx context.Context, id string, change func(*T) error) (T, error) {
		return writer.Update(ctx, id, func(resource *T) (repository.Effects, error) { return repository.Effects{}, change(resource) })
	}, shown}
}

// archived is a shelf of what does not.
func archived[T any](schema repository.Schema[T], archive repository.Archive[T], shown repository.Reader[T]) personalShelf {
	return shelfOf[T]{schema, archive.Amend, shown}
}

// personalShelves are all collections in which names stand; all is what is stored, shown what the caller may know of. Not among them:
// the audit trail, which would not hold together any more; what senders of alerts sent, which is purged soon; and what is known of
// alerts beside their episodes, in which are none.
func personalShelves(all, shown repository.Repository) []personalShelf {
	return []personalShelf{
		kept(repository.IncidentSchema, all.Incidents(), shown.Incidents()),
		kept(repository.TimelineEntrySchema, all.TimelineEntries(), shown.TimelineEntries()),
		kept(repository.PostMortemSchema, all.PostMortems(), shown.PostMortems()),
		archived(repository.PostMortemRevisionSchema, all.PostMortemRevisions(), shown.PostMortemRevisions()),
		kept(repository.ActionItemSchema, all.ActionItems(), shown.ActionItems()),
		kept(repository.ParticipantStatementSchema, all.ParticipantStatements(), shown.ParticipantStatements()),
		kept(repository.GroundRulesSchema, all.GroundRules(), shown.GroundRules()),
		kept(repository.PostMortemTemplateSchema, all.PostMortemTemplates(), shown.PostMortemTemplates()),
		kept(repository.SystemSchema, all.Systems(), shown.Systems()),
		archived(repository.SystemRevisionSchema, all.SystemRevisions(), shown.SystemRevisions()),
		kept(repository.MentalModelSchema, all.MentalModels(), shown.MentalModels()),
		kept(repository.IntegrationSchema, all.Integrations(), shown.Integrations()),
		kept(repository.AlertSchema, all.Alerts(), shown.Alerts()),
		kept(repository.SubscriptionSchema, all.Subscriptions(), shown.Subscriptions()),
		kept(repository.APIKeySchema, all.APIKeys(), shown.APIKeys()),
		// What tells of changes comes last, so that it has those that were made meanwhile.
		archived(repository.EventSchema, all.Events(), shown.Events()),
		kept(repository.EventDeliverySchema, all.EventDeliveries(), shown.EventDeliveries()),
	}
}

// isShown says whether the caller may know of the resource of an id.
func (s shelfOf[T]) isShown(ctx context.Context, id string) (bool, error) {
	_, err := s.shown.Get(ctx, id)
	if errors.Is(err, repository.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s shelfOf[T]) kind() string { return s.schema.Name }

func (s shelfOf[T]) look(document repository.Document, forgetter forgetter) (int, error) {
	resource, err := s.schema.Resource(document)
	if err != nil || s.schema.Header(&resource).Visibility == repository.Purged {
		return 0, err
	}
	err = s.replace(&resource, &forgetter)
	return forgetter.count, err
}

func (s shelfOf[T]) forget(ctx context.Context, id string, forgetter forgetter) (int, error) {
	count := 0
	_, err := s.amend(ctx, id, func(resource *T) error {
		counting := forgetter
		err := s.replace(resource, &counting)
		count = counting.count
		if err == nil && count == 0 {
			err = repository.ErrUnchanged
		}
		return err
	})
	if errors.Is(err, repository.ErrNotFound) {
		return 0, nil
	}
	return count, err
}

// replace replaces the name in a resource, and in what a repetition of the request that created it would be answered.
func (s shelfOf[T]) replace(resource *T, forgetter *forgetter) error {
	forgetter.visit(reflect.ValueOf(resource))
	if subscription, is := any(resource).(*repository.Subscription); is {
		endForgotten(subscription)
	}
	header := s.schema.Header(resource)
	if header.FirstAnswer == "" {
		return nil
	}
	var first T
	if err := json.Unmarshal([]byte(header.FirstAnswer), &first); err != nil {
		return fmt.Errorf("%w: the first answer of %s %q: %w", repository.ErrCorrupt, s.schema.Name, header.ID, err)
	}
	before := forgetter.count
	forgetter.visit(reflect.ValueOf(&first))
	if forgetter.count == before {
		return nil
	}
	answer, err := json.Marshal(&first)
	header.FirstAnswer = string(answer)
	return err
}

// endForgotten has nobody be written to whose address was forgotten.
func endForgotten(subscription *repository.Subscription) {
	if subscription.Email != nil && strings.HasSuffix(subscription.Email.Address, forgottenDomain) {
		subscription.State, subscription.StateReason = subscriptionDisabled, "the address was forgotten"
	}
}
