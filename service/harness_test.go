package service_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
	"github.com/debriefhq/debrief/repository/sqlite"
	"github.com/debriefhq/debrief/repository/sqlite/sqlitetest"
	"github.com/debriefhq/debrief/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is when every test begins.
var start = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

// clock is a clock that moves when it is told to.
type clock struct {
	mutex sync.Mutex
	time  time.Time
}

func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.time
}

func (c *clock) advance(d time.Duration) time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.time = c.time.Add(d)
	return c.time
}

// debrief is all services over one store, as a client sees them.
type debrief struct {
	*clock
	services      *service.Services
	repository    repository.Repository
	incidents     debriefv1.IncidentServiceClient
	timeline      debriefv1.TimelineServiceClient
	postMortems   debriefv1.PostMortemServiceClient
	actionItems   debriefv1.ActionItemServiceClient
	statements    debriefv1.StatementServiceClient
	clocks        debriefv1.ClockServiceClient
	language      debriefv1.LanguageServiceClient
	practice      debriefv1.PracticeServiceClient
	systems       debriefv1.SystemServiceClient
	mentalModels  debriefv1.MentalModelServiceClient
	events        debriefv1.EventServiceClient
	intake        debriefv1.IntakeServiceClient
	subscriptions debriefv1.SubscriptionServiceClient
	alerts        debriefv1.AlertServiceClient
	integrations  debriefv1.IntegrationServiceClient
	access        debriefv1.AccessServiceClient
	connection    *grpc.ClientConn
}

// onEachStore runs a test on SQLite, and on MongoDB where there is one.
func onEachStore(t *testing.T, test func(t *testing.T, d *debrief)) {
	t.Helper()
	onEachStoreWith(t, service.Options{}, test)
}

func onEachStoreWith(t *testing.T, options service.Options, test func(t *testing.T, d *debrief)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), sqlitetest.NewFile(t), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		test(t, serve(t, store, options))
	})
	t.Run("mongodb", func(t *testing.T) {
		store, err := mongodb.Open(t.Context(), mongodbtest.NewDatabase(t), mongodb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		test(t, serve(t, store, options))
	})
}

func serve(t *testing.T, store repository.Repository, options service.Options) *debrief {
	t.Helper()
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return front(t, store, options, &clock{time: start})
}

// locked is the same world behind a server that wants to know who calls.
func (d *debrief) locked(t *testing.T) *debrief {
	t.Helper()
	options := authenticated()
	options.Webhooks = toLoopback.Webhooks
	return front(t, d.repository, options, d.clock)
}

// front is a server over a store.
func front(t *testing.T, store repository.Repository, options service.Options, at *clock) *debrief {
	t.Helper()
	d := &debrief{clock: at, repository: store}
	options.Repository, options.Now = store, d.now
	var err error
	if d.services, err = service.New(options); err != nil {
		t.Fatal(err)
	}
	interceptors, err := d.services.Interceptors()
	if err != nil {
		t.Fatal(err)
	}
	streamInterceptors, err := d.services.StreamInterceptors()
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors...), grpc.ChainStreamInterceptor(streamInterceptors...))
	d.services.Register(server)
	listener := bufconn.Listen(1 << 20)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	connection, err := grpc.NewClient("passthrough:///debrief", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = connection.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	d.incidents = debriefv1.NewIncidentServiceClient(connection)
	d.timeline = debriefv1.NewTimelineServiceClient(connection)
	d.postMortems = debriefv1.NewPostMortemServiceClient(connection)
	d.actionItems = debriefv1.NewActionItemServiceClient(connection)
	d.statements = debriefv1.NewStatementServiceClient(connection)
	d.clocks = debriefv1.NewClockServiceClient(connection)
	d.language = debriefv1.NewLanguageServiceClient(connection)
	d.practice = debriefv1.NewPracticeServiceClient(connection)
	d.systems = debriefv1.NewSystemServiceClient(connection)
	d.mentalModels = debriefv1.NewMentalModelServiceClient(connection)
	d.events = debriefv1.NewEventServiceClient(connection)
	d.intake = debriefv1.NewIntakeServiceClient(connection)
	d.subscriptions = debriefv1.NewSubscriptionServiceClient(connection)
	d.alerts = debriefv1.NewAlertServiceClient(connection)
	d.access = debriefv1.NewAccessServiceClient(connection)
	d.connection = connection
	d.integrations = debriefv1.NewIntegrationServiceClient(connection)
	return d
}

// as is a context in which somebody calls.
func as(t *testing.T, actor string) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), service.ActorHeader, actor)
}

// must fails the test on an error.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(answer T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%v %v", err, status.Convert(err).Details())
		}
		return answer
	}
}

// open opens an incident.
func (d *debrief) open(t *testing.T, title string) *debriefv1.Incident {
	t.Helper()
	return must[*debriefv1.Incident](t)(d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: title}}))
}

// entries are the texts of an incident's timeline.
func (d *debrief) entries(t *testing.T, incident string) []string {
	t.Helper()
	page := must[*debriefv1.ListTimelineEntriesResponse](t)(d.timeline.ListTimelineEntries(t.Context(), &debriefv1.ListTimelineEntriesRequest{Parent: incident, PageSize: 500}))
	var texts []string
	for _, entry := range page.GetTimelineEntries() {
		texts = append(texts, entry.GetText())
	}
	return texts
}

// feed are the events that the filter finds.
func (d *debrief) feed(t *testing.T, filter string) []*debriefv1.Event {
	t.Helper()
	page := must[*debriefv1.ListEventsResponse](t)(d.events.ListEvents(t.Context(), &debriefv1.ListEventsRequest{Filter: filter, PageSize: 500}))
	return page.GetEvents()
}

func types(events []*debriefv1.Event) []string {
	var names []string
	for _, event := range events {
		names = append(names, strings.TrimPrefix(event.GetType().String(), "TYPE_"))
	}
	return names
}

// refusal is what a program can read from an error.
type refusal struct {
	Code   codes.Code
	Reason string
	Fields []string
}

// refused reads an error; it fails the test where the error does not say enough, or says too much.
func refused(t *testing.T, err error) (refusal, map[string]string) {
	t.Helper()
	answer, ok := status.FromError(err)
	if err == nil || !ok {
		t.Fatalf("error %v is no status", err)
	}
	found := refusal{Code: answer.Code()}
	var more map[string]string
	for _, detail := range answer.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() != service.ErrorDomain {
				t.Errorf("domain %q", detail.GetDomain())
			}
			found.Reason, more = detail.GetReason(), detail.GetMetadata()
		case *errdetails.BadRequest:
			for _, v := range detail.GetFieldViolations() {
				found.Fields = append(found.Fields, v.GetField())
				if v.GetDescription() == "" {
					t.Errorf("the violation of %s does not say what is wrong", v.GetField())
				}
			}
		}
	}
	if found.Reason == "" {
		t.Errorf("error %v has no reason", err)
	}
	return found, more
}
