package service

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/clock"
)

// TestFiltersFindWhatClocksShow winds clocks with all sorts of facts, and expects at each of many times after that the
// filter for just the one state holds which the clock shows then.
func TestFiltersFindWhatClocksShow(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	around := func(hours int) time.Time {
		return at.Add(time.Duration(random.IntN(2*hours*60)-hours*60) * time.Minute)
	}
	shown := map[clock.State]int{}
	for range 2000 {
		policy := clock.Policy{Length: time.Duration(1+random.IntN(48)) * time.Hour, AtRisk: float64(random.IntN(3)) / 4}
		incident := randomClock(random, at, around)
		windUp(&incident, clock.Review, policy, at)
		for range 10 {
			now := at.Add(time.Duration(random.IntN(100*60)) * time.Minute)
			want := (&base{}).statusOf(&incident, clock.Review, now).State
			shown[want]++
			for _, state := range repository.ClockStates {
				if got := meets(&incident, clockIn(clock.Review, state, now)); got != (state == stateField(want)) {
					t.Fatalf("%s: %t, but it shows %s, %v after it was wound: %+v", state, got, want, now.Sub(at), incident.ReviewClock)
				}
			}
		}
	}
	if len(shown) != len(repository.ClockStates) {
		t.Errorf("the clocks showed %v: they say little", shown)
	}
}

// randomClock is an incident of which things have happened before a time.
func randomClock(random *rand.Rand, at time.Time, around func(hours int) time.Time) repository.Incident {
	incident := repository.Incident{State: "RESOLVED"}
	maybe := func() bool { return random.IntN(3) == 0 }
	earlier := func(hours int) time.Time {
		if t := around(hours); t.Before(at) {
			return t
		}
		return at
	}
	if !maybe() {
		incident.Milestones.ResolveTime = earlier(40).Add(time.Duration(random.IntN(2)) * time.Minute)
	}
	if maybe() {
		incident.ReviewClock.MetTime = earlier(40)
	}
	for _, holds := range []*[]repository.ClockHold{&incident.ReviewClock.Pauses, &incident.ReviewClock.Waivers} {
		for maybe() {
			hold := repository.ClockHold{From: earlier(40), Reason: fmt.Sprint(len(*holds))}
			if !maybe() {
				hold.Until = hold.From.Add(time.Duration(1+random.IntN(60*60)) * time.Minute)
			}
			*holds = append(*holds, hold)
		}
	}
	return incident
}

// meets says whether an incident meets a condition on numbers.
func meets(incident *repository.Incident, condition repository.Condition) bool {
	switch condition := condition.(type) {
	case repository.And:
		return !slices.ContainsFunc(condition, func(c repository.Condition) bool { return !meets(incident, c) })
	case repository.Or:
		return slices.ContainsFunc(condition, func(c repository.Condition) bool { return meets(incident, c) })
	case repository.Not:
		return !meets(incident, condition.Condition)
	case repository.NumberUnset:
		field, _ := repository.IncidentSchema.Field(condition.Field)
		_, ok := field.Number(incident)
		return !ok
	case repository.NumberRange:
		field, _ := repository.IncidentSchema.Field(condition.Field)
		number, ok := field.Number(incident)
		return ok && number >= condition.Min && number <= condition.Max && condition.Max == math.MaxInt64
	}
	panic(fmt.Sprintf("no such condition: %T", condition))
}
