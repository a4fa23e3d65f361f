// Package repositorytest holds the contract of the stores as tests: what passes Run is a store for Debrief.
//
// Each story is a file. A story's subtests have a fresh store each, and nothing in them depends on the clock, on a random
// seed, or on how fast the store is.
package repositorytest

import (
	"testing"

	"github.com/debriefhq/debrief/repository"
)

// Run holds a store to the contract. newRepository makes an empty store and sees to it that it is closed when the test
// ends; closing it before must do no harm.
func Run(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	stories := []struct {
		name string
		run  func(t *testing.T, newRepository func(t *testing.T) repository.Repository)
	}{
		{"round trip", testRoundTrip},
		{"create", testCreate},
		{"creation key", testCreationKey},
		{"update", testUpdate},
		{"concurrent updates", testConcurrentUpdates},
		{"amend", testAmend},
		{"trim", testTrim},
		{"effects", testEffects},
		{"events", testEvents},
		{"list", testList},
		{"page", testPage},
		{"visibility", testVisibility},
		{"remove", testRemove},
		{"hostile text", testHostileText},
		{"size", testSize},
		{"context", testContext},
		{"portable", testPortable},
		{"lifecycle", testLifecycle},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) { story.run(t, newRepository) })
	}
}

// scenario is a subtest with a store of its own.
type scenario struct {
	name string
	run  func(t *testing.T, store repository.Repository)
}

func runScenarios(t *testing.T, newRepository func(t *testing.T) repository.Repository, scenarios []scenario) {
	t.Helper()
	for _, scenario := range scenarios {
		t.Run(scenario.name, func(t *testing.T) { scenario.run(t, newRepository(t)) })
	}
}
