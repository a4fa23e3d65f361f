package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/debriefhq/debrief/repository"
)

// maxClockSkew is how far in the future a time may lie that a caller gives: clocks differ.
const maxClockSkew = time.Minute

// etag is what callers see of a revision.
func etag(header repository.Header) string { return strconv.FormatInt(header.Revision, 36) }

// newHeader begins a resource.
func (b *base) newHeader(now time.Time, requestID string, request proto.Message) (repository.Header, error) {
	header := repository.Header{ID: b.newID(now), Revision: 1, CreateTime: now, UpdateTime: now}
	if requestID == "" {
		return header, nil
	}
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
	if err != nil {
		return header, fmt.Errorf("hash the request: %w", err)
	}
	sum := sha256.Sum256(encoded)
	header.CreationKey = "request/" + requestID
	header.RequestHash = hex.EncodeToString(sum[:])
	return header, nil
}

// create stores a resource, or finds what the same request has created before: then the answer is the first one again.
func create[T any](ctx context.Context, schema repository.Schema[T], writer repository.Writer[T], resource T, effects repository.Effects) (stored T, existed bool, err error) {
	created, err := writer.Create(ctx, repository.Creation[T]{Resource: resource, Effects: effects})
	if err != nil {
		return stored, false, err
	}
	stored = created[0].Resource
	if !created[0].Existed {
		return stored, false, nil
	}
	header := schema.Header(&stored)
	if header.RequestHash != schema.Header(&resource).RequestHash {
		return stored, true, &invalidError{Reason: "REQUEST_ID_REUSED", Violations: []violation{{
			Field: "request_id", Problem: "was used for another request before: choose a new one for each request",
		}}}
	}
	if header.FirstAnswer == "" {
		return stored, true, nil
	}
	var first T
	if err := json.Unmarshal([]byte(header.FirstAnswer), &first); err != nil {
		return stored, true, fmt.Errorf("%w: the first answer: %w", repository.ErrCorrupt, err)
	}
	return first, true, nil
}

// update is a change of one resource, as a caller asks for it.
type update struct {
	// name is the resource's name.
	name string
	// etag is the one that the caller has seen; empty: whichever.
	etag string
	// requestID makes it safe to repeat; empty: it is not.
	requestID string
	// deleted says that the resource may be a deleted one.
	deleted bool
}

// apply makes a change, in one atomic step, unless the same request has made it before.
func apply[T any](ctx context.Context, b *base, schema repository.Schema[T], writer repository.Writer[T], asked update, change func(resource *T, now time.Time) (repository.Effects, error)) (T, error) {
	now := b.present()
	result, err := writer.Update(ctx, lastID(asked.name), func(resource *T) (repository.Effects, error) {
		header := schema.Header(resource)
		if asked.requestID != "" && slices.Contains(header.RecentRequests, asked.requestID) {
			return repository.Effects{}, repository.ErrUnchanged
		}
		if err := asked.check(*header); err != nil {
			return repository.Effects{}, err
		}
		if err := keepFirstAnswer(header, resource); err != nil {
			return repository.Effects{}, err
		}
		effects, err := change(resource, now)
		if err != nil {
			return effects, err
		}
		header.UpdateTime = now
		remember(header, asked.requestID)
		return effects, nil
	})
	if errors.Is(err, repository.ErrNotFound) {
		return result, notFound(asked.name)
	}
	return result, err
}

func (u update) check(header repository.Header) error {
	if u.etag != "" && u.etag != etag(header) {
		return etagMismatch(u.name)
	}
	if header.Visibility != repository.Live && !u.deleted {
		return failedPrecondition("RESOURCE_DELETED", "%s is deleted: undelete it first", u.name)
	}
	return nil
}

// keepFirstAnswer keeps what a creation with a request id was answered, before the resource changes for the first time.
func keepFirstAnswer[T any](header *repository.Header, resource *T) error {
	if header.Revision != 1 || header.RequestHash == "" {
		return nil
	}
	first, err := json.Marshal(resource)
	if err != nil {
		return fmt.Errorf("keep the first answer: %w", err)
	}
	header.FirstAnswer = string(first)
	return nil
}

// happened is the time that a caller gives for something that has happened, or fallback.
func happened(field string, given *timestamppb.Timestamp, now, fallback time.Time) (time.Time, error) {
	if given == nil {
		return fallback, nil
	}
	t, err := readTime(field, given)
	if err != nil {
		return t, err
	}
	if t.After(now.Add(maxClockSkew)) {
		return t, invalid(field, "%s lies in the future: it is %s now", t.Format(time.RFC3339Nano), now.Format(time.RFC3339Nano))
	}
	return t, nil
}

// earliestTime is the earliest time that is taken: the beginning of 1970, with which ULIDs begin too.
var earliestTime = time.UnixMilli(0).UTC()

// readTime reads a time, which may lie in the future; unset: the zero time.
func readTime(field string, given *timestamppb.Timestamp) (time.Time, error) {
	if given == nil {
		return time.Time{}, nil
	}
	if err := given.CheckValid(); err != nil {
		return time.Time{}, invalid(field, "is no valid time: %s", err)
	}
	t := stored(given.AsTime())
	if t.Before(earliestTime) {
		return t, invalid(field, "%s is too early: it must be 1970 or later", t.Format(time.RFC3339Nano))
	}
	return t, nil
}

// remember keeps the id of a request that changed the resource.
func remember(header *repository.Header, requestID string) {
	if requestID == "" {
		return
	}
	header.RecentRequests = append(header.RecentRequests, requestID)
	if surplus := len(header.RecentRequests) - repository.MaxRecentRequests; surplus > 0 {
		header.RecentRequests = slices.Delete(header.RecentRequests, 0, surplus)
	}
}

// get reads a resource by its name.
func get[T any](ctx context.Context, reader repository.Reader[T], name string) (T, error) {
	resource, err := reader.Get(ctx, lastID(name))
	if errors.Is(err, repository.ErrNotFound) {
		return resource, notFound(name)
	}
	return resource, err
}
