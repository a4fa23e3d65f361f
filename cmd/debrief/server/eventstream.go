package server

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const (
	// eventStreamType is after https://html.spec.whatwg.org/multipage/server-sent-events.html
	eventStreamType = "text/event-stream"
	// reconnectMilliseconds is how long a browser is to wait before it asks again after a break.
	reconnectMilliseconds = 2000
	// eventStreamPatience is how long a reader may take to read one event.
	eventStreamPatience = 30 * time.Second
)

// eventStream offers WatchEvents as server-sent events. The id of each is its sequence, and a reader that comes again says in
// Last-Event-ID after which it goes on.
type eventStream struct {
	calls *inProcess
}

// ServeHTTP streams until the reader goes away or the server stops.
func (e *eventStream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, problem := watchRequest(r)
	if problem != nil {
		problem.write(w)
		return
	}
	writer := &eventWriter{response: w, controller: http.NewResponseController(w)}
	ctx := metadata.NewOutgoingContext(r.Context(), callerMetadata(r.Context(), r))
	err := e.calls.watch(ctx, debriefv1.EventService_WatchEvents_FullMethodName, request, writer.write)
	if err != nil && !writer.begun {
		writeStatus(w, runtime.HTTPStatusFromCode(status.Code(err)), status.Convert(err))
	}
}

// watchRequest reads the query and the header.
func watchRequest(r *http.Request) (*debriefv1.WatchEventsRequest, *problem) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalidQuery("", "the query is not well-formed")
	}
	request := &debriefv1.WatchEventsRequest{}
	for name, values := range query {
		if len(values) > 1 {
			return nil, invalidQuery(name, name+" is given more than once: give it once")
		}
		if problem := setWatchParameter(request, name, values[0]); problem != nil {
			return nil, problem
		}
	}
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		if request.AfterSequence, err = strconv.ParseInt(last, 10, 64); err != nil {
			return nil, invalidQuery("Last-Event-ID", "Last-Event-ID must be the id of an event, such as 42")
		}
	}
	return request, nil
}

func setWatchParameter(request *debriefv1.WatchEventsRequest, name, value string) *problem {
	switch name {
	case "afterSequence":
		sequence, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return invalidQuery(name, "afterSequence must be a whole number, such as 42")
		}
		request.AfterSequence = sequence
	case "filter":
		request.Filter = value
	case "heartbeatInterval":
		interval := &durationpb.Duration{}
		if err := protojson.Unmarshal([]byte(strconv.Quote(value)), interval); err != nil {
			return invalidQuery(name, "heartbeatInterval must be a duration in seconds, such as 15s")
		}
		request.HeartbeatInterval = interval
	default:
		return invalidQuery(name, fmt.Sprintf("there is no parameter %q: there are afterSequence, filter and heartbeatInterval", name))
	}
	return nil
}

// eventWriter writes what is watched as server-sent events.
type eventWriter struct {
	response   http.ResponseWriter
	controller *http.ResponseController
	begun      bool
}

func (e *eventWriter) write(message any) error {
	watched, ok := message.(*debriefv1.WatchEventsResponse)
	if !ok {
		return fmt.Errorf("%T is nothing that is watched", message)
	}
	text, err := serverSentEvent(watched)
	if err != nil {
		return err
	}
	if err := e.begin(); err != nil {
		return err
	}
	if err := e.controller.SetWriteDeadline(time.Now().Add(eventStreamPatience)); err != nil {
		return err
	}
	if _, err := e.response.Write(text); err != nil {
		return context.Canceled // The reader is gone.
	}
	return e.controller.Flush()
}

// begin writes the header. The stream goes on beyond the deadlines of ordinary requests, and what compresses would hold it up.
func (e *eventWriter) begin() error {
	if e.begun {
		return nil
	}
	e.begun = true
	if err := e.controller.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	header := e.response.Header()
	header.Set("Content-Type", eventStreamType)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // Proxies that know it pass each event on at once.
	header.Set(gzhttp.HeaderNoCompression, "1")
	_, err := fmt.Fprintf(e.response, "retry: %d\n\n", reconnectMilliseconds)
	return err
}

// serverSentEvent is one block of the stream. A heartbeat has no data: a browser tells it to nobody, but remembers its id.
func serverSentEvent(watched *debriefv1.WatchEventsResponse) ([]byte, error) {
	var block bytes.Buffer
	fmt.Fprintf(&block, "id: %d\n", watched.GetSequence())
	if watched.GetEvent() == nil {
		block.WriteString(": heartbeat\n\n")
		return block.Bytes(), nil
	}
	data, err := protojson.Marshal(watched.GetEvent())
	if err != nil {
		return nil, fmt.Errorf("write event %d: %w", watched.GetSequence(), err)
	}
	block.WriteString("data: ")
	block.Write(data) // JSON on one line: there is no line break in it.
	block.WriteString("\n\n")
	return block.Bytes(), nil
}
