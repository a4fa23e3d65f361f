package endtoend_test

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// caller makes a call, in one of the ways that there are.
type caller func(t *testing.T, method, as string, request map[string]any) outcome

// outcome is what came of a call.
type outcome struct {
	// answer is the message as JSON; of a document the data are text.
	answer any
	// refused is the error; nil: there was none.
	refused *refusal
	// details are those of the error that a refusal has no field for.
	details []any
}

// document is the text of an answer that is a document.
func (o outcome) document() string {
	text, _ := at(o.answer, "data").(string)
	return text
}

// overGRPC calls by gRPC.
func overGRPC(d *debrief) caller {
	return func(t *testing.T, name, as string, request map[string]any) outcome {
		t.Helper()
		method := methodNamed(t, name)
		answer := newMessage(t, method.Output())
		ctx := t.Context()
		if as != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "debrief-actor", as)
		}
		path := "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
		if err := d.connection.Invoke(ctx, path, messageOf(t, method.Input(), request), answer); err != nil {
			return refusedWith(t, status.Convert(err))
		}
		return answeredWith(t, answer)
	}
}

// methodNamed finds a method of the contract by its name, Service.Method.
func methodNamed(t *testing.T, name string) protoreflect.MethodDescriptor {
	t.Helper()
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName("debrief.v1." + name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	method, ok := found.(protoreflect.MethodDescriptor)
	if !ok {
		t.Fatalf("%s is no method", name)
	}
	return method
}

func newMessage(t *testing.T, descriptor protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}

// messageOf reads a message from JSON.
func messageOf(t *testing.T, descriptor protoreflect.MessageDescriptor, value map[string]any) proto.Message {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	message := newMessage(t, descriptor)
	if err := protojson.Unmarshal(encoded, message); err != nil {
		t.Fatalf("%s: %v\n%s", descriptor.Name(), err, encoded)
	}
	return message
}

// protoJSON is a message as JSON.
func protoJSON(t *testing.T, message proto.Message) any {
	t.Helper()
	encoded, err := protojson.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(encoded, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func answeredWith(t *testing.T, answer proto.Message) outcome {
	t.Helper()
	if body, ok := answer.(*httpbody.HttpBody); ok {
		return outcome{answer: map[string]any{"contentType": body.GetContentType(), "data": string(body.GetData())}}
	}
	return outcome{answer: protoJSON(t, answer)}
}

func refusedWith(t *testing.T, answer *status.Status) outcome {
	t.Helper()
	refused := &refusal{Code: codeName(t, answer), Message: answer.Message()}
	result := outcome{refused: refused}
	for _, detail := range answer.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			refused.Reason, refused.Metadata = detail.GetReason(), detail.GetMetadata()
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				refused.Fields = append(refused.Fields, violation.GetField())
				if !strings.Contains(answer.Message(), violation.GetDescription()) {
					t.Errorf("%q does not say what is wrong with %s: %q", answer.Message(), violation.GetField(), violation.GetDescription())
				}
			}
		case proto.Message:
			result.details = append(result.details, protoJSON(t, detail))
		default:
			t.Errorf("a detail that can't be read: %v", detail)
		}
	}
	return result
}
