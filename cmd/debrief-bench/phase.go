package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// phase is one thing that is measured.
type phase struct {
	name string
	// floor names the phase to which it is compared, call by call; empty: none.
	floor string
	// units is how many things a call does.
	units int
	// where names the process whose allocations are counted.
	where string
	// prepare makes everything that is not to be measured.
	prepare func(ctx context.Context, b *bench) (running, error)
}

// running is a phase that is prepared.
type running struct {
	call operation
	// verify looks whether everything that was answered is there. May be nil.
	verify func(ctx context.Context) (aftermath, error)
}

// aftermath is what is known of a phase when everything that it began has come to its end.
type aftermath struct {
	// lag is how long after the last call the event feed had the last event.
	lag time.Duration
	// refused is how often a delivery was answered 503, and sent again.
	refused int64
}

// The lists that are measured: as people mostly see them, and with a filter and an order of their own.
const (
	listFilter = `kind = INCIDENT AND labels.environment = "production"`
	listOrder  = "milestones.start_time desc"
	pageSize   = 50
	// deepPage is the page that is read deep in a list, where there are so many.
	deepPage = 1000
)

// wantedPhases are the phases in the order in which they are run: each floor near what stands on it.
func (b *bench) wantedPhases() []phase {
	getFloor := "floor: gRPC echo"
	if b.mongodb() {
		getFloor = "floor: driver find"
	}
	all := []phase{
		{name: "floor: gRPC echo", units: 1, where: inEcho, prepare: prepareEcho},
		{name: "floor: driver insert", units: 1, where: inLoad, prepare: func(_ context.Context, b *bench) (running, error) {
			return running{call: b.ids.inserting(b.bare)}, nil
		}},
		{name: "gRPC create", floor: "floor: driver insert", units: 1, where: inServer, prepare: prepareCreate},
		{name: "REST create", floor: "gRPC create", units: 1, where: inServer, prepare: prepareRESTCreate},
		{name: "floor: driver find", units: 1, where: inLoad, prepare: func(_ context.Context, b *bench) (running, error) {
			return running{call: b.ids.finding(b.bare)}, nil
		}},
		{name: "gRPC get", floor: getFloor, units: 1, where: inServer, prepare: prepareGet},
		{name: "REST get", floor: "gRPC get", units: 1, where: inServer, prepare: prepareRESTGet},
		{name: "gRPC list", units: 1, where: inServer, prepare: prepareList("", "", 1)},
		{name: "REST list", floor: "gRPC list", units: 1, where: inServer, prepare: prepareRESTList("", "")},
		{name: "gRPC list, filtered and ordered", units: 1, where: inServer, prepare: prepareList(listFilter, listOrder, 1)},
		{name: "REST list, filtered and ordered", floor: "gRPC list, filtered and ordered", units: 1, where: inServer, prepare: prepareRESTList(listFilter, listOrder)},
		{name: "gRPC list, filtered and ordered, deep", floor: "gRPC list, filtered and ordered", units: 1, where: inServer, prepare: prepareList(listFilter, listOrder, deepPage)},
		{name: "alerts, 1 a delivery", floor: "floor: driver insert", units: 1, where: inServer, prepare: prepareDeliveries(1)},
		{name: "alerts, 100 a delivery", floor: "floor: driver insert", units: manyAlerts, where: inServer, prepare: prepareDeliveries(manyAlerts)},
	}
	var wanted []phase
	for _, phase := range all {
		if b.wanted(phase.name) {
			wanted = append(wanted, phase)
		}
	}
	return wanted
}

func prepareEcho(_ context.Context, b *bench) (running, error) {
	templates, _, err := createTemplates()
	if err != nil {
		return running{}, err
	}
	// What is echoed is the incident, without the request around it.
	request := &debriefv1.CreateIncidentRequest{}
	if err := proto.Unmarshal(templates[0].copy(1), request); err != nil {
		return running{}, err
	}
	message, err := proto.Marshal(request.GetIncident())
	return running{call: func(ctx context.Context, caller int) error {
		return b.echoCalls.call(ctx, caller, echoMethod, message)
	}}, err
}

func prepareCreate(ctx context.Context, b *bench) (running, error) {
	templates, _, err := createTemplates()
	if err != nil {
		return running{}, err
	}
	return b.writing(ctx, 1, func(ctx context.Context, caller int, number int64) error {
		return b.grpcCalls.call(ctx, caller, createMethod, templates[number%variants].copy(number))
	})
}

// withREST opens the callers' HTTP connections anew: the server ends those that rest for minutes.
func (b *bench) withREST(ctx context.Context) error {
	if b.restCalls != nil {
		if err := b.restCalls.close(); err != nil {
			return err
		}
	} else {
		b.closers = append(b.closers, func(context.Context) error { return b.restCalls.close() })
	}
	var err error
	b.restCalls, err = dialHTTP(ctx, b.server.HTTP, b.clients)
	return err
}

func prepareRESTCreate(ctx context.Context, b *bench) (running, error) {
	_, templates, err := createTemplates()
	if err != nil {
		return running{}, err
	}
	if err := b.withREST(ctx); err != nil {
		return running{}, err
	}
	return b.writing(ctx, 1, func(ctx context.Context, caller int, number int64) error {
		return b.restCalls.call(ctx, caller, http.MethodPost, "/v1/incidents", templates[number%variants].copy(number))
	})
}

// writing is a phase whose calls change the store; each gets a number that no other call has. Afterwards it sees to it
// that there is exactly one event for each thing that was created.
func (b *bench) writing(ctx context.Context, units int64, call func(ctx context.Context, caller int, number int64) error) (running, error) {
	before, err := b.lastEvent(ctx)
	if err != nil {
		return running{}, err
	}
	var created atomic.Int64
	return running{
		call: func(ctx context.Context, caller int) error {
			// An alert has two numbers.
			err := call(ctx, caller, b.numbers.Add(2*units))
			if err == nil {
				created.Add(units)
			}
			return err
		},
		verify: func(ctx context.Context) (aftermath, error) {
			lag, err := b.awaitEvents(ctx, before+created.Load())
			return aftermath{lag: lag}, err
		},
	}, nil
}

// lastEvent is the sequence of the newest event.
func (b *bench) lastEvent(ctx context.Context) (int64, error) {
	page, err := b.grpcCalls.events().ListEvents(ctx, &debriefv1.ListEventsRequest{OrderBy: "sequence desc", PageSize: 1})
	if err != nil || len(page.GetEvents()) == 0 {
		return 0, err
	}
	return page.GetEvents()[0].GetSequence(), nil
}

// eventsTimeout bounds how long the events of a phase may lag behind it.
const eventsTimeout = 10 * time.Minute

// awaitEvents waits until the feed has reached a sequence, and answers how long that took.
func (b *bench) awaitEvents(ctx context.Context, want int64) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, eventsTimeout)
	defer cancel()
	start := time.Now()
	for {
		last, err := b.lastEvent(ctx)
		switch {
		case err != nil:
			return 0, fmt.Errorf("wait for event %d: %w", want, err)
		case last == want:
			return time.Since(start), nil
		case last > want:
			return 0, fmt.Errorf("the feed has %d events, where %d things were created", last, want)
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("the feed is at event %d and not at %d: %w", last, want, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func prepareGet(_ context.Context, b *bench) (running, error) {
	var requests [][]byte
	for _, name := range b.names {
		encoded, err := proto.Marshal(&debriefv1.GetIncidentRequest{Name: name})
		if err != nil {
			return running{}, err
		}
		requests = append(requests, encoded)
	}
	return running{call: func(ctx context.Context, caller int) error {
		return b.grpcCalls.call(ctx, caller, getMethod, requests[rand.IntN(len(requests))]) //nolint:gosec // Which one is read is no secret.
	}}, nil
}

func prepareRESTGet(ctx context.Context, b *bench) (running, error) {
	return running{call: func(ctx context.Context, caller int) error {
		return b.restCalls.call(ctx, caller, http.MethodGet, "/v1/"+b.names[rand.IntN(len(b.names))], nil) //nolint:gosec // As above.
	}}, b.withREST(ctx)
}

func prepareList(filter, order string, page int) func(context.Context, *bench) (running, error) {
	return func(ctx context.Context, b *bench) (running, error) {
		call, _, err := b.grpcCalls.listing(ctx, filter, order, page)
		return running{call: call}, err
	}
}

func prepareRESTList(filter, order string) func(context.Context, *bench) (running, error) {
	path := fmt.Sprintf("/v1/incidents?pageSize=%d&filter=%s&orderBy=%s", pageSize, url.QueryEscape(filter), url.QueryEscape(order))
	return func(ctx context.Context, b *bench) (running, error) {
		return running{call: func(ctx context.Context, caller int) error {
			return b.restCalls.call(ctx, caller, http.MethodGet, path, nil)
		}}, b.withREST(ctx)
	}
}

// listing reads one page of a list, again and again. Where the list ends before it, it is the last page; the number
// of the page is answered.
func (c grpcCallers) listing(ctx context.Context, filter, order string, page int) (operation, int, error) {
	token, reached, err := c.tokenOf(ctx, filter, order, page)
	if err != nil {
		return nil, 0, err
	}
	request, err := proto.Marshal(&debriefv1.ListIncidentsRequest{Filter: filter, OrderBy: order, PageSize: pageSize, PageToken: token})
	return func(ctx context.Context, caller int) error {
		return c.call(ctx, caller, listMethod, request)
	}, reached, err
}

// walking bounds how long is walked to a page. Where a list is so slow that it is not reached, a nearer one is read.
const walking = 30 * time.Second

// tokenOf walks to a page, in larger steps.
func (c grpcCallers) tokenOf(ctx context.Context, filter, order string, page int) (token string, reached int, err error) {
	const stride = 500
	reached = 1
	for start := time.Now(); reached < page && time.Since(start) < walking; {
		size := min(stride, (page-reached)*pageSize)
		answer, err := c.incidents().ListIncidents(ctx, &debriefv1.ListIncidentsRequest{Filter: filter, OrderBy: order, PageSize: int32(size), PageToken: token})
		if err != nil {
			return "", 0, err
		}
		if answer.GetNextPageToken() == "" {
			break
		}
		token = answer.GetNextPageToken()
		reached += size / pageSize
	}
	return token, reached, nil
}

// listNames are the names of the oldest incidents.
func (c grpcCallers) listNames(ctx context.Context, count int) ([]string, error) {
	var names []string
	for token := ""; len(names) < count; {
		page, err := c.incidents().ListIncidents(ctx, &debriefv1.ListIncidentsRequest{OrderBy: "create_time", PageSize: 500, PageToken: token})
		if err != nil {
			return nil, err
		}
		for _, incident := range page.GetIncidents() {
			names = append(names, incident.GetName())
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(names) < count {
		return nil, errors.New("the store has fewer incidents than it was filled with")
	}
	return names[:count], nil
}
