package mongodb

import "sync"

// maxRecent bounds each of the two generations of recent.
const maxRecent = 10_000

// recent remembers texts, the latest of many. The zero recent remembers none yet.
type recent struct {
	lock     sync.Mutex
	young    map[string]bool
	previous map[string]bool
}

// add remembers the texts; the oldest are forgotten.
func (r *recent) add(texts []string) {
	r.lock.Lock()
	defer r.lock.Unlock()
	for _, text := range texts {
		if r.young == nil || len(r.young) >= maxRecent {
			r.young, r.previous = map[string]bool{}, r.young
		}
		r.young[text] = true
	}
}

// has says whether the text is remembered.
func (r *recent) has(text string) bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.young[text] || r.previous[text]
}
