package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/intake/rules"
)

// youngAlert is how old an alert may be for its incident, where that is not there, to be one that was not opened yet: later
// it was purged.
const youngAlert = time.Hour

// touched is an alert that something was said of, as it stands then.
type touched struct {
	repository.Alert

	// signal is the first of those that said so.
	signal *signal
	// firsts says that the alert began with one of the deliveries that are worked off.
	firsts bool
}

// run works the deliveries off. Each step may be done again, by anybody: what it led to already is found by its keys.
func (l *lot) run(ctx context.Context) error {
	ctx = WithActor(ctx, "intake/"+l.source)
	signals, err := l.signals(ctx)
	if err != nil {
		return err
	}
	firsts, repeats := splitSignals(signals)
	for chunk := range slices.Chunk(firsts, alertsAtOnce) {
		alerts, err := l.begin(ctx, chunk)
		if err == nil {
			err = l.follow(ctx, alerts)
		}
		if err != nil {
			return err
		}
	}
	// What was said of an episode after that is worked off in its order, episode by episode.
	alerts, err := l.goOn(ctx, repeats)
	if err == nil {
		err = l.follow(ctx, alerts)
	}
	return err
}

// splitSignals parts the first signal of each episode from those that follow.
func splitSignals(signals []*signal) (firsts []*signal, repeats [][]*signal) {
	places := make(map[string]int, len(signals))
	for _, one := range signals {
		place, seen := places[one.key]
		if !seen {
			places[one.key] = -1
			firsts = append(firsts, one)
			continue
		}
		if place < 0 {
			place = len(repeats)
			places[one.key] = place
			repeats = append(repeats, nil)
		}
		repeats[place] = append(repeats[place], one)
	}
	return firsts, repeats
}

// begin makes an alert of each episode that has none yet, and tells the others what was said.
func (l *lot) begin(ctx context.Context, signals []*signal) ([]touched, error) {
	now := l.present()
	var creations []repository.Creation[repository.Alert]
	var kept, dropped []*signal
	for _, one := range signals {
		l.decide(one)
		if one.decision.Outcome == rules.OutcomeDrop {
			dropped = append(dropped, one)
			continue
		}
		kept = append(kept, one)
		creations = append(creations, l.newAlert(ctx, one, now))
	}
	var alerts []touched
	var known []touched
	created, err := l.repository.Alerts().Create(ctx, creations...)
	if err != nil {
		return nil, fmt.Errorf("keep alerts: %w", err)
	}
	for i, result := range created {
		one := touched{Alert: result.Resource, signal: kept[i], firsts: result.Resource.FirstDelivery == kept[i].work.id}
		kept[i].work.tell(result.Resource.ID)
		if result.Existed {
			known = append(known, one)
		} else {
			alerts = append(alerts, one)
		}
	}
	undropped, err := l.findBegun(ctx, dropped)
	if err != nil {
		return nil, err
	}
	for _, one := range dropped {
		if found, begun := undropped[one.key]; begun {
			known = append(known, found)
		}
	}
	heard, err := concurrently(ctx, known, func(ctx context.Context, one touched) (touched, error) {
		return l.hear(ctx, one, []*signal{one.signal})
	})
	return append(alerts, slices.DeleteFunc(heard, func(one touched) bool { return one.ID == "" })...), err
}

// findBegun finds the alerts of signals that are to be dropped, by their keys, where their episodes began before there was a
// rule to drop them: they are to end as they began.
func (l *lot) findBegun(ctx context.Context, dropped []*signal) (map[string]touched, error) {
	if len(dropped) == 0 {
		return nil, nil
	}
	found, err := l.repository.Alerts().Find(ctx, each(dropped, func(one *signal) string { return one.key })...)
	if err != nil {
		return nil, fmt.Errorf("find alerts: %w", err)
	}
	begun := map[string]touched{}
	for _, one := range dropped {
		if alert, ok := found[one.key]; ok {
			one.work.tell(alert.ID)
			begun[one.key] = touched{Alert: alert, signal: one, firsts: alert.FirstDelivery == one.work.id}
		}
	}
	return begun, nil
}

// tell remembers the alerts that a delivery told of.
func (w *work) tell(alert string) {
	if len(w.alerts) < maxDeliveryAlerts && !slices.Contains(w.alerts, alert) {
		w.alerts = append(w.alerts, alert)
	}
}

// maxDeliveryAlerts is how many of its alerts a delivery remembers.
const maxDeliveryAlerts = 100

// newAlert is the alert of an episode of which nobody has heard before. The incident that it opens has its name from the
// beginning, so that whoever comes upon it opens the same.
func (l *lot) newAlert(ctx context.Context, one *signal, now time.Time) repository.Creation[repository.Alert] {
	heard, decision := one.alert, one.decision
	alert := repository.Alert{
		Header:               repository.Header{ID: l.newID(now), Revision: 1, CreationKey: one.key, CreateTime: now, UpdateTime: now},
		Integration:          l.integrationName(),
		Source:               l.source,
		Fingerprint:          heard.Fingerprint,
		Status:               string(heard.Status),
		Title:                heard.Title,
		Summary:              cut(heard.Summary, maxSection),
		Severity:             one.severity,
		SenderSeverity:       heard.Severity,
		Labels:               decision.Labels,
		Annotations:          heard.Annotations,
		StartTime:            stored(heard.StartTime),
		EndTime:              stored(heard.EndTime),
		GeneratorURL:         heard.GeneratorURL,
		ExternalURL:          heard.ExternalURL,
		Links:                each(heard.Links, func(l intake.Link) repository.Link { return repository.Link{URI: l.URI, Title: l.Title} }),
		Images:               each(heard.Images, storedImage),
		NotificationCount:    1,
		LastNotificationTime: one.received,
		Alterations:          heard.Alterations,
		Rule:                 decision.Rule,
		Outcome:              string(decision.Outcome),
		Steps:                each(decision.Steps, storedStep),
		InSeries:             heard.EpisodeKey == "",
		FirstDelivery:        one.work.id,
		AppliedDeliveries:    []string{one.id},
	}
	if alert.StartTime.IsZero() {
		alert.StartTime = earlier(one.time(), now)
	}
	var effects repository.Effects
	switch decision.Outcome {
	case rules.OutcomeOpen:
		alert.Incident = incidentName(l.newID(now))
	case rules.OutcomeGroup, rules.OutcomeOpenAfter:
		alert.GroupKey = hashID("group", l.scope(), decision.GroupKey)
		alert.Group = decision.Group
	default:
		effects.Events = []repository.Event{l.event(ctx, "ALERT_KEPT", alertName(alert.ID), "", 1, now, nil)}
	}
	return repository.Creation[repository.Alert]{Resource: alert, Effects: effects}
}

func storedImage(image intake.Image) repository.AlertImage {
	return repository.AlertImage{URI: image.URI, Link: image.Link, Alternative: image.Alternative}
}

func storedStep(step rules.Step) repository.AlertStep {
	return repository.AlertStep{
		Rule: step.Rule, Matched: step.Kind == rules.Matched || step.Kind == rules.Maintained || step.Kind == rules.Defaulted, Text: step.Text,
	}
}

// goOn tells alerts what was said of them after their first signal.
func (l *lot) goOn(ctx context.Context, repeats [][]*signal) ([]touched, error) {
	var heard []touched
	for chunk := range slices.Chunk(repeats, alertsAtOnce) {
		begun, followed, err := l.begun(ctx, chunk)
		if err != nil {
			return nil, err
		}
		told, err := concurrentlyAt(ctx, len(begun), func(ctx context.Context, i int) (touched, error) {
			return l.hear(ctx, begun[i], followed[i])
		})
		if err != nil {
			return nil, err
		}
		heard = append(heard, slices.DeleteFunc(told, func(one touched) bool { return one.ID == "" })...)
	}
	return heard, nil
}

// begun are the alerts that were begun by earlier signals, and what is said of each now. An alert that is to be dropped and was
// not begun is left out.
func (l *lot) begun(ctx context.Context, repeats [][]*signal) (begun []touched, followed [][]*signal, err error) {
	now := l.present()
	var creations []repository.Creation[repository.Alert]
	var dropped []*signal
	bySignal := map[*signal][]*signal{}
	for _, signals := range repeats {
		one := signals[0]
		l.decide(one)
		if one.decision.Outcome != rules.OutcomeDrop {
			// The alert is found by its creation key, which nothing but a creation looks for.
			creations = append(creations, l.newAlert(ctx, one, now))
			begun, followed = append(begun, touched{signal: one}), append(followed, signals)
			continue
		}
		dropped = append(dropped, one)
		bySignal[one] = signals
	}
	undropped, err := l.findBegun(ctx, dropped)
	if err != nil {
		return nil, nil, err
	}
	for _, one := range dropped {
		if found, ok := undropped[one.key]; ok {
			begun, followed = append(begun, found), append(followed, bySignal[one])
		}
	}
	created, err := l.repository.Alerts().Create(ctx, creations...)
	if err != nil {
		return nil, nil, fmt.Errorf("keep alerts: %w", err)
	}
	for i := range begun {
		if begun[i].ID == "" {
			begun[i].Alert, created = created[0].Resource, created[1:]
		}
		begun[i].firsts = begun[i].FirstDelivery == begun[i].signal.work.id
		for _, one := range followed[i] {
			one.work.tell(begun[i].ID)
		}
	}
	return begun, followed, nil
}

// hear tells an alert what was said of it, in one step. It answers an empty one where the alert was purged.
func (l *lot) hear(ctx context.Context, one touched, signals []*signal) (touched, error) {
	now := l.present()
	alert, err := l.repository.Alerts().Update(ctx, one.ID, func(alert *repository.Alert) (repository.Effects, error) {
		changed := false
		for _, signal := range signals {
			changed = applySignal(alert, signal) || changed
		}
		if !changed {
			return repository.Effects{}, repository.ErrUnchanged
		}
		alert.UpdateTime = now
		return repository.Effects{}, nil
	})
	switch {
	case errors.Is(err, repository.ErrNotFound):
		return touched{}, nil
	case err != nil:
		return touched{}, fmt.Errorf("notify %s: %w", alertName(one.ID), err)
	}
	one.Alert = alert
	return one, nil
}

// applySignal changes an alert by what was said of it, and says whether it did. An alert that was resolved stays so: what comes
// later about the same episode was sent earlier. Only its end may turn out to have been another one.
func applySignal(alert *repository.Alert, one *signal) bool {
	heard := one.alert
	ended := stored(heard.EndTime)
	if alert.Status == string(intake.Resolved) {
		if heard.EpisodeKey != "" || ended.IsZero() || ended.Equal(alert.EndTime) || isApplied(alert, one) {
			return false
		}
		alert.EndTime = ended
		rememberSignal(alert, one)
		return true
	}
	if isApplied(alert, one) {
		return false
	}
	alert.NotificationCount++
	if one.received.After(alert.LastNotificationTime) {
		alert.LastNotificationTime = one.received
	}
	alert.Annotations = toldAnnotations(alert.Annotations, heard)
	if heard.EpisodeKey == "" && !heard.StartTime.IsZero() {
		alert.StartTime = stored(heard.StartTime)
	}
	rememberSignal(alert, one)
	switch heard.Status {
	case intake.Resolved:
		alert.Status = string(intake.Resolved)
		if alert.EndTime = ended; ended.IsZero() {
			alert.EndTime = one.received
		}
	case intake.Acknowledged:
		alert.Status = string(intake.Acknowledged)
	case intake.Firing:
	}
	return true
}

// toldAnnotations are the annotations of an alert after one more thing was said of it. What fires tells all of them; who
// acknowledges or resolves may tell a note alone, which takes nothing away.
func toldAnnotations(known map[string]string, heard intake.Alert) map[string]string {
	switch {
	case len(heard.Annotations) == 0:
		return known
	case heard.Status == intake.Firing || len(known) == 0:
		return heard.Annotations
	}
	told := maps.Clone(known)
	for _, name := range slices.Sorted(maps.Keys(heard.Annotations)) {
		if _, found := told[name]; found || len(told) < intake.MaxAnnotations {
			told[name] = heard.Annotations[name]
		}
	}
	return told
}

// isApplied says whether a signal has changed an alert before. Of one that is older than those that are remembered it is not
// known any more: then only its end counts, which does not hurt to be told twice.
func isApplied(alert *repository.Alert, one *signal) bool {
	if slices.Contains(alert.AppliedDeliveries, one.id) {
		return true
	}
	full := len(alert.AppliedDeliveries) == repository.MaxAppliedDeliveries
	return full && one.id < slices.Min(alert.AppliedDeliveries) && one.alert.Status != intake.Resolved
}

func rememberSignal(alert *repository.Alert, one *signal) {
	alert.AppliedDeliveries = append(slices.Clone(alert.AppliedDeliveries), one.id)
	if surplus := len(alert.AppliedDeliveries) - repository.MaxAppliedDeliveries; surplus > 0 {
		alert.AppliedDeliveries = slices.Delete(alert.AppliedDeliveries, 0, surplus)
	}
}
