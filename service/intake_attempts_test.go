package service_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// failingAlerts is a repository that can't keep alerts, as long as it is told so.
type failingAlerts struct {
	repository.Repository

	failing *atomic.Bool
}

var errNoAlerts = errors.New("the alerts can't be kept")

type failingAlertCollection struct {
	repository.Collection[repository.Alert]

	failing *atomic.Bool
}

func (f failingAlerts) Alerts() repository.Collection[repository.Alert] {
	return failingAlertCollection{f.Repository.Alerts(), f.failing}
}

func (f failingAlertCollection) Create(ctx context.Context, creations ...repository.Creation[repository.Alert]) ([]repository.Created[repository.Alert], error) {
	if f.failing.Load() {
		return nil, errNoAlerts
	}
	return f.Collection.Create(ctx, creations...)
}

// onlyDelivery is the one delivery that there is.
func (d *debrief) onlyDelivery(t *testing.T) *debriefv1.Delivery {
	t.Helper()
	page := must[*debriefv1.ListDeliveriesResponse](t)(d.intake.ListDeliveries(t.Context(), &debriefv1.ListDeliveriesRequest{}))
	if len(page.GetDeliveries()) != 1 {
		t.Fatalf("there are %d deliveries, want 1", len(page.GetDeliveries()))
	}
	return page.GetDeliveries()[0]
}

// TestADeliveryIsTriedAgain has it fail until it is given up, and replays it when what was wrong is mended.
func TestADeliveryIsTriedAgain(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		var failing atomic.Bool
		failing.Store(true)
		broken := must[*service.Services](t)(service.New(service.Options{Repository: failingAlerts{d.repository, &failing}, Now: d.now}))
		key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY})
		if _, err := receive(t, broken, "pagerduty", "v2/enqueue", pagerDuty("trigger", "k", at(-1)), key); err != nil {
			t.Fatal(err)
		}
		broken.Intake.WorkOffWaiting(t.Context())
		var waits []time.Duration
		for {
			delivery := d.onlyDelivery(t)
			if delivery.GetProblem() == "" || delivery.GetAttemptCount() != int32(len(waits)+1) {
				t.Fatalf("after %d attempts: %v", len(waits)+1, delivery)
			}
			if delivery.GetState() == debriefv1.Delivery_STATE_FAILED {
				break
			}
			wait := delivery.GetNextAttemptTime().AsTime().Sub(d.now())
			waits = append(waits, wait)
			d.advance(wait - time.Millisecond)
			for _, part := range []time.Duration{0, time.Millisecond} { // Not before it is due.
				d.advance(part)
				if err := broken.WorkDeliveries(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		second := time.Second
		if diff := cmp.Diff([]time.Duration{
			5 * second, 10 * second, 20 * second, 40 * second, 80 * second, 160 * second, 320 * second, 600 * second, 600 * second, 600 * second, 600 * second,
		}, waits); diff != "" {
			t.Errorf("it was tried again after (-want +got):\n%s", diff)
		}
		failing.Store(false)
		d.advance(time.Hour)
		if err := broken.WorkDeliveries(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(d.all(t)) != 0 {
			t.Error("what was given up is worked off")
		}
		must[*debriefv1.Delivery](t)(d.intake.ReplayDelivery(t.Context(), &debriefv1.ReplayDeliveryRequest{Name: d.onlyDelivery(t).GetName()}))
		if delivery := d.onlyDelivery(t); delivery.GetState() != debriefv1.Delivery_STATE_DONE || len(d.all(t)) != 1 {
			t.Errorf("replayed it is %v, and there are %d incidents", delivery.GetState(), len(d.all(t)))
		}
	})
}

// TestADeliveryWithANameIsKeptOnce sends a CloudEvent again under the id that it had.
func TestADeliveryWithANameIsKeptOnce(t *testing.T) {
	t.Parallel()
	const event = `{"specversion":"1.0","id":"e-1","source":"/disks","type":"disk.full","subject":"db-1","time":"2026-03-14T08:59:00Z"}`
	onEachStore(t, func(t *testing.T, d *debrief) {
		key := d.integrate(t, "bus", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_CLOUDEVENTS})
		for range 3 {
			if _, err := receive(t, d.services, "cloudevents", "", event, key); err != nil {
				t.Fatal(err)
			}
			d.services.Intake.WorkOffWaiting(t.Context())
		}
		if delivery := d.onlyDelivery(t); delivery.GetState() != debriefv1.Delivery_STATE_DONE || delivery.GetSenderId() == "" {
			t.Errorf("it is %v", delivery)
		}
		if alerts := d.listAlerts(t, ""); len(alerts) != 1 || alerts[0].GetNotificationCount() != 1 {
			t.Errorf("the alerts are %v", alerts)
		}
	})
}
