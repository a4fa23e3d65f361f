package intake_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

var received = time.Date(2026, 3, 4, 8, 10, 12, 0, time.UTC)

func at(text string) time.Time {
	moment, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return moment.UTC()
}

// request is a POST with a body and pairs of names and values in its header.
func request(body []byte, header ...string) intake.Request {
	fields := http.Header{}
	for pair := range slices.Chunk(header, 2) {
		fields.Set(pair[0], pair[1])
	}
	return intake.Request{
		ID: "01M833TVS30000AZJ6EP0C0RP2", Method: http.MethodPost, Query: url.Values{}, Header: fields, Body: body, ReceiveTime: received,
	}
}

func parse(t *testing.T, adapter intake.Adapter, sent intake.Request, options intake.Options) intake.Delivery {
	t.Helper()
	delivery, err := adapter.Parse(sent, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range delivery.Alerts {
		checkAlert(t, alert)
	}
	return delivery
}

// checkRefused sees to it that a request is refused for a field and a problem, and that nothing of it is taken.
func checkRefused(t *testing.T, adapter intake.Adapter, sent intake.Request, options intake.Options, field, problem string) {
	t.Helper()
	got, err := adapter.Parse(sent, options)
	invalid, ok := errors.AsType[*intake.InvalidError](err)
	if !ok {
		t.Fatalf("error %v, want an InvalidError", err)
	}
	if invalid.Field != field || !strings.Contains(invalid.Problem, problem) {
		t.Errorf("refused for %q: %q, want %q: …%q…", invalid.Field, invalid.Problem, field, problem)
	}
	if diff := cmp.Diff(intake.Delivery{}, got); diff != "" {
		t.Errorf("half a delivery (-want +got):\n%s", diff)
	}
}

// fuzzAdapter parses what the fuzzer makes, and holds the adapter to what is true of every delivery.
func fuzzAdapter(t *testing.T, adapter intake.Adapter, sent intake.Request, options intake.Options) {
	t.Helper()
	before := slices.Clone(sent.Body)
	delivery, err := adapter.Parse(sent, options)
	again, errAgain := adapter.Parse(sent, options)
	if diff := cmp.Diff(delivery, again); diff != "" || (err == nil) != (errAgain == nil) {
		t.Errorf("parsed again: %v, then %v\n%s", err, errAgain, diff)
	}
	if !slices.Equal(before, sent.Body) {
		t.Error("the body was changed")
	}
	if err != nil {
		_, isInvalid := errors.AsType[*intake.InvalidError](err)
		_, isUnsupported := errors.AsType[*intake.UnsupportedError](err)
		if !isInvalid && !isUnsupported || len(err.Error()) > 1000 || !utf8.ValidString(err.Error()) || !cmp.Equal(delivery, intake.Delivery{}) {
			t.Errorf("%T with %d bytes: %q", err, len(err.Error()), err)
		}
		return
	}
	if delivery.Source != adapter.Source || len(delivery.ID) > intake.MaxDeliveryID || len(delivery.Alerts) > intake.MaxAlerts {
		t.Errorf("Source %q, ID %q, %d alerts", delivery.Source, delivery.ID, len(delivery.Alerts))
	}
	for _, alert := range delivery.Alerts {
		checkAlert(t, alert)
	}
}

// checkAlert holds an alert to the bounds that Alert promises.
func checkAlert(t *testing.T, alert intake.Alert) {
	t.Helper()
	if alert.Fingerprint == "" || len(alert.Fingerprint) > intake.MaxFingerprint || strings.ContainsFunc(alert.Fingerprint, notGraphic) {
		t.Errorf("Fingerprint %q", alert.Fingerprint)
	}
	if len(alert.EpisodeKey) > intake.MaxEpisodeKey || strings.ContainsFunc(alert.EpisodeKey, notGraphic) {
		t.Errorf("EpisodeKey %q", alert.EpisodeKey)
	}
	if !slices.Contains([]intake.Status{intake.Firing, intake.Acknowledged, intake.Resolved}, alert.Status) {
		t.Errorf("Status %q", alert.Status)
	}
	if alert.Title == "" || utf8.RuneCountInString(alert.Title) > intake.MaxTitle || strings.ContainsAny(alert.Title, "\r\n\t") {
		t.Errorf("Title %q", alert.Title)
	}
	if alert.Severity != strings.ToLower(alert.Severity) || len(alert.Severity) > intake.MaxName {
		t.Errorf("Severity %q", alert.Severity)
	}
	if len(alert.Labels) > intake.MaxLabels || len(alert.Annotations) > intake.MaxAnnotations {
		t.Errorf("%d labels, %d annotations", len(alert.Labels), len(alert.Annotations))
	}
	if len(alert.Links) > intake.MaxLinks || len(alert.Images) > intake.MaxImages {
		t.Errorf("%d links, %d images", len(alert.Links), len(alert.Images))
	}
	for _, link := range alert.Links {
		checkText(t, link.Title, intake.MaxTitle*utf8.UTFMax)
		checkWebAddress(t, link.URI)
	}
	for _, image := range alert.Images {
		checkText(t, image.Alternative, intake.MaxTitle*utf8.UTFMax)
		checkWebAddress(t, image.URI)
		if image.Link != "" {
			checkWebAddress(t, image.Link)
		}
	}
	for name, value := range alert.Labels {
		checkText(t, name, intake.MaxName)
		checkText(t, value, intake.MaxLabelValue)
	}
	for name, value := range alert.Annotations {
		checkText(t, name, intake.MaxName)
		checkText(t, value, intake.MaxAnnotationValue)
	}
	for _, text := range append([]string{alert.Title, alert.Summary, alert.Severity, alert.GeneratorURL, alert.ExternalURL}, alert.Alterations...) {
		checkText(t, text, intake.MaxAnnotationValue)
	}
	for _, moment := range []time.Time{alert.Time, alert.StartTime, alert.EndTime} {
		if year := moment.Year(); !moment.IsZero() && (year < 1970 || year > 9999) || moment.Location() != time.UTC || !moment.Equal(moment.Truncate(time.Millisecond)) {
			t.Errorf("time %v", moment)
		}
	}
	if !alert.EndTime.IsZero() && (alert.EndTime.Before(alert.StartTime) || alert.Status != intake.Resolved) {
		t.Errorf("%v from %v to %v", alert.Status, alert.StartTime, alert.EndTime)
	}
}

func notGraphic(r rune) bool { return r <= ' ' || r > '~' }

func checkText(t *testing.T, text string, limit int) {
	t.Helper()
	if len(text) > limit || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\r\n\t", r) }) {
		t.Errorf("text of %d bytes: %q", len(text), text[:min(len(text), 100)])
	}
}

func checkWebAddress(t *testing.T, address string) {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" || len(address) > intake.MaxURL {
		t.Errorf("no address of the web: %q", address)
	}
}

// summaryOf is what tells alerts apart, a line each.
func summaryOf(delivery intake.Delivery) []string {
	var lines []string
	for _, alert := range delivery.Alerts {
		lines = append(lines, strings.Join([]string{string(alert.Status), alert.Fingerprint, alert.EpisodeKey, alert.Severity, alert.Title}, "|"))
	}
	return lines
}

func addPayloads(f *testing.F, pattern string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		f.Fatalf("no payloads: %v", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
}
