package main

import (
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

var (
	unavailable = failure(codes.Unavailable, "the store can't be reached now: try again later", &errdetails.ErrorInfo{Reason: "STORE_UNAVAILABLE"})
	aborted     = failure(codes.Aborted, testIncident+" has changed since the etag was read: read it again", &errdetails.ErrorInfo{Reason: "ETAG_MISMATCH"})
)

// failure is an answer as the server gives it.
func failure(code codes.Code, message string, details ...protoadapt.MessageV1) error {
	answer, err := status.New(code, message).WithDetails(details...)
	if err != nil {
		return err
	}
	return answer.Err()
}

func name(text string) protoreflect.Name { return protoreflect.Name(text) }

// apiServices are the services of the API.
func apiServices() []protoreflect.ServiceDescriptor {
	return []protoreflect.ServiceDescriptor{
		debriefv1.File_debrief_v1_incidents_proto.Services().Get(0), debriefv1.File_debrief_v1_timeline_proto.Services().Get(0),
		debriefv1.File_debrief_v1_post_mortems_proto.Services().Get(0), debriefv1.File_debrief_v1_action_items_proto.Services().Get(0),
		debriefv1.File_debrief_v1_events_proto.Services().Get(0), debriefv1.File_debrief_v1_intake_proto.Services().Get(0),
		debriefv1.File_debrief_v1_practice_proto.Services().Get(0),
	}
}

func emptyMessage(t *testing.T, full protoreflect.FullName) proto.Message {
	t.Helper()
	known, err := protoregistry.GlobalTypes.FindMessageByName(full)
	if err != nil {
		t.Fatal(err)
	}
	return known.New().Interface()
}
