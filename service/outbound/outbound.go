// Package outbound speaks HTTP to addresses that come from outside, and sees to it that none of them leads into the house:
// to the machine itself, to its network, to the metadata of a cloud.
package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options say whom a client may talk to, and for how long.
type Options struct {
	// Allow are networks that may be talked to although they are not public, such as 10.20.0.0/16; nil: public addresses
	// alone.
	Allow []netip.Prefix
	// Timeout bounds one exchange, from the lookup of the name to the last byte of the body; 0: ten seconds.
	Timeout time.Duration
	// Resolver looks up names; nil: the one of the system.
	Resolver *net.Resolver
	// Idle is how many connections to one host are kept for the next exchange; 0: two. Who makes more exchanges with a host at
	// the same time than that dials for each of the others.
	Idle int
}

const (
	defaultTimeout    = 10 * time.Second
	defaultIdle       = 2
	maxResponseHeader = 64 << 10
)

// ErrForbidden is what an address is refused for.
var ErrForbidden = errors.New("the address is not public and not allowed")

// NewClient makes a client that dials nothing but public addresses, and those that Options allow. The address is looked at
// when it is dialed, after its name was looked up, so that no name can lead past it. It follows no redirects, and asks no
// proxy, which would do the dialing in its stead.
func NewClient(options Options) *http.Client {
	timeout := options.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	dialer := &net.Dialer{Timeout: timeout, Resolver: options.Resolver, Control: Control(options.Allow)}
	transport := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout,
		MaxResponseHeaderBytes: maxResponseHeader, MaxIdleConnsPerHost: cmp.Or(options.Idle, defaultIdle), IdleConnTimeout: timeout,
	}
	return &http.Client{
		Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Control is the Control of a [net.Dialer] that refuses, with [ErrForbidden], what is neither public nor allowed.
func Control(allow []netip.Prefix) func(network, address string, connection syscall.RawConn) error {
	allow = slices.Clone(allow)
	return func(network, address string, _ syscall.RawConn) error {
		if !strings.HasPrefix(network, "tcp") {
			return fmt.Errorf("%w: %s is no TCP", ErrForbidden, network)
		}
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %s is none", ErrForbidden, address)
		}
		if !Allowed(target.Addr(), allow) {
			return fmt.Errorf("%w: %s", ErrForbidden, target.Addr())
		}
		return nil
	}
}

// Allowed is true of a public address, and of one in the networks. An IPv4 address within an IPv6 one, however it is
// written, is judged as the IPv4 address that it leads to.
func Allowed(address netip.Addr, allow []netip.Prefix) bool {
	address = address.WithZone("")
	if inner, ok := embedded(address); ok {
		address = inner
	}
	if !address.IsValid() {
		return false
	}
	if contains(allow, address) {
		return true
	}
	if address.Is6() && !assigned.Contains(address) {
		return false
	}
	return address.IsGlobalUnicast() && !address.IsPrivate() && !contains(special, address)
}

func contains(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
}

// assigned is all that IANA gives out of IPv6 for everybody to reach. What is local, translated or reserved lies outside.
var assigned = netip.MustParsePrefix("2000::/3")

// special are the networks of IANA's registries of special purposes that are neither private nor link-local, nor multicast,
// nor outside of what is assigned; and what a cloud has laid its own services on. Loopback and the unspecified address are
// of no global unicast.
var special = prefixes(
	"0.0.0.0/8",        // this network
	"100.64.0.0/10",    // shared by the customers of a provider
	"168.63.129.16/32", // the host below each machine of Azure, public by its number alone
	"192.0.0.0/24",     // protocols
	"192.0.2.0/24",     // documentation
	"192.88.99.0/24",   // 6to4 relays, withdrawn
	"198.18.0.0/15",    // benchmarks
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"240.0.0.0/4",      // reserved, and the broadcast
	"2001::/23",        // protocols, among them Teredo
	"2001:db8::/32",    // documentation
	"3fff::/20",        // documentation
)

func prefixes(texts ...string) []netip.Prefix {
	networks := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		networks[i] = netip.MustParsePrefix(text)
	}
	return networks
}

var (
	translated = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour  = netip.MustParsePrefix("2002::/16")
)

// embedded is the IPv4 address that an IPv6 address leads to: mapped, or reached by NAT64 or 6to4.
func embedded(address netip.Addr) (netip.Addr, bool) {
	bytes := address.As16()
	switch {
	case address.Is4In6():
		return address.Unmap(), true
	case !address.Is6():
		return address, false
	case translated.Contains(address):
		return netip.AddrFrom4([4]byte(bytes[12:16])), true
	case sixToFour.Contains(address):
		return netip.AddrFrom4([4]byte(bytes[2:6])), true
	default:
		return address, false
	}
}

// Get reads what is at an address, at most limit bytes of it. Whatever is no 200 is an error, a redirect too.
func Get(ctx context.Context, client *http.Client, address string, limit int64) (body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("read an address: %w", withoutURL(err))
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", request.URL.Host, withoutURL(err))
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers with status %d", request.URL.Host, response.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read from %s: %w", request.URL.Host, err)
	case int64(len(body)) > limit:
		return nil, fmt.Errorf("%s answers with more than %d bytes", request.URL.Host, limit)
	default:
		return body, nil
	}
}

// withoutURL is the error below one that tells the whole address: there may be a secret in it.
func withoutURL(err error) error {
	if told, ok := errors.AsType[*url.Error](err); ok {
		return told.Err
	}
	return err
}
