package service_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

func TestASigningSecretIsNeverTold(t *testing.T) {
	t.Parallel()
	const secret = "the-secret-of-the-sender"
	onEachStore(t, func(t *testing.T, d *debrief) {
		made := must[*debriefv1.IntegrationWithKey](t)(d.integrations.CreateIntegration(t.Context(), &debriefv1.CreateIntegrationRequest{
			IntegrationId: "sentry", Integration: &debriefv1.Integration{Title: "Sentry", Kind: debriefv1.Integration_KIND_SENTRY, SigningSecret: secret},
		}))
		updated := must[*debriefv1.Integration](t)(d.integrations.UpdateIntegration(t.Context(), &debriefv1.UpdateIntegrationRequest{
			Integration: &debriefv1.Integration{Name: "integrations/sentry", Title: "Another", SigningSecret: secret + "2"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title", "signing_secret"}},
		}))
		if !made.GetIntegration().GetHasSigningSecret() || !updated.GetHasSigningSecret() {
			t.Error("it is not said that there is a secret")
		}
		unchanged := must[*debriefv1.Integration](t)(d.integrations.UpdateIntegration(t.Context(), &debriefv1.UpdateIntegrationRequest{
			Integration: &debriefv1.Integration{Name: "integrations/sentry", Title: "A third", Kind: debriefv1.Integration_KIND_SENTRY}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"*"}},
		}))
		if !unchanged.GetHasSigningSecret() {
			t.Error("the mask * took the secret away")
		}
		told := prototext.Format(made) + prototext.Format(updated)
		for _, event := range d.feed(t, "") {
			told += prototext.Format(event)
		}
		if strings.Contains(told, secret) {
			t.Error("the secret is told")
		}
	})
}

func TestAnIntegrationIsCreatedUnderAnIdThatIsFree(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		request := func(id string, validateOnly bool) *debriefv1.CreateIntegrationRequest {
			return &debriefv1.CreateIntegrationRequest{
				IntegrationId: id, RequestId: "6f1d5c7e-0000-4000-8000-000000000001", ValidateOnly: validateOnly,
				Integration: &debriefv1.Integration{Title: "Grafana", Kind: debriefv1.Integration_KIND_GRAFANA},
			}
		}
		preview := must[*debriefv1.IntegrationWithKey](t)(d.services.Integrations.CreateIntegration(t.Context(), request("default", true)))
		if got := preview.GetIntegration(); preview.GetKey() != "" || got.GetEtag() != "" || len(got.GetKeys()) != 0 || got.GetName() != "integrations/default" {
			t.Errorf("the preview is %v", preview)
		}
		made := must[*debriefv1.IntegrationWithKey](t)(d.services.Integrations.CreateIntegration(t.Context(), request("default", false)))
		again := must[*debriefv1.IntegrationWithKey](t)(d.services.Integrations.CreateIntegration(t.Context(), request("default", false)))
		if made.GetKey() == "" || again.GetKey() != "" || again.GetIntegration().GetEtag() != made.GetIntegration().GetEtag() {
			t.Errorf("it was made as %v, and then as %v", made, again)
		}
		for _, validateOnly := range []bool{false, true} {
			taken := request("default", validateOnly)
			taken.RequestId = ""
			_, err := d.services.Integrations.CreateIntegration(t.Context(), taken)
			if got := status.Code(d.services.ToStatus(t.Context(), err)); got != codes.AlreadyExists {
				t.Errorf("an id that is taken, validate_only %v: %s, %v", validateOnly, got, err)
			}
		}
		if got := len(d.feed(t, "")); got != 1 {
			t.Errorf("%d events, want that it was created", got)
		}
	})
}

func TestAnIntegrationThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for name, test := range map[string]struct {
			integration *debriefv1.Integration
			field, says string
		}{
			"no title":  {&debriefv1.Integration{Kind: debriefv1.Integration_KIND_GRAFANA}, "integration.title", ""},
			"no kind":   {&debriefv1.Integration{Title: "x"}, "integration.kind", ""},
			"condition": {&debriefv1.Integration{Title: "x", Kind: debriefv1.Integration_KIND_GRAFANA, Rules: []*debriefv1.AlertRule{{Title: "r", Condition: "alert.titel == \"x\"", Outcome: debriefv1.AlertRule_OUTCOME_KEEP}}}, "integration.rules[0].condition", "1:"},
			"signature": {&debriefv1.Integration{Title: "x", Kind: debriefv1.Integration_KIND_PAGERDUTY, SigningSecret: "s"}, "integration.signing_secret", ""},
			"status":    {&debriefv1.Integration{Title: "x", Kind: debriefv1.Integration_KIND_GENERIC, Mapping: &debriefv1.AlertMapping{Key: "body.id", Status: "1"}}, "integration.mapping.status", "1:1"},
			"mapping":   {&debriefv1.Integration{Title: "x", Kind: debriefv1.Integration_KIND_GENERIC, Mapping: &debriefv1.AlertMapping{Key: "body.id +", Title: "body.title"}}, "integration.mapping.key", "1:"},
		} {
			_, err := d.integrations.CreateIntegration(t.Context(), &debriefv1.CreateIntegrationRequest{IntegrationId: "x", Integration: test.integration})
			got, _ := refused(t, d.services.ToStatus(t.Context(), err))
			if diff := cmp.Diff([]string{test.field}, got.Fields); diff != "" || !strings.Contains(fmt.Sprint(err), test.says) {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
		}
	})
}

func TestAlertsAreExplainedTriedAndMarked(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		rules := []*debriefv1.AlertRule{
			{Title: "Staging", Condition: `alert.fingerprint == "staging"`, Outcome: debriefv1.AlertRule_OUTCOME_KEEP, Severity: debriefv1.Severity_SEVERITY_SEV5},
			{Title: "Noise", Condition: `alert.fingerprint == "noise"`, Outcome: debriefv1.AlertRule_OUTCOME_DROP},
		}
		key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY, Rules: rules})
		for _, dedup := range []string{"staging", "noise", "production"} {
			d.send(t, key, pagerDuty("trigger", dedup, at(-10)))
		}
		all := d.listAlerts(t, `integration = "integrations/pager"`)
		if len(all) != 2 || all[0].GetSeverity() != debriefv1.Severity_SEVERITY_SEV5 || all[0].GetIncident() != "" || all[1].GetIncident() == "" {
			t.Fatalf("alerts: %v", all)
		}
		explained := must[*debriefv1.AlertExplanation](t)(d.alerts.ExplainAlert(t.Context(), &debriefv1.ExplainAlertRequest{Name: all[0].GetName()}))
		if explained.GetRule() != "Staging" || explained.GetOutcome() != debriefv1.AlertRule_OUTCOME_KEEP || len(explained.GetSteps()) != 1 || !strings.Contains(explained.GetText(), "Staging") {
			t.Errorf("explained: %v", explained)
		}
		d.advance(time.Second)
		tried := must[*debriefv1.TestAlertRulesResponse](t)(d.integrations.TestAlertRules(t.Context(), &debriefv1.TestAlertRulesRequest{
			Name: "integrations/pager", Rules: []*debriefv1.AlertRule{{Title: "All", Outcome: debriefv1.AlertRule_OUTCOME_GROUP, Window: durationpb.New(time.Hour)}},
		}))
		if tried.GetAlertCount() != 2 || tried.GetIncidentCount() != 1 || tried.GetActualIncidentCount() != 1 || tried.GetEffects()[0].GetAlertCount() != 2 {
			t.Errorf("tried: %v", tried)
		}
		marked := must[*debriefv1.Alert](t)(d.alerts.MarkAlert(t.Context(), &debriefv1.MarkAlertRequest{Name: all[1].GetName(), Noise: debriefv1.Alert_NOISE_FALSE_POSITIVE, Reason: "It was a test."}))
		if marked.GetNoiseReason() != "It was a test." {
			t.Errorf("marked: %v", marked)
		}
		quality := must[*debriefv1.AlertQuality](t)(d.alerts.GetAlertQuality(t.Context(), &debriefv1.GetAlertQualityRequest{}))
		want := &debriefv1.AlertQuality_SourceQuality{Integration: "integrations/pager", Source: "pagerduty", AlertCount: 2, IncidentAlertCount: 1, FalsePositiveCount: 1}
		if len(quality.GetSources()) != 1 || prototext.Format(quality.GetSources()[0]) != prototext.Format(want) {
			t.Errorf("quality: %v", quality)
		}
	})
}

// twice is a store in which a change is made ready, and somebody else is faster.
type twice struct {
	repository.Repository

	faster func()
}

func (s *twice) Integrations() repository.Collection[repository.Integration] {
	return twiceCollection{s.Repository.Integrations(), s}
}

type twiceCollection struct {
	repository.Collection[repository.Integration]

	store *twice
}

func (c twiceCollection) Update(ctx context.Context, id string, change func(*repository.Integration) (repository.Effects, error)) (repository.Integration, error) {
	if faster := c.store.faster; faster != nil {
		c.store.faster = nil
		seen, err := c.Get(ctx, id)
		if err != nil {
			return seen, err
		}
		if _, err := change(&seen); err != nil {
			return seen, err
		}
		faster()
	}
	return c.Collection.Update(ctx, id, change)
}

// TestTheKeyOfARotationIsAnsweredOnce sends the same request twice at the same time: what is answered is a key that is taken, or none.
func TestTheKeyOfARotationIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY})
		store := &twice{Repository: d.repository}
		raced := front(t, store, service.Options{}, d.clock)
		request := &debriefv1.RotateIntegrationKeyRequest{Name: "integrations/pager", RequestId: "7f1c2a6e-1d4b-4d55-9b43-2d1f0a6f5e11"}
		var first *debriefv1.IntegrationWithKey
		var failed error
		store.faster = func() { first, failed = d.integrations.RotateIntegrationKey(t.Context(), request) }
		second := must[*debriefv1.IntegrationWithKey](t)(raced.integrations.RotateIntegrationKey(t.Context(), request))
		if failed != nil || first.GetKey() == "" || second.GetKey() != "" {
			t.Errorf("the first is answered %q, and the second %q, want a key for the first alone: %v", first.GetKey(), second.GetKey(), failed)
		}
		d.send(t, first.GetKey(), pagerDuty("trigger", "a", at(-10)))
	})
}
