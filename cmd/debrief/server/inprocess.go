package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// inProcess is a gRPC connection to services in the same process. A call over it passes the interceptors and the stats
// handler that a call over the network passes, and has its own copies of request and answer; only bytes and frames are
// left out. The REST gateway, its one user, is nearly twice as fast by it as over an in-memory HTTP/2 connection.
type inProcess struct {
	methods           map[string]unaryMethod
	streams           map[string]streamMethod
	interceptor       grpc.UnaryServerInterceptor
	streamInterceptor grpc.StreamServerInterceptor
	stats             stats.Handler

	mutex  sync.Mutex
	closed bool
	calls  sync.WaitGroup
}

// unaryMethod calls a method; decode fills in the request.
type unaryMethod func(ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error)

// streamMethod calls a method that answers with a stream.
type streamMethod func(stream grpc.ServerStream, interceptor grpc.StreamServerInterceptor) error

func newInProcess(interceptor grpc.UnaryServerInterceptor, streamInterceptor grpc.StreamServerInterceptor, observer stats.Handler) *inProcess {
	return &inProcess{
		methods: map[string]unaryMethod{}, streams: map[string]streamMethod{},
		interceptor: interceptor, streamInterceptor: streamInterceptor, stats: observer,
	}
}

// RegisterService takes the methods of a service: those with one answer, and those with a stream of them.
func (p *inProcess) RegisterService(description *grpc.ServiceDesc, implementation any) {
	for _, stream := range description.Streams {
		name := "/" + description.ServiceName + "/" + stream.StreamName
		info := &grpc.StreamServerInfo{FullMethod: name, IsServerStream: stream.ServerStreams, IsClientStream: stream.ClientStreams}
		p.streams[name] = func(answers grpc.ServerStream, interceptor grpc.StreamServerInterceptor) error {
			return interceptor(implementation, answers, info, stream.Handler)
		}
	}
	for _, method := range description.Methods {
		p.methods["/"+description.ServiceName+"/"+method.MethodName] = func(ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			return method.Handler(implementation, ctx, decode, interceptor)
		}
	}
}

// Invoke calls a method. Call options mean nothing here.
func (p *inProcess) Invoke(ctx context.Context, name string, request, answer any, _ ...grpc.CallOption) error {
	method, ok := p.methods[name]
	if !ok {
		return status.Errorf(codes.Unimplemented, "there is no method %s", name)
	}
	if !p.begin() {
		return newStatus(codes.Unavailable, "STOPPING", "the server is stopping: try another one, or later").Err()
	}
	defer p.calls.Done()
	ctx = p.stats.TagRPC(arrived(ctx), &stats.RPCTagInfo{FullMethodName: name})
	begin := time.Now()
	p.stats.HandleRPC(ctx, &stats.Begin{BeginTime: begin})
	err := p.call(ctx, method, request, answer)
	p.stats.HandleRPC(ctx, &stats.End{BeginTime: begin, EndTime: time.Now(), Error: err})
	return err
}

func (p *inProcess) call(ctx context.Context, method unaryMethod, request, answer any) error {
	result, err := method(ctx, func(target any) error { return copyMessage(target, request) }, p.interceptor)
	if err != nil {
		// As over the network: a caller gets nothing but a status.
		return status.Convert(err).Err()
	}
	return copyMessage(answer, result)
}

// NewStream refuses: the gateway's services have no streams that it could offer. Watch calls those that there are.
func (p *inProcess) NewStream(_ context.Context, _ *grpc.StreamDesc, name string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Errorf(codes.Unimplemented, "%s is a stream, which can't be called in process", name)
}

// watch calls a method that answers with a stream, and hands on each answer until the stream ends.
func (p *inProcess) watch(ctx context.Context, name string, request proto.Message, answer func(any) error) error {
	method, ok := p.streams[name]
	if !ok {
		return status.Errorf(codes.Unimplemented, "there is no stream %s", name)
	}
	if !p.begin() {
		return newStatus(codes.Unavailable, "STOPPING", "the server is stopping: try another one, or later").Err()
	}
	defer p.calls.Done()
	ctx = p.stats.TagRPC(arrived(ctx), &stats.RPCTagInfo{FullMethodName: name})
	begin := time.Now()
	p.stats.HandleRPC(ctx, &stats.Begin{BeginTime: begin, IsServerStream: true})
	err := status.Convert(method(&answers{ctx: ctx, request: request, answer: answer}, p.streamInterceptor)).Err()
	p.stats.HandleRPC(ctx, &stats.End{BeginTime: begin, EndTime: time.Now(), Error: err})
	return err
}

// answers is a stream of answers to one request, as the service sees it.
type answers struct {
	ctx     context.Context //nolint:containedctx // It is how a stream has its context.
	request proto.Message
	answer  func(any) error
}

// Context is that of the caller.
func (a *answers) Context() context.Context { return a.ctx }

// SetHeader passes over metadata: nobody reads it here.
func (a *answers) SetHeader(metadata.MD) error { return nil }

// SendHeader passes over metadata as well.
func (a *answers) SendHeader(metadata.MD) error { return nil }

// SetTrailer passes over metadata as well.
func (a *answers) SetTrailer(metadata.MD) {}

// SendMsg hands on an answer.
func (a *answers) SendMsg(message any) error { return a.answer(message) }

// RecvMsg receives the one request.
func (a *answers) RecvMsg(target any) error { return copyMessage(target, a.request) }

// begin counts a call, unless the connection is closed.
func (p *inProcess) begin() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed {
		return false
	}
	p.calls.Add(1)
	return true
}

// close refuses further calls and waits for those under way, until the context ends.
func (p *inProcess) close(ctx context.Context) error {
	p.mutex.Lock()
	p.closed = true
	p.mutex.Unlock()
	return waitFor(ctx, p.calls.Wait)
}

// waitFor waits until the function returns, or the context ends.
func waitFor(ctx context.Context, wait func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// arrived turns what the caller sent along into what the called one received.
func arrived(ctx context.Context) context.Context {
	sent, _ := metadata.FromOutgoingContext(ctx)
	return metadata.NewIncomingContext(ctx, sent)
}

func copyMessage(target, source any) error {
	to, ok := target.(proto.Message)
	from, alsoOK := source.(proto.Message)
	if !ok || !alsoOK {
		return errors.New("not a protobuf message")
	}
	proto.Merge(to, from)
	return nil
}
