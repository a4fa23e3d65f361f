package service

import (
	"context"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

var deliveryFields = fieldsOf(repository.DeliverySchema, map[string]protoreflect.EnumDescriptor{
	"state": debriefv1.Delivery_State(0).Descriptor(),
})

const (
	deliveryPageSize    = 10
	maxDeliveryPageSize = 50
)

// ListDeliveries reads a page of deliveries, without the bodies.
func (s *Intake) ListDeliveries(ctx context.Context, request *debriefv1.ListDeliveriesRequest) (*debriefv1.ListDeliveriesResponse, error) {
	list := listing[repository.Delivery]{
		schema: repository.DeliverySchema, reader: s.repository.Deliveries(), fields: deliveryFields,
		orders: []string{"create_time"}, byID: "create_time",
		pageSize: deliveryPageSize, maxPageSize: maxDeliveryPageSize, // They are read with their bodies.
	}
	deliveries, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListDeliveriesResponse{Deliveries: each(deliveries, listedDelivery), NextPageToken: token}, nil
}

// GetDelivery reads a delivery, as it was sent.
func (s *Intake) GetDelivery(ctx context.Context, request *debriefv1.GetDeliveryRequest) (*debriefv1.Delivery, error) {
	delivery, err := get(ctx, s.repository.Deliveries(), request.GetName())
	if err != nil {
		return nil, err
	}
	return deliveryToProto(delivery), nil
}

// ReplayDelivery works a delivery off again, at once.
func (s *Intake) ReplayDelivery(ctx context.Context, request *debriefv1.ReplayDeliveryRequest) (*debriefv1.Delivery, error) {
	asked := update{name: request.GetName(), requestID: request.GetRequestId()}
	replayed := false
	delivery, err := apply(ctx, s.base, repository.DeliverySchema, s.repository.Deliveries(), asked,
		func(delivery *repository.Delivery, now time.Time) (repository.Effects, error) {
			replayed = true
			delivery.State, delivery.Problem, delivery.Attempts = deliveryPending, "", 0
			delivery.ReplayCount++
			// This call works it off; where it ends before that, whoever finds it does.
			delivery.NextAttemptTime, delivery.CompleteTime = now.Add(leftBehind), time.Time{}
			return repository.Effects{}, nil
		})
	if err != nil || !replayed {
		return deliveryToProto(delivery), err
	}
	s.workOff(seeingAll(ctx), []*job{{kept: delivery}})
	return s.GetDelivery(ctx, &debriefv1.GetDeliveryRequest{Name: request.GetName()})
}
