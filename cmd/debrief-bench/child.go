package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// child is a server in a process of its own.
type child struct {
	addresses
	command *exec.Cmd
	stdin   io.Closer
	log     *os.File
	// ready is how long it took from its start until it said that it is ready.
	ready time.Duration
}

const (
	readyTimeout = 2 * time.Minute
	readyPause   = 2 * time.Millisecond
)

// startChild runs this program as one of its hidden commands, and waits until that is ready.
func startChild(ctx context.Context, logFile string, arguments ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	c := &child{command: exec.Command(self, arguments...), log: log} //nolint:gosec,noctx // It is this program, and is stopped by closing its input.
	c.command.Stderr = log
	stdout, err := c.prepare()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	start := time.Now()
	if err := c.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", arguments[0], err), log.Close())
	}
	if err := c.await(ctx, stdout); err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not become ready (--server-log tells more): %w", arguments[0], err), c.stop())
	}
	c.ready = time.Since(start)
	return c, nil
}

func (c *child) prepare() (io.Reader, error) {
	stdin, err := c.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.stdin = stdin
	return c.command.StdoutPipe()
}

// await reads where the child serves, and asks it until it is ready.
func (c *child) await(ctx context.Context, stdout io.Reader) error {
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("it ended: %w", err)
	}
	if err := json.Unmarshal(line, &c.addresses); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		_, err := c.get(ctx, "/readyz")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(readyPause):
		}
	}
}

// stop ends the child and waits for it.
func (c *child) stop() error {
	err := errors.Join(c.stdin.Close(), c.command.Wait(), c.log.Close())
	if err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	return nil
}

func (c *child) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.HTTP+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", path, answer.Status)
	}
	return body, nil
}

// allocations is how many objects the child has allocated since its start.
func (c *child) allocations(ctx context.Context) (float64, error) {
	const name = "go_memstats_mallocs_total "
	page, err := c.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(page)) {
		if value, found := strings.CutPrefix(line, name); found {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("/metrics has no %s", name)
}

// memory is how much of the machine's memory the child holds now and has held at most, in bytes (proc(5): VmRSS, VmHWM).
// Zero where the system does not say.
func (c *child) memory() (now, most int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.command.Process.Pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		switch {
		case err != nil:
		case name == "VmRSS":
			now = kilobytes << 10
		case name == "VmHWM":
			most = kilobytes << 10
		}
	}
	return now, most
}

// processorTime is how long a process has been at work on all processors together (proc(5): utime and stime, in ticks of
// 10 ms). Zero where the system does not say.
func processorTime(process string) time.Duration {
	const (
		tick         = 10 * time.Millisecond
		user, system = 11, 12 // Counted from behind the command's name, which may have spaces.
	)
	line, err := os.ReadFile("/proc/" + process + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(line), ") ")
	fields := strings.Fields(rest)
	if len(fields) <= system {
		return 0
	}
	ticks := int64(0)
	for _, field := range []string{fields[user], fields[system]} {
		value, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		ticks += value
	}
	return time.Duration(ticks) * tick
}

func (c *child) processorTime() time.Duration {
	return processorTime(strconv.Itoa(c.command.Process.Pid))
}
