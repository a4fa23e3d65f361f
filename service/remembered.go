package service

import (
	"sync"
	"time"
)

const (
	// keyMemory is how long it is remembered whose a key is: so long a revoked one may still be taken.
	keyMemory = time.Second
	// maxKeysRemembered bounds for how many keys.
	maxKeysRemembered = 1024
)

// remembered holds for a moment what was found, so that callers who come again and again are not looked up each time.
type remembered[T any] struct {
	mutex sync.Mutex
	known map[string]rememberedEntry[T]
}

type rememberedEntry[T any] struct {
	found T
	until time.Time
}

// get is what was found a moment ago, or is found now.
func (r *remembered[T]) get(key string, now time.Time, find func() (T, error)) (T, error) {
	r.mutex.Lock()
	entry, known := r.known[key]
	r.mutex.Unlock()
	if known && now.Before(entry.until) {
		return entry.found, nil
	}
	found, err := find()
	if err != nil {
		return found, err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.known == nil || len(r.known) >= maxKeysRemembered {
		r.known = map[string]rememberedEntry[T]{}
	}
	r.known[key] = rememberedEntry[T]{found: found, until: now.Add(keyMemory)}
	return found, nil
}
