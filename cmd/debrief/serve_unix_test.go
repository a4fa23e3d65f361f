//go:build unix

package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childVariable makes a run of the tests a run of the program, with the arguments that it holds, a line each.
const childVariable = "TEST_ARGUMENTS_OF_DEBRIEF"

func TestMainInAProcessOfItsOwn(*testing.T) {
	arguments := os.Getenv(childVariable)
	if arguments == "" {
		return // This is where the other tests of this file start the program.
	}
	os.Args = append([]string{"debrief"}, strings.Split(arguments, "\n")...)
	main()
}

// child is a server in a process of its own.
type child struct {
	*exec.Cmd
	log     *bufio.Scanner
	address string
}

func startChild(t *testing.T) *child {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMainInAProcessOfItsOwn$")
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "DEBRIEF_") || strings.HasPrefix(variable, "OTEL_")
	})
	command.Env = append(command.Env, childVariable+"="+strings.Join(serveArguments(t), "\n"))
	output, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: command, log: bufio.NewScanner(output)}
	c.address = served(t, c.log)
	return c
}

func (c *child) terminate(t *testing.T) {
	t.Helper()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// terminateUntilItEnds goes on sending the signal: one that arrives while the first is still being handled may be taken
// for that one.
func (c *child) terminateUntilItEnds(t *testing.T) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	t.Cleanup(again.Stop)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for c.log.Scan() {
			t.Log(c.log.Text())
		}
	}()
	for {
		select {
		case <-ended:
			return
		case <-again.C:
			_ = c.Process.Signal(syscall.SIGTERM) // It may have ended just now.
		}
	}
}

// end waits for the process, and answers how it ended.
func (c *child) end(t *testing.T) syscall.WaitStatus {
	t.Helper()
	for c.log.Scan() {
		t.Log(c.log.Text())
	}
	_ = c.Wait() // How it ended is in its state.
	status, ok := c.ProcessState.Sys().(syscall.WaitStatus)
	if !ok {
		t.Fatalf("the process's state is a %T", c.ProcessState.Sys())
	}
	return status
}

func TestASignalStopsTheServerInGoodOrder(t *testing.T) {
	server := startChild(t)
	server.terminate(t)
	if status := server.end(t); !status.Exited() || status.ExitStatus() != exitOK {
		t.Errorf("it ended with %v, want exit code %d", status, exitOK)
	}
}

func TestASecondSignalEndsTheServerAtOnce(t *testing.T) {
	server := startChild(t)
	// A request that has begun and does not end keeps the server from stopping.
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	}()
	request := "POST /v1/incidents HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
	if _, err := connection.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(connection).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	server.terminate(t)
	for server.log.Scan() && !strings.Contains(server.log.Text(), `"msg":"stopping"`) {
		t.Log(server.log.Text())
	}
	server.terminateUntilItEnds(t)
	if status := server.end(t); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v, want it ended by the signal", status)
	}
}
