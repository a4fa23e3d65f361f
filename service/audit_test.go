package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/audit"
	"github.com/debriefhq/debrief/service/intake"
)

// auditTrail reads the whole trail page by page, and follows its chain.
func (d *debrief) auditTrail(t *testing.T, request *debriefv1.ListAuditRecordsRequest) []*debriefv1.AuditRecord {
	t.Helper()
	var records []*debriefv1.AuditRecord
	for {
		answer, err := d.services.Access.ListAuditRecords(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, answer.GetAuditRecords()...)
		if request.PageToken = answer.GetNextPageToken(); request.GetPageToken() == "" {
			return records
		}
	}
}

func followTrail(t *testing.T, records []*debriefv1.AuditRecord) {
	t.Helper()
	var chain audit.Chain
	for _, r := range records {
		if err := chain.Follow(audit.Record{
			Sequence: r.GetSequence(), Time: r.GetTime().AsTime(), Principal: r.GetPrincipal(), Role: roleText(r.GetRole()),
			Address: r.GetAddress(), Method: r.GetMethod(), Resource: r.GetResource(),
			Decision: strings.TrimPrefix(r.GetDecision().String(), "DECISION_"), Reason: r.GetReason(), PreviousHash: r.GetPreviousHash(), Hash: r.GetHash(),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := chain.End(); err != nil {
		t.Fatal(err)
	}
}

func roleText(role debriefv1.Role) string {
	if role == debriefv1.Role_ROLE_UNSPECIFIED {
		return ""
	}
	return strings.TrimPrefix(role.String(), "ROLE_")
}

// said is a record without what differs from run to run.
func said(r *debriefv1.AuditRecord) string {
	method := r.GetMethod()[strings.LastIndexByte(r.GetMethod(), '/')+1:]
	return strings.Join(strings.Fields(fmt.Sprint(r.GetSequence(), " ", r.GetPrincipal(), " ", strings.TrimPrefix(r.GetDecision().String(), "DECISION_"), " ",
		r.GetReason(), " ", method, " ", r.GetResource())), " ")
}

func TestAuditTrail(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		viewer := showing(t, d.firstKey(t, debriefv1.Role_ROLE_VIEWER))
		responder := showing(t, d.firstKey(t, debriefv1.Role_ROLE_RESPONDER))
		incident := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(responder, &debriefv1.CreateIncidentRequest{
			Incident: &debriefv1.Incident{Title: "a secret text"},
		}))
		name := incident.GetName()
		_, _ = d.incidents.GetIncident(viewer, &debriefv1.GetIncidentRequest{Name: name})
		_, err := d.incidents.AcknowledgeIncident(viewer, &debriefv1.AcknowledgeIncidentRequest{Name: name})
		wantRefusal(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = d.incidents.DeleteIncident(t.Context(), &debriefv1.DeleteIncidentRequest{Name: name})
		wantRefusal(t, err, codes.Unauthenticated, "CREDENTIALS_REQUIRED")
		must[*debriefv1.Incident](t)(d.incidents.UpdateIncident(responder, &debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Name: name, Title: "another"}}))
		must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(responder, &debriefv1.CreateTimelineEntryRequest{
			Parent: name, TimelineEntry: &debriefv1.TimelineEntry{Text: "a secret text"},
		}))
		_, err = d.incidents.AcknowledgeIncident(responder, &debriefv1.AcknowledgeIncidentRequest{Name: "a secret text"})
		wantRefusal(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "name")

		records := d.auditTrail(t, &debriefv1.ListAuditRecordsRequest{Ascending: true, PageSize: 2})
		followTrail(t, records)
		want := []string{
			"1 apiKeys/first-responder ALLOWED CreateIncident",
			"2 apiKeys/first-viewer REFUSED ROLE_REQUIRED AcknowledgeIncident " + name,
			"3 REFUSED CREDENTIALS_REQUIRED DeleteIncident " + name,
			"4 apiKeys/first-responder ALLOWED UpdateIncident " + name,
			"5 apiKeys/first-responder ALLOWED CreateTimelineEntry " + name,
			"6 apiKeys/first-responder ALLOWED AcknowledgeIncident",
		}
		got := make([]string, len(records))
		for i, record := range records {
			got[i] = said(record)
			if record.GetAddress() != "bufconn" || !record.GetTime().AsTime().Equal(start) {
				t.Errorf("record %d came from %q at %v", record.GetSequence(), record.GetAddress(), record.GetTime().AsTime())
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("trail (-want +got):\n%s", diff)
		}
		for _, test := range []struct {
			request *debriefv1.ListAuditRecordsRequest
			want    []int64
		}{
			{&debriefv1.ListAuditRecordsRequest{}, []int64{6, 5, 4, 3, 2, 1}},
			{&debriefv1.ListAuditRecordsRequest{PageSize: 1}, []int64{6, 5, 4, 3, 2, 1}},
			{&debriefv1.ListAuditRecordsRequest{Principal: "apiKeys/first-viewer"}, []int64{2}},
			{&debriefv1.ListAuditRecordsRequest{Decision: debriefv1.AuditRecord_DECISION_REFUSED, PageSize: 1}, []int64{3, 2}},
			{&debriefv1.ListAuditRecordsRequest{Resource: name, Ascending: true, PageSize: 3}, []int64{2, 3, 4, 5}},
			{&debriefv1.ListAuditRecordsRequest{Method: debriefv1.IncidentService_CreateIncident_FullMethodName}, []int64{1}},
			{&debriefv1.ListAuditRecordsRequest{Principal: "nobody"}, nil},
		} {
			var got []int64
			for _, record := range d.auditTrail(t, test.request) {
				got = append(got, record.GetSequence())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%v (-want +got):\n%s", test.request, diff)
			}
		}
	})
}

// TestNobodyIsToKnowWhoWasAnonymous writes, changes and deletes anonymously, and is refused: no record says who, nor from where.
func TestNobodyIsToKnowWhoWasAnonymous(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		incident := must[*debriefv1.Incident](t)(d.services.Incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
			Incident: &debriefv1.Incident{Title: "Checkout is slow"},
		}))
		responder, viewer := showing(t, d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)), showing(t, d.firstKey(t, debriefv1.Role_ROLE_VIEWER))
		request := &debriefv1.CreateTimelineEntryRequest{Parent: incident.GetName(), TimelineEntry: &debriefv1.TimelineEntry{Text: "I had no idea", Anonymous: true}}
		entry := must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(responder, request))
		must[*debriefv1.TimelineEntry](t)(d.timeline.UpdateTimelineEntry(responder, &debriefv1.UpdateTimelineEntryRequest{
			TimelineEntry: &debriefv1.TimelineEntry{Name: entry.GetName(), Text: "I had no idea at all"},
		}))
		must[*debriefv1.TimelineEntry](t)(d.timeline.DeleteTimelineEntry(responder, &debriefv1.DeleteTimelineEntryRequest{Name: entry.GetName()}))
		must[*debriefv1.BatchCreateTimelineEntriesResponse](t)(d.timeline.BatchCreateTimelineEntries(responder, &debriefv1.BatchCreateTimelineEntriesRequest{
			Parent: incident.GetName(), Requests: []*debriefv1.CreateTimelineEntryRequest{request},
		}))
		_, err := d.timeline.CreateTimelineEntry(viewer, request)
		wantRefusal(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = d.timeline.CreateTimelineEntry(t.Context(), request)
		wantRefusal(t, err, codes.Unauthenticated, "CREDENTIALS_REQUIRED")

		records := d.auditTrail(t, &debriefv1.ListAuditRecordsRequest{Ascending: true})
		followTrail(t, records)
		if len(records) != 6 {
			t.Errorf("%d records, want 6", len(records))
		}
		for _, record := range records {
			if record.GetPrincipal() != "" || record.GetRole() != 0 || record.GetAddress() != "" {
				t.Errorf("somebody can be told by %v", record)
			}
		}
		keys := must[*debriefv1.ListApiKeysResponse](t)(d.services.Access.ListApiKeys(t.Context(), &debriefv1.ListApiKeysRequest{}))
		for _, key := range keys.GetApiKeys() {
			if key.GetLastUsedTime() != nil {
				t.Errorf("%s tells when it was used", key.GetName())
			}
		}
	})
}

// TestWhoSignsIsKnownToTheTrail is refused with what was not to be anonymous, one by one and together with what was.
func TestWhoSignsIsKnownToTheTrail(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		viewer := showing(t, d.firstKey(t, debriefv1.Role_ROLE_VIEWER))
		one := func(anonymous bool) *debriefv1.CreateTimelineEntryRequest {
			return &debriefv1.CreateTimelineEntryRequest{TimelineEntry: &debriefv1.TimelineEntry{Text: "I knew", Anonymous: anonymous}}
		}
		for _, call := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := d.timeline.CreateTimelineEntry(ctx, one(false)); return err },
			func(ctx context.Context) error {
				_, err := d.statements.CreateStatement(ctx, &debriefv1.CreateStatementRequest{Statement: &debriefv1.Statement{Text: "I knew"}})
				return err
			},
			func(ctx context.Context) error {
				_, err := d.timeline.BatchCreateTimelineEntries(ctx, &debriefv1.BatchCreateTimelineEntriesRequest{Requests: []*debriefv1.CreateTimelineEntryRequest{one(false)}})
				return err
			},
			func(ctx context.Context) error {
				_, err := d.timeline.BatchCreateTimelineEntries(ctx, &debriefv1.BatchCreateTimelineEntriesRequest{Requests: []*debriefv1.CreateTimelineEntryRequest{one(false), one(true)}})
				return err
			},
			func(ctx context.Context) error {
				_, err := d.timeline.DeleteTimelineEntry(ctx, &debriefv1.DeleteTimelineEntryRequest{})
				return err
			},
		} {
			wantRefusal(t, call(viewer), codes.PermissionDenied, "ROLE_REQUIRED")
		}
		var got []string
		for _, record := range d.auditTrail(t, &debriefv1.ListAuditRecordsRequest{Ascending: true}) {
			got = append(got, said(record)+" "+record.GetAddress())
		}
		want := []string{
			"1 apiKeys/first-viewer REFUSED ROLE_REQUIRED CreateTimelineEntry bufconn", "2 apiKeys/first-viewer REFUSED ROLE_REQUIRED CreateStatement bufconn",
			"3 apiKeys/first-viewer REFUSED ROLE_REQUIRED BatchCreateTimelineEntries bufconn", "4 REFUSED ROLE_REQUIRED BatchCreateTimelineEntries ",
			"5 REFUSED ROLE_REQUIRED DeleteTimelineEntry ",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("trail (-want +got):\n%s", diff)
		}
	})
}

// TestRefusedDeliveriesAreOnTheTrail comes to the intake without a key, and with keys that let nothing in: once for each refusal, and no
// oftener than is written down.
func TestRefusedDeliveriesAreOnTheTrail(t *testing.T) {
	t.Parallel()
	options := authenticated()
	options.Alerts.RequireKeys = true
	onEachStoreWith(t, options, func(t *testing.T, d *debrief) {
		made := must[*debriefv1.IntegrationWithKey](t)(d.services.Integrations.CreateIntegration(t.Context(), &debriefv1.CreateIntegrationRequest{
			IntegrationId: "pager", Integration: &debriefv1.Integration{Title: "Pager", Kind: debriefv1.Integration_KIND_PAGERDUTY, Disabled: true},
		}))
		for _, key := range []string{"", "dbk_x", made.GetKey()} {
			if _, err := receive(t, d.services, "pagerduty", "v2/enqueue", pagerDuty("trigger", "k", at(-5)), key); err == nil {
				t.Errorf("with the key %q it is taken", key)
			}
		}
		_, err := d.services.Intake.AskOpsgenie(t.Context(), intake.OpsgenieQuestion{Identifier: "disk"}, "dbk_x")
		wantRefusal(t, d.services.ToStatus(t.Context(), err), codes.Unauthenticated, "INTAKE_KEY_INVALID")
		_, err = d.access.GetCaller(showing(t, made.GetKey()), &debriefv1.GetCallerRequest{})
		wantRefusal(t, err, codes.PermissionDenied, "INTEGRATION_DISABLED")
		var got []string
		for _, record := range d.auditTrail(t, &debriefv1.ListAuditRecordsRequest{Ascending: true}) {
			got = append(got, said(record))
		}
		want := []string{
			"1 REFUSED INTAKE_KEY_REQUIRED pagerduty", "2 REFUSED INTAKE_KEY_INVALID pagerduty",
			"3 integrations/pager REFUSED INTEGRATION_DISABLED pagerduty", "4 REFUSED INTAKE_KEY_INVALID opsgenie",
			"5 integrations/pager REFUSED INTEGRATION_DISABLED GetCaller",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("trail (-want +got):\n%s", diff)
		}
		for range service.RefusalsAtOnce {
			_, _ = d.services.Intake.AskOpsgenie(t.Context(), intake.OpsgenieQuestion{Identifier: "disk"}, "dbk_x")
		}
		if got := len(d.auditTrail(t, &debriefv1.ListAuditRecordsRequest{PageSize: 500})); got != service.RefusalsAtOnce {
			t.Errorf("%d refusals are written down, want %d", got, service.RefusalsAtOnce)
		}
	})
}

// TestReplicasWriteOneTrail has two servers over one store write at once: their records are one chain, each in it once.
func TestReplicasWriteOneTrail(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		const writers, calls = 8, 5
		options := authenticated()
		options.Repository = d.repository
		other, err := service.New(options)
		if err != nil {
			t.Fatal(err)
		}
		secret := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)
		var writing sync.WaitGroup
		for writer := range writers {
			services := []*service.Services{d.services, other}[writer%2]
			writing.Go(func() {
				ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+secret))
				for range calls {
					if _, err := service.Admit(ctx, services, debriefv1.IncidentService_CreateIncident_FullMethodName); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writing.Wait()
		records := d.auditTrail(t, &debriefv1.ListAuditRecordsRequest{Ascending: true, PageSize: 7})
		followTrail(t, records)
		if len(records) != writers*calls {
			t.Errorf("%d records, want %d", len(records), writers*calls)
		}
	})
}

// TestALongTrailIsLookedThroughBitByBit asks for what no record is: somebody's doing, and a method that they did not call, where both
// stand on each page.
func TestALongTrailIsLookedThroughBitByBit(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		var end audit.Record
		for place := range int64(service.MaxAuditPages + 10) {
			one := audit.Record{Time: start, Principal: "apiKeys/one", Method: "/one", Decision: "ALLOWED"}.After(end)
			two := audit.Record{Time: start, Principal: "apiKeys/two", Method: "/two", Decision: "ALLOWED"}.After(one)
			end = two
			page := repository.AuditPage{
				Header:  repository.Header{ID: repository.AuditPageID(place + 1), CreateTime: start},
				Records: []repository.AuditRecord{repository.AuditRecord(one), repository.AuditRecord(two)},
			}
			if _, err := d.repository.AuditPages().Create(t.Context(), repository.Creation[repository.AuditPage]{Resource: page}); err != nil {
				t.Fatal(err)
			}
		}
		for _, ascending := range []bool{true, false} {
			request := &debriefv1.ListAuditRecordsRequest{Principal: "apiKeys/one", Method: "/two", Ascending: ascending}
			answer := must[*debriefv1.ListAuditRecordsResponse](t)(d.services.Access.ListAuditRecords(t.Context(), request))
			if len(answer.GetAuditRecords()) != 0 || answer.GetNextPageToken() == "" {
				t.Errorf("the first page: %v", answer)
			}
			if got := d.auditTrail(t, request); len(got) != 0 {
				t.Errorf("found %v", got)
			}
			request = &debriefv1.ListAuditRecordsRequest{Principal: "apiKeys/one", Ascending: ascending, PageSize: 500}
			if got := d.auditTrail(t, request); len(got) != service.MaxAuditPages+10 {
				t.Errorf("%d records, want %d", len(got), service.MaxAuditPages+10)
			}
		}
	})
}

// silent is a store whose audit trail can't be written.
type silent struct {
	repository.Repository
	pages fullTrail
}

func (s silent) AuditPages() repository.Trail { return s.pages }

type fullTrail struct {
	repository.Trail
}

var errSilent = errors.New("the disk is full")

func (fullTrail) Create(context.Context, ...repository.Creation[repository.AuditPage]) ([]repository.Created[repository.AuditPage], error) {
	return nil, errSilent
}

func TestNothingIsChangedThatCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		options := authenticated()
		options.Repository = silent{d.repository, fullTrail{d.repository.AuditPages()}}
		mute, err := service.New(options)
		if err != nil {
			t.Fatal(err)
		}
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)))
		_, err = service.Admit(ctx, mute, debriefv1.IncidentService_CreateIncident_FullMethodName)
		wantRefusal(t, mute.ToStatus(ctx, err), codes.Unavailable, "AUDIT_UNAVAILABLE")
		if _, err = service.Admit(ctx, mute, debriefv1.IncidentService_ListIncidents_FullMethodName); err != nil {
			t.Errorf("reading: %v", err)
		}
		_, err = service.Admit(ctx, mute, debriefv1.IncidentService_DeleteIncident_FullMethodName)
		wantRefusal(t, mute.ToStatus(ctx, err), codes.PermissionDenied, "ROLE_REQUIRED")

		over := front(t, options.Repository, authenticated(), d.clock)
		_, err = over.incidents.CreateIncident(showing(t, d.firstKey(t, debriefv1.Role_ROLE_FACILITATOR)), &debriefv1.CreateIncidentRequest{
			Incident: &debriefv1.Incident{Title: "Checkout down"},
		})
		wantRefusal(t, err, codes.Unavailable, "AUDIT_UNAVAILABLE")
		for kind, reader := range map[string]interface {
			Count(context.Context, repository.Query) (int, error)
		}{"incidents": d.repository.Incidents(), "timeline entries": d.repository.TimelineEntries(), "events": d.repository.Events()} {
			got, err := reader.Count(t.Context(), repository.Query{Limit: 10})
			if err != nil || got != 0 {
				t.Errorf("there are %d %s (%v), want none", got, kind, err)
			}
		}
	})
}

// TestRefusalsDoNotFillTheStore refuses more often than is written down.
func TestRefusalsDoNotFillTheStore(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		for range service.RefusalsAtOnce + 200 {
			_, err := service.Admit(t.Context(), d.services, debriefv1.IncidentService_ListIncidents_FullMethodName)
			wantRefusal(t, d.services.ToStatus(t.Context(), err), codes.Unauthenticated, "CREDENTIALS_REQUIRED")
		}
		d.advance(time.Second)
		for range 200 {
			_, _ = service.Admit(t.Context(), d.services, debriefv1.IncidentService_ListIncidents_FullMethodName)
		}
		if got := len(d.auditTrail(t, &debriefv1.ListAuditRecordsRequest{PageSize: 500})); got != service.RefusalsAtOnce+10 {
			t.Errorf("%d refusals are written down, want %d", got, service.RefusalsAtOnce+10)
		}
	})
}
