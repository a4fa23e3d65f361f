package endtoend_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// upload is a REST request of which the server has the beginning only: it is under way until the rest is sent.
type upload struct {
	connection net.Conn
	reader     *bufio.Reader
	body       string
}

// beginUpload begins to open an incident, and waits until the server asks for the body.
func (d *debrief) beginUpload(t *testing.T, title string) *upload {
	t.Helper()
	connection := must[net.Conn](t)((&net.Dialer{}).DialContext(t.Context(), "tcp", d.httpAddress))
	t.Cleanup(func() { _ = connection.Close() })
	u := &upload{connection: connection, reader: bufio.NewReader(connection), body: fmt.Sprintf(`{"title": %q}`, title)}
	u.write(t, fmt.Sprintf("POST /v1/incidents HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", d.httpAddress, len(u.body)))
	if code := u.answer(t); code != http.StatusContinue {
		t.Fatalf("the beginning of a request is answered %d", code)
	}
	return u
}

func (u *upload) write(t *testing.T, text string) {
	t.Helper()
	if _, err := u.connection.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// answer reads the next answer, and returns its status code.
func (u *upload) answer(t *testing.T) int {
	t.Helper()
	answer, err := http.ReadResponse(u.reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close() // Nobody reads on.
	return answer.StatusCode
}

// load opens incidents over both doors until the server takes no more.
type load struct {
	writers errgroup.Group
	mutex   sync.Mutex
	opened  []string
}

func (d *debrief) beginLoad(ctx context.Context) *load {
	l := &load{}
	for writer := range sendersAtOnce {
		open := d.openOverGRPC
		if writer%2 == 0 {
			open = d.openOverHTTP
		}
		l.writers.Go(func() error {
			for {
				name, err := open(ctx, "Under load")
				if name == "" {
					return err
				}
				l.mutex.Lock()
				l.opened = append(l.opened, name)
				l.mutex.Unlock()
			}
		})
	}
	return l
}

// count is how many incidents were opened.
func (l *load) count() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.opened)
}

// openOverGRPC answers an empty name once the server takes no more calls.
func (d *debrief) openOverGRPC(ctx context.Context, title string) (string, error) {
	incident, err := d.incidents.CreateIncident(ctx, &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: title}})
	if status.Code(err) == codes.Unavailable {
		return "", nil
	}
	return incident.GetName(), err
}

// openOverHTTP answers an empty name once the server takes no more requests.
func (d *debrief) openOverHTTP(ctx context.Context, title string) (string, error) {
	code, answer, err := d.try(ctx, http.MethodPost, "/v1/incidents", fmt.Sprintf(`{"title": %q}`, title), nil)
	if err != nil || code == http.StatusServiceUnavailable {
		return "", nil //nolint:nilerr // There is nobody to connect to any more.
	}
	incident := &debriefv1.Incident{}
	if err := protojson.Unmarshal([]byte(answer), incident); err != nil || code != http.StatusOK {
		return "", fmt.Errorf("answered %d: %s", code, answer)
	}
	return incident.GetName(), nil
}

func TestTermLetsEndWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store string) {
		d := serve(t, store)
		slow := d.beginUpload(t, "Slow")
		loaded := d.beginLoad(t.Context())
		eventually(t, "some load", func() bool { return loaded.count() >= 20 })
		d.send(t, syscall.SIGTERM)
		eventually(t, "nobody listens", func() bool { return !listens(t, d.httpAddress) })
		slow.write(t, slow.body)
		if code := slow.answer(t); code != http.StatusOK {
			t.Errorf("the request under way is answered %d, want 200", code)
		}
		if err := loaded.writers.Wait(); err != nil {
			t.Errorf("a call under load: %v", err)
		}
		if code := d.exitCode(t); code != 0 {
			t.Errorf("the exit code is %d, want 0", code)
		}

		kept := map[string]bool{}
		again := serve(t, store)
		for _, incident := range again.listIncidents(t, "") {
			kept[incident.GetName()] = true
		}
		for _, name := range loaded.opened {
			if !kept[name] {
				t.Errorf("%s was opened, and is lost", name)
			}
		}
		if got := again.listIncidents(t, `title = "Slow"`); len(got) != 1 {
			t.Errorf("the request under way has opened %d incidents, want 1", len(got))
		}
		events := again.follow(t)
		checkFeed(t, events)
		if len(events) != len(kept) {
			t.Errorf("there are %d events of %d incidents", len(events), len(kept))
		}
	})
}

// listens says whether somebody accepts connections at an address.
func listens(t *testing.T, address string) bool {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	d := serve(t, newSQLite(t), "--shutdown-timeout", "1h")
	d.beginUpload(t, "Never sent")
	d.send(t, syscall.SIGTERM)
	d.awaitRecord(t, "stopping")
	// The first one is still being worked off, so what is sent here is sent until it counts.
	eventually(t, "the end", func() bool {
		d.send(t, syscall.SIGINT)
		return d.gone()
	})
	if got, ok := d.command.ProcessState.Sys().(syscall.WaitStatus); !ok || !got.Signaled() || got.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v, want the end by the second signal", d.command.ProcessState)
	}
}

func TestStoppingIsBounded(t *testing.T) {
	t.Parallel()
	d := serve(t, newSQLite(t), "--shutdown-timeout", "300ms")
	d.beginUpload(t, "Never sent")
	d.send(t, syscall.SIGTERM)
	if code := d.exitCode(t); code != 1 {
		t.Errorf("the exit code is %d, want 1", code)
	}
	if !strings.Contains(d.log.String(), "drain HTTP") {
		t.Errorf("the log does not say what was cut off:\n%s", d.log)
	}
}

func TestStartIsRefused(t *testing.T) {
	t.Parallel()
	taken := must[net.Listener](t)((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))
	t.Cleanup(func() { _ = taken.Close() })
	store := func(url string) func(*testing.T) string { return func(*testing.T) string { return url } }
	for name, test := range map[string]struct {
		store            func(*testing.T) string
		flags, variables []string
		code             int
		says             []string
	}{
		"the gRPC port is taken":       {store: newSQLite, flags: []string{"--grpc-addr", taken.Addr().String()}, code: 1, says: []string{"grpc-addr", "address already in use"}},
		"the HTTP port is taken":       {store: newSQLite, flags: []string{"--http-addr", taken.Addr().String()}, code: 1, says: []string{"http-addr", "address already in use"}},
		"gRPC for everybody":           {store: newSQLite, flags: []string{"--grpc-addr", "0.0.0.0:0"}, code: 2, says: []string{"grpc-addr", "not a loopback address", "--insecure-allow-unauthenticated-network"}},
		"HTTP for everybody":           {store: newSQLite, flags: []string{"--http-addr", ":0"}, code: 2, says: []string{"http-addr", "not a loopback address", "--insecure-allow-unauthenticated-network"}},
		"an address without a port":    {store: newSQLite, flags: []string{"--http-addr", "127.0.0.1"}, code: 2, says: []string{"http-addr", "HOST:PORT"}},
		"a store of an unknown kind":   {store: store("postgres://debrief:secret@127.0.0.1/debrief"), code: 2, says: []string{"store", "sqlite:PATH"}},
		"a file without a path":        {store: store("sqlite:"), code: 2, says: []string{"sqlite:PATH"}},
		"a file that is a directory":   {store: func(t *testing.T) string { return "sqlite:" + t.TempDir() }, code: 1, says: []string{"directory"}},
		"a file that is no database":   {store: textFile, code: 1, says: []string{"no SQLite database"}},
		"a file of a newer version":    {store: newerFile, code: 1, says: []string{"a newer version of Debrief has written it"}},
		"a file of another program":    {store: foreignFile, code: 1, says: []string{"the database of another program"}},
		"a database of another's":      {store: foreignDatabase, code: 1, says: []string{"MongoDB", "the database of another program", "invoices"}},
		"a MongoDB that is away":       {store: store("mongodb://127.0.0.1:1/debrief"), code: 1, says: []string{"MongoDB", "127.0.0.1:1"}},
		"a MongoDB URI with no host":   {store: store("mongodb://"), code: 1, says: []string{"MongoDB"}},
		"a format that there is not":   {store: newSQLite, flags: []string{"--log-format", "xml"}, code: 2, says: []string{"log-format", "json or text"}},
		"a time that makes no sense":   {store: newSQLite, flags: []string{"--drain-delay", "1h"}, code: 2, says: []string{"drain-delay", "shutdown-timeout"}},
		"a flag that there is not":     {store: newSQLite, flags: []string{"--colour", "red"}, code: 2, says: []string{"--colour"}},
		"a value that can't be read":   {store: newSQLite, flags: []string{"--retention", "soon"}, code: 2, says: []string{"retention", "soon"}},
		"a severity that there is not": {store: newSQLite, flags: []string{"--alert-severities", "page=SEV9"}, code: 2, says: []string{"SEV9"}},
		"a variable that there is not": {store: newSQLite, variables: []string{"DEBRIEF_HTTP_ADR=127.0.0.1:0"}, code: 2, says: []string{"DEBRIEF_HTTP_ADR", "DEBRIEF_HTTP_ADDR"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkRefusedStart(t, append([]string{"--store", test.store(t)}, test.flags...), test.variables, test.code, test.says)
		})
	}
}

// checkRefusedStart wants a server not to start, and to say why in one message.
func checkRefusedStart(t *testing.T, flags, variables []string, code int, says []string) {
	t.Helper()
	arguments := append([]string{"serve", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"}, flags...)
	refused := launchWith(t, binaryPath(t), arguments, variables...)
	if got := refused.exitCode(t); got != code {
		t.Errorf("the exit code is %d, want %d", got, code)
	}
	text := refused.log.String()
	for _, part := range says {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
	message, _, _ := strings.Cut(text, "See 'debrief serve --help'.\n") // Where the command line makes no sense.
	if !strings.HasPrefix(message, "error: ") || strings.Count(message, "\n") != 1 || strings.Contains(message, "secret") {
		t.Errorf("want one message without secrets, got:\n%s", text)
	}
}

// textFile is the URL of a store in a file that is no database.
func textFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "debrief.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("This is a diary.\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// The places in a SQLite file of two numbers of four bytes: https://sqlite.org/fileformat2.html#the_database_header
const (
	userVersion   = 60
	applicationID = 68
)

// newerFile is the URL of a store in a file that a version in years to come has written.
func newerFile(t *testing.T) string {
	t.Helper()
	return patchedFile(t, userVersion, 9999)
}

// foreignFile is the URL of a store in a file of another program.
func foreignFile(t *testing.T) string {
	t.Helper()
	return patchedFile(t, applicationID, 0x0f055112)
}

// foreignDatabase is the URL of a database of another program, in MongoDB.
func foreignDatabase(t *testing.T) string {
	t.Helper()
	return mongodbtest.NewForeignDatabase(t, "invoices")
}

func patchedFile(t *testing.T, place int, number uint32) string {
	t.Helper()
	store := newSQLite(t)
	serve(t, store).stop(t)
	path := strings.TrimPrefix(store, "sqlite:")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint32(content[place:], number)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return store
}

// TestRefusedStartLeavesTheStoreAlone starts a server beside another one whose port it wants, on the same MongoDB.
func TestRefusedStartLeavesTheOtherAlone(t *testing.T) {
	t.Parallel()
	store := mongodbtest.NewDatabase(t)
	d := serve(t, store)
	checkRefusedStart(t, []string{"--store", store, "--http-addr", d.httpAddress}, nil, 1, []string{"address already in use"})
	if name, err := d.openOverGRPC(t.Context(), "Still there"); name == "" || err != nil {
		t.Errorf("the server that was there: %v", err)
	}
}
