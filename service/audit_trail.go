package service

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/access"
	"github.com/debriefhq/debrief/service/audit"
)

const (
	decisionAllowed = "ALLOWED"
	decisionRefused = "REFUSED"
	// maxPageRecords bounds a page of the trail.
	maxPageRecords = 256
	// trailAttempts is how often a place in the trail is tried that other replicas take meanwhile.
	trailAttempts = 50
	// trailRemembered is how long the end of the trail is believed to be its end: others may have gone on since, and what they wrote
	// may have been purged long after that, so that a place is free which is not the next.
	trailRemembered = time.Minute
	// trailPatience bounds how long a page may take to be written.
	trailPatience = 10 * time.Second
)

// trail writes into the audit trail. What comes while a page is being written waits, and is written together as the next one; so the
// trail is one chain over all replicas, and no bottleneck.
type trail struct {
	base *base
	// turn has room for the one that writes.
	turn chan struct{}

	mutex sync.Mutex
	// next takes what is to be written next; nil: nothing waits.
	next *trailBatch

	// last is the place and the last record of the trail, as far as who has the turn knows.
	last trailEnd
}

type trailEnd struct {
	place  int64
	record audit.Record
	// seen is when it was the end.
	seen time.Time
}

// trailBatch is what is written together.
type trailBatch struct {
	records []audit.Record
	done    chan struct{}
	err     error
}

func newTrail(b *base) *trail { return &trail{base: b, turn: make(chan struct{}, 1)} }

// write answers when the record is kept. An error that is not the context's may also mean that it is kept, and its answer was lost.
func (t *trail) write(ctx context.Context, record audit.Record) error {
	batch, leads := t.join(record)
	if leads {
		// Others wait for it too: it goes on, whatever becomes of this caller.
		go t.lead(context.WithoutCancel(ctx), batch)
	}
	select {
	case <-batch.done:
		return batch.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join adds a record to what is written next, and says whether it is the first there.
func (t *trail) join(record audit.Record) (*trailBatch, bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	leads := t.next == nil || len(t.next.records) >= maxPageRecords
	if leads {
		t.next = &trailBatch{done: make(chan struct{})}
	}
	t.next.records = append(t.next.records, record)
	return t.next, leads
}

// lead writes a batch when it is its turn.
func (t *trail) lead(ctx context.Context, batch *trailBatch) {
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	t.mutex.Lock()
	if t.next == batch {
		t.next = nil // Nobody joins any more.
	}
	t.mutex.Unlock()
	ctx, cancel := context.WithTimeout(ctx, trailPatience)
	defer cancel()
	if err := t.keep(ctx, batch.records); err != nil {
		t.base.logger.WarnContext(ctx, "write into the audit trail", "error", err)
		batch.err = overloaded("AUDIT_UNAVAILABLE", "the audit trail can't be written now, so nothing was changed: try again later")
	}
	close(batch.done)
}

// keep makes the records the next page. Whoever takes a place first has it: the others chain their records anew.
func (t *trail) keep(ctx context.Context, records []audit.Record) error {
	key := "audit/" + t.base.newID(t.base.present())
	for range trailAttempts {
		if t.base.now().Sub(t.last.seen).Abs() > trailRemembered {
			if err := t.find(ctx); err != nil {
				return err
			}
		}
		page, end := t.page(records, key)
		created, err := t.base.repository.AuditPages().Create(ctx, repository.Creation[repository.AuditPage]{Resource: page})
		switch {
		case errors.Is(err, repository.ErrAlreadyExists):
			t.last = trailEnd{}
		case err != nil:
			t.last = trailEnd{} // It may be there, or not.
			return err
		case created[0].Existed:
			t.last = trailEnd{} // An attempt before had come through.
			return nil
		default:
			t.last = end
			return nil
		}
	}
	return fmt.Errorf("%w: others took %d places in the audit trail", repository.ErrConflict, trailAttempts)
}

// find looks where the trail ends.
func (t *trail) find(ctx context.Context) error {
	asked := t.base.now()
	pages, err := t.base.repository.AuditPages().List(ctx, repository.Query{Descending: true, Limit: 1})
	if err != nil || len(pages) == 0 {
		t.last = trailEnd{seen: asked}
		return err
	}
	place, err := placeOf(pages[0])
	if err != nil {
		return err
	}
	t.last = trailEnd{place: place, record: audit.Record(pages[0].Records[len(pages[0].Records)-1]), seen: asked}
	return nil
}

func placeOf(page repository.AuditPage) (int64, error) {
	place, err := strconv.ParseInt(page.ID, 10, 64)
	if err != nil || len(page.Records) == 0 {
		return 0, fmt.Errorf("%w: page %q of the audit trail", repository.ErrCorrupt, page.ID)
	}
	return place, nil
}

// page chains the records behind the end of the trail.
func (t *trail) page(records []audit.Record, key string) (repository.AuditPage, trailEnd) {
	now := t.base.present()
	end := trailEnd{place: t.last.place + 1, record: t.last.record, seen: now}
	page := repository.AuditPage{
		Header:  repository.Header{ID: repository.AuditPageID(end.place), Revision: 1, CreationKey: key, CreateTime: now, UpdateTime: now},
		Records: make([]repository.AuditRecord, len(records)),
	}
	for i, record := range records {
		end.record = record.After(end.record)
		page.Records[i] = repository.AuditRecord(end.record)
	}
	return page, end
}

// auditRecord is that somebody may do what they want to.
func (b *base) auditRecord(ctx context.Context, principal access.Principal, method string, request proto.Message, nameless bool) audit.Record {
	record := audit.Record{Time: b.present(), Method: audit.Line(method), Resource: namedResource(request), Decision: decisionAllowed}
	if !nameless {
		record.Principal, record.Role = audit.Line(principal.Name), string(principal.Role)
		record.Address = audit.Line(callerAddress(ctx))
	}
	return record
}

// resourceNames are what a resource can be called; no text of people looks like it.
var resourceNames = regexp.MustCompile(`^[a-zA-Z]{1,40}/[A-Za-z0-9._-]{1,64}(/[a-zA-Z]{1,40}/[A-Za-z0-9._-]{1,64}){0,2}$`)

// namedResource is the name of the resource that a request is about: its own name, or else that of its parent. Nothing else of what
// somebody wrote gets into the audit trail, and no key that was sent by mistake.
func namedResource(request proto.Message) string {
	if request == nil {
		return ""
	}
	message := request.ProtoReflect()
	for _, name := range []string{stringField(message, "name"), nameOfMember(message), stringField(message, "parent")} {
		if resourceNames.MatchString(name) && !strings.Contains(name, keyPrefix) && !strings.Contains(name, apiKeyPrefix) {
			return name
		}
	}
	return ""
}

func stringField(message protoreflect.Message, name protoreflect.Name) string {
	field := message.Descriptor().Fields().ByName(name)
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return ""
	}
	return message.Get(field).String()
}

// nameOfMember is the name of the resource that an update has.
func nameOfMember(message protoreflect.Message) string {
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.Message() != nil && !field.IsList() && !field.IsMap() {
			if name := stringField(message.Get(field).Message(), "name"); name != "" {
				return name
			}
		}
	}
	return ""
}
