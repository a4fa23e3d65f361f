package service

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// missing finds the fields of a request that are REQUIRED after AIP-203 and not set. In the resource of an update only
// those count that the mask covers, and the name.
func missing(request proto.Message) []violation {
	masked, ok := request.(interface{ GetUpdateMask() *fieldmaskpb.FieldMask })
	if !ok {
		return missingFields(request.ProtoReflect(), "", nil)
	}
	var violations []violation
	message := request.ProtoReflect()
	for _, field := range requiredFields(message.Descriptor()) {
		if !message.Has(field) {
			violations = append(violations, absent(string(field.Name())))
			continue
		}
		if field.Message() != nil {
			violations = append(violations, missingInUpdate(message.Get(field).Message(), string(field.Name()), masked.GetUpdateMask().GetPaths())...)
		}
	}
	return violations
}

func missingInUpdate(resource protoreflect.Message, path string, mask []string) []violation {
	var violations []violation
	if name := resource.Descriptor().Fields().ByName("name"); name != nil && !resource.Has(name) {
		violations = append(violations, absent(path+".name"))
	}
	for _, v := range missingFields(resource, path, nil) {
		if covers(mask, strings.TrimPrefix(v.Field, path+".")) {
			violations = append(violations, v)
		}
	}
	return violations
}

// covers says whether an update with the mask changes a field that is not set. Without a mask it changes what is set, and so
// what is within that.
func covers(mask []string, field string) bool {
	if len(mask) == 0 {
		return strings.ContainsAny(field, ".[")
	}
	return slices.ContainsFunc(mask, func(path string) bool {
		return path == "*" || path == field || strings.HasPrefix(field, path+".") || strings.HasPrefix(field, path+"[")
	})
}

// missingFields walks a message. What the message around a batch's requests says, they may leave out (AIP-233).
func missingFields(message protoreflect.Message, path string, outer protoreflect.MessageDescriptor) []violation {
	var violations []violation
	for _, field := range requiredFields(message.Descriptor()) {
		saidOutside := outer != nil && outer.Fields().ByName(field.Name()) != nil
		if !message.Has(field) && !saidOutside {
			violations = append(violations, absent(join(path, field)))
		}
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if field.Message() == nil || field.IsMap() || field.Message().ParentFile().Package() == "google.protobuf" {
			return true
		}
		if field.IsList() {
			for i := range value.List().Len() {
				element := fmt.Sprintf("%s[%d]", join(path, field), i)
				violations = append(violations, missingFields(value.List().Get(i).Message(), element, message.Descriptor())...)
			}
			return true
		}
		violations = append(violations, missingFields(value.Message(), join(path, field), nil)...)
		return true
	})
	return violations
}

// knownRequired are the required fields by message, each looked up once: []protoreflect.FieldDescriptor by
// protoreflect.MessageDescriptor.
var knownRequired sync.Map

func requiredFields(descriptor protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	if known, ok := knownRequired.Load(descriptor); ok {
		fields, _ := known.([]protoreflect.FieldDescriptor)
		return fields
	}
	var required []protoreflect.FieldDescriptor
	for i := range descriptor.Fields().Len() {
		field := descriptor.Fields().Get(i)
		behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
		if slices.Contains(behaviors, annotations.FieldBehavior_REQUIRED) {
			required = append(required, field)
		}
	}
	knownRequired.Store(descriptor, required)
	return required
}

func join(path string, field protoreflect.FieldDescriptor) string {
	if path == "" {
		return string(field.Name())
	}
	return path + "." + string(field.Name())
}

func absent(field string) violation { return violation{Field: field, Problem: "is required"} }
