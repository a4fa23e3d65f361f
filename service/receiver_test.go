package service_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/debriefhq/debrief/service"
)

// message is a webhook as it arrives.
type message struct {
	id, timestamp, signature, contentType string
	body                                  []byte
}

// event is what a CloudEvent tells.
type event struct {
	ID, Type, Subject string
	Data              struct{ Sequence string }
}

func (m message) event(t *testing.T) event {
	t.Helper()
	var read event
	if err := json.Unmarshal(m.body, &read); err != nil {
		t.Fatalf("%v in %s", err, m.body)
	}
	return read
}

// receiver takes webhooks, and answers what it is told to.
type receiver struct {
	*httptest.Server
	mutex    sync.Mutex
	messages []message
	// taken are those that were answered 200.
	taken []message
	came  chan struct{}
}

// newReceiver takes webhooks and answers each with a status.
func newReceiver(t *testing.T, answer func(message, *http.Request) int) *receiver {
	t.Helper()
	r := &receiver{came: make(chan struct{}, 10_000)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		m := message{
			request.Header.Get("webhook-id"), request.Header.Get("webhook-timestamp"), request.Header.Get("webhook-signature"),
			request.Header.Get("Content-Type"), body,
		}
		status := answer(m, request)
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.messages = append(r.messages, m)
		if status == http.StatusOK {
			r.taken = append(r.taken, m)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.Repeat("é", 2000))
		r.came <- struct{}{}
	}))
	t.Cleanup(r.Close)
	return r
}

func ok(message, *http.Request) int { return http.StatusOK }

// all are the messages that came, and those that were taken.
func (r *receiver) all() (messages, taken []message) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.messages), slices.Clone(r.taken)
}

// await waits for the next messages.
func (r *receiver) await(t *testing.T, count int) {
	t.Helper()
	for range count {
		select {
		case <-r.came:
		case <-t.Context().Done():
			t.Fatal("too little came")
		}
	}
}

// timers are timers on a clock that moves when it is told to.
type timers struct {
	*clock
	mutex sync.Mutex
	set   map[chan time.Time]time.Time
}

func (ts *timers) after(d time.Duration) <-chan time.Time {
	ts.mutex.Lock()
	defer ts.mutex.Unlock()
	c := make(chan time.Time, 1)
	ts.set[c] = ts.now().Add(d)
	ts.fire()
	return c
}

func (ts *timers) fire() {
	for c, at := range ts.set {
		if !at.After(ts.now()) {
			c <- at
			delete(ts.set, c)
		}
	}
}

func (ts *timers) pass(d time.Duration) {
	ts.mutex.Lock()
	defer ts.mutex.Unlock()
	ts.advance(d)
	ts.fire()
}

// jump sets the clock of the machine, by which no timer goes.
func (ts *timers) jump(d time.Duration) {
	ts.mutex.Lock()
	defer ts.mutex.Unlock()
	ts.advance(d)
	for c, at := range ts.set {
		ts.set[c] = at.Add(d)
	}
}

func newTimers(d *debrief) *timers {
	return &timers{clock: d.clock, set: map[chan time.Time]time.Time{}}
}

// dispatch delivers until it is stopped.
func dispatch(t *testing.T, services *service.Services, timers *timers, holder string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		services.Dispatch(ctx, service.DispatchOptions{Holder: holder, After: timers.after, Chance: func() float64 { return 0.5 }})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(stop)
	return stop
}
