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

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/lifecycle"
	"github.com/debriefhq/debrief/service/plaintext"
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
	maxLinkTitle        = 200
)

// DeliverAlerts works a delivery off at once, without writing it down before: each episode of an alert becomes an alert, and
// an incident where nothing else is said, however often, by however many senders, in whatever order and at however many
// replicas it arrives. When it answers nil everything is stored for good; after an error it is safe, and needed, to deliver
// the same again.
func (s *Intake) DeliverAlerts(ctx context.Context, delivery intake.Delivery) error {
	now := s.present()
	one := &work{id: s.newID(now), received: now, delivery: delivery}
	if err := (&lot{Intake: s, source: delivery.Source, works: []*work{one}}).run(ctx); err != nil {
		return err
	}
	s.received(ctx, delivery)
	return nil
}

// received counts what was worked off.
func (s *Intake) received(ctx context.Context, delivery intake.Delivery) {
	if delivery.Truncated > 0 {
		s.logger.WarnContext(ctx, "the sender left alerts out of a delivery", "source", delivery.Source, "alerts", delivery.Truncated)
	}
	s.counts.received(ctx, delivery)
}

// newIncident is the incident that alerts open together; the first of them gives it its name.
func (l *lot) newIncident(ctx context.Context, id, creationKey string, alerts []repository.Alert, now time.Time) repository.Creation[repository.Incident] {
	first := alerts[0]
	began := earlier(first.StartTime, now)
	incident := repository.Incident{
		Header:     repository.Header{ID: id, Revision: 1, CreationKey: creationKey, CreateTime: now, UpdateTime: now},
		Title:      first.Title,
		Summary:    first.Summary,
		Kind:       "INCIDENT",
		Severity:   first.Severity,
		State:      lifecycle.Incident.Initial,
		Labels:     incidentLabels(first.Labels),
		Impact:     repository.Impact{Services: services(first.Labels)},
		Milestones: repository.Milestones{StartTime: began, DetectTime: began},
		Origin:     repository.Origin{Actor: actor(ctx)},
		Links:      links(first),
	}
	name := incidentName(id)
	effects := repository.Effects{Events: []repository.Event{l.event(ctx, "INCIDENT_OPENED", name, name, 1, now, nil)}}
	firing := false
	var ended time.Time
	for i, alert := range alerts {
		firing = firing || alert.Status != string(intake.Resolved)
		if i == repository.MaxIncidentAlerts {
			break
		}
		text := "The alert joined: "
		if i == 0 {
			text = "The alert began to fire: "
		}
		incident.Origin.Alerts = append(incident.Origin.Alerts, storedAlert(alert))
		effects.TimelineEntries = append(effects.TimelineEntries, l.alertEntry(ctx, id, earlier(alert.StartTime, now), now, text+alert.Title, alert))
		if alert.Status == string(intake.Resolved) {
			ended = l.endOf(alert, incident.Milestones, now)
			effects.Events = append(effects.Events, l.event(ctx, "INCIDENT_ALERT_RESOLVED", name, name, 1, now, nil))
			effects.TimelineEntries = append(effects.TimelineEntries, l.alertEntry(ctx, id, ended, now, "The alert stopped firing: "+alert.Title, alert))
		}
	}
	if !firing && !l.keepOpen() {
		incident.State, incident.Milestones.ResolveTime = lifecycle.Resolved, ended
		effects.Events = append(effects.Events, l.event(ctx, resolveIncident.event, name, name, 1, now, nil))
		effects.TimelineEntries = append(effects.TimelineEntries,
			l.changeEntry(ctx, id, "KEY_MOMENT", ended, now, resolveIncident.text, "It was over before its incident was opened."))
	}
	return repository.Creation[repository.Incident]{Resource: incident, Effects: effects}
}

// endOf is when an alert stopped, as far as the milestones of its incident allow.
func (l *lot) endOf(alert repository.Alert, milestones repository.Milestones, now time.Time) time.Time {
	ended := now
	if !alert.EndTime.IsZero() {
		ended = earlier(alert.EndTime, now)
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

// tellTries is how often an incident is told how its alerts stand while others change it.
const tellTries = 20

// others is what is known of the alerts of an incident that it does not keep itself.
type others struct {
	asked, firing bool
	// joining says that one of those that the incident is told of fires.
	joining bool
	// revision is the incident's when they were asked for.
	revision int64
}

// errOthers says that it matters whether alerts fire that an incident does not keep.
var errOthers = errors.New("other alerts are to be asked for")

// tellIncident tells an incident how alerts of it stand, in one step. What it knows already is passed over.
func (l *lot) tellIncident(ctx context.Context, name string, alerts []touched) error {
	var rest others
	for range tellTries {
		resolved := false
		incident, err := l.repository.Incidents().Update(ctx, lastID(name), func(incident *repository.Incident) (repository.Effects, error) {
			before := incident.State
			effects, err := l.hearAll(ctx, incident, alerts, rest, l.present())
			resolved = err == nil && before != lifecycle.Resolved && incident.State == lifecycle.Resolved
			return effects, err
		})
		switch {
		case errors.Is(err, errOthers):
			if rest, err = l.askOthers(ctx, name); err != nil {
				return err
			}
			continue
		case err != nil:
			return fmt.Errorf("notify %s: %w", name, err)
		case resolved:
			l.counts.changed(ctx, resolveIncident.event, incident)
		}
		return nil
	}
	return fmt.Errorf("notify %s: %w", name, repository.ErrConflict)
}

// askOthers finds out whether any alert of an incident fires.
func (l *lot) askOthers(ctx context.Context, name string) (others, error) {
	incident, err := l.repository.Incidents().Get(ctx, lastID(name))
	if err != nil {
		return others{}, fmt.Errorf("notify %s: %w", name, err)
	}
	firing, err := l.repository.Alerts().Count(ctx, repository.Query{Limit: 1, Where: repository.And{
		repository.TermIn{repository.Term("incident", name)},
		repository.TermIn{repository.Term("status", string(intake.Firing)), repository.Term("status", string(intake.Acknowledged))},
	}})
	if err != nil {
		return others{}, fmt.Errorf("count the alerts of %s: %w", name, err)
	}
	return others{asked: true, firing: firing > 0, revision: incident.Revision}, nil
}

// hearAll changes an incident by how alerts of it stand.
func (l *lot) hearAll(ctx context.Context, incident *repository.Incident, alerts []touched, rest others, now time.Time) (repository.Effects, error) {
	was := *incident
	if err := keepFirstAnswer(&incident.Header, incident); err != nil {
		return repository.Effects{}, err
	}
	incident.Origin.Alerts = slices.Clone(incident.Origin.Alerts)
	var effects repository.Effects
	var stopped []repository.Alert
	changed := false
	for _, one := range alerts {
		rest.joining = rest.joining || one.Status != string(intake.Resolved)
		i := indexOf(incident.Origin.Alerts, one.Alert)
		switch {
		case i >= 0:
			if incident.Origin.Alerts[i].NotificationCount >= one.NotificationCount && incident.Origin.Alerts[i].ID != "" {
				continue // It knows that, or what came later.
			}
			told, ended := l.hearOne(ctx, incident, i, one.Alert, now)
			effects = joined(effects, told)
			changed = true
			if ended {
				stopped = append(stopped, one.Alert)
			}
		case len(incident.Origin.Alerts) < repository.MaxIncidentAlerts:
			effects = joined(effects, l.take(ctx, incident, one.Alert, now))
			changed = true
		case one.Status == string(intake.Resolved) && !incident.ClockResetTime.After(one.LastNotificationTime):
			stopped = append(stopped, one.Alert)
		}
	}
	resolved, err := l.resolveQuiet(ctx, incident, stopped, rest, now)
	if err != nil {
		return repository.Effects{}, err
	}
	if !changed && len(resolved.Events) == 0 {
		*incident = was
		return repository.Effects{}, repository.ErrUnchanged
	}
	incident.UpdateTime = now
	return joined(effects, resolved), nil
}

func joined(a, b repository.Effects) repository.Effects {
	a.Events = append(a.Events, b.Events...)
	a.TimelineEntries = append(a.TimelineEntries, b.TimelineEntries...)
	return a
}

// take has an incident keep an alert that joins it.
func (l *lot) take(ctx context.Context, incident *repository.Incident, alert repository.Alert, now time.Time) repository.Effects {
	incident.Origin.Alerts = append(incident.Origin.Alerts, storedAlert(alert))
	return repository.Effects{TimelineEntries: []repository.TimelineEntry{
		l.alertEntry(ctx, incident.ID, earlier(alert.StartTime, now), now, "The alert joined: "+alert.Title, alert),
	}}
}

// hearOne has an incident know how an alert stands that it keeps, and says whether it has stopped firing.
func (l *lot) hearOne(ctx context.Context, incident *repository.Incident, i int, alert repository.Alert, now time.Time) (repository.Effects, bool) {
	known, name := incident.Origin.Alerts[i], incidentName(incident.ID)
	kept := storedAlert(alert)
	kept.GeneratorURL, kept.ExternalURL, kept.Labels = known.GeneratorURL, known.ExternalURL, known.Labels
	incident.Origin.Alerts[i] = kept
	stays := known.Status == string(intake.Resolved)
	if stays || alert.Status != string(intake.Resolved) {
		if stays {
			incident.Origin.Alerts[i].Status = known.Status
			return repository.Effects{}, false
		}
		return l.hearFiring(ctx, incident, known, alert, now), false
	}
	ended := earlier(alert.EndTime, now)
	return repository.Effects{
		Events:          []repository.Event{l.event(ctx, "INCIDENT_ALERT_RESOLVED", name, name, incident.Revision+1, now, nil)},
		TimelineEntries: []repository.TimelineEntry{l.alertEntry(ctx, incident.ID, ended, now, "The alert stopped firing: "+alert.Title, alert)},
	}, true
}

func (l *lot) hearFiring(ctx context.Context, incident *repository.Incident, known repository.IncidentAlert, alert repository.Alert, now time.Time) repository.Effects {
	name := incidentName(incident.ID)
	effects := repository.Effects{Events: []repository.Event{
		l.event(ctx, "INCIDENT_ALERT_NOTIFIED", name, name, incident.Revision+1, now, nil),
	}}
	if count := remarkable(alert.NotificationCount); count > known.NotificationCount {
		text := fmt.Sprintf("The alert still fires: notified %d times by now. %s", count, alert.Title)
		effects.TimelineEntries = []repository.TimelineEntry{l.alertEntry(ctx, incident.ID, now, now, text, alert)}
	}
	return effects
}

// remarkable is the last of 2, 10, 100, 1,000 and so on that a count has reached; 0: none. The timeline tells that an alert
// goes on, and not ten thousand times.
func remarkable(count int64) int64 {
	if count < 2 {
		return 0
	}
	reached := int64(2)
	for next := int64(10); next <= count; next *= 10 {
		reached = next
	}
	return reached
}

// resolveQuiet resolves an incident of which alerts have stopped, if none fires any more.
func (l *lot) resolveQuiet(ctx context.Context, incident *repository.Incident, stopped []repository.Alert, rest others, now time.Time) (repository.Effects, error) {
	firing := slices.ContainsFunc(incident.Origin.Alerts, func(a repository.IncidentAlert) bool { return a.Status != string(intake.Resolved) })
	_, err := lifecycle.Incident.Step(lifecycle.Resolve, incident.State)
	if len(stopped) == 0 || l.keepOpen() || firing || rest.joining || err != nil || incident.Visibility != repository.Live {
		return repository.Effects{}, nil //nolint:nilerr // An incident that can't be resolved any more is left as it is.
	}
	if len(incident.Origin.Alerts) >= repository.MaxIncidentAlerts {
		if !rest.asked || rest.revision != incident.Revision {
			return repository.Effects{}, errOthers
		}
		if rest.firing {
			return repository.Effects{}, nil
		}
	}
	ended := l.endOf(stopped[len(stopped)-1], incident.Milestones, now)
	return l.step(ctx, incident, resolveIncident, ended, now, "Its last alert stopped firing.", nil)
}

// alertEntry is the timeline entry that an alert writes.
func (s *Intake) alertEntry(ctx context.Context, incident string, occurred, now time.Time, text string, alert repository.Alert) repository.TimelineEntry {
	note := ""
	if len(alert.Alterations) > 0 {
		note = "Not all was kept as it was sent:\n\n- " + strings.Join(alert.Alterations, "\n- ")
	}
	entry := s.changeEntry(ctx, incident, "ALERT", occurred, now, text, note)
	entry.Source = "ALERT"
	if isWebURI(alert.GeneratorURL) {
		entry.Evidence = []repository.Evidence{{URI: alert.GeneratorURL, Title: "Alert rule"}}
	}
	return entry
}

// storedAlert is what an incident keeps of an alert.
func storedAlert(alert repository.Alert) repository.IncidentAlert {
	return repository.IncidentAlert{
		ID:                   alert.ID,
		Fingerprint:          alert.Fingerprint,
		Status:               alert.Status,
		Labels:               alert.Labels,
		Annotations:          alert.Annotations,
		StartTime:            alert.StartTime,
		EndTime:              alert.EndTime,
		GeneratorURL:         alert.GeneratorURL,
		ExternalURL:          alert.ExternalURL,
		NotificationCount:    alert.NotificationCount,
		LastNotificationTime: alert.LastNotificationTime,
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

// maxAlertLinks is how many of an alert's own links its incident gets.
const maxAlertLinks = 16

func links(alert repository.Alert) []repository.Link {
	var found []repository.Link
	if isWebURI(alert.GeneratorURL) {
		found = append(found, repository.Link{URI: alert.GeneratorURL, Title: "Alert rule"})
	}
	if isWebURI(alert.ExternalURL) {
		found = append(found, repository.Link{URI: alert.ExternalURL, Title: "Alerting system"})
	}
	for _, link := range alert.Links[:min(len(alert.Links), maxAlertLinks)] {
		known := slices.ContainsFunc(found, func(there repository.Link) bool { return there.URI == link.URI })
		if !known && isWebURI(link.URI) {
			found = append(found, repository.Link{URI: link.URI, Title: cut(link.Title, maxLinkTitle)})
		}
	}
	return found
}

// isWebURI is true of an absolute http or https URL: alerting systems and files hold what they were told to.
func isWebURI(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && len(text) <= maxURI && parsed.Host != "" && (parsed.Scheme == "http" || parsed.Scheme == "https")
}

// cut cuts a text after at most size bytes, between characters.
func cut(text string, size int) string {
	return strings.ToValidUTF8(plaintext.Cut(text, size), "\uFFFD")
}
