// Package ratelimit bounds how often each of many may do something: each has a bucket of tokens that fills at a steady rate.
package ratelimit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxIdle is how many buckets are kept before those are thrown away that are full again: whoever has a full one is as good as new.
const maxIdle = 4096

// Limiter has a bucket for each name. Its methods may be called concurrently.
type Limiter struct {
	perSecond rate.Limit
	atOnce    int

	mutex   sync.Mutex
	buckets map[string]*rate.Limiter
	// sweep is how many buckets there may be before full ones are looked for again.
	sweep int
}

// New makes a limiter that lets each name through so many times a second, and so many times at once after a rest. Zero a second:
// there is no limit.
func New(perSecond float64, atOnce int) *Limiter {
	return &Limiter{perSecond: rate.Limit(perSecond), atOnce: atOnce, buckets: map[string]*rate.Limiter{}, sweep: maxIdle}
}

// Allow takes a token of the name's bucket. Where there is none it takes nothing, and answers how long it is until there is one.
func (l *Limiter) Allow(name string, now time.Time) (wait time.Duration, allowed bool) {
	if l.perSecond == 0 {
		return 0, true
	}
	taken := l.bucket(name, now).ReserveN(now, 1)
	if wait = taken.DelayFrom(now); wait == 0 {
		return 0, true
	}
	taken.CancelAt(now)
	return wait, false
}

func (l *Limiter) bucket(name string, now time.Time) *rate.Limiter {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if found, ok := l.buckets[name]; ok {
		return found
	}
	if len(l.buckets) >= l.sweep {
		l.forgetFull(now)
	}
	made := rate.NewLimiter(l.perSecond, l.atOnce)
	l.buckets[name] = made
	return made
}

// forgetFull throws away the buckets that are full. It is done again when there are twice as many as are left, so that it costs each
// new name little.
func (l *Limiter) forgetFull(now time.Time) {
	for name, bucket := range l.buckets {
		if bucket.TokensAt(now) >= float64(l.atOnce) {
			delete(l.buckets, name)
		}
	}
	l.sweep = max(maxIdle, 2*len(l.buckets))
}
