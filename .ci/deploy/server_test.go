// Package deploy holds docs/deploy against Debrief, Prometheus' own language and Kubernetes' own types.
package deploy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const (
	// binaryVariable names the program to test.
	binaryVariable = "DEBRIEF_BINARY"

	folder = "../../docs/deploy"
)

// debrief is a server that runs.
type debrief struct {
	url    string
	client *http.Client
}

// startServer runs the program on a new SQLite file, with the variables.
func startServer(t *testing.T, variables ...string) *debrief {
	t.Helper()
	binary := os.Getenv(binaryVariable)
	if binary == "" {
		t.Fatalf("%s does not name the program to test: go build ./cmd/debrief", binaryVariable)
	}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), binary, "serve", "--store", "sqlite:"+filepath.Join(t.TempDir(), "debrief.db"),
		"--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0")
	command.Env = append(slices.DeleteFunc(os.Environ(), ours), variables...)
	output, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	server := newDebrief(t, servingAddress(t, lines))
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() {
		}
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
	return server
}

// ours says whether a variable would set up the server otherwise than the test does.
func ours(variable string) bool {
	return strings.HasPrefix(variable, "DEBRIEF_") || strings.HasPrefix(variable, "OTEL_") || strings.HasPrefix(variable, "GOMEMLIMIT=")
}

// serving is the line of the log that says where HTTP is served.
type serving struct {
	Msg, HTTP string
	TLS       bool
}

// servingAddress reads the log until it says where HTTP is served.
func servingAddress(t *testing.T, lines *bufio.Scanner) serving {
	t.Helper()
	for lines.Scan() {
		var line serving
		if err := json.Unmarshal(lines.Bytes(), &line); err == nil && line.Msg == "serving" {
			return line
		}
		t.Log(lines.Text())
	}
	t.Fatalf("the server does not serve: %v", lines.Err())
	return serving{}
}

// newDebrief calls a server, over TLS with no look at its certificate.
func newDebrief(t *testing.T, at serving) *debrief {
	t.Helper()
	if !at.TLS {
		return &debrief{"http://" + at.HTTP, &http.Client{}}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &debrief{"https://" + at.HTTP, &http.Client{Transport: transport}}
}

// certificate is a folder with tls.crt and tls.key, as a secret has them.
func certificate(t *testing.T) string {
	t.Helper()
	made := httptest.NewTLSServer(http.NotFoundHandler())
	defer made.Close()
	key, err := x509.MarshalPKCS8PrivateKey(made.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"tls.crt": {Type: "CERTIFICATE", Bytes: made.Certificate().Raw},
		"tls.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(directory, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// post sends JSON, wants the status, and answers the name of what it led to.
func (d *debrief) post(t *testing.T, want int, path, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	var named struct{ Name string }
	text := d.do(t, want, request)
	if err := json.Unmarshal([]byte(text), &named); err != nil {
		t.Fatalf("%s is answered %q: %v", path, text, err)
	}
	return named.Name
}

// get reads a page.
func (d *debrief) get(t *testing.T, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return d.do(t, http.StatusOK, request)
}

// getAs reads a page with a key.
func (d *debrief) getAs(t *testing.T, want int, path, key string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	d.do(t, want, request)
}

func (d *debrief) do(t *testing.T, want int, request *http.Request) string {
	t.Helper()
	answer, err := d.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		t.Fatalf("%s is answered %s, want %d: %s %v", request.URL.Path, answer.Status, want, body, err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// live has the server do whatever is counted.
func (d *debrief) live(t *testing.T) {
	t.Helper()
	d.post(t, http.StatusOK, "/intake/alertmanager", `{"version": "4", "groupKey": "g", "status": "firing", "receiver": "debrief", "alerts": [{
		"status": "firing", "labels": {"alertname": "DiskFills"}, "annotations": {}, "startsAt": "2026-11-01T00:00:00Z", "fingerprint": "f"}]}`)
	d.post(t, http.StatusBadRequest, "/intake/alertmanager", `{"version": "4"`)
	d.getAs(t, http.StatusUnauthorized, "/v1/incidents", "dba_0000000000000000000000000000000000000000000")
	incident := d.post(t, http.StatusOK, "/v1/incidents", `{"title": "Checkout fails", "severity": "SEVERITY_SEV2"}`)
	d.post(t, http.StatusOK, "/v1/"+incident+":resolve", `{}`)
	postMortem := d.post(t, http.StatusOK, "/v1/postMortems", fmt.Sprintf(`{"incidents": [%q], "facilitator": "robin", "summary": "A release.",
		"beliefs": [{"heldBy": "on-call", "believed": "One connection.", "actual": "Two."}],
		"contributingFactors": [{"category": "CATEGORY_OBSERVABILITY", "description": "No graph shows it."}]}`, incident))
	d.post(t, http.StatusOK, "/v1/"+postMortem+":readRules", `{"reader": "robin", "present": ["kim"]}`)
	d.post(t, http.StatusOK, "/v1/"+postMortem+":startReview", `{}`)
	d.post(t, http.StatusOK, "/v1/"+postMortem+":concludeReview", `{"conclusion": "CONCLUSION_NOTHING_TO_DO"}`)
	d.post(t, http.StatusOK, "/v1/"+postMortem+":publish", `{}`)
}
