package server

import (
	"context"
	"log/slog"
	"net"
	"regexp"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// encrypted has calls come over TLS where the server has certificates.
func encrypted(certificates *certificates, logger *slog.Logger) []grpc.ServerOption {
	if certificates == nil {
		return nil
	}
	return []grpc.ServerOption{grpc.Creds(toldHandshakes{credentials.NewTLS(certificates.config("h2")), logger})}
}

// toldHandshakes are credentials that tell the log why a handshake failed, and not whose, as the HTTP library does by itself.
type toldHandshakes struct {
	credentials.TransportCredentials
	logger *slog.Logger
}

// ServerHandshake begins a connection.
func (t toldHandshakes) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	connection, info, err := t.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		t.logger.Debug("gRPC: TLS handshake failed", "error", addresses.ReplaceAllString(err.Error(), anAddress))
	}
	return connection, info, err
}

// Clone keeps the log.
func (t toldHandshakes) Clone() credentials.TransportCredentials {
	return toldHandshakes{t.TransportCredentials.Clone(), t.logger}
}

// addresses are IP addresses in a text, with their ports.
var addresses = regexp.MustCompile(`\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%\w+)?\](?::\d+)?|\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?`)

const anAddress = "ADDRESS"

// unaddressed takes addresses from the messages of libraries, which tell of callers by them.
type unaddressed struct{ slog.Handler }

// Handle takes them from one.
func (h unaddressed) Handle(ctx context.Context, record slog.Record) error {
	record.Message = addresses.ReplaceAllString(record.Message, anAddress)
	return h.Handler.Handle(ctx, record)
}

// WithAttrs goes on taking them.
func (h unaddressed) WithAttrs(attributes []slog.Attr) slog.Handler {
	return unaddressed{h.Handler.WithAttrs(attributes)}
}

// WithGroup goes on taking them.
func (h unaddressed) WithGroup(name string) slog.Handler {
	return unaddressed{h.Handler.WithGroup(name)}
}
