package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const (
	// quietReads is how often a list is read before a storm.
	quietReads = 200
	// readPause lies between two reads of one list.
	readPause = 20 * time.Millisecond
)

// stormList is how long a list took before a storm and during it.
type stormList struct {
	Name  string    `json:"name"`
	Quiet listTimes `json:"quiet"`
	Storm listTimes `json:"storm"`
}

// listTimes are how long one page took, in milliseconds.
type listTimes struct {
	Reads int     `json:"reads"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Most  float64 `json:"max_ms"`
}

// watched is a list that is read again and again, as by those who look at what happens.
type watched struct {
	name string
	call func(context.Context) error
}

// lists are the newest incidents, and the alerts of the storm. Where all are to join one incident, the first of them opens
// it, so that it can be asked for.
func (w *weather) lists(ctx context.Context) ([]watched, error) {
	filter := fmt.Sprintf("integration = %q", w.integration)
	name := "alerts of the integration"
	if w.incidents == 1 {
		incident, err := w.openIncident(ctx)
		if err != nil {
			return nil, err
		}
		filter, name = fmt.Sprintf("incident = %q", incident), "alerts of the incident"
	}
	incidents, err := proto.Marshal(&debriefv1.ListIncidentsRequest{PageSize: pageSize})
	if err != nil {
		return nil, err
	}
	alerts, err := proto.Marshal(&debriefv1.ListAlertsRequest{Filter: filter, PageSize: pageSize})
	return []watched{
		{"incidents", func(ctx context.Context) error { return w.grpcCalls.call(ctx, 0, listMethod, incidents) }},
		{name, func(ctx context.Context) error { return w.grpcCalls.call(ctx, 0, listAlertsMethod, alerts) }},
	}, err
}

// openIncident sends the first alert, and waits for the incident that it opens.
func (w *weather) openIncident(ctx context.Context) (string, error) {
	if err := w.withREST(ctx); err != nil {
		return "", err
	}
	first := deliveryTemplate(w.phase, 1).copy(w.numbers.Add(2))
	if _, err := w.restCalls.deliver(ctx, 0, w.path, first); err != nil {
		return "", err
	}
	w.sent++
	incident := ""
	err := patiently(ctx, "the first alert has opened an incident", func(ctx context.Context) (bool, error) {
		page, err := debriefv1.NewAlertServiceClient(w.grpcCalls[0]).ListAlerts(ctx, &debriefv1.ListAlertsRequest{
			Filter: fmt.Sprintf("integration = %q", w.integration),
		})
		for _, alert := range page.GetAlerts() {
			incident = alert.GetIncident()
		}
		return incident != "", err
	})
	return incident, err
}

// readQuietly reads lists while nothing else goes on.
func readQuietly(ctx context.Context, lists []watched, most int) ([]stormList, error) {
	told := make([]stormList, len(lists))
	for i, list := range lists {
		told[i].Name = list.name
		var err error
		if told[i].Quiet, err = list.read(ctx, min(most, quietReads)); err != nil {
			return nil, err
		}
	}
	return told, nil
}

// read reads the list until the context ends, or so often, and at least once.
func (l watched) read(ctx context.Context, most int) (listTimes, error) {
	var taken sample
	for len(taken.took) < most {
		start := time.Now()
		if err := l.call(context.WithoutCancel(ctx)); err != nil {
			return listTimes{}, fmt.Errorf("%s: %w", l.name, err)
		}
		taken.took = append(taken.took, time.Since(start))
		select {
		case <-ctx.Done():
			most = 0
		case <-time.After(readPause):
		}
	}
	slices.Sort(taken.took)
	return listTimes{
		Reads: len(taken.took), P50: milliseconds(taken.percentile(0.5)), P99: milliseconds(taken.percentile(0.99)),
		Most: milliseconds(taken.percentile(1)),
	}, nil
}
