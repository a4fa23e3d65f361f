package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
)

// Receipt is what became of a request that was taken.
type Receipt struct {
	// Request is as it is kept, with the id of its delivery: that of the first one where it came before.
	Request intake.Request
	// Delivery is what was read.
	Delivery intake.Delivery
	// Done is closed when this process has worked it off; nil where that is not to be waited for.
	Done <-chan struct{}
}

// Receive takes what a sender sent: it finds whose the key is, checks the signature, reads the request, and writes it down
// before it answers. The request has its header as it came; key is the one that was found in header or URL, or empty.
//
// Its error is an *intake.InvalidError where the request makes no sense, an *intake.SignatureError, or one of this package.
func (s *Intake) Receive(ctx context.Context, adapter intake.Adapter, request intake.Request, key string) (Receipt, error) {
	request.ReceiveTime = s.present()
	request.ID = s.newID(request.ReceiveTime)
	if key == "" && adapter.Key != nil {
		key = keyOrEmpty(adapter.Key(request))
	}
	integration, err := s.admit(ctx, adapter.Kind, adapter.Source, key)
	if err != nil {
		return Receipt{}, err
	}
	if integration != nil {
		if err := s.limitDeliveries(integrationName(integration.ID)); err != nil {
			return Receipt{}, err
		}
	}
	if err := verify(ctx, adapter, request, integration); err != nil {
		return Receipt{}, err
	}
	request.Header = keptHeader(adapter, request.Header)
	// What is kept, and shown, has no key in it.
	request.Body = withoutKeys(request.Body)
	options, err := s.readOptions(integration)
	if err != nil {
		return Receipt{}, err
	}
	delivery, err := adapter.Parse(request, options)
	if err != nil {
		return Receipt{}, err
	}
	return s.keep(ctx, adapter, request, integration, delivery)
}

func verify(ctx context.Context, adapter intake.Adapter, request intake.Request, integration *repository.Integration) error {
	secret := ""
	if integration != nil {
		secret = integration.SigningSecret
	}
	if adapter.Verify == nil || secret == "" && !adapter.SignsUnasked {
		return nil
	}
	err := adapter.Verify(ctx, request, secret)
	if err == nil || errors.As(err, new(*intake.SignatureError)) {
		return err
	}
	return fmt.Errorf("%w: check a signature: %w", repository.ErrUnavailable, err)
}

// keptHeader are the fields of a header that the adapter reads.
func keptHeader(adapter intake.Adapter, header http.Header) http.Header {
	kept := http.Header{}
	for _, name := range append([]string{"Content-Type"}, adapter.Headers...) {
		prefix, isPrefix := strings.CutSuffix(name, "*")
		for field, values := range header {
			if (field == name || isPrefix && strings.HasPrefix(field, prefix)) && len(values) > 0 && len(values[0]) <= maxField {
				kept[field] = values[:1]
			}
		}
	}
	return kept
}

// maxField is how many bytes of a header's field are kept.
const maxField = 4096

// keep writes a delivery down, and hands it to those who work it off.
func (s *Intake) keep(ctx context.Context, adapter intake.Adapter, request intake.Request, integration *repository.Integration, delivery intake.Delivery) (Receipt, error) {
	kept := storedDelivery(adapter, request, delivery)
	if integration != nil {
		kept.Integration = integrationName(integration.ID)
	}
	if delivery.ID != "" {
		kept.CreationKey = hashID("delivery", kept.Integration, kept.Source, delivery.ID)
	}
	room := s.queue.reserve(len(request.Body))
	if room == nil {
		return Receipt{}, overloaded("TOO_MANY_DELIVERIES", "too many deliveries are to be worked off: send it again")
	}
	created, err := s.repository.Deliveries().Create(ctx, repository.Creation[repository.Delivery]{Resource: kept})
	if err != nil {
		room.cancel()
		return Receipt{}, fmt.Errorf("keep a delivery: %w", err)
	}
	if created[0].Existed {
		room.cancel()
		request.ID, request.ReceiveTime = created[0].Resource.ID, created[0].Resource.CreateTime
		options, err := s.readOptions(integration)
		if err != nil {
			return Receipt{}, err
		}
		if delivery, err = adapter.Parse(request, options); err != nil {
			return Receipt{}, err
		}
		return Receipt{Request: request, Delivery: delivery}, nil
	}
	return Receipt{Request: request, Delivery: delivery, Done: room.put(kept, delivery)}, nil
}

func storedDelivery(adapter intake.Adapter, request intake.Request, delivery intake.Delivery) repository.Delivery {
	fields := map[string]string{}
	for name, values := range request.Header {
		fields[name] = strings.ToValidUTF8(values[0], "\uFFFD")
	}
	return repository.Delivery{
		Header: repository.Header{
			ID: request.ID, Revision: 1, CreateTime: request.ReceiveTime, UpdateTime: request.ReceiveTime,
		},
		Source:          adapter.Source,
		SenderID:        delivery.ID,
		State:           deliveryPending,
		Method:          request.Method,
		Path:            request.Path,
		Query:           request.Query.Encode(),
		Field:           fields,
		Body:            request.Body,
		AlertCount:      int32(len(delivery.Alerts)),
		NextAttemptTime: request.ReceiveTime.Add(leftBehind),
	}
}

// keptRequest is the request that a delivery was made of.
func keptRequest(delivery repository.Delivery) intake.Request {
	request := intake.Request{
		ID: delivery.ID, Method: delivery.Method, Path: delivery.Path, Header: http.Header{}, Body: delivery.Body, ReceiveTime: delivery.CreateTime,
	}
	// It was written by Encode.
	request.Query, _ = url.ParseQuery(delivery.Query)
	for name, value := range delivery.Field {
		request.Header.Set(name, value)
	}
	return request
}

// readOptions is how an integration has its deliveries read.
func (s *Intake) readOptions(integration *repository.Integration) (intake.Options, error) {
	if integration == nil || integration.Mapping == nil {
		return intake.Options{}, nil
	}
	entry, err := s.engines.of(*integration)
	return intake.Options{Mapping: entry.mapping}, err
}

// errNoAdapter says that a delivery came to an intake that this server does not have.
var errNoAdapter = errors.New("this version of the server has no intake of that name")

// reread reads a delivery as it was kept.
func (s *Intake) reread(delivery repository.Delivery, integration *repository.Integration) (intake.Delivery, error) {
	adapter, found := adapterOf(delivery.Source)
	if !found {
		return intake.Delivery{}, fmt.Errorf("%w: %s", errNoAdapter, delivery.Source)
	}
	options, err := s.readOptions(integration)
	if err != nil {
		return intake.Delivery{}, err
	}
	return adapter.Parse(keptRequest(delivery), options)
}
