package server

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// road leads to a store, and can be closed.
type road struct {
	target   string
	listener net.Listener
	tasks    sync.WaitGroup

	mutex  sync.Mutex
	closed bool
	open   []net.Conn
}

// newRoad is a road to the server of the URI, and the URI that leads over it.
func newRoad(t *testing.T, uri string) (*road, string) {
	t.Helper()
	over, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &road{target: over.Host, listener: listener}
	r.tasks.Go(r.accept)
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		r.close(true)
		r.tasks.Wait()
	})
	query := over.Query()
	query.Set("serverSelectionTimeoutMS", "200")
	query.Set("directConnection", "true")
	over.Host, over.RawQuery = listener.Addr().String(), query.Encode()
	return r, over.String()
}

func (r *road) accept() {
	for {
		from, err := r.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", r.target)
		if err != nil || !r.enter(from, to) {
			_ = from.Close() // The store sees a connection that ends.
			continue
		}
		for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
			r.tasks.Go(func() {
				_, _ = io.Copy(way[0], way[1]) // However it ends, both ends are closed.
				_ = way[0].Close()
			})
		}
	}
}

func (r *road) enter(connections ...net.Conn) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.closed {
		_ = connections[1].Close()
		return false
	}
	r.open = append(r.open, connections...)
	return true
}

// close ends all connections and keeps new ones from getting through, or lets them through again.
func (r *road) close(closed bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.closed = closed
	for _, connection := range r.open {
		_ = connection.Close() // Most of them are closed already.
	}
	r.open = nil
}

func TestWhileTheStoreIsAwayTheServerSaysSoAndRecoversByItself(t *testing.T) {
	road, uri := newRoad(t, mongodbtest.NewDatabase(t))
	server := start(t, func(c *Config) { c.Store, c.StoreCheckInterval = uri, 20*time.Millisecond })
	opened := openIncident(t, server)
	health, unwatch := watch(t, server)
	defer unwatch()

	road.close(true)
	expectHealth(t, health, healthpb.HealthCheckResponse_NOT_SERVING)
	for name, request := range map[string]func() answer{
		"/readyz": func() answer { return server.send(t, http.MethodGet, "/readyz", "") },
		"a call":  func() answer { return server.send(t, http.MethodGet, "/v1/"+opened.GetName(), "") },
		"an alert": func() answer {
			return server.send(t, http.MethodPost, "/intake/alertmanager", firing(t), "Content-Type", asJSON)
		},
		"a mistake": func() answer {
			return server.send(t, http.MethodPost, "/intake/alertmanager", "{}", "Content-Type", asJSON)
		},
	} {
		got := request()
		if code, _ := readError(t, got.body); got.StatusCode != http.StatusServiceUnavailable || code != codes.Unavailable || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s, want 503, UNAVAILABLE and when to come again", name, got.StatusCode, got.body)
		}
	}
	if got := server.send(t, http.MethodGet, "/healthz", ""); got.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %d, want 200: a restart would not bring the store back", got.StatusCode)
	}

	road.close(false)
	expectHealth(t, health, healthpb.HealthCheckResponse_SERVING)
	if got := server.send(t, http.MethodGet, "/v1/"+opened.GetName(), ""); got.StatusCode != http.StatusOK {
		t.Errorf("a call after the store has come back: %d %s", got.StatusCode, got.body)
	}
	if got := server.send(t, http.MethodPost, "/intake/alertmanager", firing(t), "Content-Type", asJSON); got.StatusCode != http.StatusOK {
		t.Errorf("the alert again: %d %s", got.StatusCode, got.body)
	}
}
