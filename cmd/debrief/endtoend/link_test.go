package endtoend_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// link is a way from a replica to the store that can be spoilt.
type link struct{ proxy *toxiproxy.Proxy }

// newLink is a link to the server of a MongoDB URI, and the URI that leads over it.
func newLink(t *testing.T, uri string) (*link, string) {
	t.Helper()
	over, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{toxiproxy.NewProxy(server, "store", "127.0.0.1:0", over.Host)}
	if err := l.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.mend(t)
		l.proxy.Stop()
	})
	over.Host = l.proxy.Listen
	settings := over.Query()
	settings.Set("serverSelectionTimeoutMS", "1000")
	settings.Set("directConnection", "true")
	over.RawQuery = settings.Encode()
	return l, over.String()
}

// spoil brings a toxic upon the link, or cuts it off where there is none: https://github.com/Shopify/toxiproxy#toxics
func (l *link) spoil(t *testing.T, toxic string) {
	t.Helper()
	if toxic == "" {
		l.proxy.Stop()
		return
	}
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatalf("toxic %s: %v", toxic, err)
	}
}

// mend makes the link a good one again.
func (l *link) mend(t *testing.T) {
	t.Helper()
	l.proxy.Toxics.ResetToxics(context.WithoutCancel(t.Context()))
	if err := l.proxy.Start(); err != nil && err != toxiproxy.ErrProxyAlreadyStarted { //nolint:errorlint // The library compares it so.
		t.Fatalf("mend the link: %v", err)
	}
}
