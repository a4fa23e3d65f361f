package senders

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// delivered is a webhook as it came.
type delivered struct {
	header http.Header
	body   []byte
}

// request is the same as a request to be read.
func (d delivered) request(t *testing.T) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(d.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = d.header
	return request
}

// receiver takes webhooks.
type receiver struct {
	*httptest.Server
	came chan delivered
}

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{came: make(chan delivered, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Errorf("read a webhook: %v", err)
		}
		r.came <- delivered{request.Header, body}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(r.Close)
	return r
}

// next is the next webhook that comes.
func (r *receiver) next(t *testing.T) delivered {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case one := <-r.came:
		return one
	case <-timer.C:
		t.Fatalf("no webhook within %v", patience)
		return delivered{}
	}
}

// subscription is one that was made, with its name and its secret.
type subscription struct{ name, secret string }

// subscribe has the receiver told of incidents that open.
func (d *debrief) subscribe(t *testing.T, r *receiver, id, format string) subscription {
	t.Helper()
	var made struct {
		Subscription struct{ Name string }
		Secret       string
	}
	d.call(t, http.MethodPost, "/v1/subscriptions?subscriptionId="+id, map[string]any{
		"title": id, "filter": `event.type == "INCIDENT_OPENED"`, "webhook": map[string]string{"uri": r.URL, "format": format},
	}, &made)
	return subscription{made.Subscription.Name, made.Secret}
}

// open opens an incident, and answers its name.
func (d *debrief) open(t *testing.T, title string) string {
	t.Helper()
	var opened struct{ Name string }
	d.call(t, http.MethodPost, "/v1/incidents", map[string]string{"title": title}, &opened)
	return opened.Name
}
