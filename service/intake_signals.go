package service

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/intake/episode"
	"github.com/debriefhq/debrief/service/intake/rules"
)

// signal is one thing that was said of one episode of an alert.
type signal struct {
	// id is the same when the delivery is worked off again.
	id string
	// work is what it came in.
	work *work
	// received is when it came.
	received time.Time
	alert    intake.Alert
	// key names the episode among all alerts.
	key string
	// decision is what the rules say now.
	decision rules.Decision
	severity string
}

// work is one delivery that is worked off.
type work struct {
	id       string
	received time.Time
	delivery intake.Delivery
	// alerts are the ids of the alerts that it told of, in order.
	alerts []string
}

// lot are deliveries of one sender that are worked off together, in the order of their receipt.
type lot struct {
	*Intake

	source string
	// integration is nil where they came without a key.
	integration *repository.Integration
	engine      *rules.Engine
	works       []*work
}

// withoutIntegration is the scope of what came without a key.
const withoutIntegration = "-"

// scope is the integration's id; it begins the keys of what belongs to it.
func (l *lot) scope() string {
	if l.integration == nil {
		return withoutIntegration
	}
	return l.integration.ID
}

func (l *lot) integrationName() string {
	if l.integration == nil {
		return ""
	}
	return integrationName(l.integration.ID)
}

func (l *lot) keepOpen() bool {
	return l.options.KeepOpen || l.integration != nil && l.integration.KeepOpen
}

// incidentKey is the creation key of the incident that an episode opens. Without an integration it is what it was before
// there were any.
func (l *lot) incidentKey(episodeKey string) string {
	if l.integration == nil {
		return "alert/" + episodeKey
	}
	return "alert/" + l.integration.ID + "/" + episodeKey
}

// episodeKey is the key of an episode that the sender names. What does not say whose it is, is told apart by the alert.
func (l *lot) episodeKey(alert intake.Alert) string {
	if strings.HasPrefix(alert.EpisodeKey, l.source+"/") || l.source == intake.Alertmanager {
		return alert.EpisodeKey
	}
	return l.source + "/" + hashID(alert.Fingerprint) + "/" + alert.EpisodeKey
}

// signals are what the deliveries say, in order, each with the key of its episode.
func (l *lot) signals(ctx context.Context) ([]*signal, error) {
	var signals []*signal
	unnamed := map[string][]*signal{}
	for _, work := range l.works {
		for i, alert := range work.delivery.Alerts {
			one := &signal{id: fmt.Sprintf("%s.%06d", work.id, i), work: work, received: work.received, alert: alert}
			if alert.EpisodeKey == "" {
				unnamed[alert.Fingerprint] = append(unnamed[alert.Fingerprint], one)
			} else {
				one.key = l.incidentKey(l.episodeKey(alert))
			}
			signals = append(signals, one)
		}
	}
	also, err := l.tellEpisodes(ctx, unnamed)
	if err != nil {
		return nil, err
	}
	var told []*signal
	for _, one := range signals {
		if one.key == "" {
			continue // It belongs to no episode.
		}
		told = append(told, one)
		if begun := also[one.id]; begun != nil {
			told = append(told, begun)
		}
	}
	return told, nil
}

// hashID is an id that is made of what a resource is about.
func hashID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// tellEpisodes finds the episodes of alerts whose sender does not name them, by what was said of them before. It answers the
// signals of episodes that turned out to have begun at another one's end, by the id of the signal that showed it.
func (l *lot) tellEpisodes(ctx context.Context, unnamed map[string][]*signal) (also map[string]*signal, err error) {
	if len(unnamed) == 0 {
		return nil, nil
	}
	now := l.present()
	fingerprints := slices.Sorted(maps.Keys(unnamed))
	var known []string
	decided := map[string]seriesDecision{}
	for chunk := range slices.Chunk(fingerprints, alertsAtOnce) {
		creations := make([]repository.Creation[repository.AlertSeries], len(chunk))
		decisions := make([]map[string]seriesDecision, len(chunk))
		for i, fingerprint := range chunk {
			id := hashID("series", l.scope(), l.source, fingerprint)
			series := &creations[i].Resource
			series.Header = repository.Header{ID: id, Parent: l.scope(), Revision: 1, CreationKey: id, CreateTime: now, UpdateTime: now}
			series.BeginTime = now
			if decisions[i], err = applySignals(series, unnamed[fingerprint], now); err != nil {
				return nil, err
			}
		}
		created, err := l.repository.AlertSeries().Create(ctx, creations...)
		if err != nil {
			return nil, fmt.Errorf("keep series of alerts: %w", err)
		}
		for i, result := range created {
			if result.Existed {
				known = append(known, chunk[i])
				continue
			}
			maps.Copy(decided, decisions[i])
		}
	}
	updated, err := concurrently(ctx, known, func(ctx context.Context, fingerprint string) (map[string]seriesDecision, error) {
		return l.updateSeries(ctx, fingerprint, unnamed[fingerprint], now)
	})
	for _, decisions := range updated {
		maps.Copy(decided, decisions)
	}
	return l.nameEpisodes(unnamed, decided), err
}

// updateSeries adds signals to a series that is known, in one step.
func (l *lot) updateSeries(ctx context.Context, fingerprint string, signals []*signal, now time.Time) (map[string]seriesDecision, error) {
	var decisions map[string]seriesDecision
	_, err := l.repository.AlertSeries().Update(ctx, hashID("series", l.scope(), l.source, fingerprint),
		func(series *repository.AlertSeries) (repository.Effects, error) {
			before := series.State
			made, err := applySignals(series, signals, now)
			decisions = made
			if err != nil || before == series.State {
				return repository.Effects{}, cmp.Or(err, repository.ErrUnchanged)
			}
			series.UpdateTime = now
			return repository.Effects{}, nil
		})
	if err != nil {
		return nil, fmt.Errorf("keep the series of an alert: %w", err)
	}
	return decisions, nil
}

// seriesDecision is what comes of a signal in a series.
type seriesDecision struct {
	episode.Decision

	// since is when the series was begun: another one of the same alert, after this one was purged, counts its episodes anew.
	since time.Time
}

// applySignals adds signals to a series, and says by their ids what comes of them.
func applySignals(kept *repository.AlertSeries, signals []*signal, now time.Time) (map[string]seriesDecision, error) {
	var series episode.Series
	if kept.State != "" {
		if err := json.Unmarshal([]byte(kept.State), &series); err != nil {
			return nil, fmt.Errorf("%w: the series of an alert: %w", repository.ErrCorrupt, err)
		}
	}
	decisions := make(map[string]seriesDecision, len(signals))
	for _, one := range signals {
		made := seriesDecision{since: kept.BeginTime}
		series, made.Decision = episode.Apply(series, episode.Signal{ID: one.id, Status: one.alert.Status, Time: one.time()})
		decisions[one.id] = made
	}
	encoded, err := json.Marshal(series)
	kept.State, kept.IdleTime = string(encoded), now
	if _, open := series.Open(); open {
		kept.IdleTime = time.Time{}
	}
	return decisions, err
}

// time is when it became so: not after it was received.
func (s *signal) time() time.Time {
	if s.alert.Time.IsZero() {
		return s.received
	}
	return earlier(stored(s.alert.Time), s.received)
}

// nameEpisodes gives signals the keys and times of their episodes, and makes those of episodes that began by the way.
func (l *lot) nameEpisodes(unnamed map[string][]*signal, decided map[string]seriesDecision) map[string]*signal {
	also := map[string]*signal{}
	for _, signals := range unnamed {
		for _, one := range signals {
			decision := decided[one.id]
			if decision.Change == episode.Dropped || decision.Episode.Number == 0 {
				continue
			}
			l.nameEpisode(one, decision.Episode, decision.since)
			if decision.Also.Number != 0 {
				begun := *one
				begun.id += "+"
				l.nameEpisode(&begun, decision.Also, decision.since)
				also[one.id] = &begun
			}
		}
	}
	return also
}

// numbered is a number among those of what was begun at a time; zero: before such times were kept.
func numbered(since time.Time, number int64) string {
	if since.IsZero() {
		return strconv.FormatInt(number, 10)
	}
	return fmt.Sprintf("%d.%d", since.UnixMilli(), number)
}

func (l *lot) nameEpisode(one *signal, told episode.Episode, since time.Time) {
	one.key = l.incidentKey(l.source + "/" + hashID(one.alert.Fingerprint) + "#" + numbered(since, told.Number))
	one.alert.StartTime, one.alert.EndTime = told.StartTime, told.EndTime
	switch {
	case !told.EndTime.IsZero():
		one.alert.Status = intake.Resolved
	case !told.AcknowledgeTime.IsZero():
		one.alert.Status = intake.Acknowledged
	default:
		one.alert.Status = intake.Firing
	}
}

// concurrently does something for each element, some of them at the same time, until one fails.
func concurrently[E, R any](ctx context.Context, elements []E, do func(context.Context, E) (R, error)) ([]R, error) {
	return concurrentlyAt(ctx, len(elements), func(ctx context.Context, i int) (R, error) { return do(ctx, elements[i]) })
}

// concurrentlyAt does something for each place in a list, some of them at the same time, until one fails.
func concurrentlyAt[R any](ctx context.Context, count int, do func(ctx context.Context, i int) (R, error)) ([]R, error) {
	results := make([]R, count)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(notificationsAtOnce)
	for i := range count {
		group.Go(func() (err error) {
			defer func() {
				if cause := recover(); cause != nil {
					err = panicked(cause)
				}
			}()
			results[i], err = do(ctx, i)
			return err
		})
	}
	return results, group.Wait()
}

// decide has the rules say what becomes of an alert.
func (l *lot) decide(one *signal) {
	labels := one.alert.Labels
	if l.integration != nil && len(l.integration.Labels) > 0 {
		labels = maps.Clone(l.integration.Labels)
		maps.Copy(labels, one.alert.Labels)
	}
	seen := rules.Alert{
		Source: l.source, Status: string(one.alert.Status), Title: one.alert.Title, Summary: one.alert.Summary,
		Severity: one.alert.Severity, Labels: labels, Annotations: one.alert.Annotations, Fingerprint: one.alert.Fingerprint,
		StartTime: one.alert.StartTime,
	}
	one.decision = rules.Decision{Outcome: rules.OutcomeOpen, Labels: labels}
	if l.engine != nil {
		seen.Integration = l.integration.ID
		one.decision = l.engine.Decide(seen, one.received)
	}
	one.severity = cmp.Or(one.decision.Severity, l.severity(one))
}

// severity is what the sender's word means to the integration, or to the server.
func (l *lot) severity(one *signal) string {
	if l.integration != nil {
		if meant, found := l.integration.Severities[strings.ToLower(one.alert.Severity)]; found {
			return meant
		}
		word := strings.ToLower(strings.TrimSpace(one.decision.Labels[l.options.Severities.Label]))
		if meant, found := l.integration.Severities[word]; found {
			return meant
		}
	}
	if meant := l.options.Severities.Severity(one.decision.Labels); meant != "" {
		return meant
	}
	return l.options.Severities.Values[strings.ToLower(one.alert.Severity)]
}

// panicked is the error of a delivery whose work has panicked: it must not end the process, which would find it again.
func panicked(cause any) error {
	return fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
}
