package service

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"

	"github.com/debriefhq/debrief/service/intake"
)

// noCertificates is for who reads deliveries and checks no signatures.
type noCertificates struct{}

// Certificate has none.
func (noCertificates) Certificate(context.Context, string) (*x509.Certificate, error) {
	return nil, errors.New("this server fetches no certificates")
}

// newAdapters are all kinds of senders that are understood, by the kinds of the API.
func newAdapters(certificates intake.Certificates) []intake.Adapter {
	if certificates == nil {
		certificates = noCertificates{}
	}
	return []intake.Adapter{
		{
			Kind: "ALERTMANAGER", Source: intake.Alertmanager,
			Parse: func(request intake.Request, _ intake.Options) (intake.Delivery, error) {
				return intake.ParseAlertmanager(request.Body)
			},
		},
		intake.Grafana(), intake.PagerDuty(), intake.Opsgenie(), intake.Datadog(), intake.SNS(certificates),
		intake.GoogleCloud(), intake.Sentry(), intake.CloudEvents(), intake.Generic(),
	}
}

// Adapters are all kinds of senders that are understood.
func (s *Intake) Adapters() []intake.Adapter { return s.adapters }

// adapters read what was sent; they check nothing.
var adapters = newAdapters(nil)

// adapterOf finds the adapter of a source.
func adapterOf(source string) (intake.Adapter, bool) {
	i := slices.IndexFunc(adapters, func(adapter intake.Adapter) bool { return adapter.Source == source })
	if i < 0 {
		return intake.Adapter{}, false
	}
	return adapters[i], true
}

// adapterOfKind finds the adapter of a kind, as integrations call it.
func adapterOfKind(kind string) (intake.Adapter, bool) {
	i := slices.IndexFunc(adapters, func(adapter intake.Adapter) bool { return adapter.Kind == kind })
	if i < 0 {
		return intake.Adapter{}, false
	}
	return adapters[i], true
}
