package endtoend_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/api/httpbody"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// overREST calls by HTTP, in the way that the contract's google.api.http rules say.
func overREST(d *debrief) caller {
	return func(t *testing.T, name, as string, request map[string]any) outcome {
		t.Helper()
		method := methodNamed(t, name)
		sent := transcode(t, method, messageOf(t, method.Input(), request))
		code, contentType, content := d.exchange(t, sent, as)
		if code != http.StatusOK {
			return refusedOverHTTP(t, code, contentType, content)
		}
		message := newMessage(t, method.Output())
		if body, ok := message.(*httpbody.HttpBody); ok {
			body.ContentType, body.Data = contentType, content
			return answeredWith(t, body)
		}
		if err := protojson.Unmarshal(content, message); err != nil {
			t.Fatalf("%s %s: %v\n%s", sent.method, sent.target, err, content)
		}
		return answeredWith(t, message)
	}
}

// exchange makes an HTTP request.
func (d *debrief) exchange(t *testing.T, sent restRequest, as string) (code int, contentType string, content []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), sent.method, "http://"+d.httpAddress+sent.target, strings.NewReader(sent.body))
	if err != nil {
		t.Fatal(err)
	}
	if sent.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if as != "" {
		request.Header.Set("Debrief-Actor", as)
	}
	answer, err := d.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if content, err = io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), content
}

// refusedOverHTTP reads an error, which has one form wherever it comes from.
func refusedOverHTTP(t *testing.T, code int, contentType string, content []byte) outcome {
	t.Helper()
	problem := &rpcstatus.Status{}
	if err := protojson.Unmarshal(content, problem); err != nil {
		t.Fatalf("%d: no google.rpc.Status: %v\n%s", code, err, content)
	}
	if contentType != "application/json" {
		t.Errorf("the Content-Type of an error is %q", contentType)
	}
	refused := status.FromProto(problem)
	if want := runtime.HTTPStatusFromCode(refused.Code()); code != want {
		t.Errorf("%v over HTTP is %d, want %d", refused.Code(), code, want)
	}
	return refusedWith(t, refused)
}

// restRequest is what a call is over HTTP.
type restRequest struct {
	method, target, body string
}

// transcode makes an HTTP request of a call, after the rules in google/api/http.proto: fields that the path names go
// there, the body has those that the rule says, and all others are query parameters.
func transcode(t *testing.T, method protoreflect.MethodDescriptor, message proto.Message) restRequest {
	t.Helper()
	rule, ok := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if !ok || rule == nil {
		t.Fatalf("%s has no google.api.http rule", method.FullName())
	}
	sent := restRequest{}
	var template string
	sent.method, template = routeOf(t, rule)
	sent.target = fillPath(t, template, message.ProtoReflect())
	sent.body = takeBody(t, rule.GetBody(), message.ProtoReflect())
	query := url.Values{}
	addQuery(t, query, "", message.ProtoReflect())
	if len(query) > 0 {
		sent.target += "?" + query.Encode()
	}
	return sent
}

func routeOf(t *testing.T, rule *annotations.HttpRule) (method, template string) {
	t.Helper()
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, pattern.Get
	case *annotations.HttpRule_Post:
		return http.MethodPost, pattern.Post
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, pattern.Patch
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, pattern.Delete
	}
	t.Fatalf("a rule of an unknown kind: %v", rule)
	return "", ""
}

var pathVariable = regexp.MustCompile(`\{([a-z_.]+)=([^}]*)\}`)

// fillPath puts fields into the path, and takes them out of the message.
func fillPath(t *testing.T, template string, message protoreflect.Message) string {
	t.Helper()
	return pathVariable.ReplaceAllStringFunc(template, func(match string) string {
		found := pathVariable.FindStringSubmatch(match)
		holder, field := message, protoreflect.FieldDescriptor(nil)
		for segment := range strings.SplitSeq(found[1], ".") {
			if field != nil {
				holder = holder.Mutable(field).Message()
			}
			field = holder.Descriptor().Fields().ByName(protoreflect.Name(segment))
		}
		value := holder.Get(field).String()
		holder.Clear(field)
		segments := strings.Split(value, "/")
		if len(segments) != len(strings.Split(found[2], "/")) {
			t.Fatalf("%q does not fit into %s", value, match)
		}
		for i := range segments {
			segments[i] = url.PathEscape(segments[i])
		}
		return strings.Join(segments, "/")
	})
}

// takeBody makes the body, and takes what it has out of the message.
func takeBody(t *testing.T, body string, message protoreflect.Message) string {
	t.Helper()
	if body == "" {
		return ""
	}
	carried := message
	if body != "*" {
		carried = message.Get(message.Descriptor().Fields().ByName(protoreflect.Name(body))).Message()
	}
	encoded, err := protojson.Marshal(carried.Interface())
	if err != nil {
		t.Fatal(err)
	}
	if body == "*" {
		proto.Reset(message.Interface())
	} else {
		message.Clear(message.Descriptor().Fields().ByName(protoreflect.Name(body)))
	}
	return string(encoded)
}

// addQuery makes query parameters of all fields that are left.
func addQuery(t *testing.T, query url.Values, prefix string, message protoreflect.Message) {
	t.Helper()
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		name := prefix + field.JSONName()
		switch {
		case field.IsMap() || field.IsList():
			t.Fatalf("%s: no method has a query parameter of this kind", name)
		case field.Message() == nil:
			query.Add(name, scalar(field, value))
		case field.Message().ParentFile().Package() == "google.protobuf":
			query.Add(name, wellKnown(t, value.Message().Interface()))
		default:
			addQuery(t, query, name+".", value.Message())
		}
		return true
	})
}

func scalar(field protoreflect.FieldDescriptor, value protoreflect.Value) string {
	if field.Enum() != nil {
		return string(field.Enum().Values().ByNumber(value.Enum()).Name())
	}
	return fmt.Sprint(value.Interface())
}

// wellKnown is a time, duration or field mask as JSON has it, without the quotes.
func wellKnown(t *testing.T, message proto.Message) string {
	t.Helper()
	encoded, err := protojson.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	if err := json.Unmarshal(encoded, &text); err != nil {
		t.Fatal(err)
	}
	return text
}
