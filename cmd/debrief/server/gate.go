package server

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

const (
	// maxOpen bounds the gRPC calls that have begun, over all connections: each takes memory, even before its request has arrived.
	maxOpen = 16384
	// maxPatience bounds how long a call may take whose caller has set a deadline.
	maxPatience = 5 * time.Minute
)

// gate looks at gRPC calls when their header has arrived, before anything is made for them.
type gate struct {
	open atomic.Int64
	// patience is how long a call may take whose caller has set no deadline.
	patience time.Duration
}

func newGate(patience time.Duration) *gate { return &gate{patience: patience} }

// admit lets a call through, with a deadline that also ends the wait for its request. Streams go on until somebody ends them.
func (g *gate) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	if g.open.Add(1) > maxOpen {
		g.open.Add(-1)
		return nil, newStatus(codes.Unavailable, "OVERLOADED", "too many calls are open: try again later, or another replica").Err()
	}
	// A call's context ends when the call does.
	context.AfterFunc(ctx, func() { g.open.Add(-1) })
	if isStream(info.FullMethodName) {
		return ctx, nil
	}
	patience := g.patience
	if _, ok := ctx.Deadline(); ok {
		patience = maxPatience // The earlier one holds.
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	context.AfterFunc(ctx, cancel)
	return bounded, nil
}

// isStream says whether a method answers as long as somebody listens, by its descriptor.
func isStream(method string) bool {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return false
	}
	described, ok := found.(protoreflect.MethodDescriptor)
	return ok && (described.IsStreamingServer() || described.IsStreamingClient())
}
