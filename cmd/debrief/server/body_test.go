package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
)

// request is one whose body is said to have so many bytes; -1: that is not said.
func request(t *testing.T, length int64) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/incidents", io.MultiReader(strings.NewReader("{}")))
	r.Header.Set("Content-Type", asJSON)
	r.ContentLength = length
	return r
}

func TestABodyTakesAsMuchRoomAsItMayNeed(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   int64
	}{
		"it says how long it is":    {func(r *http.Request) { r.ContentLength = 17 }, 17},
		"it does not":               {func(r *http.Request) { r.ContentLength = -1 }, maxRequest},
		"it is too long to be read": {func(r *http.Request) { r.ContentLength = maxRequest + 1 }, 0},
		"it is none":                {func(r *http.Request) { r.Body = http.NoBody }, 0},
		"it is no JSON":             {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, 2)
			test.change(r)
			if got := bodySize(r, isJSON); got != test.want {
				t.Errorf("it takes %d bytes, want %d", got, test.want)
			}
		})
	}
}

func TestABodyWaitsForRoom(t *testing.T) {
	for name, test := range map[string]struct {
		released time.Duration
		want     *problem
	}{
		"there is some in time": {time.Second, nil},
		"there is none in time": {time.Minute, noRoom},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bounded := newBodies(maxRequest, 15*time.Second)
				_, release, problem := bounded.read(httptest.NewRecorder(), request(t, -1))
				if problem != nil {
					t.Fatalf("the first one: %v", problem)
				}
				released := make(chan struct{})
				time.AfterFunc(test.released, func() {
					release()
					close(released)
				})
				body, releaseSecond, problem := bounded.read(httptest.NewRecorder(), request(t, 2))
				releaseSecond()
				if problem != test.want || (problem == nil) != (string(body) == "{}") {
					t.Errorf("the second one: %q %v, want %v", body, problem, test.want)
				}
				<-released
				if !bounded.room.TryAcquire(maxRequest) {
					t.Error("room is not given back")
				}
			})
		})
	}
}

func TestWhatHasNoBodyWaitsForNoRoom(t *testing.T) {
	full := newBodies(0, time.Hour)
	r := request(t, 0)
	r.Body = http.NoBody
	if _, _, problem := full.read(httptest.NewRecorder(), r); problem != nil {
		t.Errorf("got %v", problem)
	}
}

func TestACallerThatIsGoneWaitsNoLonger(t *testing.T) {
	full := newBodies(0, time.Hour)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, problem := full.read(httptest.NewRecorder(), request(t, 2).WithContext(gone)); problem != noRoom {
		t.Errorf("got %v, want %v", problem, noRoom)
	}
}

func TestTheBodiesOfAllRequestsAreBounded(t *testing.T) {
	server := start(t, func(c *Config) { c.DefaultDeadline = 300 * time.Millisecond })
	var waiting []*pending
	for range maxBodies / maxRequest { // None of them says how long it is.
		waiting = append(waiting, begin(t, server))
	}
	for path, body := range map[string]string{"/v1/incidents": `{"title":"x"}`, "/intake/alertmanager": firing(t)} {
		got := server.send(t, http.MethodPost, path, body, "Content-Type", asJSON)
		code, reason := readError(t, got.body)
		if got.StatusCode != http.StatusServiceUnavailable || code != codes.Unavailable || reason != "TOO_MANY_REQUESTS" || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s beyond the bound: %d %s, want 503 and when to come again", path, got.StatusCode, got.body)
		}
	}
	if got := server.send(t, http.MethodGet, "/v1/incidents", ""); got.StatusCode != http.StatusOK {
		t.Errorf("a request without a body: %d %s, want 200", got.StatusCode, got.body)
	}
	for _, p := range waiting {
		if err := p.body.Close(); err != nil {
			t.Error(err)
		}
		if got := <-p.answer; got.Response == nil || got.StatusCode != http.StatusBadRequest {
			t.Errorf("half a body: %v, want 400", got)
		}
	}
	if got := server.send(t, http.MethodGet, "/v1/rejectedDeliveries", ""); got.body != "{}" {
		t.Errorf("a delivery that was not read is kept as one that makes no sense: %s", got.body)
	}
	if got := server.send(t, http.MethodPost, "/intake/alertmanager", "{}", "Content-Type", asJSON); got.StatusCode != http.StatusBadRequest {
		t.Errorf("when there is room again: %d %s, want 400", got.StatusCode, got.body)
	}
}
