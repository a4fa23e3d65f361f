package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// parameters are the query parameters that each route has, by HTTP method and path pattern, and by both names of the fields that they
// are. The gateway itself passes over those that it does not know, so that a filter with a typing error would find everything, and
// what it says of values that do not fit is not for callers.
type parameters map[string]map[string]protoreflect.FieldDescriptor

// newParameters derives them from the services' HTTP rules.
func newParameters(services []string) (parameters, error) {
	known := parameters{}
	for _, name := range services {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", name, err)
		}
		service, ok := found.(protoreflect.ServiceDescriptor)
		if !ok {
			return nil, fmt.Errorf("describe %s: it is no service", name)
		}
		for i := range service.Methods().Len() {
			known.add(service.Methods().Get(i))
		}
	}
	return known, nil
}

func (p parameters) add(method protoreflect.MethodDescriptor) {
	rule, ok := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if !ok || rule == nil {
		return
	}
	for _, binding := range append(rule.GetAdditionalBindings(), rule) {
		verb, path := route(binding)
		p[verb+" "+path] = queryFields(method.Input(), path, binding.GetBody())
	}
}

func route(rule *annotations.HttpRule) (method, path string) {
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, pattern.Get
	case *annotations.HttpRule_Post:
		return http.MethodPost, pattern.Post
	case *annotations.HttpRule_Put:
		return http.MethodPut, pattern.Put
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, pattern.Patch
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, pattern.Delete
	}
	return "", ""
}

// queryFields are the fields of a request that are neither in its path nor in its body, by both of their names.
func queryFields(request protoreflect.MessageDescriptor, path, body string) map[string]protoreflect.FieldDescriptor {
	fields := map[string]protoreflect.FieldDescriptor{}
	for i := range request.Fields().Len() {
		field := request.Fields().Get(i)
		name := string(field.Name())
		if body == "*" || body == name || strings.Contains(path, "{"+name+"=") || strings.Contains(path, "{"+name+"}") {
			continue
		}
		fields[name], fields[field.JSONName()] = field, field
	}
	return fields
}

// check refuses a query that can't be read, or has a parameter that the route does not, or a value that is none of the parameter's.
func (p parameters) check(r *http.Request, pattern runtime.Pattern) *problem {
	if r.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return invalidQuery("", "the query can't be read: "+err.Error())
	}
	fields, ok := p[r.Method+" "+pattern.String()]
	if !ok {
		return nil
	}
	for given, values := range query {
		field := fields[given]
		if field == nil {
			return invalidQuery(given, unknownParameter(given, fields))
		}
		if problem := checkValues(given, field, values); problem != nil {
			return problem
		}
	}
	return nil
}

// checkValues refuses what the gateway could not read.
func checkValues(name string, field protoreflect.FieldDescriptor, values []string) *problem {
	if len(values) > 1 && !field.IsList() {
		return invalidQuery(name, name+" is given more than once: give it once")
	}
	for _, value := range values {
		request := dynamicpb.NewMessage(field.ContainingMessage())
		if !utf8.ValidString(value) || runtime.PopulateFieldFromPath(request, string(field.Name()), value) != nil {
			return invalidQuery(name, fmt.Sprintf("%s must be %s", name, wanted(field)))
		}
	}
	return nil
}

// wanted says what the values of a field are.
func wanted(field protoreflect.FieldDescriptor) string {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		return "a whole number, such as 42"
	case protoreflect.EnumKind:
		var names []string
		for i := range field.Enum().Values().Len() {
			names = append(names, string(field.Enum().Values().Get(i).Name()))
		}
		return "one of " + strings.Join(names, ", ")
	case protoreflect.MessageKind:
		return wantedMessage(field.Message().FullName())
	default:
		return "text in UTF-8"
	}
}

func wantedMessage(name protoreflect.FullName) string {
	switch name {
	case "google.protobuf.Timestamp":
		return "a time after RFC 3339, such as 2026-03-14T09:26:00Z"
	case "google.protobuf.Duration":
		return "a duration in seconds, such as 90s"
	case "google.protobuf.FieldMask":
		return "names of fields with commas between them"
	default:
		return "a " + string(name.Name())
	}
}

func unknownParameter(given string, fields map[string]protoreflect.FieldDescriptor) string {
	var known []string
	for name := range fields {
		if !strings.Contains(name, "_") {
			known = append(known, name)
		}
	}
	if len(known) == 0 {
		return fmt.Sprintf("there is no query parameter %q: this path has none", given)
	}
	slices.Sort(known)
	return fmt.Sprintf("there is no query parameter %q: this path has %s", given, strings.Join(known, ", "))
}

func invalidQuery(field, message string) *problem {
	return &problem{
		httpStatus: http.StatusBadRequest, code: codes.InvalidArgument, reason: "INVALID_ARGUMENT", message: message, field: field,
	}
}
