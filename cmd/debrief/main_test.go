package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// testNow is the time at which all tests take place, an hour east of Greenwich.
var testNow = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.FixedZone("CET", 3600))

const testID = "01JD3V2Q6R8T0W2Y4A6C8E0G2J"

// fakeServer answers calls as it is told, and remembers them.
type fakeServer struct {
	address string
	stop    func()

	mutex   sync.Mutex
	calls   []fakeCall
	answers map[string][]fakeAnswer
}

// fakeCall is a call that arrived.
type fakeCall struct {
	method  string
	actor   []string
	request proto.Message
}

// fakeAnswer is an answer, or an error.
type fakeAnswer struct {
	message proto.Message
	err     error
}

// startFake serves every service of the API. An address of a server before may be used again.
func startFake(t *testing.T, address string) *fakeServer {
	t.Helper()
	fake := &fakeServer{answers: map[string][]fakeAnswer{}}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(fake.intercept))
	debriefv1.RegisterIncidentServiceServer(server, debriefv1.UnimplementedIncidentServiceServer{})
	debriefv1.RegisterTimelineServiceServer(server, debriefv1.UnimplementedTimelineServiceServer{})
	debriefv1.RegisterPostMortemServiceServer(server, debriefv1.UnimplementedPostMortemServiceServer{})
	debriefv1.RegisterActionItemServiceServer(server, debriefv1.UnimplementedActionItemServiceServer{})
	debriefv1.RegisterPracticeServiceServer(server, debriefv1.UnimplementedPracticeServiceServer{})
	debriefv1.RegisterEventServiceServer(server, debriefv1.UnimplementedEventServiceServer{})
	debriefv1.RegisterIntakeServiceServer(server, debriefv1.UnimplementedIntakeServiceServer{})
	debriefv1.RegisterAccessServiceServer(server, debriefv1.UnimplementedAccessServiceServer{})
	healthpb.RegisterHealthServer(server, healthpb.UnimplementedHealthServer{})
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Errorf("serve: %v", err)
		}
	})
	fake.address = listener.Addr().String()
	fake.stop = func() { server.Stop(); serving.Wait() }
	t.Cleanup(fake.stop)
	return fake
}

// answer has a method give answers one after the other, the last one for ever.
func (f *fakeServer) answer(method string, answers ...any) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, answer := range answers {
		switch answer := answer.(type) {
		case proto.Message:
			f.answers[method] = append(f.answers[method], fakeAnswer{message: answer})
		case error:
			f.answers[method] = append(f.answers[method], fakeAnswer{err: answer})
		}
	}
}

func (f *fakeServer) intercept(ctx context.Context, request any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	method := path.Base(info.FullMethod)
	message, ok := request.(proto.Message)
	if !ok {
		return nil, status.Errorf(codes.Internal, "%T is no message", request)
	}
	f.calls = append(f.calls, fakeCall{method, metadata.ValueFromIncomingContext(ctx, service.ActorHeader), message})
	answers := f.answers[method]
	if len(answers) == 0 {
		return nil, status.Errorf(codes.Unimplemented, "the test has no answer for %s", method)
	}
	if len(answers) > 1 {
		f.answers[method] = answers[1:]
	}
	return answers[0].message, answers[0].err
}

// called are the requests of a method, in their order.
func (f *fakeServer) called(method string) []proto.Message {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var requests []proto.Message
	for _, call := range f.calls {
		if call.method == method {
			requests = append(requests, call.request)
		}
	}
	return requests
}

// result is what a run of the command line came to.
type result struct {
	code           int
	stdout, stderr string
}

// testEnvironment is an environment in which nothing is left to chance.
func testEnvironment(t *testing.T, server string) environment {
	t.Helper()
	return environment{
		variables: []string{"DEBRIEF_SERVER=" + server, "PATH=/usr/bin:/bin"},
		stdin:     strings.NewReader(""),
		login:     "ana",
		temporary: t.TempDir(),
		now:       func() time.Time { return testNow },
		wait: func(context.Context, time.Duration) error {
			return errors.New("nothing waits here")
		},
		newRequestID: func() string { return "request-1" },
	}
}

// execute runs the command line in an environment.
func execute(t *testing.T, environment environment, arguments ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	environment.stdout, environment.stderr = &stdout, &stderr
	code := run(t.Context(), arguments, environment)
	return result{code, stdout.String(), stderr.String()}
}

// debrief runs the command line against a server.
func debrief(t *testing.T, server *fakeServer, arguments ...string) result {
	t.Helper()
	return execute(t, testEnvironment(t, server.address), arguments...)
}

// mustSucceed is the output of a run that is to succeed.
func mustSucceed(t *testing.T, got result) string {
	t.Helper()
	if got.code != exitOK {
		t.Fatalf("exit code %d, stderr:\n%s", got.code, got.stderr)
	}
	return got.stdout
}
