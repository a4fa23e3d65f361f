package endtoend_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// What tells the one who wants to stay unknown from others.
const (
	principal   = "robin-the-teller"
	userAgent   = "robins-own-client/7"
	peerAddress = "127.0.0.77"
	forwarded   = "198.51.100.7"
)

// signed is somebody who has nothing against being known: where they are found, others would be.
const signed = "kim-who-signs"

func TestNothingKeepsWhoMadeAnAnonymousStatement(t *testing.T) {
	for name, store := range map[string]struct {
		open func(*testing.T) string
		dump func(t *testing.T, store string) string
	}{
		"SQLite":  {newSQLite, filesOf},
		"MongoDB": {func(t *testing.T) string { t.Helper(); return mongodbtest.NewDatabase(t) }, func(t *testing.T, uri string) string { t.Helper(); return mongodbtest.Dump(t, uri) }},
	} {
		t.Run(name, func(t *testing.T) {
			uri := store.open(t)
			d := ready(t, launchWith(t, binaryPath(t),
				[]string{"serve", "--store", uri, "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--log-level", "debug", "--audit", "on"},
				"OTEL_TRACES_EXPORTER=console", "OTEL_METRICS_EXPORTER=console", "OTEL_LOGS_EXPORTER=console"))
			postMortem := d.postMortemOfSigned(t)
			answers := d.tellAnonymously(t, postMortem)

			kept := map[string]string{"answers": answers, "the store while it serves": store.dump(t, uri)}
			for _, path := range []string{"/metrics", "/v1/" + postMortem, "/v1/" + postMortem + ":export", "/v1/" + postMortem + "/statements?showDeleted=true", "/v1/events?pageSize=500", "/v1/auditRecords?pageSize=500"} {
				code, body, err := d.try(t.Context(), http.MethodGet, path, "", nil)
				if err != nil || code != http.StatusOK {
					t.Fatalf("GET %s: %d %v\n%s", path, code, err, body)
				}
				kept[path] = body
			}
			d.stop(t)
			kept["the store"], kept["log, spans and metrics"] = store.dump(t, uri), d.log.String()

			for what, text := range kept {
				for _, secret := range []string{principal, userAgent, peerAddress, forwarded} {
					if at := strings.Index(text, secret); at >= 0 {
						t.Errorf("%s: tells of %q: …%q…", what, secret, text[max(at-200, 0):min(at+100, len(text))])
					}
				}
			}
			// All that looks for the one finds the other, or the call.
			for what, wanted := range map[string]string{
				"the store while it serves": signed, "the store": signed, "/v1/events?pageSize=500": signed,
				"log, spans and metrics": "StatementService/CreateStatement", "/metrics": "StatementService",
				"/v1/auditRecords?pageSize=500": "StatementService/CreateStatement",
			} {
				if !strings.Contains(kept[what], wanted) {
					t.Errorf("%s: has no %q, so that nothing is proved", what, wanted)
				}
			}
		})
	}
}

// filesOf is all that is in the files beside a store of SQLite, its log of what is not yet in its place included.
func filesOf(t *testing.T, store string) string {
	t.Helper()
	paths, err := filepath.Glob(strings.TrimPrefix(store, "sqlite:") + "*")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
}

// postMortemOfSigned is a post-mortem with a statement that is signed.
func (d *debrief) postMortemOfSigned(t *testing.T) string {
	t.Helper()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "debrief-actor", signed)
	incident := must[*debriefv1.Incident](t)(d.incidents.CreateIncident(ctx, &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "Checkout"}}))
	postMortem := must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(ctx, &debriefv1.CreatePostMortemRequest{
		PostMortem: &debriefv1.PostMortem{Incidents: []string{incident.GetName()}},
	}))
	must[*debriefv1.Statement](t)(debriefv1.NewStatementServiceClient(d.connection).CreateStatement(ctx, &debriefv1.CreateStatementRequest{
		Parent: postMortem.GetName(), Statement: &debriefv1.Statement{Text: "I took the graph for live."},
	}))
	return postMortem.GetName()
}

// tellAnonymously makes all calls that somebody may make who wants to stay unknown, by both doors, and such as go wrong. It
// answers all that was answered.
func (d *debrief) tellAnonymously(t *testing.T, postMortem string) string {
	t.Helper()
	return d.tellAnonymouslyOverGRPC(t, postMortem) + d.tellAnonymouslyOverHTTP(t, postMortem)
}

func (d *debrief) tellAnonymouslyOverGRPC(t *testing.T, postMortem string) string {
	t.Helper()
	connection, err := grpc.NewClient(d.grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUserAgent(userAgent),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return fromOwnAddress().DialContext(ctx, "tcp", address)
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	statements := debriefv1.NewStatementServiceClient(connection)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "debrief-actor", principal, "x-forwarded-for", forwarded)
	request := &debriefv1.CreateStatementRequest{
		Parent: postMortem, RequestId: "once",
		Statement: &debriefv1.Statement{Text: "I had not known of the queue.", Author: principal, AuthorRole: "on-call", Anonymous: true},
	}
	var answers strings.Builder
	statement := must[*debriefv1.Statement](t)(statements.CreateStatement(ctx, request))
	again := must[*debriefv1.Statement](t)(statements.CreateStatement(ctx, request))
	read := must[*debriefv1.Statement](t)(statements.GetStatement(ctx, &debriefv1.GetStatementRequest{Name: statement.GetName(), View: debriefv1.View_VIEW_LANGUAGE}))
	deleted := must[*debriefv1.Statement](t)(statements.DeleteStatement(ctx, &debriefv1.DeleteStatementRequest{Name: statement.GetName()}))
	for _, answer := range []*debriefv1.Statement{statement, again, read, deleted} {
		answers.WriteString(protojson.Format(answer))
	}
	for what, change := range map[string]func(*debriefv1.CreateStatementRequest){
		"no text":               func(r *debriefv1.CreateStatementRequest) { r.Statement.Text = "" },
		"an author of no end":   func(r *debriefv1.CreateStatementRequest) { r.Statement.Author += strings.Repeat("x", 200) },
		"an id of another":      func(r *debriefv1.CreateStatementRequest) { r.Statement.Text += "!" },
		"an id that is no id":   func(r *debriefv1.CreateStatementRequest) { r.RequestId = "no id" },
		"no post-mortem":        func(r *debriefv1.CreateStatementRequest) { r.Parent = "postMortems/00000000000000000000000000" },
		"a name of no resource": func(r *debriefv1.CreateStatementRequest) { r.Parent = "postMortems/x" },
	} {
		wrong := &debriefv1.CreateStatementRequest{
			Parent: postMortem, RequestId: "once",
			Statement: &debriefv1.Statement{Text: "I had not known of the queue.", Author: principal, AuthorRole: "on-call", Anonymous: true},
		}
		change(wrong)
		_, err := statements.CreateStatement(ctx, wrong)
		if err == nil {
			t.Errorf("%s is taken", what)
		}
		fmt.Fprintln(&answers, err)
	}
	return answers.String()
}

func (d *debrief) tellAnonymouslyOverHTTP(t *testing.T, postMortem string) string {
	t.Helper()
	shared := d.http
	defer func() { d.http = shared }()
	transport := &http.Transport{DialContext: fromOwnAddress().DialContext}
	defer transport.CloseIdleConnections()
	d.http = &http.Client{Transport: transport, Timeout: patience}
	headers := []string{"Debrief-Actor", principal, "User-Agent", userAgent, "X-Forwarded-For", forwarded, "Forwarded", "for=" + forwarded, "Referer", "http://" + userAgent}
	call := func(method, path, body string, want int) string {
		code, answer, err := d.try(t.Context(), method, path, body, headers)
		if err != nil || code != want {
			t.Fatalf("%s %s: %d %v, want %d\n%s", method, path, code, err, want, answer)
		}
		return answer
	}
	path := "/v1/" + postMortem + "/statements"
	told := call(http.MethodPost, path, `{"text": "I had not known of it.", "author": "`+principal+`", "anonymous": true}`, http.StatusOK)
	statement := &debriefv1.Statement{}
	if err := protojson.Unmarshal([]byte(told), statement); err != nil {
		t.Fatal(err)
	}
	return strings.Join([]string{
		told,
		call(http.MethodPost, path, `{"author": "`+principal+`", "anonymous": true}`, http.StatusBadRequest),
		call(http.MethodPost, path, `{"text": "x", "anonymous": true, "author": "`+principal+strings.Repeat("x", 200)+`"}`, http.StatusBadRequest),
		call(http.MethodPost, path, `{"text": "x" "anonymous": true, "author": "`+principal+`"}`, http.StatusBadRequest),
		call(http.MethodDelete, "/v1/"+statement.GetName()+"?etag=stale", "", http.StatusConflict),
		call(http.MethodDelete, "/v1/"+statement.GetName(), "", http.StatusOK),
	}, "\n")
}

// fromOwnAddress connects from an address of its own, where the system has more than one of this machine.
func fromOwnAddress() *net.Dialer {
	if runtime.GOOS != "linux" {
		return &net.Dialer{}
	}
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(peerAddress)}}
}
