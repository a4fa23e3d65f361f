package server

import (
	"context"
	"fmt"
	"net"

	"golang.org/x/net/netutil"
)

// listen opens a TCP address, once it is known to be one that may be opened.
func (c *Config) listen(ctx context.Context, setting, address string) (net.Listener, error) {
	resolved, err := c.resolve(setting, address)
	if err != nil {
		return nil, err
	}
	// The address that was judged is the one that is opened: a name could resolve to another one by now.
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", resolved.String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return netutil.LimitListener(listener, c.MaxConnections), nil
}

// resolve finds a TCP address that may be opened.
func (c *Config) resolve(setting, address string) (*net.TCPAddr, error) {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, settingsErrorf("%s is %q: want HOST:PORT, such as 127.0.0.1:8080: %w", setting, address, err)
	}
	if !resolved.IP.IsLoopback() && !c.RequireAuthentication && !c.InsecureAllowUnauthenticatedNetwork {
		return nil, settingsErrorf("%s is %q, which is not a loopback address: everybody who reaches it could read and change everything; "+
			"have callers show who they are with --require-authentication, "+
			"or say that this is meant with --insecure-allow-unauthenticated-network", setting, address)
	}
	return resolved, nil
}

// warnOfClearText says that what is sent, and what callers show who they are by, can be read on the way.
func (s *Server) warnOfClearText(ctx context.Context) {
	if s.config.certificates != nil {
		return
	}
	for _, address := range []net.Addr{s.addresses.GRPC, s.addresses.HTTP} {
		if tcp, ok := address.(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
			s.logger.WarnContext(ctx, "keys and texts are sent in the clear beyond this machine", "address", address.String())
		}
	}
}
