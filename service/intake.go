package service

import (
	"context"
	"fmt"
	"regexp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
)

// maxRejected bounds how many rejected deliveries are kept: their senders are not to fill the store.
const maxRejected = 1000

// Intake takes what alerting systems send, and implements IntakeService.
type Intake struct {
	debriefv1.UnimplementedIntakeServiceServer
	*base

	options  AlertOptions
	adapters []intake.Adapter
	queue    *queue
	engines  engines
}

func newIntake(shared *base, options AlertOptions) *Intake {
	return &Intake{base: shared, options: options, adapters: newAdapters(options.Certificates), queue: newQueue()}
}

// RejectedDelivery is a delivery that made no sense.
type RejectedDelivery struct {
	// Source is the intake that it came to.
	Source string
	// ContentType is as it was sent.
	ContentType string
	// Body is what was sent, or the beginning of it.
	Body []byte
	// Size is how many bytes were read in all.
	Size int64
	// Reason is what is wrong with it.
	Reason string
}

// Reject keeps a delivery that made no sense, for people to look at.
func (s *Intake) Reject(ctx context.Context, rejected RejectedDelivery) error {
	s.counts.reject(ctx, rejected.Source)
	now := s.present()
	kept, err := s.repository.RejectedDeliveries().Count(ctx, repository.Query{Limit: maxRejected})
	if err != nil {
		return fmt.Errorf("count rejected deliveries: %w", err)
	}
	if kept >= maxRejected {
		s.logger.WarnContext(ctx, "too many rejected deliveries: this one is not kept", "source", rejected.Source, "reason", rejected.Reason)
		return nil
	}
	_, err = s.repository.RejectedDeliveries().Create(ctx, repository.Creation[repository.RejectedDelivery]{Resource: repository.RejectedDelivery{
		Header:      repository.Header{ID: s.newID(now), Revision: 1, CreateTime: now, UpdateTime: now},
		Source:      rejected.Source,
		Reason:      cut(rejected.Reason, maxReason),
		ContentType: cut(rejected.ContentType, maxContentType),
		Body:        withoutKeys(rejected.Body[:min(len(rejected.Body), repository.MaxRejectedBody)]),
		Size:        rejected.Size,
	}})
	if err != nil {
		return fmt.Errorf("keep a rejected delivery: %w", err)
	}
	return nil
}

var keyInText = regexp.MustCompile(`(` + keyPrefix + `[0-9A-Za-z]{6})[0-9A-Za-z]+`)

// withoutKeys is a text in which no key can be read any more.
func withoutKeys(text []byte) []byte { return keyInText.ReplaceAll(text, []byte("${1}…")) }

const (
	maxReason      = 4096
	maxContentType = 256
)

// GetRejectedDelivery reads a rejected delivery.
func (s *Intake) GetRejectedDelivery(ctx context.Context, request *debriefv1.GetRejectedDeliveryRequest) (*debriefv1.RejectedDelivery, error) {
	delivery, err := get(ctx, s.repository.RejectedDeliveries(), request.GetName())
	if err != nil {
		return nil, err
	}
	return rejectedDeliveryToProto(delivery), nil
}

var rejectedDeliveryFields = fieldsOf(repository.RejectedDeliverySchema, nil)

// ListRejectedDeliveries reads a page of rejected deliveries.
func (s *Intake) ListRejectedDeliveries(ctx context.Context, request *debriefv1.ListRejectedDeliveriesRequest) (*debriefv1.ListRejectedDeliveriesResponse, error) {
	list := listing[repository.RejectedDelivery]{
		schema: repository.RejectedDeliverySchema, reader: s.repository.RejectedDeliveries(), fields: rejectedDeliveryFields,
		orders: []string{"create_time"}, byID: "create_time",
	}
	deliveries, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListRejectedDeliveriesResponse{RejectedDeliveries: each(deliveries, rejectedDeliveryToProto), NextPageToken: token}, nil
}
