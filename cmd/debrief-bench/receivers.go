package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// receivers take webhooks, each at an address of its own.
type receivers []*receiver

// receiver takes the webhooks of one subscription.
type receiver struct {
	server  *http.Server
	address string
	// hangs says that it takes everything and answers nothing.
	hangs bool
	// asked is how often it was called while it hangs.
	asked atomic.Int64

	mutex sync.Mutex
	// seen are the ids of what it has received, and took how long after its writing each was there for the first time.
	seen map[string]bool
	took []time.Duration
	// receipts is how often anything was received, and last when.
	receipts int
	last     time.Time
	// problem is what made no sense.
	problem error
}

// openReceivers opens so many, the last of which hang.
func openReceivers(ctx context.Context, count, hanging int) (receivers, error) {
	var all receivers
	var listening net.ListenConfig
	for i := range count {
		listener, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open a receiver: %w", err), all.close())
		}
		one := &receiver{address: "http://" + listener.Addr().String() + "/", hangs: i >= count-hanging}
		one.forget()
		one.server = &http.Server{Handler: one, ReadHeaderTimeout: time.Minute}
		go func() { _ = one.server.Serve(listener) }() // It ends when it is closed.
		all = append(all, one)
	}
	return all, nil
}

func (r receivers) close() error {
	var problems []error
	for _, one := range r {
		problems = append(problems, one.server.Close())
	}
	return errors.Join(problems...)
}

// well are those that answer.
func (r receivers) well() receivers {
	return slices.DeleteFunc(slices.Clone(r), func(one *receiver) bool { return one.hangs })
}

// ServeHTTP takes a webhook.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if r.hangs {
		r.asked.Add(1)
		<-request.Context().Done() // The sender gave up.
		return
	}
	r.take(request.Header.Get("Webhook-Id"), body, err)
	w.WriteHeader(http.StatusNoContent)
}

// take counts what came.
func (r *receiver) take(id string, body []byte, broken error) {
	now := time.Now()
	var event struct {
		Time time.Time `json:"time"`
	}
	err := errors.Join(broken, json.Unmarshal(body, &event))
	if id == "" || event.Time.IsZero() {
		err = errors.Join(err, fmt.Errorf("a webhook has the id %q and the time %v", id, event.Time))
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.problem = errors.Join(r.problem, err)
	r.receipts++
	r.last = now
	if !r.seen[id] {
		r.seen[id] = true
		r.took = append(r.took, now.Sub(event.Time))
	}
}

// forget has a receiver begin anew.
func (r *receiver) forget() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.seen, r.took, r.receipts = map[string]bool{}, nil, 0
}

// have says whether each has received so many events.
func (r receivers) have(events int64) (bool, error) {
	for _, one := range r {
		one.mutex.Lock()
		seen, problem := int64(len(one.seen)), one.problem
		one.mutex.Unlock()
		if problem != nil || seen < events {
			return false, problem
		}
	}
	return true, nil
}

// check sees to it that each has received so many events, and none of them twice.
func (r receivers) check(events int64) error {
	for i, one := range r {
		one.mutex.Lock()
		seen, receipts := int64(len(one.seen)), int64(one.receipts)
		one.mutex.Unlock()
		if seen != events || receipts != events {
			return fmt.Errorf("receiver %d has %d of %d events, and was called %d times for them", i, seen, events, receipts)
		}
	}
	return nil
}

// taken is how long after its writing each event was with each receiver, from a moment until the last one was there.
func (r receivers) taken(since time.Time) sample {
	var all sample
	for _, one := range r {
		one.mutex.Lock()
		all.took = append(all.took, one.took...)
		all.wall = max(all.wall, one.last.Sub(since))
		one.mutex.Unlock()
	}
	slices.Sort(all.took)
	return all
}

// bareRate is how many bodies a second a bare HTTP client posts to the receivers, some at a time to each.
func (r receivers) bareRate(ctx context.Context, atOnce, posts int) (float64, error) {
	body := fmt.Appendf(nil, `{"specversion":"1.0","id":"floor","source":"/debrief","time":%q,"data":{"text":%q}}`, time.Now().Format(time.RFC3339Nano), benchText)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	defer client.CloseIdleConnections()
	taken, err := load{clients: atOnce * len(r), duration: scenarioTimeout, most: posts}.run(ctx, func(ctx context.Context, caller int) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, r[caller%len(r)].address, bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/cloudevents+json")
		request.Header.Set("Webhook-Id", "floor")
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		return errors.Join(err, answer.Body.Close())
	})
	for _, one := range r {
		one.forget()
	}
	return taken.perSecond(), err
}
