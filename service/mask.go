package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"go.einride.tech/aip/fieldmask"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/debriefhq/debrief/repository"
)

// merge is what a resource becomes when the fields that the mask names are taken from an update. Without a mask those
// count that are set; fields that nobody but the server sets stay as they are.
func merge[M proto.Message](present, updated M, mask *fieldmaskpb.FieldMask) (M, error) {
	merged, _ := proto.Clone(present).(M)
	paths, err := writablePaths(updated.ProtoReflect(), mask)
	if err != nil {
		return merged, err
	}
	if len(paths) > 0 {
		fieldmask.Update(&fieldmaskpb.FieldMask{Paths: paths}, merged, updated)
	}
	return merged, nil
}

// liftedByName are the fields that a mask of all does not clear: callers that do not know them would.
var liftedByName = map[protoreflect.Name]bool{"restriction": true}

func writablePaths(updated protoreflect.Message, mask *fieldmaskpb.FieldMask) ([]string, error) {
	all := slices.Equal(mask.GetPaths(), []string{"*"})
	if all || len(mask.GetPaths()) == 0 {
		var paths []string
		fields := updated.Descriptor().Fields()
		for i := range fields.Len() {
			if writable(fields.Get(i)) && (all && !liftedByName[fields.Get(i).Name()] || updated.Has(fields.Get(i))) {
				paths = append(paths, string(fields.Get(i).Name()))
			}
		}
		return paths, nil
	}
	var paths []string
	for _, path := range mask.GetPaths() {
		path = snakeCase(path)
		if err := checkPath(updated.Descriptor(), path); err != nil {
			return nil, err
		}
		if path != "name" && path != "etag" {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

func checkPath(message protoreflect.MessageDescriptor, path string) error {
	if path == "name" || path == "etag" {
		return nil
	}
	for segment := range strings.SplitSeq(path, ".") {
		var field protoreflect.FieldDescriptor
		if message != nil {
			field = message.Fields().ByName(protoreflect.Name(segment))
		}
		if field == nil {
			return invalid("update_mask", "there is no field %q", path)
		}
		if !writable(field) {
			return invalid("update_mask", "%q can't be changed by an update", path)
		}
		message = field.Message()
		if field.IsList() || field.IsMap() {
			message = nil
		}
	}
	return nil
}

// writable says whether callers may change a field.
func writable(field protoreflect.FieldDescriptor) bool {
	if field.Name() == "etag" {
		return false
	}
	behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return !slices.ContainsFunc(behaviors, func(behavior annotations.FieldBehavior) bool {
		return behavior == annotations.FieldBehavior_OUTPUT_ONLY || behavior == annotations.FieldBehavior_IDENTIFIER ||
			behavior == annotations.FieldBehavior_IMMUTABLE
	})
}

// applyMask is apply, or only what apply would lead to.
func applyMask[T any](ctx context.Context, b *base, schema repository.Schema[T], collection repository.Collection[T], asked update, validateOnly bool, change func(*T, time.Time) (repository.Effects, error)) (T, error) {
	if !validateOnly {
		return apply(ctx, b, schema, collection, asked, change)
	}
	resource, err := get(ctx, collection, asked.name)
	if err != nil {
		return resource, err
	}
	if err := asked.check(*schema.Header(&resource)); err != nil {
		return resource, err
	}
	if _, err := change(&resource, b.present()); err != nil && !errors.Is(err, repository.ErrUnchanged) {
		return resource, err
	}
	return resource, nil
}
