// Package senders proves with the clients that alerting systems and those who write to them really use that Debrief takes
// what they send by its address alone, and with the libraries that receivers use that they understand what Debrief sends.
package senders

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

const (
	// binaryVariable names the program to test.
	binaryVariable = "DEBRIEF_BINARY"
	// patience bounds what a test waits for: it is never reached unless something is broken.
	patience = time.Minute
)

// onEachStore runs a test with a server on a new store of each kind.
func onEachStore(t *testing.T, test func(t *testing.T, d *debrief)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		test(t, serve(t, "sqlite:"+filepath.Join(t.TempDir(), "debrief.db")))
	})
	t.Run("MongoDB", func(t *testing.T) { test(t, serve(t, mongodbtest.NewDatabase(t))) })
}

// debrief is a server that runs.
type debrief struct {
	// host is HOST:PORT, address the same as a URL.
	host, address string
}

// serve runs the program until the test ends.
func serve(t *testing.T, store string) *debrief {
	t.Helper()
	binary := os.Getenv(binaryVariable)
	if binary == "" {
		t.Fatalf("%s does not name the program to test: go build ./cmd/debrief", binaryVariable)
	}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), binary, "serve", "--store", store,
		"--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--webhooks-allow-private-addresses")
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "DEBRIEF_") || strings.HasPrefix(variable, "OTEL_")
	})
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	serving, drained := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(drained)
		readLog(t, log, serving)
	}()
	t.Cleanup(func() {
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-drained
		if err := command.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	host, ok := <-serving
	if !ok {
		t.Fatal("the server does not serve")
	}
	return &debrief{host: host, address: "http://" + host}
}

// readLog shows the log with the test, and says where HTTP is served.
func readLog(t *testing.T, log io.Reader, serving chan<- string) {
	t.Helper()
	defer close(serving)
	lines := bufio.NewScanner(log)
	for told := false; lines.Scan(); {
		t.Log(lines.Text())
		var line struct{ Msg, HTTP string }
		if err := json.Unmarshal(lines.Bytes(), &line); err == nil && line.Msg == "serving" && !told {
			serving <- line.HTTP
			told = true
		}
	}
}

// call calls the API; body and answer are JSON.
func (d *debrief) call(t *testing.T, method, path string, body, answer any) {
	t.Helper()
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		sent = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, d.address+path, sent)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, path, response.Status, content)
	}
	if err := json.Unmarshal(content, answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, content)
	}
}

// integrate makes an integration of a kind, and answers its key.
func (d *debrief) integrate(t *testing.T, kind string) string {
	t.Helper()
	var made struct{ Key string }
	d.call(t, http.MethodPost, "/v1/integrations?integrationId=tested", map[string]string{"title": "Tested", "kind": kind}, &made)
	return made.Key
}

// link is a link of an alert.
type link struct{ URI, Title string }

// image is a picture of what an alert is about.
type image struct{ URI, AlternativeText string }

// alert is what the API tells of an alert.
type alert struct {
	Integration, Fingerprint, Status, Title, Summary, Severity string
	NotificationCount, StartTime, EndTime, Incident            string
	Labels, Annotations                                        map[string]string
	Links                                                      []link
	Images                                                     []image
}

// incident is what the API tells of an incident.
type incident struct{ Title, Summary, State, Severity string }

// alerts are those of the integration, the oldest first, as soon as they stand like that: a delivery is durable when it is
// answered, and worked off behind that.
func (d *debrief) alerts(t *testing.T, statuses ...string) []alert {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var page struct{ Alerts []alert }
		d.call(t, http.MethodGet, "/v1/alerts?orderBy=create_time&filter="+url.QueryEscape(`integration = "integrations/tested"`), nil, &page)
		var got []string
		for _, one := range page.Alerts {
			got = append(got, strings.TrimPrefix(one.Status, "STATUS_"))
		}
		if slices.Equal(got, statuses) {
			return page.Alerts
		}
		select {
		case <-ctx.Done():
			t.Fatalf("alerts are %v, want %v", got, statuses)
		case <-tick.C:
		}
	}
}

// incidentOf is the incident that an alert opened.
func (d *debrief) incidentOf(t *testing.T, one alert) incident {
	t.Helper()
	var opened incident
	d.call(t, http.MethodGet, "/v1/"+one.Incident, nil, &opened)
	return opened
}
