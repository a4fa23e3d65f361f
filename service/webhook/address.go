package webhook

import (
	"net/netip"
	"net/url"
	"strings"
)

// AddressError says what is wrong with an address.
type AddressError struct{ Message string }

// Error is what is wrong, and what would be right.
func (e *AddressError) Error() string { return e.Message }

// CheckAddress answers a *AddressError where an address can't be one to send to. Allowed says of a number that stands in
// place of a name whether it may be one: names are looked up when something is sent.
func CheckAddress(address string, allowed func(netip.Addr) bool) error {
	parsed, err := url.Parse(address)
	if err != nil {
		return &AddressError{"is no URL: want one such as https://example.com/hooks/debrief"}
	}
	host := strings.TrimRight(strings.ToLower(parsed.Hostname()), ".")
	switch {
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return &AddressError{"must begin with https:// or http://"}
	case parsed.Opaque != "" || host == "":
		return &AddressError{"has no host: want one such as https://example.com/hooks/debrief"}
	case parsed.User != nil:
		return &AddressError{"must not have a user or a password in it"}
	case parsed.Fragment != "" || strings.Contains(address, "#"):
		return &AddressError{"must not have a fragment, what begins with #"}
	}
	literal, err := netip.ParseAddr(host)
	if err != nil && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
		literal, err = netip.IPv6Loopback(), nil
	}
	if err == nil && !allowed(literal) {
		return &AddressError{"leads to an address that is not public: loopback, link-local and private addresses are refused unless the server runs with --webhooks-allow-private-addresses"}
	}
	return nil
}
