package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/lifecycle"
)

const (
	// alertsAtOnce is how many new incidents are handed to the store in one call.
	alertsAtOnce = 500
	// notificationsAtOnce is how many known alerts of one delivery are worked off at the same time.
	notificationsAtOnce = 16
	maxLabels           = 64
	maxLabelValue       = 1024
	maxServiceName      = 128
	maxURI              = 2048
)

// DeliverAlerts turns what an alerting system sent into incidents: one for each episode of an alert, however often, by
// however many senders, in whatever order and at however many replicas it arrives. When it answers nil everything is stored
// for good; after an error it is safe, and needed, to deliver the same again.
func (s *Intake) DeliverAlerts(ctx context.Context, delivery intake.Delivery) error {
	ctx = WithActor(ctx, "intake/"+delivery.Source)
	firsts, repeats := splitEpisodes(delivery.Alerts)
	for chunk := range slices.Chunk(firsts, alertsAtOnce) {
		known, err := s.open(ctx, chunk)
		if err != nil {
			return err
		}
		if err := s.notify(ctx, known); err != nil {
			return err
		}
	}
	// An episode that is in the delivery twice is worked off in the order of its alerts.
	for _, alert := range repeats {
		known, err := s.open(ctx, []intake.Alert{alert})
		if err != nil {
			return err
		}
		if err := s.notify(ctx, known); err != nil {
			return err
		}
	}
	if delivery.Truncated > 0 {
		s.logger.WarnContext(ctx, "the sender left alerts out of a delivery", "source", delivery.Source, "alerts", delivery.Truncated)
	}
	s.counts.received(ctx, delivery)
	return nil
}

func splitEpisodes(alerts []intake.Alert) (firsts, repeats []intake.Alert) {
	seen := make(map[string]bool, len(alerts))
	for _, alert := range alerts {
		if seen[alert.EpisodeKey] {
			repeats = append(repeats, alert)
			continue
		}
		seen[alert.EpisodeKey] = true
		firsts = append(firsts, alert)
	}
	return firsts, repeats
}

// knownAlert is an alert of an episode that has its incident already.
type knownAlert struct {
	incident string
	alert    intake.Alert
}

// open opens an incident for each episode that has none yet, and answers the others.
func (s *Intake) open(ctx context.Context, alerts []intake.Alert) ([]knownAlert, error) {
	now := s.present()
	creations := make([]repository.Creation[repository.Incident], len(alerts))
	for i, alert := range alerts {
		creations[i] = s.newIncident(ctx, alert, now)
	}
	created, err := s.repository.Incidents().Create(ctx, creations...)
	if err != nil {
		return nil, fmt.Errorf("open incidents: %w", err)
	}
	var known []knownAlert
	for i, result := range created {
		if result.Existed {
			known = append(known, knownAlert{incident: result.Resource.ID, alert: alerts[i]})
			continue
		}
		s.counts.opened(ctx, result.Resource)
		if result.Resource.State == lifecycle.Resolved {
			s.counts.changed(ctx, resolveIncident.event, result.Resource)
		}
	}
	return known, nil
}

// newIncident is the incident of an episode of which nobody has heard before.
func (s *Intake) newIncident(ctx context.Context, alert intake.Alert, now time.Time) repository.Creation[repository.Incident] {
	began := earlier(stored(alert.StartTime), now)
	id := s.newID(now)
	incident := repository.Incident{
		Header:     repository.Header{ID: id, Revision: 1, CreationKey: "alert/" + alert.EpisodeKey, CreateTime: now, UpdateTime: now},
		Title:      alert.Title,
		Summary:    cut(alert.Summary, maxSection),
		Kind:       "INCIDENT",
		Severity:   s.options.Severities.Severity(alert.Labels),
		State:      lifecycle.Incident.Initial,
		Labels:     incidentLabels(alert.Labels),
		Impact:     repository.Impact{Services: services(alert.Labels)},
		Milestones: repository.Milestones{StartTime: began, DetectTime: began},
		Origin:     repository.Origin{Actor: actor(ctx), Alerts: []repository.Alert{storedAlert(alert, now)}},
		Links:      links(alert),
	}
	name := incidentName(id)
	effects := repository.Effects{
		Events:          []repository.Event{s.event(ctx, "INCIDENT_OPENED", name, name, 1, now, nil)},
		TimelineEntries: []repository.TimelineEntry{s.alertEntry(ctx, id, began, now, "The alert began to fire: "+alert.Title, alert)},
	}
	if alert.Status == intake.Resolved {
		s.openResolved(ctx, &incident, &effects, alert, now)
	}
	return repository.Creation[repository.Incident]{Resource: incident, Effects: effects}
}

// openResolved is for an episode that was over when Debrief first heard of it.
func (s *Intake) openResolved(ctx context.Context, incident *repository.Incident, effects *repository.Effects, alert intake.Alert, now time.Time) {
	name := incidentName(incident.ID)
	ended := s.endOf(alert, incident.Milestones, now)
	effects.Events = append(effects.Events, s.event(ctx, "INCIDENT_ALERT_RESOLVED", name, name, 1, now, nil))
	effects.TimelineEntries = append(effects.TimelineEntries, s.alertEntry(ctx, incident.ID, ended, now, "The alert stopped firing: "+alert.Title, alert))
	if !s.options.KeepOpen {
		incident.State, incident.Milestones.ResolveTime = lifecycle.Resolved, ended
		effects.Events = append(effects.Events, s.event(ctx, resolveIncident.event, name, name, 1, now, nil))
	}
}

// endOf is when an alert stopped, as far as the milestones of its incident allow.
func (s *Intake) endOf(alert intake.Alert, milestones repository.Milestones, now time.Time) time.Time {
	ended := now
	if !alert.EndTime.IsZero() {
		ended = earlier(stored(alert.EndTime), now)
	}
	if last := milestoneTimes(milestones).Latest(); last.After(ended) {
		return last
	}
	return ended
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// notify tells the incidents of known episodes what was said of them now.
func (s *Intake) notify(ctx context.Context, known []knownAlert) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(notificationsAtOnce)
	for _, one := range known {
		group.Go(func() error {
			resolved := false
			incident, err := s.repository.Incidents().Update(ctx, one.incident, func(incident *repository.Incident) (repository.Effects, error) {
				before := incident.State
				effects, err := s.hear(ctx, incident, one.alert, s.present())
				resolved = err == nil && before != lifecycle.Resolved && incident.State == lifecycle.Resolved
				return effects, err
			})
			switch {
			case errors.Is(err, repository.ErrNotFound):
				return nil // It was purged: its episode is long over.
			case err != nil:
				return fmt.Errorf("notify incident %s: %w", one.incident, err)
			case resolved:
				s.counts.changed(ctx, resolveIncident.event, incident)
			}
			return nil
		})
	}
	return group.Wait()
}

// hear changes an incident by what was said of one of its alerts. An alert that was resolved stays so: what comes later
// about the same episode was sent earlier.
func (s *Intake) hear(ctx context.Context, incident *repository.Incident, heard intake.Alert, now time.Time) (repository.Effects, error) {
	i := slices.IndexFunc(incident.Origin.Alerts, func(alert repository.Alert) bool {
		return alert.Fingerprint == heard.Fingerprint && alert.StartTime.Equal(stored(heard.StartTime))
	})
	if i < 0 || incident.Origin.Alerts[i].Status == string(intake.Resolved) {
		return repository.Effects{}, repository.ErrUnchanged
	}
	if err := keepFirstAnswer(&incident.Header, incident); err != nil {
		return repository.Effects{}, err
	}
	incident.Origin.Alerts = slices.Clone(incident.Origin.Alerts)
	alert := &incident.Origin.Alerts[i]
	alert.NotificationCount++
	alert.LastNotificationTime = now
	alert.Annotations = heard.Annotations
	incident.UpdateTime = now
	if heard.Status == intake.Resolved {
		return s.hearResolved(ctx, incident, alert, heard, now)
	}
	return s.hearFiring(ctx, incident, *alert, heard, now), nil
}

func (s *Intake) hearFiring(ctx context.Context, incident *repository.Incident, alert repository.Alert, heard intake.Alert, now time.Time) repository.Effects {
	name := incidentName(incident.ID)
	effects := repository.Effects{Events: []repository.Event{
		s.event(ctx, "INCIDENT_ALERT_NOTIFIED", name, name, incident.Revision+1, now, nil),
	}}
	if remarkable(alert.NotificationCount) {
		text := fmt.Sprintf("The alert still fires: notified %d times by now. %s", alert.NotificationCount, heard.Title)
		effects.TimelineEntries = []repository.TimelineEntry{s.alertEntry(ctx, incident.ID, now, now, text, heard)}
	}
	return effects
}

// remarkable are 2, 10, 100, 1,000 and so on: the timeline tells that an alert goes on, and not ten thousand times.
func remarkable(count int64) bool {
	if count == 2 {
		return true
	}
	for count >= 10 && count%10 == 0 {
		count /= 10
		if count == 1 {
			return true
		}
	}
	return false
}

func (s *Intake) hearResolved(ctx context.Context, incident *repository.Incident, alert *repository.Alert, heard intake.Alert, now time.Time) (repository.Effects, error) {
	name := incidentName(incident.ID)
	ended := s.endOf(heard, incident.Milestones, now)
	alert.Status = string(intake.Resolved)
	alert.EndTime = stored(heard.EndTime)
	if alert.EndTime.IsZero() {
		alert.EndTime = now
	}
	effects := repository.Effects{
		Events:          []repository.Event{s.event(ctx, "INCIDENT_ALERT_RESOLVED", name, name, incident.Revision+1, now, nil)},
		TimelineEntries: []repository.TimelineEntry{s.alertEntry(ctx, incident.ID, alert.EndTime, now, "The alert stopped firing: "+heard.Title, heard)},
	}
	firing := slices.ContainsFunc(incident.Origin.Alerts, func(a repository.Alert) bool { return a.Status == string(intake.Firing) })
	_, err := lifecycle.Incident.Step(lifecycle.Resolve, incident.State)
	if s.options.KeepOpen || firing || err != nil || incident.Visibility != repository.Live {
		return effects, nil //nolint:nilerr // An incident that can't be resolved any more is left as it is.
	}
	resolved, err := s.step(ctx, incident, resolveIncident, ended, now, "Its last alert stopped firing.", nil)
	effects.Events = append(effects.Events, resolved.Events...)
	effects.TimelineEntries = append(effects.TimelineEntries, resolved.TimelineEntries...)
	return effects, err
}

// alertEntry is the timeline entry that an alert writes.
func (s *Intake) alertEntry(ctx context.Context, incident string, occurred, now time.Time, text string, alert intake.Alert) repository.TimelineEntry {
	note := ""
	if len(alert.Alterations) > 0 {
		note = "Not all was kept as it was sent:\n\n- " + strings.Join(alert.Alterations, "\n- ")
	}
	entry := s.changeEntry(ctx, incident, "ALERT", occurred, now, text, note)
	entry.Source = "ALERT"
	if uri, ok := webURI(alert.GeneratorURL); ok {
		entry.Evidence = []repository.Evidence{{URI: uri, Title: "Alert rule"}}
	}
	return entry
}

func storedAlert(alert intake.Alert, now time.Time) repository.Alert {
	return repository.Alert{
		Fingerprint:          alert.Fingerprint,
		Status:               string(alert.Status),
		Labels:               alert.Labels,
		Annotations:          alert.Annotations,
		StartTime:            stored(alert.StartTime),
		EndTime:              stored(alert.EndTime),
		GeneratorURL:         alert.GeneratorURL,
		ExternalURL:          alert.ExternalURL,
		NotificationCount:    1,
		LastNotificationTime: now,
	}
}

var labelKey = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}$`)

// incidentLabels are the labels of an alert that an incident can have; the alert itself keeps all of them.
func incidentLabels(labels map[string]string) map[string]string {
	kept := make(map[string]string, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if len(kept) == maxLabels {
			break
		}
		if labelKey.MatchString(key) {
			kept[key] = cut(labels[key], maxLabelValue)
		}
	}
	return kept
}

func services(labels map[string]string) []string {
	if name := labels["service"]; name != "" {
		return []string{cut(name, maxServiceName)}
	}
	return nil
}

func links(alert intake.Alert) []repository.Link {
	var found []repository.Link
	if uri, ok := webURI(alert.GeneratorURL); ok {
		found = append(found, repository.Link{URI: uri, Title: "Alert rule"})
	}
	if uri, ok := webURI(alert.ExternalURL); ok {
		found = append(found, repository.Link{URI: uri, Title: "Alerting system"})
	}
	return found
}

// webURI is the text where it is an absolute http or https URL: alerting systems send what they were told to.
func webURI(text string) (string, bool) {
	parsed, err := url.Parse(text)
	ok := err == nil && len(text) <= maxURI && parsed.Host != "" && (parsed.Scheme == "http" || parsed.Scheme == "https")
	return text, ok
}

// cut cuts a text after at most size bytes, between characters.
func cut(text string, size int) string {
	if len(text) <= size {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return strings.ToValidUTF8(text[:size], "\uFFFD")
}
