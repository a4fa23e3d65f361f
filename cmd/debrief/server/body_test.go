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

// TestABodyTakesRoomAsItArrives sends bodies that end early, and some that don't, and looks what they have taken.
func TestABodyTakesRoomAsItArrives(t *testing.T) {
	for name, test := range map[string]struct {
		announced int64
		sent      int
		contents  string
		want      int64
		problem   string
	}{
		"all that is announced":              {announced: 17, sent: 17, want: 18},
		"little of much that is announced":   {announced: maxRequest, sent: 2, want: firstRoom},
		"much of much that is announced":     {announced: maxRequest, sent: 100 << 10, want: 128 << 10},
		"nobody knows how much":              {announced: -1, sent: 2, want: firstRoom},
		"as much as is allowed":              {announced: maxRequest, sent: maxRequest, want: maxRequest + 1},
		"more than is allowed, unannounced":  {announced: -1, sent: maxRequest + 1, want: maxRequest + 1, problem: "REQUEST_TOO_LARGE"},
		"more than is allowed, as announced": {announced: maxRequest + 1, sent: maxRequest + 1, problem: "REQUEST_TOO_LARGE"},
		"what is no JSON":                    {announced: 2, sent: 2, contents: "text/plain", problem: "UNSUPPORTED_MEDIA_TYPE"},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, test.announced)
			r.Body = io.NopCloser(strings.NewReader(strings.Repeat(" ", test.sent)))
			if test.contents != "" {
				r.Header.Set("Content-Type", test.contents)
			}
			roomy := newBodies(maxBodies, time.Hour)
			_, release, problem := roomy.read(httptest.NewRecorder(), r)
			if (problem == nil) != (test.problem == "") || problem != nil && problem.reason != test.problem {
				t.Errorf("problem %v, want %s", problem, test.problem)
			}
			if !roomy.room.TryAcquire(maxBodies-test.want) || roomy.room.TryAcquire(1) {
				t.Errorf("it did not take %d bytes", test.want)
			}
			release()
			if !roomy.room.TryAcquire(test.want) {
				t.Error("room is not given back")
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
				bounded := newBodies(firstRoom, 15*time.Second)
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
				if !bounded.room.TryAcquire(firstRoom) {
					t.Error("room is not given back")
				}
			})
		})
	}
}

func TestWhatHasNoBodyWaitsForNoRoom(t *testing.T) {
	for name, body := range map[string]io.ReadCloser{
		"no body":                            http.NoBody,
		"as over HTTP/2, one without a byte": io.NopCloser(strings.NewReader("")),
	} {
		t.Run(name, func(t *testing.T) {
			full := newBodies(0, time.Hour)
			r := request(t, 0)
			r.Body = body
			r.Header.Del("Content-Type")
			if _, _, problem := full.read(httptest.NewRecorder(), r); problem != nil {
				t.Errorf("got %v", problem)
			}
		})
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
	server := start(t, func(c *Config) { c.DefaultDeadline = 2 * time.Second })
	var waiting []*pending
	much := strings.Repeat(" ", maxRequest*3/4) // So that all that a request may have is taken for it.
	for range maxBodies / maxRequest {          // None of them says how long it is.
		p := begin(t, server)
		if _, err := p.body.Write([]byte(much)); err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, p)
	}
	got := server.send(t, http.MethodPost, "/v1/incidents", `{"title":"x"}`, "Content-Type", asJSON)
	for range 1000 { // Until all of it has arrived.
		if got.StatusCode == http.StatusServiceUnavailable {
			break
		}
		got = server.send(t, http.MethodPost, "/v1/incidents", `{"title":"x"}`, "Content-Type", asJSON)
	}
	code, reason := readError(t, got.body)
	if got.StatusCode != http.StatusServiceUnavailable || code != codes.Unavailable || reason != "TOO_MANY_REQUESTS" || got.Header.Get("Retry-After") == "" {
		t.Errorf("beyond the bound: %d %s, want 503 and when to come again", got.StatusCode, got.body)
	}
	if got := server.send(t, http.MethodPost, "/intake/alertmanager", firing(t), "Content-Type", asJSON); got.StatusCode != http.StatusOK {
		t.Errorf("a delivery, which has room of its own: %d %s, want 200", got.StatusCode, got.body)
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
	if got := server.send(t, http.MethodPost, "/v1/incidents", `{"title":"x"}`, "Content-Type", asJSON); got.StatusCode != http.StatusOK {
		t.Errorf("when there is room again: %d %s, want 200", got.StatusCode, got.body)
	}
}
