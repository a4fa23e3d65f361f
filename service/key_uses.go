package service

import (
	"sync"
	"time"
)

// keyUses knows of which keys it was noted when they were used last.
type keyUses struct {
	mutex sync.Mutex
	times map[string]time.Time
}

// first says whether this is the first time that it is asked after the name at the time.
func (u *keyUses) first(name string, at time.Time) bool {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if !u.times[name].Before(at) {
		return false
	}
	if u.times == nil || len(u.times) >= maxKeysRemembered {
		u.times = map[string]time.Time{}
	}
	u.times[name] = at
	return true
}

// forget has the next one be the first again.
func (u *keyUses) forget(name string) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	delete(u.times, name)
}
