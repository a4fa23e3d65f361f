package server

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
)

// startLogs makes the logger: it writes to the output, and to where the environment asks for logs to be sent.
func (t *telemetry) startLogs(ctx context.Context, config Config, about *resource.Resource, opened *closers) error {
	written := writtenLog(config)
	t.written = slog.New(written)
	if !exported("LOGS") {
		t.logger = t.written
		return nil
	}
	exporter, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return notExported("LOGS", err)
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)), sdklog.WithResource(about))
	opened.push("send the last log records", t.ifPossible("logs", provider.Shutdown))
	sent := otelslog.NewHandler("debrief", otelslog.WithLoggerProvider(provider))
	t.logger = slog.New(slog.NewMultiHandler(written, leveled{sent, config.LogLevel}))
	return nil
}

func writtenLog(config Config) slog.Handler {
	options := &slog.HandlerOptions{Level: config.LogLevel}
	if config.LogFormat == "text" {
		return traced{slog.NewTextHandler(config.LogOutput, options)}
	}
	return traced{slog.NewJSONHandler(config.LogOutput, options)}
}

// traced adds to each record the trace that it belongs to.
type traced struct{ slog.Handler }

// Handle adds trace_id and span_id, by the names of OpenTelemetry's data model for logs in other formats.
func (h traced) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs keeps the traces.
func (h traced) WithAttrs(attributes []slog.Attr) slog.Handler {
	return traced{h.Handler.WithAttrs(attributes)}
}

// WithGroup keeps the traces.
func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }

// leveled leaves out what is below the level.
type leveled struct {
	slog.Handler
	level slog.Level
}

// Enabled says whether the level is high enough.
func (h leveled) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the level.
func (h leveled) WithAttrs(attributes []slog.Attr) slog.Handler {
	return leveled{h.Handler.WithAttrs(attributes), h.level}
}

// WithGroup keeps the level.
func (h leveled) WithGroup(name string) slog.Handler {
	return leveled{h.Handler.WithGroup(name), h.level}
}
