package endtoend_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// misbehaviour is what somebody does with a connection who means no good, until the context ends or the server closes it. What goes
// wrong is what is to go wrong.
type misbehaviour struct {
	name  string
	times int
	// grpc says to which address it is done.
	grpc bool
	do   func(ctx context.Context, connection net.Conn)
}

// misbehaviours are a thousand connections; with the race detector, which slows all of it down, a hundred.
var misbehaviours = []misbehaviour{
	{"says nothing over HTTP", 100, false, silence},
	{"says nothing over gRPC", 100, true, silence},
	{"sends a header bit by bit", 200, false, func(ctx context.Context, connection net.Conn) {
		trickle(ctx, connection, "POST /v1/incidents HTTP/1.1\r\nHost: localhost\r\nX: ", strings.Repeat("x", 1000))
	}},
	{"sends a header without an end", 50, false, func(ctx context.Context, connection net.Conn) {
		flood(ctx, connection, "GET / HTTP/1.1\r\nHost: localhost\r\n", "X-Header: "+strings.Repeat("x", 1000)+"\r\n")
	}},
	{"sends a body bit by bit", 200, false, func(ctx context.Context, connection net.Conn) {
		trickle(ctx, connection, "POST /v1/incidents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{",
			strings.Repeat(" ", 1000))
	}},
	{"sends a delivery without an end", 50, false, func(ctx context.Context, connection net.Conn) {
		head := "POST /intake/alertmanager HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
		flood(ctx, connection, head, "4000\r\n"+strings.Repeat(" ", 0x4000)+"\r\n")
	}},
	{"asks and does not read", 100, false, func(ctx context.Context, connection net.Conn) {
		flood(ctx, connection, "", "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}},
	{"begins calls and takes them back", 100, true, rapidReset},
	{"opens streams without an end", 100, true, openStreams},
}

func silence(ctx context.Context, connection net.Conn) {
	context.AfterFunc(ctx, func() { _ = connection.Close() })
	_, _ = io.Copy(io.Discard, connection)
}

// trickle sends a beginning, and then a byte now and then.
func trickle(ctx context.Context, connection net.Conn, begin, rest string) {
	if _, err := io.WriteString(connection, begin); err != nil {
		return
	}
	for i := range len(rest) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		if _, err := io.WriteString(connection, rest[i:i+1]); err != nil {
			return
		}
	}
}

// flood sends the same again and again.
func flood(ctx context.Context, connection net.Conn, begin, again string) {
	context.AfterFunc(ctx, func() { _ = connection.Close() })
	if _, err := io.WriteString(connection, begin); err != nil {
		return
	}
	for sent := 0; sent < 16<<20; sent += len(again) {
		if _, err := io.WriteString(connection, again); err != nil {
			return
		}
	}
	<-ctx.Done()
}

// speak begins to speak HTTP/2, and has somebody listen to what is answered.
func speak(ctx context.Context, connection net.Conn) *http2.Framer {
	context.AfterFunc(ctx, func() { _ = connection.Close() })
	if _, err := io.WriteString(connection, http2.ClientPreface); err != nil {
		return nil
	}
	go func() { _, _ = io.Copy(io.Discard, bufio.NewReader(connection)) }()
	framer := http2.NewFramer(connection, nil)
	if err := framer.WriteSettings(); err != nil {
		return nil
	}
	return framer
}

// callHeader is the header of a call.
func callHeader() []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{
		{":method", http.MethodPost},
		{":scheme", "http"},
		{":path", debriefv1.IncidentService_ListIncidents_FullMethodName},
		{":authority", "localhost"},
		{"content-type", "application/grpc"},
		{"te", "trailers"},
	} {
		_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}) // A buffer takes everything.
	}
	return block.Bytes()
}

// rapidReset begins calls and takes them back at once (CVE-2023-44487).
func rapidReset(ctx context.Context, connection net.Conn) {
	framer := speak(ctx, connection)
	if framer == nil {
		return
	}
	for stream := uint32(1); stream < 500 && ctx.Err() == nil; stream += 2 {
		if framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: callHeader(), EndHeaders: true}) != nil ||
			framer.WriteRSTStream(stream, http2.ErrCodeCancel) != nil {
			return
		}
	}
	<-ctx.Done()
}

// openStreams begins calls whose requests never end.
func openStreams(ctx context.Context, connection net.Conn) {
	framer := speak(ctx, connection)
	if framer == nil {
		return
	}
	for stream := uint32(1); stream < 300 && ctx.Err() == nil; stream += 2 {
		if framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: callHeader(), EndHeaders: true}) != nil {
			return
		}
	}
	<-ctx.Done()
}

// TestAThousandConnectionsMisbehave has good callers and alerting systems served meanwhile, and the server's memory stay within a
// bound that it states: the process gets no more, and is watched by the operating system's own count of the most that it ever had.
func TestAThousandConnectionsMisbehave(t *testing.T) {
	d := serve(t, "sqlite:"+t.TempDir()+"/debrief.db")
	limitMemory(t, d, memoryBound)
	ctx, end := context.WithCancel(t.Context())
	var misbehaving sync.WaitGroup
	connections := 0
	for _, m := range misbehaviours {
		address := d.httpAddress
		if m.grpc {
			address = d.grpcAddress
		}
		for range m.times / misbehavingShare {
			connections++
			misbehaving.Go(func() {
				connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
				if err != nil {
					return
				}
				m.do(ctx, connection)
				_ = connection.Close()
			})
		}
	}
	if want := 1000 / misbehavingShare; connections != want {
		t.Errorf("%d connections misbehave, want %d", connections, want)
	}
	const rounds = 20
	delivery := newStormOf(1, 1, 1).groups[0].deliveries[0]
	for i := range rounds {
		// Who is told to come again does so: nothing is lost, and nothing is done twice.
		eventually(t, "an incident that is opened meanwhile", func() bool {
			_, err := d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
				Incident: &debriefv1.Incident{Title: fmt.Sprint("Opened meanwhile ", i)}, RequestId: fmt.Sprint("meanwhile-", i),
			})
			return err == nil
		})
		for _, asked := range []struct{ method, path, body string }{
			{http.MethodGet, "/healthz", ""}, {http.MethodPost, "/intake/alertmanager", delivery},
		} {
			eventually(t, "an answer of "+asked.path, func() bool {
				code, _, err := d.try(t.Context(), asked.method, asked.path, asked.body, nil)
				return code == http.StatusOK && err == nil
			})
		}
	}
	if got := len(d.listIncidents(t, `title:"opened meanwhile"`)); got != rounds {
		t.Errorf("%d incidents were opened, want %d", got, rounds)
	}
	end()
	misbehaving.Wait()
	if d.gone() {
		t.Fatal("the server is gone")
	}
	if most := mostMemory(t, d.command.Process.Pid); most > memoryBound {
		t.Errorf("the server took %d MiB at most, want at most %d MiB", most>>20, memoryBound>>20)
	} else {
		t.Logf("the server took %d MiB at most", most>>20)
	}
}

// mostMemory is the most memory that a process ever had, in bytes (proc(5): VmHWM).
func mostMemory(t *testing.T, process int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
