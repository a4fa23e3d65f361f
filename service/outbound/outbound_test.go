package outbound_test

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/debriefhq/debrief/service/outbound"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestAllowed(t *testing.T) {
	for address, want := range map[string]bool{
		"1.1.1.1": true, "8.8.8.8": true, "52.94.5.1": true, "172.15.255.255": true, "172.32.0.0": true, "100.128.0.0": true,
		"169.253.255.255": true, "223.255.255.255": true, "2606:4700::1111": true, "2a00:1450::1": true, "2001:200::1": true,
		"::ffff:1.1.1.1": true, "64:ff9b::101:101": true, "2002:101:101::1": true,

		"127.0.0.1": false, "127.255.255.254": false, "::1": false,
		"169.254.169.254": false, "169.254.0.1": false, "fe80::1": false, "fe80::1%eth0": false, "febf::1": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false,
		"fc00::1": false, "fd00:ec2::254": false, "fd20:ce::254": false, "fec0::1": false,
		"224.0.0.1": false, "239.255.255.255": false, "ff02::1": false, "ff0e::1": false,
		"0.0.0.0": false, "0.1.2.3": false, "::": false,
		"255.255.255.255": false, "240.0.0.1": false,
		"100.64.0.1": false, "100.100.100.200": false, "100.127.255.255": false,
		"192.0.0.192": false, "168.63.129.16": false, "192.88.99.1": false,
		"192.0.2.1": false, "198.51.100.1": false, "203.0.113.1": false, "2001:db8::1": false, "3fff::1": false,
		"198.18.0.1": false, "198.19.255.255": false, "2001:2::1": false,

		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:10.0.0.1": false, "::ffff:0.0.0.0": false,
		"::ffff:7f00:1%eth0": false, "::127.0.0.1": false, "::ffff:0:127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b::a00:1": false, "64:ff9b:1::101:101": false,
		"2002:7f00:1::1": false, "2002:a9fe:a9fe::": false, "2002:a00:1::1": false,
		"2001::1": false, "2001:0:4136:e378:8000:63bf:3fff:fdd2": false,
		"100::1": false, "5f00::1": false, "4000::1": false, "200::1": false,
	} {
		if got := outbound.Allowed(netip.MustParseAddr(address), nil); got != want {
			t.Errorf("Allowed(%s) = %v, want %v", address, got, want)
		}
	}
	if outbound.Allowed(netip.Addr{}, nil) {
		t.Error("no address at all is allowed")
	}
}

func TestAllowedByOptions(t *testing.T) {
	allow := []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("fd00:1::/32")}
	for address, want := range map[string]bool{
		"10.20.3.4": true, "::ffff:10.20.3.4": true, "64:ff9b::a14:304": true, "2002:a14:304::1": true, "fd00:1::7": true,
		"fd00:1::7%eth0": true, "1.1.1.1": true,
		"10.21.0.1": false, "fd00:2::7": false, "127.0.0.1": false,
	} {
		if got := outbound.Allowed(netip.MustParseAddr(address), allow); got != want {
			t.Errorf("Allowed(%s) = %v, want %v", address, got, want)
		}
	}
}

func TestControlRefuses(t *testing.T) {
	control := outbound.Control(loopback)
	for _, test := range []struct {
		network, address string
		want             error
	}{
		{"tcp4", "127.0.0.1:80", nil},
		{"tcp6", "[2606:4700::1111]:443", nil},
		{"tcp6", "[::1]:80", outbound.ErrForbidden},
		{"tcp6", "[fe80::1%lo]:80", outbound.ErrForbidden},
		{"tcp4", "169.254.169.254:80", outbound.ErrForbidden},
		{"udp4", "127.0.0.1:53", outbound.ErrForbidden},
		{"unix", "/run/docker.sock", outbound.ErrForbidden},
		{"tcp", "localhost:80", outbound.ErrForbidden},
		{"tcp", "", outbound.ErrForbidden},
	} {
		if err := control(test.network, test.address, nil); !errors.Is(err, test.want) {
			t.Errorf("%s %s: error %v, want %v", test.network, test.address, err, test.want)
		}
	}
}

func TestControlKeepsItsOwnNetworks(t *testing.T) {
	allow := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	control := outbound.Control(allow)
	allow[0] = loopback[0]
	if err := control("tcp4", "127.0.0.1:80", nil); !errors.Is(err, outbound.ErrForbidden) {
		t.Errorf("error %v after the caller changed its list, want ErrForbidden", err)
	}
}

// newServer is a server on loopback, which counts whom it has answered.
func newServer(t *testing.T, handle http.HandlerFunc) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func newClient(t *testing.T, options outbound.Options) *http.Client {
	t.Helper()
	client := outbound.NewClient(options)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestGet(t *testing.T) {
	address, asked := newServer(t, hello)
	if _, err := outbound.Get(t.Context(), newClient(t, outbound.Options{}), address, 5); !errors.Is(err, outbound.ErrForbidden) {
		t.Errorf("error %v, want ErrForbidden", err)
	}
	if got := asked.Load(); got != 0 {
		t.Errorf("the inner server was asked %d times", got)
	}
	body, err := outbound.Get(t.Context(), newClient(t, outbound.Options{Allow: loopback}), address, 5)
	if err != nil || string(body) != "hello" {
		t.Errorf("Get = %q, %v", body, err)
	}
}

func TestGetWritesAddressesInEveryForm(t *testing.T) {
	address, asked := newServer(t, hello)
	port := address[strings.LastIndexByte(address, ':'):]
	client := newClient(t, outbound.Options{})
	for _, host := range []string{"127.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "[::]", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"} {
		if body, err := outbound.Get(t.Context(), client, "http://"+host+port, 5); err == nil {
			t.Errorf("%s answers %q", host, body)
		}
	}
	if got := asked.Load(); got != 0 {
		t.Errorf("the inner server was asked %d times", got)
	}
}

// resolver says of every name that it is at 127.0.0.1, without a network.
func resolver(t *testing.T) *net.Resolver {
	t.Helper()
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answerNames(server)
		return client, nil
	}}
}

// answerNames speaks DNS as over TCP, until the other side closes.
func answerNames(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	for {
		var size uint16
		if binary.Read(connection, binary.BigEndian, &size) != nil {
			return
		}
		question := make([]byte, size)
		if _, err := io.ReadFull(connection, question); err != nil {
			return
		}
		var message dnsmessage.Message
		if message.Unpack(question) != nil {
			return
		}
		message.Response, message.Additionals = true, nil
		if asked := message.Questions[0]; asked.Type == dnsmessage.TypeA {
			message.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
		}
		answer, err := message.Pack()
		if err != nil {
			return
		}
		if _, err := connection.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func TestGetLooksAtWhatNamesLeadTo(t *testing.T) {
	address, asked := newServer(t, hello)
	named := "http://public.example.com" + address[strings.LastIndexByte(address, ':'):]
	_, err := outbound.Get(t.Context(), newClient(t, outbound.Options{Resolver: resolver(t)}), named, 5)
	if !errors.Is(err, outbound.ErrForbidden) || !strings.Contains(err.Error(), "127.0.0.1") || asked.Load() != 0 {
		t.Errorf("error %v and %d requests, want ErrForbidden", err, asked.Load())
	}
	body, err := outbound.Get(t.Context(), newClient(t, outbound.Options{Resolver: resolver(t), Allow: loopback}), named, 5)
	if err != nil || string(body) != "hello" {
		t.Errorf("Get = %q, %v", body, err)
	}
}

func TestGetAsksNoProxy(t *testing.T) {
	proxy, proxied := newServer(t, hello)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy)
	}
	address, asked := newServer(t, hello)
	named := "http://public.example.com" + address[strings.LastIndexByte(address, ':'):]
	client := newClient(t, outbound.Options{Resolver: resolver(t), Allow: loopback})
	if _, err := outbound.Get(t.Context(), client, named, 5); err != nil {
		t.Error(err)
	}
	if asked.Load() != 1 || proxied.Load() != 0 {
		t.Errorf("%d requests came straight and %d through the proxy", asked.Load(), proxied.Load())
	}
}

func TestGetFollowsNoRedirect(t *testing.T) {
	inner, asked := newServer(t, hello)
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		address, _ := newServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner, status) })
		if _, err := outbound.Get(t.Context(), newClient(t, outbound.Options{Allow: loopback}), address, 5); err == nil {
			t.Errorf("status %d is no error", status)
		}
	}
	if got := asked.Load(); got != 0 {
		t.Errorf("the inner server was asked %d times", got)
	}
}

func TestGetReadsNoMoreThanItsLimit(t *testing.T) {
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = packed.Write(make([]byte, 1<<20))
		_ = packed.Close()
	}
	for _, test := range []struct {
		name   string
		handle http.HandlerFunc
		limit  int64
		want   string
	}{
		{"as much as it may be", hello, 5, ""},
		{"one byte more", hello, 4, "more than 4 bytes"},
		{"an endless one", endless, 10_000, "more than 10000 bytes"},
		{"one that grows as it is unpacked", bomb, 64 << 10, "more than 65536 bytes"},
		{"an endless header", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 128<<10))
			hello(w, r)
		}, 5, "exceeded"},
		{"no answer of its own", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, 5, "status 204"},
		{"a refusal", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, 5, "status 403"},
	} {
		t.Run(test.name, func(t *testing.T) {
			address, _ := newServer(t, test.handle)
			body, err := outbound.Get(t.Context(), newClient(t, outbound.Options{Allow: loopback}), address, test.limit)
			switch {
			case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || body != nil):
				t.Errorf("Get = %q, %v, want %q", body, err, test.want)
			}
		})
	}
}

func TestGetGivesUp(t *testing.T) {
	over := make(chan struct{})
	silent := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}
	halfway := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hel")
		_ = http.NewResponseController(w).Flush()
		silent(w, r)
	}
	defer close(over)
	for name, handle := range map[string]http.HandlerFunc{"before the header": silent, "within the body": halfway} {
		t.Run(name, func(t *testing.T) {
			address, _ := newServer(t, handle)
			client := newClient(t, outbound.Options{Allow: loopback, Timeout: 50 * time.Millisecond})
			_, err := outbound.Get(t.Context(), client, address, 5)
			if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
				t.Errorf("error %v, want a timeout", err)
			}
		})
	}
}

func TestGetStopsWithItsCaller(t *testing.T) {
	arrived := make(chan struct{})
	address, _ := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := outbound.Get(ctx, newClient(t, outbound.Options{Allow: loopback}), address, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestGetKeepsAddressesToItself(t *testing.T) {
	client := newClient(t, outbound.Options{})
	for _, address := range []string{"https://127.0.0.1:1/?Token=hidden", "https://127.0.0.1:1/%zzhidden", "gopher://example.com/hidden", "hidden:\x7f"} {
		_, err := outbound.Get(t.Context(), client, address, 5)
		if err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: error %v", address, err)
		}
	}
}

func TestConnectionsAreKeptForTheNextExchange(t *testing.T) {
	const exchanges = 4
	arrived, answer := make(chan struct{}, exchanges), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-answer
	}))
	defer server.Close()
	client := outbound.NewClient(outbound.Options{Allow: loopback, Idle: exchanges - 1})
	defer client.CloseIdleConnections()
	kept := make(chan error, exchanges)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{PutIdleConn: func(err error) { kept <- err }})
	failed := make(chan error, exchanges)
	for range exchanges {
		go func() {
			_, err := outbound.Get(ctx, client, server.URL, 0)
			failed <- err
		}()
	}
	for range exchanges {
		<-arrived // All of them are under way at once.
	}
	close(answer)
	given := 0
	for range exchanges {
		if err := <-failed; err != nil {
			t.Error(err)
		}
		if <-kept != nil {
			given++
		}
	}
	if given != 1 {
		t.Errorf("%d of %d connections were given up, want 1", given, exchanges)
	}
}
