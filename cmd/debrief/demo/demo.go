// Package demo tells a year of Wrenpost, a company that does not exist and that delivers parcels: its incidents, what its
// people learned from them, and what they did about it.
//
// The year is told through the services, call by call, in the order in which things happened, with a clock that stands
// where the story stands. So a store that is filled by it holds what a store holds after a year of use. The texts of the
// stories are in the folder stories.
package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// MaxIncidents is the most incidents that one year can have.
const MaxIncidents = 20_000

// Options say which year is told.
type Options struct {
	// Seed decides what happens, when and to whom. The same seed, number of incidents and end give the same year, down
	// to the last id.
	Seed uint64
	// Incidents is how many incidents there are, those that were merged into others included: 1 to [MaxIncidents].
	Incidents int
	// Until is when the year ends. What would happen later has not happened yet.
	Until time.Time
	// Progress is told how many of all steps are done, after each of them. Nil: nobody is told.
	Progress func(done, total int)
}

// ErrNotEmpty says that a store has something in it already.
var ErrNotEmpty = errors.New("the store is not empty")

// year is a year that is being told.
type year struct {
	services     *service.Services
	interceptors []grpc.UnaryServerInterceptor
	// methods are the full names of the methods, by what they take.
	methods map[protoreflect.FullName]string
	random  *rand.Rand
	stories []*story
	until   time.Time
	// present is the time in the story.
	present   time.Time
	agenda    agenda
	responses []*response
}

// Fill tells a year into a store. After an error the store holds the year up to there.
func Fill(ctx context.Context, store repository.Repository, options Options) error {
	if options.Incidents < 1 || options.Incidents > MaxIncidents {
		return fmt.Errorf("incidents is %d: it must be 1 to %d", options.Incidents, MaxIncidents)
	}
	told, err := newYear(store, options)
	if err != nil {
		return err
	}
	told.plan(options.Incidents)
	return told.play(ctx, options.Progress)
}

// CheckEmpty answers ErrNotEmpty where a store has something in it, deleted things included.
func CheckEmpty(ctx context.Context, store repository.Repository) error {
	all := repository.Query{Visible: repository.Deleted, Limit: 1}
	for _, count := range []func(context.Context, repository.Query) (int, error){
		store.Incidents().Count, store.PostMortems().Count, store.ActionItems().Count, store.Systems().Count, store.Events().Count,
	} {
		found, err := count(ctx, all)
		switch {
		case err != nil:
			return err
		case found > 0:
			return ErrNotEmpty
		}
	}
	return nil
}

func newYear(store repository.Repository, options Options) (*year, error) {
	stories, err := readStories()
	if err != nil {
		return nil, err
	}
	told := &year{methods: methods(), random: newRandom(options.Seed, "what happens"), stories: stories, until: options.Until.UTC()}
	told.services, err = service.New(service.Options{
		Repository: store,
		Now:        func() time.Time { return told.present },
		NewID:      service.NewIDs(newSource(options.Seed, "ids")),
	})
	if err != nil {
		return nil, err
	}
	told.interceptors, err = told.services.Interceptors()
	return told, err
}

// methods are those of the API. Each takes what no other does.
func methods() map[protoreflect.FullName]string {
	all := map[protoreflect.FullName]string{}
	protoregistry.GlobalFiles.RangeFilesByPackage("debrief.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			of := file.Services().Get(i)
			for j := range of.Methods().Len() {
				method := of.Methods().Get(j)
				all[method.Input().FullName()] = fmt.Sprintf("/%s/%s", of.FullName(), method.Name())
			}
		}
		return true
	})
	return all
}

// newSource is a source of random bytes of its own for each purpose, so that one does not disturb the others.
func newSource(seed uint64, purpose string) *rand.ChaCha8 {
	return rand.NewChaCha8([32]byte(fmt.Appendf(nil, "%020d%-12.12s", seed, purpose)))
}

func newRandom(seed uint64, purpose string) *rand.Rand {
	return rand.New(newSource(seed, purpose)) //nolint:gosec // The same seed is to tell the same year.
}
