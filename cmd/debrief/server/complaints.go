package server

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"
)

// complaintInterval is how often the same complaint is worth a line.
const complaintInterval = time.Minute

// complaints are what telemetry says is wrong with itself, such as a collector that is away. Their logger must send
// nothing out: a complaint that can't be sent would be the cause of the next.
type complaints struct {
	logger *slog.Logger

	mutex sync.Mutex
	// told is when each complaint was written last, for an interval.
	told map[string]time.Time
}

// Handle writes the error to the log, unless it is there already.
func (c *complaints) Handle(err error) {
	if c.isNews(err.Error(), time.Now()) {
		c.logger.WarnContext(context.Background(), "telemetry", "error", err)
	}
}

func (c *complaints) isNews(complaint string, now time.Time) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	maps.DeleteFunc(c.told, func(_ string, at time.Time) bool { return now.Sub(at) >= complaintInterval })
	if _, known := c.told[complaint]; known {
		return false
	}
	c.told[complaint] = now
	return true
}
