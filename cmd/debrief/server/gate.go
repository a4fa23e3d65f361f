package server

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

const (
	// maxOpen bounds the gRPC calls that have begun, over all connections: each takes memory, even before its request has arrived.
	maxOpen = 16384
	// maxProbes bounds the questions after health, and again the streams of gRPC's own services, which are open to all and have no end:
	// neither takes room from calls, nor calls from them.
	maxProbes = 4096
	// maxPatience bounds how long a call may take whose caller has set a deadline.
	maxPatience = 5 * time.Minute
)

// gate looks at gRPC calls when their header has arrived, before anything is made for them.
type gate struct {
	open, probes, watched atomic.Int64
	// patience is how long a call may take whose caller has set no deadline.
	patience time.Duration
}

func newGate(patience time.Duration) *gate { return &gate{patience: patience} }

// admit lets a call through, with a deadline that also ends the wait for its request. Streams go on until somebody ends them.
func (g *gate) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	stream := isStream(info.FullMethodName)
	open, most := g.room(info.FullMethodName, stream)
	if open.Add(1) > most {
		open.Add(-1)
		return nil, newStatus(codes.Unavailable, "OVERLOADED", "too many calls are open: try again later, or another replica").Err()
	}
	// A call's context ends when the call does.
	context.AfterFunc(ctx, func() { open.Add(-1) })
	if stream {
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

// room is where a call counts, and how many may be open there.
func (g *gate) room(method string, stream bool) (open *atomic.Int64, most int64) {
	switch {
	case method == healthpb.Health_Check_FullMethodName:
		return &g.probes, maxProbes
	case stream && strings.HasPrefix(method, "/grpc."):
		return &g.watched, maxProbes
	default:
		return &g.open, maxOpen
	}
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
