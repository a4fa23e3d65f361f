package sqlite

import (
	"context"
	"fmt"
	"os"
)

const (
	// maxLog is how large the write-ahead log may grow before it is cut, in bytes. It grows beyond what SQLite writes back
	// to the file by itself while there is always somebody who reads.
	maxLog = 64 << 20
	// cutTimeout is how long cutting waits for those who read, in milliseconds: writes wait as long.
	cutTimeout = 50
)

// log keeps the write-ahead log within bounds. It is the writer's own.
type log struct {
	path string
	// limit is at which size it is cut.
	limit int64
}

// cut cuts the log where it is too long. Where somebody reads all the time, that is tried again when it is longer.
func (l *log) cut(ctx context.Context, connection *connection) error {
	size := l.size()
	if size < l.limit {
		return nil
	}
	err := connection.script(ctx, fmt.Sprintf(
		"PRAGMA busy_timeout = %d; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = %d", cutTimeout, busyTimeout))
	l.limit = l.size() + maxLog
	return err
}

// size is 0 where there is no log.
func (l *log) size() int64 {
	info, err := os.Stat(l.path)
	if err != nil {
		return 0
	}
	return info.Size()
}
