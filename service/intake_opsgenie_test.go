package service_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/intake"
)

// page sends what Opsgenie takes, and works it off.
func (d *debrief) page(t *testing.T, key, path, body string) {
	t.Helper()
	if _, err := receive(t, d.services, "opsgenie", path, body, key); err != nil {
		t.Fatal(err)
	}
	d.services.Intake.WorkOffWaiting(t.Context())
	d.advance(time.Second)
}

// opsgenieAlert is what a sender is told of an alert; zero where it is told that there is none.
func (d *debrief) opsgenieAlert(t *testing.T, key, alias string) intake.OpsgenieAlert {
	t.Helper()
	answer := must[intake.Answer](t)(d.services.Intake.AskOpsgenie(t.Context(), intake.OpsgenieQuestion{Identifier: alias}, key))
	body := must[[]byte](t)(json.Marshal(answer.Body))
	var told struct {
		Data      intake.OpsgenieAlert
		RequestID string
	}
	if err := json.Unmarshal(body, &told); err != nil || told.RequestID == "" {
		t.Fatalf("%v: %s", err, body)
	}
	if (answer.Status == http.StatusOK) != (told.Data.Alias != "") || answer.Status != http.StatusOK && answer.Status != http.StatusNotFound {
		t.Fatalf("%d: %s", answer.Status, body)
	}
	return told.Data
}

func TestOpsgenieTellsHowItStandsWithAnAlert(t *testing.T) {
	t.Parallel()
	const alias, path = "disk full", "v2/alerts"
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "ops", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_OPSGENIE})
		other := d.integrate(t, "others", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_OPSGENIE})
		create := `{"message":"Disk full","alias":"disk full","tags":["db"],"priority":"P2","details":{"free":"0 %"}}`
		want := intake.OpsgenieAlert{
			ID: alias, TinyID: alias, Alias: alias, Message: "Disk full", Status: "open", Count: 1, Priority: "P2",
			CreatedAt: d.now(), UpdatedAt: d.now(), LastOccurredAt: d.now(), Tags: []string{"db"}, Details: map[string]string{"free": "0 %"},
		}
		d.page(t, key, path, create)
		check := func(what string, got intake.OpsgenieAlert) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		check("created", d.opsgenieAlert(t, key, alias))
		for what, of := range map[string]struct{ key, alias string }{"another sender": {other, alias}, "no key": {"", alias}, "another alias": {key, "disk"}} {
			if got := d.opsgenieAlert(t, of.key, of.alias); got.Alias != "" {
				t.Errorf("%s is told of %v", what, got)
			}
		}

		d.page(t, "", path, `{"message":"Another disk full","alias":"disk full"}`)
		if got := d.opsgenieAlert(t, "", alias); got.Message != "Another disk full" {
			t.Errorf("who sends without a key is told of %v", got)
		}

		want.UpdatedAt, want.LastOccurredAt = d.now(), d.now()
		d.page(t, key, path+"/"+alias+"/acknowledge", `{"user":"ada","note":"Looking"}`)
		want.Acknowledged, want.Count = true, 2
		want.Details = map[string]string{"free": "0 %", "user": "ada", "note": "Looking"}
		check("acknowledged", d.opsgenieAlert(t, key, alias))

		want.UpdatedAt, want.LastOccurredAt = d.now(), d.now()
		d.page(t, key, path+"/"+alias+"/close", `{"note":"Freed"}`)
		want.Acknowledged, want.Status, want.Count, want.Details["note"] = false, "closed", 3, "Freed"
		check("closed", d.opsgenieAlert(t, key, alias))

		want.CreatedAt, want.UpdatedAt, want.LastOccurredAt = d.now(), d.now(), d.now()
		d.page(t, key, path, create)
		want.Status, want.Count, want.Details = "open", 1, map[string]string{"free": "0 %"}
		check("created again", d.opsgenieAlert(t, key, alias))

		_, err := d.services.Intake.AskOpsgenie(t.Context(), intake.OpsgenieQuestion{Identifier: alias}, key+"x")
		if code := status.Code(d.services.ToStatus(t.Context(), err)); code != codes.Unauthenticated {
			t.Errorf("with a wrong key: %v", code)
		}
	})
}

// TestOpsgenieTellsNothingOfWhatIsRestricted restricts the incident that a sender's alert has opened.
func TestOpsgenieTellsNothingOfWhatIsRestricted(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "ops", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_OPSGENIE})
		d.page(t, key, "v2/alerts", `{"message":"A key was lost","alias":"key"}`)
		delivery := must[*debriefv1.ListDeliveriesResponse](t)(d.intake.ListDeliveries(t.Context(), &debriefv1.ListDeliveriesRequest{})).GetDeliveries()[0].GetName()
		asks := func() (told bool, status int) {
			answer := must[intake.Answer](t)(d.services.Intake.AskOpsgenie(t.Context(), intake.OpsgenieQuestion{Request: delivery[len("deliveries/"):]}, key))
			return d.opsgenieAlert(t, key, "key").Alias != "", answer.Status
		}
		if told, status := asks(); !told || status != http.StatusOK {
			t.Errorf("before: %v, %d", told, status)
		}
		restricted(t, d, d.all(t)[0].GetName())
		if told, status := asks(); told || status != http.StatusNotFound {
			t.Errorf("what is restricted is told: %v, %d", told, status)
		}
	})
}
