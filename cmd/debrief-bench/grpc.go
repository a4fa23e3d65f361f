package main

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// grpcCallers are connections to a gRPC server, one for each caller: callers are different programs.
type grpcCallers []*grpc.ClientConn

func dial(address string, clients int) (grpcCallers, error) {
	var callers grpcCallers
	for range clients {
		connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, errors.Join(err, callers.close())
		}
		callers = append(callers, connection)
	}
	return callers, nil
}

func (c grpcCallers) close() error {
	var problems []error
	for _, connection := range c {
		problems = append(problems, connection.Close())
	}
	return errors.Join(problems...)
}

// rawCodec sends and receives encoded messages as they are: the load is not to pay for encoding.
type rawCodec struct{}

var _ encoding.CodecV2 = rawCodec{}

func (rawCodec) Marshal(message any) (mem.BufferSlice, error) {
	encoded, ok := message.([]byte)
	if !ok {
		return nil, fmt.Errorf("%T is no encoded message", message)
	}
	return mem.BufferSlice{mem.SliceBuffer(encoded)}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, message any) error {
	received, ok := message.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is no encoded message", message)
	}
	*received = data.Materialize()
	return nil
}

// Name is that of the encoding on the wire.
func (rawCodec) Name() string { return "proto" }

// call makes a unary call with an encoded request. Its answer is received and not looked at.
func (c grpcCallers) call(ctx context.Context, caller int, method string, request []byte) error {
	var answer []byte
	return c[caller].Invoke(ctx, method, request, &answer, grpc.ForceCodecV2(rawCodec{}))
}

const (
	createMethod = debriefv1.IncidentService_CreateIncident_FullMethodName
	getMethod    = debriefv1.IncidentService_GetIncident_FullMethodName
	listMethod   = debriefv1.IncidentService_ListIncidents_FullMethodName

	listAlertsMethod = debriefv1.AlertService_ListAlerts_FullMethodName
)

func (c grpcCallers) incidents() debriefv1.IncidentServiceClient {
	return debriefv1.NewIncidentServiceClient(c[0])
}

func (c grpcCallers) events() debriefv1.EventServiceClient {
	return debriefv1.NewEventServiceClient(c[0])
}
