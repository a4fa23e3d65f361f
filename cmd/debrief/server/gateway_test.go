package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// post creates or changes something over REST.
func post[T proto.Message](t *testing.T, server *running, path, body string, answer T, headers ...string) T {
	t.Helper()
	got := server.send(t, http.MethodPost, path, body, append(headers, "Content-Type", asJSON)...)
	if got.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %d %s", path, got.StatusCode, got.body)
	}
	if err := protojson.Unmarshal([]byte(got.body), answer); err != nil {
		t.Fatalf("POST %s: %v", path, err)
	}
	return answer
}

func openIncident(t *testing.T, server *running, headers ...string) *debriefv1.Incident {
	t.Helper()
	return post(t, server, "/v1/incidents", `{"title":"Checkout fails","severity":"SEVERITY_SEV2"}`, &debriefv1.Incident{}, headers...)
}

func TestBothDoorsLeadToTheSameRoom(t *testing.T) {
	server := start(t, nil)
	opened := openIncident(t, server)
	read, err := debriefv1.NewIncidentServiceClient(server.grpc).GetIncident(t.Context(), &debriefv1.GetIncidentRequest{Name: opened.GetName()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(opened, read, protocmp.Transform()); diff != "" {
		t.Errorf("opened over REST (-) and read over gRPC (+):\n%s", diff)
	}
}

func TestAVerbNeedsNoBody(t *testing.T) {
	server := start(t, nil)
	opened := openIncident(t, server)
	got := server.send(t, http.MethodPost, "/v1/"+opened.GetName()+":acknowledge", "")
	if got.StatusCode != http.StatusOK || !strings.Contains(got.body, "STATE_ACTIVE") {
		t.Errorf("got %d %s, want 200 and the new state", got.StatusCode, got.body)
	}
}

func TestAPatchChangesWhatItsBodyHas(t *testing.T) {
	server := start(t, nil)
	opened := openIncident(t, server)
	for name, query := range map[string]string{"the body says what": "", "the mask says what": "?updateMask=title"} {
		t.Run(name, func(t *testing.T) {
			got := server.send(t, http.MethodPatch, "/v1/"+opened.GetName()+query, `{"title":"`+name+`"}`, "Content-Type", asJSON)
			var changed debriefv1.Incident
			if err := protojson.Unmarshal([]byte(got.body), &changed); err != nil {
				t.Fatalf("%d %s", got.StatusCode, got.body)
			}
			if changed.GetTitle() != name || changed.GetSeverity() != debriefv1.Severity_SEVERITY_SEV2 {
				t.Errorf("got %s, want the title changed and the severity kept", got.body)
			}
		})
	}
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	server := start(t, nil)
	opened := openIncident(t, server)
	got := server.send(t, http.MethodHead, "/v1/"+opened.GetName(), "")
	if got.StatusCode != http.StatusOK || got.body != "" || got.ContentLength <= 0 {
		t.Errorf("got %d with %d bytes of %d, want 200 with none of them", got.StatusCode, len(got.body), got.ContentLength)
	}
}

func TestJSONIsLowerCamelAndLeavesDefaultsOut(t *testing.T) {
	server := start(t, nil)
	var fields map[string]any
	if err := json.Unmarshal([]byte(server.send(t, http.MethodGet, "/v1/"+openIncident(t, server).GetName(), "").body), &fields); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"createTime": true, "create_time": false, "lead": false, "labels": false} {
		if _, got := fields[name]; got != want {
			t.Errorf("%s is there: %v, want %v", name, got, want)
		}
	}
}

func TestTheActorIsToldToTheServiceAndNotToTheLog(t *testing.T) {
	server := start(t, nil)
	for _, name := range []string{"ann", "Jörg Müller", "李雷"} {
		opened := openIncident(t, server, "Debrief-Actor", name)
		if diff := cmp.Diff(name, opened.GetOrigin().GetActor()); diff != "" {
			t.Errorf("actor (-want +got):\n%s", diff)
		}
		if strings.Contains(server.log.String(), name) || strings.Contains(server.log.String(), opened.GetTitle()) {
			t.Errorf("the log tells who called, or what was said: %s", server.log)
		}
	}
}

func TestAnActorIsOneNameThatCanBePrinted(t *testing.T) {
	server := start(t, nil)
	for name, headers := range map[string][]string{
		"two names":           {"Debrief-Actor", "ann", "Debrief-Actor", "bob"},
		"a name too long":     {"Debrief-Actor", strings.Repeat("x", 129)},
		"a name that is none": {"Debrief-Actor", "\xff\xfe"},
	} {
		t.Run(name, func(t *testing.T) {
			got := server.send(t, http.MethodPost, "/v1/incidents", `{"title":"x"}`, append(headers, "Content-Type", asJSON)...)
			if code, _ := readError(t, got.body); code != codes.InvalidArgument {
				t.Errorf("got %d %s, want INVALID_ARGUMENT", got.StatusCode, got.body)
			}
		})
	}
}

func TestATraceThatBeganElsewhereGoesOn(t *testing.T) {
	server := start(t, nil)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	server.send(t, http.MethodGet, "/v1/incidents", "", "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	if !strings.Contains(server.log.String(), `"trace_id":"`+trace+`"`) {
		t.Errorf("the log does not have the trace: %s", server.log)
	}
}

func TestNothingElseOfTheHeadersBecomesMetadata(t *testing.T) {
	server := start(t, nil)
	opened := openIncident(t, server, "Grpc-Metadata-Debrief-Actor", "mallory")
	if actor := opened.GetOrigin().GetActor(); actor != "" {
		t.Errorf("actor is %q, want none", actor)
	}
}

func TestAnExportedDocumentIsServedSafely(t *testing.T) {
	server := start(t, nil)
	incident := post(t, server, "/v1/incidents", `{"title":"<script>alert(1)</script>"}`, &debriefv1.Incident{})
	postMortem := post(t, server, "/v1/postMortems", `{"incidents":["`+incident.GetName()+`"]}`, &debriefv1.PostMortem{})
	id := strings.TrimPrefix(postMortem.GetName(), "postMortems/")
	for format, want := range map[string]struct{ contentType, disposition string }{
		"EXPORT_FORMAT_MARKDOWN": {"text/markdown", `attachment; filename="` + id + `.md"`},
		"EXPORT_FORMAT_HTML":     {"text/html", `inline; filename="` + id + `.html"`},
	} {
		t.Run(format, func(t *testing.T) {
			got := server.send(t, http.MethodGet, "/v1/"+postMortem.GetName()+":export?format="+format, "")
			if got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), want.contentType) {
				t.Fatalf("got %d %s: %s", got.StatusCode, got.Header.Get("Content-Type"), got.body)
			}
			for name, value := range map[string]string{
				"Content-Security-Policy": documentPolicy, "X-Content-Type-Options": "nosniff", "Content-Disposition": want.disposition,
			} {
				if diff := cmp.Diff(value, got.Header.Get(name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			if format == "EXPORT_FORMAT_HTML" && strings.Contains(got.body, "<script>alert") {
				t.Error("the document has a script in it")
			}
		})
	}
}
