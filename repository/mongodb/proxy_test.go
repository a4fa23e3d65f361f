package mongodb

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// proxy stands between a store and its engine, and can be cut.
type proxy struct {
	engine   string
	listener net.Listener
	all      sync.WaitGroup

	lock sync.Mutex
	cut  bool
	open map[net.Conn]bool
}

// newProxy starts a proxy before the engine of the URI, and returns the URI that leads through it.
func newProxy(t *testing.T, uri string) (*proxy, string) {
	t.Helper()
	through, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{engine: through.Host, listener: listener, open: map[net.Conn]bool{}}
	p.all.Go(p.accept)
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Errorf("close the proxy: %v", err)
		}
		p.setCut(true)
		p.all.Wait()
	})
	through.Host = listener.Addr().String()
	settings := through.Query()
	settings.Set("serverSelectionTimeoutMS", "1000")
	through.RawQuery = settings.Encode()
	return p, through.String()
}

// setCut cuts all connections, and has new ones end at once; or lets them through again.
func (p *proxy) setCut(cut bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.cut = cut
	for conn := range p.open {
		if cut {
			_ = conn.Close()
		}
	}
}

func (p *proxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.all.Go(func() { p.pass(from) })
	}
}

func (p *proxy) pass(from net.Conn) {
	to, err := net.Dial("tcp", p.engine)
	if err != nil || !p.register(from, to) {
		_ = from.Close()
		return
	}
	var both sync.WaitGroup
	for _, pair := range [2][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		})
	}
	both.Wait()
	p.lock.Lock()
	defer p.lock.Unlock()
	delete(p.open, from)
	delete(p.open, to)
}

func (p *proxy) register(from, to net.Conn) bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.cut {
		_ = to.Close()
		return false
	}
	p.open[from], p.open[to] = true, true
	return true
}

// TestEngineAway has the engine unreachable for a while: every call says so within a bound, nothing that was stored is
// lost, and the store goes on by itself.
func TestEngineAway(t *testing.T) {
	t.Parallel()
	uri := mongodbtest.NewDatabase(t)
	proxy, through := newProxy(t, uri)
	var late, goesAway atomic.Bool
	store := open(t, through, Options{Now: func() time.Time {
		if late.Load() {
			return later()
		}
		return time.Now()
	}})
	store.relay.delivery.interrupt = func(step string) error {
		if step == "effects" && goesAway.Load() {
			proxy.setCut(true)
		}
		return nil
	}
	store.mustCreate(t, newIncident(1))
	store.mustSettle(t)

	// The engine goes away between the write and the bringing away of its effects.
	goesAway.Store(true)
	store.mustCreate(t, newIncident(2))
	store.mustSettle(t)
	for name, call := range calls(store) {
		if err := call(t.Context()); !errors.Is(err, repository.ErrUnavailable) {
			t.Errorf("%s = %v, want ErrUnavailable", name, err)
		}
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	for name, call := range calls(store) {
		if err := call(soon); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s = %v, want context.DeadlineExceeded", name, err)
		}
	}

	goesAway.Store(false)
	late.Store(true)
	proxy.setCut(false)
	until(t, func() error { return store.Ping(t.Context()) })
	store.mustCreate(t, newIncident(3))
	until(t, func() error { return store.sweeper.sweep(t.Context()) })
	equal(t, "events", len(store.eventKeys(t)), 6)
	equal(t, "events of what was stored before the engine went away", only(store.eventKeys(t), 2), []string{eventKey(2, 1), eventKey(2, 2)})
}

func calls(store *Repository) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Ping": store.Ping,
		"Get": func(ctx context.Context) error {
			_, err := store.Incidents().Get(ctx, newIncident(1).Resource.ID)
			return err
		},
		"List": func(ctx context.Context) error {
			_, err := store.Events().List(ctx, repository.Query{Limit: 1})
			return err
		},
		"Create": func(ctx context.Context) error {
			_, err := store.Incidents().Create(ctx, repository.Creation[repository.Incident]{Resource: newIncident(9).Resource})
			return err
		},
		"Update": func(ctx context.Context) error { return store.touch(ctx, 1, 9) },
		"Remove": func(ctx context.Context) error { return store.Incidents().Remove(ctx, newIncident(9).Resource.ID) },
	}
}

// until repeats the call until the engine can be reached again.
func until(t *testing.T, call func() error) {
	t.Helper()
	for {
		err := call()
		if err == nil {
			return
		}
		if !errors.Is(err, repository.ErrUnavailable) {
			t.Fatal(err)
		}
	}
}

func TestOpenWithoutEngine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, uri string
		want      error
	}{
		{"nobody listens", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", repository.ErrUnavailable},
		{"not a URI", "http://127.0.0.1", nil},
		{"a setting that there is not", "mongodb://127.0.0.1/?w=majority&tls=s3cret", nil},
		{"a password in place of a port", "mongodb://user:s3cret/db", nil},
		{"a password that is not encoded", "mongodb://user:s3cret%@host/db", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), test.uri, Options{})
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("Open = %v, want %v", err, test.want)
			}
			if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "%@h") {
				t.Errorf("a password is repeated: %v", err)
			}
		})
	}
}
