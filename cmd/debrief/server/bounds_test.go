package server

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/netutil"
	"google.golang.org/grpc"

	"github.com/debriefhq/debrief/cmd/debrief/server/tlstest"
)

// pipes are a listener whose connections take no time of their own, so that it is the test that decides how late it is.
type pipes struct {
	dialed chan net.Conn
	closed chan struct{}
	close  sync.Once
}

func newPipes() *pipes { return &pipes{dialed: make(chan net.Conn, 10), closed: make(chan struct{})} }

func (p *pipes) dial() net.Conn {
	caller, server := net.Pipe()
	p.dialed <- server
	return caller
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case connection := <-p.dialed:
		return connection, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.close.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// serveDoor serves one of the doors, with its bounds and nothing behind it, until it is stopped.
func serveDoor(t *testing.T, door string, certificates *certificates, listener net.Listener) (stop func()) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	var serve, end func() error
	if door == "gRPC" {
		server := grpc.NewServer(append(limits(), encrypted(certificates, logger)...)...)
		serve, end = func() error { return server.Serve(listener) }, func() error { server.Stop(); return nil }
	} else {
		server := newHTTPServer(http.NotFoundHandler(), certificates, logger)
		serve, end = func() error { return serveHTTP(server, listener, certificates) }, server.Close
	}
	ended := make(chan error)
	go func() { ended <- serve() }()
	return func() {
		if err := end(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}
}

func testCertificates(t *testing.T) *certificates {
	t.Helper()
	var options TLSOptions
	options.Cert, options.Key = tlstest.NewAuthority(t).Server(t).Write(t, t.TempDir())
	certificates, err := newCertificates(options, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return certificates
}

// slow are callers who keep a connection without making anything of it, until they are cut off. What goes on a little longer is waited
// for by the group.
var slow = map[string]func(net.Conn, *sync.WaitGroup){
	"says nothing": func(connection net.Conn, _ *sync.WaitGroup) { _, _ = io.Copy(io.Discard, connection) },
	"says a byte a second": func(connection net.Conn, group *sync.WaitGroup) {
		group.Go(func() {
			hello := append([]byte{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3}, make([]byte, 506)...)
			for i := range hello {
				if _, err := connection.Write(hello[i : i+1]); err != nil {
					return
				}
				<-time.After(time.Second)
			}
		})
		_, _ = io.Copy(io.Discard, connection)
	},
	"says nothing after the handshake": func(connection net.Conn, _ *sync.WaitGroup) {
		_, _ = io.Copy(io.Discard, tls.Client(connection, strange))
	},
	"says nothing after the handshake, by HTTP/2": func(connection net.Conn, _ *sync.WaitGroup) {
		config := strange.Clone()
		config.NextProtos = []string{"h2"}
		_, _ = io.Copy(io.Discard, tls.Client(connection, config))
	},
}

// strange is how a caller begins who does not care who the server is.
var strange = &tls.Config{InsecureSkipVerify: true}

func TestACallerWhoMakesNothingOfAConnectionIsCutOff(t *testing.T) {
	certificates := testCertificates(t)
	for _, door := range []string{"gRPC", "HTTP"} {
		for name, call := range slow {
			t.Run(door+", one who "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					listener := newPipes()
					stop := serveDoor(t, door, certificates, listener)
					connection, began := listener.dial(), time.Now()
					var group sync.WaitGroup
					call(connection, &group)
					if took := time.Since(began); took > 10*time.Second {
						t.Errorf("it took %v until the caller was cut off, want 10s at most", took)
					}
					if err := connection.Close(); err != nil {
						t.Error(err)
					}
					group.Wait()
					stop()
				})
			})
		}
	}
}

func TestConnectionsAreCountedFromTheFirstByte(t *testing.T) {
	certificates := testCertificates(t)
	for _, door := range []string{"gRPC", "HTTP"} {
		t.Run(door, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener := newPipes()
				stop := serveDoor(t, door, certificates, netutil.LimitListener(listener, 1))
				first, second := listener.dial(), listener.dial()
				config := strange.Clone()
				config.NextProtos = []string{"h2"}
				done := make(chan error, 1)
				caller := tls.Client(second, config)
				go func() { done <- caller.Handshake() }()
				synctest.Wait()
				select {
				case err := <-done:
					t.Errorf("the second of two got in, where one may: %v", err)
				default:
				}
				if err := first.Close(); err != nil {
					t.Error(err)
				}
				if err := <-done; err != nil {
					t.Errorf("the second, after the first has gone: %v", err)
				}
				if err := second.Close(); err != nil {
					t.Error(err)
				}
				stop()
			})
		})
	}
}

func TestAsManyRequestsAreUnderWayAsConnectionsMayBe(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	handler := bounded(2, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			arrived <- struct{}{}
			<-leave
		}
	}))
	ask := func(path string) int {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		return recorder.Code
	}
	var slow sync.WaitGroup
	for range 2 {
		slow.Go(func() { ask("/slow") })
		<-arrived
	}
	for path, want := range map[string]int{
		"/v1/incidents": http.StatusServiceUnavailable, "/metrics": http.StatusServiceUnavailable,
		"/healthz": http.StatusOK, "/readyz": http.StatusOK,
	} {
		if got := ask(path); got != want {
			t.Errorf("%s beyond the bound: %d, want %d", path, got, want)
		}
	}
	close(leave)
	slow.Wait()
	if got := ask("/v1/incidents"); got != http.StatusOK {
		t.Errorf("when there is room again: %d, want 200", got)
	}
}

// TestWhatIsOneTooManyIsAnsweredAsAllElse has a second request on the one connection that there may be.
func TestWhatIsOneTooManyIsAnsweredAsAllElse(t *testing.T) {
	server := startSecure(t, func(c *Config) { c.MaxConnections = 1 })
	transport := &http.Transport{TLSClientConfig: server.believing(), ForceAttemptHTTP2: true, ExpectContinueTimeout: time.Hour}
	defer transport.CloseIdleConnections()
	server.http = &http.Client{Transport: transport}
	url := "https://" + server.Addresses().HTTP.String() + "/v1/incidents"
	reader, writer := io.Pipe()
	first, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	first.Header.Set("Content-Type", asJSON)
	first.Header.Set("Expect", "100-continue")
	answered := make(chan error, 1)
	go func() {
		response, err := server.http.Do(first)
		if err == nil {
			err = response.Body.Close()
		}
		answered <- err
	}()
	if _, err := writer.Write([]byte(`{"title":`)); err != nil { // The server asks for it when it works on the request.
		t.Fatal(err)
	}
	second, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.http.Do(second)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("X-Content-Type-Options") != "nosniff" ||
		response.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("one too many: %d %v, want 503 and the headers of every answer", response.StatusCode, response.Header)
	}
	if err := errors.Join(response.Body.Close(), writer.Close(), <-answered); err != nil {
		t.Error(err)
	}
}
