package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
)

// maxAnswer is the size of an answer, in bytes, beyond which it is refused. A page has up to 500 resources, and a
// post-mortem alone may have some 600 KiB.
const maxAnswer = 512 << 20

// reconnecting has each of the repetitions of a call find a server that has come back meanwhile.
var reconnecting = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 2, Jitter: 0.2, MaxDelay: time.Second},
	MinConnectTimeout: 5 * time.Second,
}

// connection is the way to a Debrief server.
type connection struct {
	incidents     debriefv1.IncidentServiceClient
	timeline      debriefv1.TimelineServiceClient
	postMortems   debriefv1.PostMortemServiceClient
	actionItems   debriefv1.ActionItemServiceClient
	practice      debriefv1.PracticeServiceClient
	events        debriefv1.EventServiceClient
	intake        debriefv1.IntakeServiceClient
	systems       debriefv1.SystemServiceClient
	mentalModels  debriefv1.MentalModelServiceClient
	subscriptions debriefv1.SubscriptionServiceClient
	integrations  debriefv1.IntegrationServiceClient
	alerts        debriefv1.AlertServiceClient
	access        debriefv1.AccessServiceClient
	health        healthpb.HealthClient
	close         func() error
}

// connect prepares the way to the server; the first call goes it.
func (a *application) connect() (*connection, error) {
	actor, err := a.actor()
	if err != nil {
		return nil, err
	}
	retries, err := retryConfig()
	if err != nil {
		return nil, err
	}
	options := []grpc.CallOption{grpc.MaxCallRecvMsgSize(maxAnswer)}
	shown, err := a.credentials()
	if err != nil {
		return nil, err
	}
	if shown != nil {
		options = append(options, grpc.PerRPCCredentials(shown))
	}
	security, err := a.globals.tls.credentials()
	if err != nil {
		return nil, err
	}
	dialed, err := grpc.NewClient(a.globals.server,
		grpc.WithTransportCredentials(security),
		grpc.WithDefaultServiceConfig(retries),
		grpc.WithConnectParams(reconnecting),
		grpc.WithDefaultCallOptions(options...),
		grpc.WithUnaryInterceptor(introduce(actor, a.globals.timeout)),
	)
	if err != nil {
		return nil, usagef("--server %q is no address: %w", a.globals.server, err)
	}
	return &connection{
		incidents:     debriefv1.NewIncidentServiceClient(dialed),
		timeline:      debriefv1.NewTimelineServiceClient(dialed),
		postMortems:   debriefv1.NewPostMortemServiceClient(dialed),
		actionItems:   debriefv1.NewActionItemServiceClient(dialed),
		practice:      debriefv1.NewPracticeServiceClient(dialed),
		events:        debriefv1.NewEventServiceClient(dialed),
		intake:        debriefv1.NewIntakeServiceClient(dialed),
		systems:       debriefv1.NewSystemServiceClient(dialed),
		mentalModels:  debriefv1.NewMentalModelServiceClient(dialed),
		subscriptions: debriefv1.NewSubscriptionServiceClient(dialed),
		integrations:  debriefv1.NewIntegrationServiceClient(dialed),
		alerts:        debriefv1.NewAlertServiceClient(dialed),
		access:        debriefv1.NewAccessServiceClient(dialed),
		health:        healthpb.NewHealthClient(dialed),
		close:         dialed.Close,
	}, nil
}

// actor is who the caller says they are.
func (a *application) actor() (string, error) {
	if printable(a.globals.as) != a.globals.as {
		return "", usagef("--as %q: it may have printable characters only", a.globals.as)
	}
	if a.globals.as == "" {
		return printable(a.environment.login), nil
	}
	return a.globals.as, nil
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}

// headerFor is the metadata key under which a name can be sent: plain metadata carries ASCII only.
func headerFor(actor string) string {
	if strings.ContainsFunc(actor, func(r rune) bool { return r > unicode.MaxASCII }) {
		return service.ActorBinaryHeader
	}
	return service.ActorHeader
}

type namelessKey struct{}

// nameless is a context in which calls do not say who makes them.
func nameless(ctx context.Context) context.Context {
	return context.WithValue(ctx, namelessKey{}, true)
}

// introduce says with each call who makes it, and bounds the time that it may take, retries included.
func introduce(actor string, timeout time.Duration) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		if actor != "" && ctx.Value(namelessKey{}) == nil {
			ctx = metadata.AppendToOutgoingContext(ctx, headerFor(actor), actor)
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		return invoke(ctx, method, request, reply, connection, options...)
	}
}

// retryConfig is the gRPC service config: calls that are safe to repeat are repeated while the server is unavailable.
func retryConfig() (string, error) {
	type name struct {
		Service string `json:"service"`
		Method  string `json:"method"`
	}
	var names []name
	for _, file := range []protoreflect.FileDescriptor{
		debriefv1.File_debrief_v1_incidents_proto, debriefv1.File_debrief_v1_timeline_proto,
		debriefv1.File_debrief_v1_post_mortems_proto, debriefv1.File_debrief_v1_action_items_proto,
		debriefv1.File_debrief_v1_events_proto, debriefv1.File_debrief_v1_intake_proto,
		debriefv1.File_debrief_v1_integrations_proto, debriefv1.File_debrief_v1_alerts_proto,
		debriefv1.File_debrief_v1_practice_proto,
		debriefv1.File_debrief_v1_systems_proto, debriefv1.File_debrief_v1_mental_models_proto,
	} {
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				if method := file.Services().Get(i).Methods().Get(j); repeatable(method) {
					names = append(names, name{string(method.Parent().FullName()), string(method.Name())})
				}
			}
		}
	}
	config, err := json.Marshal(map[string]any{"methodConfig": []any{map[string]any{
		"name": names,
		"retryPolicy": map[string]any{
			"maxAttempts": 5, "initialBackoff": "0.05s", "maxBackoff": "0.5s", "backoffMultiplier": 2,
			"retryableStatusCodes": []string{"UNAVAILABLE"},
		},
	}}})
	if err != nil {
		return "", fmt.Errorf("prepare retries: %w", err)
	}
	return string(config), nil
}

// repeatable says whether a call that may have been carried out can be made again: it only reads, changes nothing the
// second time, or carries a request_id.
func repeatable(method protoreflect.MethodDescriptor) bool {
	if method.Input().Fields().ByName("request_id") != nil {
		return true
	}
	for _, verb := range []string{"Get", "List", "Export", "Generate", "Suggest", "Delete", "Undelete", "Compare", "Draw", "Summarize", "Diff", "Import", "Explain", "TestAlertRules"} {
		if strings.HasPrefix(string(method.Name()), verb) {
			return true
		}
	}
	return false
}
