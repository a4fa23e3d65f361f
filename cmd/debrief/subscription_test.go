package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSubscriptionStory has a receiver on this machine told of an example, by the command line alone.
func TestSubscriptionStory(t *testing.T) {
	received := make(chan string, 8)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read what was delivered: %v", err)
		}
		received <- r.Header.Get("Webhook-Signature") + " " + string(body)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(receiver.Close)
	address, _ := startServingBoth(t, "--webhooks-allow-private-addresses")
	s := teller{t, address}

	created := s.does("subscription", "create", "chat", "--title", "The chat", "--uri", receiver.URL, "--filter", `event.type == "INCIDENT_OPENED"`)
	if !strings.Contains(created, "subscriptions/chat is created: The chat\nIts secret, which is not shown again: whsec_") {
		t.Errorf("create: %q", created)
	}
	if got := s.does("subscription", "list", "-o", "name"); got != "subscriptions/chat" {
		t.Errorf("list: %q", got)
	}
	if got := s.does("subscription", "test", "chat"); !strings.Contains(got, "answered with status 204") {
		t.Errorf("test: %q", got)
	}
	if got := <-received; !strings.HasPrefix(got, "v1,") || !strings.Contains(got, `"specversion"`) {
		t.Errorf("received: %q", got)
	}
	if got := s.does("subscription", "show", "chat"); strings.Contains(got, "whsec_") || !strings.Contains(got, receiver.URL) {
		t.Errorf("show: %q", got)
	}
}
