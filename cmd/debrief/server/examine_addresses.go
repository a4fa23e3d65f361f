package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	// slightSkew and greatSkew are by how much two clocks may be apart before that is told, and before it does harm: tokens of an
	// issuer are taken up to a minute before and after their time.
	slightSkew = 2 * time.Second
	greatSkew  = 30 * time.Second
	// dateUncertainty is how exact the header Date is: it leaves out parts of a second.
	dateUncertainty = time.Second
)

// examineAddresses asks a server that runs there how it is; where none does, it looks whether the addresses are free.
func (e *examiner) examineAddresses(ctx context.Context) {
	mayRun := e.examineServer(ctx)
	for _, one := range []struct{ setting, address string }{{"grpc-addr", e.config.GRPCAddr}, {"http-addr", e.config.HTTPAddr}} {
		resolved, err := e.config.resolve(one.setting, one.address)
		switch {
		case err != nil:
			e.fail(one.setting, startAdvice, "%v", err)
			continue
		case !mayRun && isTaken(ctx, resolved):
			e.fail(one.setting, "find out who has it, with ss -ltnp, or choose another one", "%s is taken by another program", one.address)
		case !resolved.IP.IsLoopback() && !e.config.RequireAuthentication:
			e.warn(one.setting, "have callers show who they are: --require-authentication",
				"everybody who reaches %s can read and change everything", one.address)
		case !resolved.IP.IsLoopback() && e.config.TLS.Cert == "":
			e.warn(one.setting, "serve TLS with --tls-cert and --tls-key, unless something in front of it does",
				"what callers show at %s can be read on the way", one.address)
		default:
			e.ok(one.setting, "%s", one.address)
		}
	}
}

// isTaken says that somebody listens at the address.
func isTaken(ctx context.Context, address *net.TCPAddr) bool {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address.String())
	if err == nil {
		err = listener.Close()
	}
	return errors.Is(err, syscall.EADDRINUSE)
}

// examineServer says whether a server answers at the address for HTTP. It says so as well where that can't be known, as of one that
// wants certificates of all who ask: its addresses are not to be taken for those of another program.
func (e *examiner) examineServer(ctx context.Context) bool {
	before := e.now()
	status, date, err := e.ask(ctx)
	took := e.now().Sub(before)
	switch {
	case err != nil && errors.Is(err, syscall.ECONNREFUSED):
		e.ok("server", "none answers at %s: it does not run, or elsewhere", e.config.HTTPAddr)
		return false
	case err != nil:
		e.warn("server", "one that wants certificates of its callers is asked by debrief healthcheck; else see who listens there, with ss -ltnp",
			"%s can't be asked: %v", e.config.HTTPAddr, err)
	case status == http.StatusOK:
		e.ok("server", "one is ready at %s", e.config.HTTPAddr)
	case status == http.StatusServiceUnavailable:
		e.fail("server", "look at its log: it is stopping, or can't reach its store", "one runs at %s, and is not ready", e.config.HTTPAddr)
	default:
		e.warn("server", "look whether it is a Debrief", "who answers at %s says %d when asked whether it is ready", e.config.HTTPAddr, status)
		return false
	}
	if !date.IsZero() {
		e.compareClocks("server clock", date.Add(dateUncertainty/2).Sub(before.Add(took/2)), took/2+dateUncertainty/2)
	}
	return true
}

// ask asks whether the server is ready, and what time it is there. As it is this machine, or is told nothing, its certificate is not
// looked at.
func (e *examiner) ask(ctx context.Context) (status int, date time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	origin := "http://"
	if e.config.TLS.Cert != "" {
		origin = "https://"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+Reachable(e.config.HTTPAddr)+"/readyz", http.NoBody)
	if err != nil {
		return 0, date, err
	}
	request.Host = "localhost" // A server for this machine alone answers to no other name.
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // As above.
		DisableKeepAlives: true,
	}}
	answer, err := client.Do(request)
	if err != nil {
		return 0, date, err
	}
	date, parsed := http.ParseTime(answer.Header.Get("Date"))
	if parsed != nil {
		date = time.Time{}
	}
	return answer.StatusCode, date, answer.Body.Close()
}

// compareClocks tells by how much another clock is ahead of this machine's.
func (e *examiner) compareClocks(name string, ahead, uncertainty time.Duration) {
	apart := max(ahead.Abs()-uncertainty, 0).Round(time.Second / 10)
	const advice = "have both set by NTP: times of incidents, clocks and leases are those of the machine that writes them"
	switch {
	case apart > greatSkew:
		e.fail(name, advice, "it and this machine's are apart by %v at least", apart)
	case apart > slightSkew:
		e.warn(name, advice, "it and this machine's are apart by %v at least", apart)
	default:
		e.ok(name, "it agrees with this machine's, as far as can be seen")
	}
}

// Reachable is an address at which a server can be reached that listens on all addresses of the machine.
func Reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
