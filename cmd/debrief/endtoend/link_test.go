package endtoend_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// link is a way from a replica to the store that can be spoilt. Its end at the replica has one address for as long as it is there.
type link struct {
	server           *toxiproxy.ApiServer
	address, through string
	proxy            *toxiproxy.Proxy
}

// newLink is a link to the server of a MongoDB URI, and the URI that leads over it.
func newLink(t *testing.T, uri string) (*link, string) {
	t.Helper()
	over, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	toxics.Register("error", new(errorToxic))
	l := &link{
		server:  toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
		address: "127.0.0.1:0", through: over.Host,
	}
	l.open(t, "")
	l.address = l.proxy.Listen
	t.Cleanup(func() { l.proxy.Stop() })
	over.Host = l.address
	settings := over.Query()
	settings.Set("serverSelectionTimeoutMS", "1000")
	settings.Set("directConnection", "true")
	over.RawQuery = settings.Encode()
	return l, over.String()
}

// open lets connections through that are made from now on, with a toxic upon them where there is one.
func (l *link) open(t *testing.T, toxic string) {
	t.Helper()
	l.proxy = toxiproxy.NewProxy(l.server, "store", l.address, l.through)
	if toxic != "" {
		l.add(t, toxic)
	}
	if err := l.proxy.Start(); err != nil {
		t.Fatalf("open the link: %v", err)
	}
}

// add brings a toxic upon the link: https://github.com/Shopify/toxiproxy#toxics
func (l *link) add(t *testing.T, toxic string) {
	t.Helper()
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatalf("toxic %s: %v", toxic, err)
	}
}

// spoil brings a toxic upon the connections that are there, and upon those to come; without one, all are cut off. What changes answers
// has to see them from the first one on.
func (l *link) spoil(t *testing.T, toxic string) {
	t.Helper()
	switch {
	case toxic == "":
		l.proxy.Stop()
	case strings.Contains(toxic, `"error"`):
		l.proxy.Stop()
		l.open(t, toxic)
	default:
		l.add(t, toxic)
	}
}

// mend ends all connections, and makes the link a good one again.
func (l *link) mend(t *testing.T) {
	t.Helper()
	l.proxy.Stop()
	l.open(t, "")
}
