package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
)

// Before it tells that a clock has little time left, or none, the teller looks whether something has met the clock of which
// the incident was not told. A clock of which that was told already is not looked after any more. So what may meet such a
// clock is announced first: the incident notes when to look. Should the server die before it has told the incident, the
// teller does so then. Who was able to tell takes the note away.

const (
	// lookDelay is how long after an announcement the incident is looked after.
	lookDelay = 5 * time.Minute
	// heraldHolds is how long the change that was announced may take to come: well before anybody looks.
	heraldHolds = 2 * time.Minute
	// heraldAttempts is how often a change is tried that others make another one meanwhile.
	heraldAttempts = 5
)

// errUnannounced says that incidents do not know yet that something is about to meet their clocks.
var errUnannounced = errors.New("the incidents were not told what is to come")

// herald announces to incidents what is about to meet their clocks.
type herald struct {
	base *base
	// told are the incidents that know, by their names.
	told map[string]announcement
	// missing are those that do not, and the earliest time at which their clocks may be met; zero: it is not known.
	missing map[string]time.Time
}

// announcement is what an incident knows.
type announcement struct {
	until time.Time
	// look is when it is to be looked after, where nobody else has announced anything; else zero.
	look time.Time
}

func (b *base) newHerald() *herald {
	return &herald{base: b, told: map[string]announcement{}, missing: map[string]time.Time{}}
}

// heralded makes a change that asks the herald. What incidents do not know yet is announced, and the change made again.
func heralded[T any](ctx context.Context, h *herald, change func() (T, error)) (T, error) {
	for range heraldAttempts {
		result, err := change()
		if !errors.Is(err, errUnannounced) {
			return result, err
		}
		if err := h.announce(ctx); err != nil {
			return result, err
		}
	}
	var none T
	return none, repository.ErrConflict
}

// ask answers nil where the incidents know that their clocks may be met.
func (h *herald) ask(incidents []string, earliest, now time.Time) error {
	for _, name := range incidents {
		if known, ok := h.told[name]; !ok || now.After(known.until) {
			h.missing[name] = earliest
		}
	}
	if len(h.missing) > 0 {
		return errUnannounced
	}
	return nil
}

// askForReview asks for what a change of a post-mortem means to the clocks of the incidents that it covers.
func (h *herald) askForReview(before, after repository.PostMortem, now time.Time) error {
	var earliest time.Time
	was, is := reviewTimes(before), reviewTimes(after)
	for i := range is {
		if !is[i].Equal(was[i]) {
			earliest = sooner(earliest, is[i])
		}
	}
	if !earliest.IsZero() {
		return h.ask(after.Incidents, earliest, now)
	}
	added := slices.DeleteFunc(slices.Clone(after.Incidents), func(name string) bool { return slices.Contains(before.Incidents, name) })
	return h.ask(added, time.Time{}, now)
}

// reviewTimes are the times of a post-mortem that may meet clocks.
func reviewTimes(p repository.PostMortem) [3]time.Time {
	return [...]time.Time{p.ReviewStartTime, p.PublishTime, learned(p)}
}

// announce tells those that do not know.
func (h *herald) announce(ctx context.Context) error {
	for name, earliest := range h.missing {
		now := h.base.present()
		known := announcement{until: now.Add(heraldHolds)}
		_, err := h.base.repository.Incidents().Update(ctx, lastID(name), func(incident *repository.Incident) (repository.Effects, error) {
			known.look = time.Time{}
			if incident.Visibility == repository.Purged || !isForgotten(incident, earliest) {
				return repository.Effects{}, repository.ErrUnchanged
			}
			if err := keepFirstAnswer(&incident.Header, incident); err != nil {
				return repository.Effects{}, err
			}
			look := now.Add(lookDelay)
			if other := incident.ClockLookTime; other.IsZero() {
				known.look = look
			} else if !look.After(other) {
				look = other.Add(time.Millisecond) // Another one, so that the other does not take it away.
			}
			incident.ClockLookTime = look
			return repository.Effects{}, nil
		})
		if err != nil && !errors.Is(err, repository.ErrNotFound) {
			return err
		}
		h.told[name] = known
	}
	clear(h.missing)
	return nil
}

// isForgotten says that what happened at a time, or later, may meet a clock after which nobody will look by themselves.
func isForgotten(incident *repository.Incident, earliest time.Time) bool {
	if !incident.ClockVoidTime.IsZero() {
		return false
	}
	return slices.ContainsFunc(clockKinds[:], func(kind clock.Kind) bool {
		kept := clockOf(incident, kind)
		if _, started := policyOf(kept); !started || !kept.MetTime.IsZero() && !earliest.Before(kept.MetTime) {
			return false
		}
		return !slices.ContainsFunc(clock.Due(phasesOf(incident, kind), kept.ToldTime, clock.Forever), isShort)
	})
}

// isShort says that there is little time left, or none.
func isShort(change clock.Change) bool {
	return change.State == clock.AtRisk || change.State == clock.Breached
}

// done takes away what was announced, after the incidents were told what came of it; err is what came of telling them.
func (h *herald) done(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	for name, known := range h.told {
		if known.look.IsZero() {
			continue
		}
		_, err := h.base.repository.Incidents().Update(ctx, lastID(name), func(incident *repository.Incident) (repository.Effects, error) {
			if !incident.ClockLookTime.Equal(known.look) {
				return repository.Effects{}, repository.ErrUnchanged
			}
			incident.ClockLookTime = time.Time{}
			return repository.Effects{}, nil
		})
		if err != nil && !errors.Is(err, repository.ErrNotFound) {
			return err
		}
	}
	return nil
}
