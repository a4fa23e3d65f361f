package intake_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/debriefhq/debrief/service/intake"
)

const requestID = "01KJW3V5M0000000000000000A"

// postedTime is when every request of the tests came.
var postedTime = time.Date(2026, 3, 4, 8, 43, 0, 0, time.UTC)

// posted is a request with a body, sent to a path.
func posted(path, body string) intake.Request {
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return intake.Request{
		ID: requestID, Method: http.MethodPost, Path: segments, Query: url.Values{}, Header: http.Header{},
		Body: []byte(body), ReceiveTime: postedTime,
	}
}

// seed gives a fuzz test the payloads whose file names begin with a prefix.
func seed(f *testing.F, prefix string, add func(body []byte)) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", prefix+"*.json"))
	if err != nil || len(files) == 0 {
		f.Fatalf("%d files begin with %q: %v", len(files), prefix, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(body)
	}
}

// refusal is a request that makes no sense, and what is said of it.
type refusal struct {
	name, path, body, field, problem string
}

// checkRefusals wants each refused for its field, and for what follows.
func checkRefusals(t *testing.T, adapter intake.Adapter, refusals []refusal) {
	t.Helper()
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			request := posted(test.path, test.body)
			_, err := adapter.Parse(request, intake.Options{})
			invalid, ok := err.(*intake.InvalidError) //nolint:errorlint // Parse returns it bare
			if !ok {
				t.Fatalf("error %v, want an InvalidError", err)
			}
			if invalid.Field != test.field || !strings.HasPrefix(invalid.Problem, test.problem) {
				t.Errorf("refused for %q: %q, want %q: %q…", invalid.Field, invalid.Problem, test.field, test.problem)
			}
			fuzzAdapter(t, adapter, request, intake.Options{})
		})
	}
}

// parsed is the delivery that an adapter makes of a request.
func parsed(t *testing.T, adapter intake.Adapter, request intake.Request) intake.Delivery {
	t.Helper()
	delivery, err := adapter.Parse(request, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fuzzAdapter(t, adapter, request, intake.Options{})
	return delivery
}
