package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// parameters are the names of the query parameters that each route has, by HTTP method and path pattern. The gateway
// itself passes over those that it does not know, so that a filter with a typing error would find everything.
type parameters map[string]map[string]bool

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
func queryFields(request protoreflect.MessageDescriptor, path, body string) map[string]bool {
	names := map[string]bool{}
	for i := range request.Fields().Len() {
		field := request.Fields().Get(i)
		name := string(field.Name())
		if body == "*" || body == name || strings.Contains(path, "{"+name+"=") || strings.Contains(path, "{"+name+"}") {
			continue
		}
		names[name], names[field.JSONName()] = true, true
	}
	return names
}

// check refuses a query that can't be read, or has a parameter that the route does not.
func (p parameters) check(r *http.Request, pattern runtime.Pattern) *problem {
	if r.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return invalidQuery("", "the query can't be read: "+err.Error())
	}
	names, ok := p[r.Method+" "+pattern.String()]
	if !ok {
		return nil
	}
	for given := range query {
		if !names[given] {
			return invalidQuery(given, unknownParameter(given, names))
		}
	}
	return nil
}

func unknownParameter(given string, names map[string]bool) string {
	var known []string
	for name := range names {
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
