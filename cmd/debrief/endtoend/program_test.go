package endtoend_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// program is a child process that writes its log as JSON, a record a line.
type program struct {
	command *exec.Cmd
	log     *journal
	// exited is closed when it is gone; err is how it went.
	exited chan struct{}
	err    error
}

// launch starts a program, which is gone when the test ends.
func launch(t *testing.T, path string, arguments ...string) *program {
	t.Helper()
	return launchWith(t, path, arguments)
}

// launchWith is launch with further environment variables, each NAME=value.
func launchWith(t *testing.T, path string, arguments []string, variables ...string) *program {
	t.Helper()
	p := &program{command: exec.Command(path, arguments...), log: &journal{}, exited: make(chan struct{})}
	p.command.Env = append(environment(t), variables...)
	p.command.Stdout, p.command.Stderr = p.log, p.log
	if err := p.command.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	go func() {
		defer close(p.exited)
		p.err = p.command.Wait()
	}()
	t.Cleanup(func() {
		p.send(t, syscall.SIGKILL)
		<-p.exited
		for _, fault := range []string{"DATA RACE", "panic: ", `"msg":"panic"`} {
			if strings.Contains(p.log.String(), fault) {
				t.Errorf("the log of %v has %q", p.command.Args, fault)
			}
		}
		if t.Failed() {
			t.Logf("the end of the log of %v:\n%s", p.command.Args, p.log.tail(15))
		}
	})
	return p
}

// environment is that of the tests, but for what would change how a program behaves.
func environment(t *testing.T) []string {
	t.Helper()
	variables := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return slices.ContainsFunc([]string{"DEBRIEF_", "OTEL_", "XDG_", "HOME=", "http_proxy=", "HTTP_PROXY="}, func(prefix string) bool {
			return strings.HasPrefix(variable, prefix)
		})
	})
	return append(variables, "HOME="+t.TempDir())
}

// send sends a signal, unless the program is gone already.
func (p *program) send(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("send %v: %v", signal, err)
	}
}

// kill ends the program in the middle of whatever it does.
func (p *program) kill(t *testing.T) {
	t.Helper()
	p.send(t, syscall.SIGKILL)
	<-p.exited
}

// gone says whether the program has ended.
func (p *program) gone() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// exitCode waits until the program ends; -1 is the end by a signal.
func (p *program) exitCode(t *testing.T) int {
	t.Helper()
	eventually(t, "the end of "+p.command.Path, p.gone)
	return p.command.ProcessState.ExitCode()
}

// awaitRecord waits until the program has logged a message, and answers the record.
func (p *program) awaitRecord(t *testing.T, message string) map[string]any {
	t.Helper()
	var record map[string]any
	eventually(t, "the log of "+p.command.Path+" has "+message, func() bool {
		record = p.log.find(message)
		return record != nil || p.gone()
	})
	if record == nil {
		t.Fatalf("%v ended without %q: %v\n%s", p.command.Args, message, p.err, p.log)
	}
	return record
}

// journal takes a log that is read while it is written.
type journal struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (j *journal) Write(data []byte) (int, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.buffer.Write(data)
}

func (j *journal) String() string {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.buffer.String()
}

// tail is the last lines.
func (j *journal) tail(count int) string {
	lines := strings.SplitAfter(j.String(), "\n")
	return strings.Join(lines[max(len(lines)-count, 0):], "")
}

// find is the first record with the message.
func (j *journal) find(message string) map[string]any {
	for record := range j.records(message) {
		return record
	}
	return nil
}

// count is how many records have the message.
func (j *journal) count(message string) int {
	count := 0
	for range j.records(message) {
		count++
	}
	return count
}

// records are those with the message, the first first.
func (j *journal) records(message string) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		for line := range strings.Lines(j.String()) {
			if !strings.Contains(line, message) || !strings.HasSuffix(line, "\n") {
				continue
			}
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err == nil && record["msg"] == message && !yield(record) {
				return
			}
		}
	}
}
