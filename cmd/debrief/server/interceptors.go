package server

import (
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// chained makes one interceptor of many, of which the first is the outermost.
func chained(interceptors []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		for _, interceptor := range slices.Backward(interceptors) {
			next := handler
			handler = func(ctx context.Context, request any) (any, error) { return interceptor(ctx, request, info, next) }
		}
		return handler(ctx, request)
	}
}

// chainedStreams does the same for streams.
func chainedStreams(interceptors []grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	return func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		for _, interceptor := range slices.Backward(interceptors) {
			next := handler
			handler = func(service any, stream grpc.ServerStream) error { return interceptor(service, stream, info, next) }
		}
		return handler(service, stream)
	}
}

// logCalls writes a line for each call: never who called, nor what was said.
func logCalls(logger *slog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		level := callLevel(info.FullMethod)
		if !logger.Enabled(ctx, level) {
			return handler(ctx, request)
		}
		start := time.Now()
		answer, err := handler(ctx, request)
		logger.LogAttrs(ctx, level, "call",
			slog.String("method", info.FullMethod),
			slog.String("code", status.Code(err).String()),
			milliseconds(time.Since(start)),
		)
		return answer, err
	}
}

// logStreams does the same for streams, when they end. The reflection service's are what machines ask.
func logStreams(logger *slog.Logger) grpc.StreamServerInterceptor {
	return func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		start := time.Now()
		err := handler(service, stream)
		logger.LogAttrs(stream.Context(), callLevel(info.FullMethod), "stream",
			slog.String("method", info.FullMethod),
			slog.String("code", status.Code(err).String()),
			milliseconds(time.Since(start)),
		)
		return err
	}
}

// milliseconds is how long something took, for the log.
func milliseconds(duration time.Duration) slog.Attr {
	return slog.Float64("duration_ms", float64(duration.Microseconds())/1000)
}

// callLevel keeps what machines ask every few seconds out of the log.
func callLevel(method string) slog.Level {
	if strings.HasPrefix(method, "/grpc.") {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// defaultDeadline ends calls whose callers would wait forever.
func defaultDeadline(limit time.Duration) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if _, ok := ctx.Deadline(); ok {
			return handler(ctx, request)
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return handler(ctx, request)
	}
}

// onPanic makes a panic an error of the one call that caused it.
func onPanic(logger *slog.Logger) recovery.Option {
	return recovery.WithRecoveryHandlerContext(func(ctx context.Context, cause any) error {
		logPanic(ctx, logger, cause)
		return newStatus(codes.Internal, "INTERNAL", internalMessage).Err()
	})
}

const internalMessage = "an internal error, which the server's log tells about"

func logPanic(ctx context.Context, logger *slog.Logger, cause any) {
	logger.ErrorContext(ctx, "panic", "cause", cause, "stack", string(debug.Stack()))
}
