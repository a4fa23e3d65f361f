// Package emailtest runs a mail server for tests, which keeps what it is sent.
package emailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Message is one that was taken.
type Message struct {
	// From and To are those of the envelope.
	From, To string
	// Header is the message's.
	Header mail.Header
	// Body is the message's, as it was sent.
	Body string
}

// Options say how a server behaves.
type Options struct {
	// TLS has it speak TLS from the beginning; StartTLS lets clients begin it.
	TLS, StartTLS bool
	// User and Password are asked for where they are not empty.
	User, Password string
	// Refuse answers the status with which the nth message is refused, from 0 on; 0: it is taken. Nil: all are.
	Refuse func(n int) int
}

// Server is a mail server on this machine.
type Server struct {
	// URL is where it takes messages, without user and password.
	URL string
	// Trust is what makes a client trust it.
	Trust *tls.Config

	options Options

	mutex    sync.Mutex
	attempts int
	taken    []Message
}

// New starts a server, which ends with the test.
func New(tb testing.TB, options Options) *Server {
	tb.Helper()
	s := &Server{options: options}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	server.Domain, server.AllowInsecureAuth = "localhost", true
	server.ErrorLog = silence{}
	scheme := "smtp"
	if options.TLS || options.StartTLS {
		server.TLSConfig, s.Trust = certified(tb)
	}
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	address := listener.Addr().String()
	if options.TLS {
		scheme, listener = "smtps", tls.NewListener(listener, server.TLSConfig)
	}
	s.URL = scheme + "://" + address
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Errorf("close the mail server: %v", err)
		}
		if err := <-served; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			tb.Errorf("serve mail: %v", err)
		}
	})
	return s
}

// silence is told of clients that misbehave, as tests have them do.
type silence struct{}

func (silence) Printf(string, ...any) {}

func (silence) Println(...any) {}

// certified are what a server shows and what its clients trust.
func certified(tb testing.TB) (shown, trusted *tls.Config) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		BasicConstraintsValid: true, IsCA: true,
	}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(encoded)
	if err != nil {
		tb.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{encoded}, PrivateKey: key}}, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// Messages are those that were taken so far.
func (s *Server) Messages() []Message {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]Message(nil), s.taken...)
}

// Forget begins anew.
func (s *Server) Forget() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.attempts, s.taken = 0, nil
}

// Attempts are how many messages were brought so far, taken or not.
func (s *Server) Attempts() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.attempts
}

func (s *Server) take(message Message) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	n := s.attempts
	s.attempts++
	if s.options.Refuse != nil {
		if code := s.options.Refuse(n); code != 0 {
			return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: "refused by the test"}
		}
	}
	s.taken = append(s.taken, message)
	return nil
}

type session struct {
	server   *Server
	known    bool
	from, to string
}

func (s *session) AuthMechanisms() []string {
	if s.server.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.options.User || password != s.server.options.Password {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.options.User != "" && !s.known {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = strings.TrimPrefix(strings.Join([]string{s.to, to}, ","), ",")
	return nil
}

func (s *session) Data(r io.Reader) error {
	read, err := mail.ReadMessage(r)
	if err != nil {
		return fmt.Errorf("read a message: %w", err)
	}
	body, err := io.ReadAll(read.Body)
	if err != nil {
		return fmt.Errorf("read a message: %w", err)
	}
	return s.server.take(Message{From: s.from, To: s.to, Header: read.Header, Body: string(body)})
}

func (s *session) Reset() { s.from, s.to = "", "" }

func (s *session) Logout() error { return nil }
