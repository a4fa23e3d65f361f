package endtoend_test

import (
	"net/http"
	"strings"
	"testing"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
)

// TestRESTRefusals are mistakes that can be made over HTTP only. Each is answered in the one form that errors have.
func TestRESTRefusals(t *testing.T) {
	t.Parallel()
	d := serve(t, newSQLite(t))
	for name, test := range map[string]struct {
		method, path, body string
		headers            []string
		code               int
		says               []string
	}{
		"a field that there is not":           {method: http.MethodPost, path: "/v1/incidents", body: `{"titel": "Slow"}`, code: 400, says: []string{"titel"}},
		"a field of a wrong type":             {method: http.MethodPost, path: "/v1/incidents", body: `{"title": 5}`, code: 400, says: []string{"title"}},
		"a value that there is not":           {method: http.MethodPost, path: "/v1/incidents", body: `{"severity": "HIGH"}`, code: 400, says: []string{"severity"}},
		"a body that is cut off":              {method: http.MethodPost, path: "/v1/incidents", body: `{"title": "Slow"`, code: 400, says: []string{"body"}},
		"a body that is no JSON":              {method: http.MethodPost, path: "/v1/incidents", body: "title=Slow", headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, code: 415, says: []string{"application/json"}},
		"a body that is too large":            {method: http.MethodPost, path: "/v1/incidents", body: `{"title": "` + strings.Repeat("x", 5<<20) + `"}`, code: 413, says: []string{"4194304"}},
		"a parameter that there is not":       {method: http.MethodGet, path: "/v1/incidents?filtr=x", code: 400, says: []string{`"filtr"`, "filter", "pageSize"}},
		"a parameter of a wrong type":         {method: http.MethodGet, path: "/v1/incidents?pageSize=many", code: 400, says: []string{"page"}},
		"a path that there is not":            {method: http.MethodGet, path: "/v1/incident", code: 404, says: []string{"/v1/incident", "/docs"}},
		"a method that the path has not":      {method: http.MethodPut, path: "/v1/incidents", code: 405, says: []string{"PUT", "GET", "POST"}},
		"a delivery that is no JSON":          {method: http.MethodPost, path: "/intake/alertmanager", body: "{", code: 400},
		"a delivery of a version in the past": {method: http.MethodPost, path: "/intake/alertmanager", body: `{"version": "3"}`, code: 400, says: []string{"version", `"4"`}},
		"a delivery that is asked for":        {method: http.MethodGet, path: "/intake/alertmanager", code: 405, says: []string{"POST"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, answer, err := d.try(t.Context(), test.method, test.path, test.body, test.headers)
			if err != nil {
				t.Fatal(err)
			}
			if code != test.code {
				t.Errorf("answered %d, want %d: %s", code, test.code, answer)
			}
			problem := &rpcstatus.Status{}
			if err := protojson.Unmarshal([]byte(answer), problem); err != nil || problem.GetCode() == 0 || len(problem.GetDetails()) == 0 {
				t.Fatalf("no google.rpc.Status (%v): %s", err, answer)
			}
			for _, part := range test.says {
				if !strings.Contains(problem.GetMessage(), part) {
					t.Errorf("%q does not say %q", problem.GetMessage(), part)
				}
			}
		})
	}
	if got := d.listIncidents(t, ""); len(got) > 0 {
		t.Errorf("what was refused has opened %v", got)
	}
}
