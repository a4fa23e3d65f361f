package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/debriefhq/debrief/repository/sqlite/sqlitetest"
)

func TestMain(m *testing.M) {
	autoexport.RegisterSpanExporter("recorder", func(context.Context) (sdktrace.SpanExporter, error) { return &recorded, nil })
	goleak.VerifyTestMain(m)
}

// patience bounds what a test waits for: it is never reached unless something is broken.
const patience = 20 * time.Second

// testConfig is a server on free ports and a store of its own.
func testConfig(t *testing.T) Config {
	t.Helper()
	config := DefaultConfig()
	config.Store = "sqlite:" + sqlitetest.NewFile(t)
	config.GRPCAddr, config.HTTPAddr = "127.0.0.1:0", "127.0.0.1:0"
	config.LogOutput = io.Discard
	return config
}

// running is a server and those who call it.
type running struct {
	*Server
	http *http.Client
	grpc *grpc.ClientConn
	log  *logBuffer
}

// start starts a server, which ends with the test.
func start(t *testing.T, change func(*Config)) *running {
	t.Helper()
	config, log := testConfig(t), &logBuffer{}
	config.LogOutput = log
	if change != nil {
		change(&config)
	}
	server, err := Start(t.Context(), config)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	connection, err := grpc.NewClient(server.Addresses().GRPC.String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	transport := &http.Transport{DisableCompression: true, ExpectContinueTimeout: patience}
	r := &running{server, &http.Client{Transport: transport, CheckRedirect: noRedirect}, connection, log}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := connection.Close(); err != nil {
			t.Errorf("close the connection: %v", err)
		}
		r.stop(t)
	})
	return r
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (r *running) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func (r *running) url(path string) string { return "http://" + r.Addresses().HTTP.String() + path }

// answer is what came back over HTTP.
type answer struct {
	*http.Response
	body string
}

// send makes an HTTP request; headers are pairs of name and value.
func (r *running) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	return r.sendFrom(t, method, path, strings.NewReader(body), headers...)
}

func (r *running) sendFrom(t *testing.T, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.url(path), body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
			continue
		}
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := r.http.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: read the answer: %v", method, path, err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return answer{response, string(content)}
}

// logBuffer takes a log that many write to.
type logBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *logBuffer) Write(data []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(data)
}

func (b *logBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}
