package service

import (
	"sync"
)

const (
	// maxWatchers bounds how many watch at the same time.
	maxWatchers = 1000
	// maxWatchesOfOne bounds how many of these are of one principal: nobody is to take all of them.
	maxWatchesOfOne = 100
)

// watches counts who watches.
type watches struct {
	mutex sync.Mutex
	all   int
	// of are those of each principal. Of whom nobody knows who they are none is counted here.
	of map[string]int
}

// begin takes a place, for a principal by name. What is answered is to be called when the watch has ended.
func (w *watches) begin(name string) (end func(), err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	switch {
	case w.all >= maxWatchers:
		return nil, tooMany("TOO_MANY_WATCHERS", "%d watch the feed already: try again later, or ask ListEvents now and then", maxWatchers)
	case w.of[name] >= maxWatchesOfOne:
		return nil, tooMany("TOO_MANY_WATCHERS", "%s watches the feed %d times already: end a watch first, or ask ListEvents now and then", name, maxWatchesOfOne)
	}
	w.all++
	if name != "" {
		w.of[name]++
	}
	return func() { w.end(name) }, nil
}

func (w *watches) end(name string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.all--
	if w.of[name]--; w.of[name] <= 0 {
		delete(w.of, name)
	}
}
