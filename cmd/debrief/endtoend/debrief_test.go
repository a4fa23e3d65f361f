package endtoend_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// debrief is a server that runs, and the ways to it.
type debrief struct {
	*program
	// grpcAddress and httpAddress are HOST:PORT.
	grpcAddress, httpAddress string

	connection    *grpc.ClientConn
	incidents     debriefv1.IncidentServiceClient
	timeline      debriefv1.TimelineServiceClient
	postMortems   debriefv1.PostMortemServiceClient
	actionItems   debriefv1.ActionItemServiceClient
	feed          debriefv1.EventServiceClient
	intake        debriefv1.IntakeServiceClient
	subscriptions debriefv1.SubscriptionServiceClient
	http          *http.Client
}

// serve starts a server on ports of the system's choice, and waits until it is ready. Flags come after the usual ones, so
// that they win.
func serve(t *testing.T, store string, flags ...string) *debrief {
	t.Helper()
	arguments := append([]string{"serve", "--store", store, "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"}, flags...)
	return ready(t, launch(t, binaryPath(t), arguments...))
}

// ready waits until a server that was launched serves.
func ready(t *testing.T, launched *program) *debrief {
	t.Helper()
	serving := launched.awaitRecord(t, "serving")
	d := &debrief{program: launched, grpcAddress: fmt.Sprint(serving["grpc"]), httpAddress: fmt.Sprint(serving["http"])}
	d.connect(t)
	eventually(t, "readiness", func() bool {
		code, _, err := d.try(t.Context(), http.MethodGet, "/readyz", "", nil)
		return err == nil && code == http.StatusOK
	})
	return d
}

func (d *debrief) connect(t *testing.T) {
	t.Helper()
	connection, err := grpc.NewClient(d.grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(patiently))
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := connection.Close(); err != nil {
			t.Errorf("close the connection: %v", err)
		}
		d.stop(t)
	})
	d.connection, d.http = connection, &http.Client{Transport: transport, Timeout: patience}
	d.incidents = debriefv1.NewIncidentServiceClient(connection)
	d.timeline = debriefv1.NewTimelineServiceClient(connection)
	d.postMortems = debriefv1.NewPostMortemServiceClient(connection)
	d.actionItems = debriefv1.NewActionItemServiceClient(connection)
	d.feed = debriefv1.NewEventServiceClient(connection)
	d.intake = debriefv1.NewIntakeServiceClient(connection)
	d.subscriptions = debriefv1.NewSubscriptionServiceClient(connection)
}

// patiently has calls without a deadline wait as long as tests wait for anything, instead of what the server gives whoever has none.
func patiently(
	ctx context.Context, method string, request, answer any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	return invoke(ctx, method, request, answer, connection, options...)
}

// stop ends a server in good order, unless it is gone already.
func (d *debrief) stop(t *testing.T) {
	t.Helper()
	if d.gone() {
		return
	}
	d.send(t, syscall.SIGTERM)
	if code := d.exitCode(t); code != 0 {
		t.Errorf("a server that was told to stop exited with %d, want 0", code)
	}
}

// try makes an HTTP request; headers are pairs of name and value.
func (d *debrief) try(ctx context.Context, method, path, body string, headers []string) (code int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+d.httpAddress+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := d.http.Do(request)
	if err != nil {
		return 0, "", err
	}
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), errors.Join(err, response.Body.Close())
}

// must is the answer of a call that is to succeed.
func must[T any](t *testing.T) func(answer T, err error) T {
	t.Helper()
	return func(answer T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// listIncidents reads all incidents that the filter finds, the oldest first.
func (d *debrief) listIncidents(t *testing.T, filter string) []*debriefv1.Incident {
	t.Helper()
	var found []*debriefv1.Incident
	request := &debriefv1.ListIncidentsRequest{Filter: filter, OrderBy: "create_time", PageSize: 500}
	for {
		page := must[*debriefv1.ListIncidentsResponse](t)(d.incidents.ListIncidents(t.Context(), request))
		found = append(found, page.GetIncidents()...)
		if request.PageToken = page.GetNextPageToken(); page.GetNextPageToken() == "" {
			return found
		}
	}
}

// listActionItems reads all action items.
func (d *debrief) listActionItems(t *testing.T) []*debriefv1.ActionItem {
	t.Helper()
	var found []*debriefv1.ActionItem
	request := &debriefv1.ListActionItemsRequest{PageSize: 500}
	for {
		page := must[*debriefv1.ListActionItemsResponse](t)(d.actionItems.ListActionItems(t.Context(), request))
		found = append(found, page.GetActionItems()...)
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return found
		}
	}
}

// listEntries reads an incident's timeline.
func (d *debrief) listEntries(t *testing.T, incident string) []*debriefv1.TimelineEntry {
	t.Helper()
	page := must[*debriefv1.ListTimelineEntriesResponse](t)(d.timeline.ListTimelineEntries(t.Context(),
		&debriefv1.ListTimelineEntriesRequest{Parent: incident, PageSize: 500}))
	if page.GetNextPageToken() != "" {
		t.Fatalf("%s has more than a page of entries", incident)
	}
	return page.GetTimelineEntries()
}

// follow reads the whole feed, as somebody does who follows it.
func (d *debrief) follow(t *testing.T) []*debriefv1.Event {
	t.Helper()
	var events []*debriefv1.Event
	request := &debriefv1.ListEventsRequest{PageSize: 500}
	for {
		page := must[*debriefv1.ListEventsResponse](t)(d.feed.ListEvents(t.Context(), request)).GetEvents()
		if len(page) == 0 {
			return events
		}
		events = append(events, page...)
		request.AfterSequence = page[len(page)-1].GetSequence()
	}
}

// checkFeed holds a feed against what is promised: every event once, in one order without gaps, and those of a resource
// in the order of its revisions.
func checkFeed(t *testing.T, events []*debriefv1.Event) {
	t.Helper()
	ids, revisions := map[string]bool{}, map[string]int64{}
	for i, event := range events {
		if event.GetSequence() != int64(i+1) {
			t.Fatalf("the event at place %d has the sequence %d", i+1, event.GetSequence())
		}
		if ids[event.GetId()] {
			t.Errorf("the event %s is there twice", event.GetId())
		}
		ids[event.GetId()] = true
		if resource := event.GetResource(); event.GetResourceRevision() < revisions[resource] {
			t.Errorf("%v: revision %d comes after revision %d", event, event.GetResourceRevision(), revisions[resource])
		} else {
			revisions[resource] = event.GetResourceRevision()
		}
	}
}

// eventsOf are the events of a type, counted by their resource.
func eventsOf(events []*debriefv1.Event, eventType debriefv1.Event_Type) map[string]int {
	counts := map[string]int{}
	for _, event := range events {
		if event.GetType() == eventType {
			counts[event.GetResource()]++
		}
	}
	return counts
}
