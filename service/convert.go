package service

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// each converts the elements of a list.
func each[From, To any](list []From, convert func(From) To) []To {
	if len(list) == 0 {
		return nil
	}
	converted := make([]To, len(list))
	for i, element := range list {
		converted[i] = convert(element)
	}
	return converted
}

func timeToProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// timeFromProto reads a time that was checked before.
func timeFromProto(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return stored(t.AsTime())
}

func durationToProto(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

func linkToProto(link repository.Link) *debriefv1.Link {
	return &debriefv1.Link{Uri: link.URI, Title: link.Title}
}

func linkFromProto(link *debriefv1.Link) repository.Link {
	return repository.Link{URI: link.GetUri(), Title: link.GetTitle()}
}

func evidenceToProto(evidence repository.Evidence) *debriefv1.Evidence {
	return &debriefv1.Evidence{Uri: evidence.URI, Title: evidence.Title, Excerpt: evidence.Excerpt}
}

func evidenceFromProto(evidence *debriefv1.Evidence) repository.Evidence {
	return repository.Evidence{URI: evidence.GetUri(), Title: evidence.GetTitle(), Excerpt: evidence.GetExcerpt()}
}

func eventToProto(event repository.Event) *debriefv1.Event {
	return &debriefv1.Event{
		Sequence:         event.Sequence(),
		Id:               event.CreationKey,
		Type:             valueOf[debriefv1.Event_Type](event.Type),
		Resource:         event.Resource,
		ResourceRevision: event.ResourceRevision,
		Incident:         event.Incident,
		Time:             timeToProto(event.Time),
		Actor:            event.Actor,
		Changes: each(event.Changes, func(change repository.FieldChange) *debriefv1.FieldChange {
			return &debriefv1.FieldChange{Field: change.Field, Before: change.Before, After: change.After}
		}),
	}
}

func rejectedDeliveryToProto(delivery repository.RejectedDelivery) *debriefv1.RejectedDelivery {
	return &debriefv1.RejectedDelivery{
		Name:        resourceName(rejectedDeliveriesCollection, delivery.ID),
		Source:      delivery.Source,
		Reason:      delivery.Reason,
		ContentType: delivery.ContentType,
		Body:        delivery.Body,
		SizeBytes:   delivery.Size,
		CreateTime:  timeToProto(delivery.CreateTime),
	}
}

// purgeTime is when a deleted resource is to be purged; the zero time while it is not deleted.
func (b *base) purgeTime(header repository.Header) time.Time {
	if header.DeleteTime.IsZero() {
		return time.Time{}
	}
	return header.DeleteTime.Add(b.retention)
}
