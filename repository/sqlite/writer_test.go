package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/debriefhq/debrief/repository"
)

// hold keeps the writer from writing until release is called. What is written meanwhile queues up.
func hold(t *testing.T, store *Repository) (release func()) {
	t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	var holding sync.WaitGroup
	holding.Go(func() {
		err := store.writer.do(context.WithoutCancel(t.Context()), store.writer.queue, 0, func(*transaction) error {
			close(held)
			<-free
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	return func() {
		close(free)
		holding.Wait()
	}
}

// queued waits until so many writes are in the queue.
func queued(store *Repository, n int) {
	for len(store.writer.queue) < n {
		<-time.After(time.Millisecond)
	}
}

// TestGroupOutlivesItsMembersFaults has writes share a commit with one that fails by its own fault, after it has written
// something.
func TestGroupOutlivesItsMembersFaults(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	release := hold(t, store)
	var all sync.WaitGroup
	for n := range 6 {
		all.Go(func() {
			if n == 3 {
				err := store.writer.do(t.Context(), store.writer.queue, 0, func(tx *transaction) error {
					if _, err := tx.exec("DELETE FROM incidents"); err != nil {
						return err
					}
					_, err := tx.exec("INSERT INTO incidents (id) VALUES (NULL)")
					return err
				})
				if err == nil {
					t.Error("what can't be written was")
				}
				return
			}
			if _, err := store.Incidents().Create(t.Context(), alert(n)); err != nil {
				t.Error(err)
			}
		})
	}
	queued(store, 6)
	release()
	all.Wait()
	count, err := store.Incidents().Count(t.Context(), repository.Query{Limit: 10})
	if err != nil || count != 5 {
		t.Errorf("Count = %d, %v, want the 5 that were in order", count, err)
	}
	checkFeed(t, store, 5)
}

// checkFeed expects so many events, without a gap.
func checkFeed(t *testing.T, store *Repository, want int) {
	t.Helper()
	events, err := store.Events().List(t.Context(), repository.Query{Limit: 100_000})
	if err != nil || len(events) != want {
		t.Errorf("List = %d events, %v, want %d", len(events), err, want)
	}
	for i, event := range events {
		if event.Sequence() != int64(i+1) {
			t.Fatalf("event %d has the sequence %d", i+1, event.Sequence())
		}
	}
}

// TestWriteThatNobodyWaitsForIsNotMade has a caller go while its write is in the queue.
func TestWriteThatNobodyWaitsForIsNotMade(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	release := hold(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	var caller sync.WaitGroup
	caller.Go(func() {
		if _, err := store.Incidents().Create(ctx, alert(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("Create = %v, want %v", err, context.Canceled)
		}
	})
	queued(store, 1)
	cancel()
	caller.Wait()
	release()
	if _, err := store.Incidents().Get(t.Context(), alertID(1)); !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("Get = %v, want %v", err, repository.ErrNotFound)
	}
}

// TestFullQueueEndsWithTheContext has more callers than the queue takes, and a Ping, which the queue does not hold up.
func TestFullQueueEndsWithTheContext(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	release := hold(t, store)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	for range 2 * queueLength {
		all.Go(func() {
			err := store.writer.do(ctx, store.writer.queue, 0, func(*transaction) error { return nil })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("do = %v, want %v", err, context.DeadlineExceeded)
			}
		})
	}
	all.Wait()
	if err := store.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Ping = %v, want %v", err, context.DeadlineExceeded)
	}
	release()
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("Ping = %v", err)
	}
}

// TestCloseWritesWhatIsQueued closes while writes are queued.
func TestCloseWritesWhatIsQueued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	store := openStore(t, path)
	release := hold(t, store)
	const writes = 20
	var all sync.WaitGroup
	for n := range writes {
		all.Go(func() {
			if _, err := store.Incidents().Create(t.Context(), alert(n)); err != nil {
				t.Error(err)
			}
		})
	}
	queued(store, writes)
	all.Go(func() {
		if err := store.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	<-store.writer.closing
	release()
	all.Wait()
	checkFeed(t, openStore(t, path), writes)
}

// TestCloseEndsWithTheContext closes while something is under way that does not end.
func TestCloseEndsWithTheContext(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	release := hold(t, store)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := store.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close = %v, want %v", err, context.DeadlineExceeded)
	}
	release()
}

// TestAnotherProcessHoldsTheLock expects that who waits goes when the context ends, and that writing goes on when the
// lock is free.
func TestAnotherProcessHoldsTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	store := openStore(t, path)
	other, err := connect(t.Context(), &sqlite.Driver{}, path)
	if err != nil {
		t.Fatal(err)
	}
	closeLater(t, other)
	if err := other.script(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := store.Incidents().Create(ctx, alert(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Create = %v, want %v", err, context.DeadlineExceeded)
	}
	if err := store.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Ping = %v, want %v", err, context.DeadlineExceeded)
	}
	if _, err := store.Incidents().Get(t.Context(), alertID(1)); !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("Get = %v, want %v", err, repository.ErrNotFound)
	}
	if err := other.script(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Incidents().Create(t.Context(), alert(2)); err != nil {
		t.Errorf("Create = %v", err)
	}
}

// TestTwoStoresOnOneFile has two stores write to one file at the same time, as two processes do.
func TestTwoStoresOnOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	stores := []*Repository{openStore(t, path), openStore(t, path)}
	if _, err := stores[0].Incidents().Create(t.Context(), alert(0)); err != nil {
		t.Fatal(err)
	}
	const rounds = 20
	var all sync.WaitGroup
	for s, store := range stores {
		for range 2 {
			all.Go(func() {
				for range rounds {
					if err := appendTo(t.Context(), store, alertID(0), fmt.Sprint(s)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Go(func() {
			for n := range rounds {
				if _, err := store.Incidents().Create(t.Context(), alert(1+2*n+s)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	incident, err := stores[1].Incidents().Get(t.Context(), alertID(0))
	if err != nil || len(incident.WaiverReason) != 4*rounds || incident.Revision != 4*rounds+1 {
		t.Errorf("Get = %d changes, revision %d, %v, want %d changes", len(incident.WaiverReason), incident.Revision, err, 4*rounds)
	}
	for s := range stores {
		if got := strings.Count(incident.WaiverReason, fmt.Sprint(s)); got != 2*rounds {
			t.Errorf("store %d made %d changes, want %d", s, got, 2*rounds)
		}
		checkFeed(t, stores[s], 6*rounds+1)
	}
}

// appendTo makes a change that adds to what others have made, and tells of it.
func appendTo(ctx context.Context, store *Repository, id, text string) error {
	for {
		_, err := store.Incidents().Update(ctx, id, func(incident *repository.Incident) (repository.Effects, error) {
			incident.WaiverReason += text
			event := alert(0).Effects.Events[0]
			event.CreationKey = fmt.Sprintf("%s/%d", id, incident.Revision+1)
			return repository.Effects{Events: []repository.Event{event}}, nil
		})
		if !errors.Is(err, repository.ErrConflict) {
			return err
		}
	}
}
