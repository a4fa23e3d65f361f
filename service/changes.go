package service

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/debriefhq/debrief/repository"
)

// maxChangeValue is the most bytes of a value that an event repeats.
const maxChangeValue = 256

// event tells of a change. The revision is the one that the change leads to.
func (b *base) event(ctx context.Context, eventType, resource, incident string, revision int64, now time.Time, changes []repository.FieldChange) repository.Event {
	id := b.newID(now)
	return repository.Event{
		Header:           repository.Header{CreationKey: id, CreateTime: now, UpdateTime: now},
		Type:             eventType,
		Resource:         resource,
		ResourceRevision: revision,
		Incident:         incident,
		Time:             now,
		Actor:            actor(ctx),
		Changes:          changes,
	}
}

// updated are the effects of a change that makes one version of a resource another one: the event that tells of it, or
// ErrUnchanged where they are the same.
func (b *base) updated(ctx context.Context, eventType, resource, incident string, revision int64, now time.Time, before, after proto.Message) (repository.Effects, error) {
	changes := changesBetween(before, after)
	if len(changes) == 0 {
		return repository.Effects{}, repository.ErrUnchanged
	}
	return repository.Effects{Events: []repository.Event{b.event(ctx, eventType, resource, incident, revision, now, changes)}}, nil
}

// unremarkable are the fields that change with every change, and those whose changes are told in another way.
var unremarkable = map[protoreflect.Name]bool{
	"name": true, "etag": true, "create_time": true, "update_time": true, "purge_time": true, "recording_lag": true,
	"milestone_changes": true, "revision": true, "systems": true, "factor_category": true,
	"review_clock": true, "follow_up_clock": true, "clock_history": true,
}

// changesBetween finds the fields in which two versions of a resource differ, with their values where those are small.
func changesBetween(before, after proto.Message) []repository.FieldChange {
	return fieldChanges(before.ProtoReflect(), after.ProtoReflect(), "")
}

func fieldChanges(before, after protoreflect.Message, path string) []repository.FieldChange {
	var changes []repository.FieldChange
	fields := after.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if path == "" && unremarkable[field.Name()] || before.Get(field).Equal(after.Get(field)) && before.Has(field) == after.Has(field) {
			continue
		}
		name := join(path, field)
		if field.Message() != nil && !field.IsList() && !field.IsMap() && field.Message().ParentFile().Package() != "google.protobuf" {
			changes = append(changes, fieldChanges(before.Get(field).Message(), after.Get(field).Message(), name)...)
			continue
		}
		changes = append(changes, repository.FieldChange{Field: name, Before: small(before, field), After: small(after, field)})
	}
	return changes
}

// small is the value of a field as text, or nothing where it is long, or many.
func small(message protoreflect.Message, field protoreflect.FieldDescriptor) string {
	if !message.Has(field) || field.IsList() || field.IsMap() {
		return ""
	}
	value := message.Get(field)
	text := value.String()
	switch {
	case field.Enum() != nil:
		text = enumName(field.Enum(), value.Enum())
	case field.Message() != nil:
		text = wellKnown(value.Message().Interface())
	case field.Kind() == protoreflect.BoolKind:
		text = strconv.FormatBool(value.Bool())
	}
	if len(text) > maxChangeValue {
		return ""
	}
	return text
}

func wellKnown(message proto.Message) string {
	switch value := message.(type) {
	case *timestamppb.Timestamp:
		return value.AsTime().Format(time.RFC3339Nano)
	case *durationpb.Duration:
		return value.AsDuration().String()
	}
	return ""
}
