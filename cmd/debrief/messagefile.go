package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// messageFile is a message of the API as people write it: in YAML or JSON, its fields named as in the API, with enums,
// durations and times as the flags take them: "sev2", "5m", "2026-11-23 10:00".
type messageFile struct {
	now func() time.Time
	// alone is the field that a file with a list and nothing else means.
	alone protoreflect.Name
}

// read fills a message, and answers the fields that the text names, also those that it leaves empty.
func (f messageFile) read(text string, message proto.Message) ([]string, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("it is no YAML: %w", err)
	}
	if len(document.Content) == 0 {
		return nil, errors.New("it is empty")
	}
	descriptor, root := message.ProtoReflect().Descriptor(), document.Content[0]
	if field := descriptor.Fields().ByName(f.alone); field != nil && root.Kind == yaml.SequenceNode {
		root = &yaml.Node{Kind: yaml.MappingNode, Line: root.Line, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: string(f.alone)}, root}}
	}
	plain, err := f.message(descriptor, root)
	if err != nil {
		return nil, err
	}
	marshaled, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("read it: %w", err)
	}
	if err := protojson.Unmarshal(marshaled, message); err != nil {
		return nil, fmt.Errorf("read it: %w", err)
	}
	var named []string
	for i := 0; i < len(root.Content); i += 2 {
		named = append(named, string(fieldNamed(descriptor, root.Content[i].Value).Name()))
	}
	return named, nil
}

// fieldNamed is the field with a name of the API, or of its JSON; nil where there is none.
func fieldNamed(descriptor protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := descriptor.Fields().ByJSONName(name); field != nil {
		return field
	}
	return descriptor.Fields().ByTextName(name)
}

// message is what the API's JSON has for a mapping.
func (f messageFile) message(descriptor protoreflect.MessageDescriptor, node *yaml.Node) (any, error) {
	switch descriptor.FullName() {
	case "google.protobuf.Duration":
		duration, err := parseDuration(node.Value)
		return strconv.FormatFloat(duration.Seconds(), 'f', -1, 64) + "s", at(node, err)
	case "google.protobuf.Timestamp":
		parsed, err := parseTime(node.Value, f.now())
		return parsed.UTC().Format(time.RFC3339Nano), at(node, err)
	}
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: it must be fields, each NAME: VALUE", node.Line)
	}
	plain := map[string]any{}
	for i := 0; i < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		field := fieldNamed(descriptor, name.Value)
		if field == nil {
			return nil, fmt.Errorf("line %d: %q is none of %s", name.Line, name.Value, strings.Join(jsonNames(descriptor), ", "))
		}
		if _, twice := plain[field.JSONName()]; twice {
			return nil, fmt.Errorf("line %d: %s is there twice", name.Line, name.Value)
		}
		converted, err := f.field(field, value)
		if err != nil {
			return nil, err
		}
		plain[field.JSONName()] = converted
	}
	return plain, nil
}

// jsonNames are the names of the fields in the API's JSON.
func jsonNames(descriptor protoreflect.MessageDescriptor) []string {
	names := make([]string, descriptor.Fields().Len())
	for i := range names {
		names[i] = descriptor.Fields().Get(i).JSONName()
	}
	return names
}

// field is what the API's JSON has for the value of a field: null where it is left empty.
func (f messageFile) field(field protoreflect.FieldDescriptor, node *yaml.Node) (any, error) {
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		return nil, nil //nolint:nilnil // JSON has null as a value, and so it is told to the API.
	case field.IsMap():
		return f.entries(field.MapValue(), node)
	case field.IsList():
		return f.elements(field, node)
	default:
		return f.single(field, node)
	}
}

func (f messageFile) entries(value protoreflect.FieldDescriptor, node *yaml.Node) (any, error) {
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: it must be pairs, each KEY: VALUE", node.Line)
	}
	plain := map[string]any{}
	for i := 0; i < len(node.Content); i += 2 {
		converted, err := f.single(value, node.Content[i+1])
		if err != nil {
			return nil, err
		}
		plain[node.Content[i].Value] = converted
	}
	return plain, nil
}

func (f messageFile) elements(field protoreflect.FieldDescriptor, node *yaml.Node) (any, error) {
	if node.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: it must be a list", node.Line)
	}
	plain := make([]any, len(node.Content))
	for i, element := range node.Content {
		var err error
		if plain[i], err = f.single(field, element); err != nil {
			return nil, err
		}
	}
	return plain, nil
}

func (f messageFile) single(field protoreflect.FieldDescriptor, node *yaml.Node) (any, error) {
	if field.Kind() == protoreflect.MessageKind {
		return f.message(field.Message(), node)
	}
	if node.Kind != yaml.ScalarNode {
		return nil, fmt.Errorf("line %d: it must be a single value", node.Line)
	}
	switch field.Kind() {
	case protoreflect.StringKind:
		return node.Value, nil
	case protoreflect.EnumKind:
		value, err := enumValue(field.Enum(), node.Value)
		if err != nil {
			return nil, at(node, err)
		}
		return string(value.Name()), nil
	case protoreflect.BoolKind:
		var value bool
		return &value, at(node, node.Decode(&value))
	default:
		var value int64
		return &value, at(node, node.Decode(&value))
	}
}

// at says in which line of a file something is wrong.
func at(node *yaml.Node, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("line %d: %w", node.Line, err)
}
