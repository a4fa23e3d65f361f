package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/debriefhq/debrief/service/plaintext"
)

const (
	// connectTimeout is how long it may take to reach the server, and sendTimeout to hand over one message. A server that looks
	// into a message before it takes it may need minutes, for which RFC 5321 (section 4.5.3.2) asks: who gives up earlier sends
	// it again, although it was taken.
	connectTimeout = 30 * time.Second
	sendTimeout    = 5 * time.Minute
	// sentAtOnce is how many messages are sent at the same time.
	sentAtOnce = 4
	// The ports of SMTP: to submit a message (RFC 6409), and the same within TLS (RFC 8314).
	portSubmission  = 587
	portSubmissions = 465
	// statusPermanent begins the answers that ask not to try again (RFC 5321, section 4.2.1).
	statusPermanent = 500
	// StatusOK is the answer to a message that was taken.
	StatusOK = 250
)

// Options say how messages are sent.
type Options struct {
	// Server is the server that takes them: `smtp://[USER:PASSWORD@]HOST[:PORT]`, by default on port 587 and never without
	// TLS (STARTTLS) unless the host is this machine, or `smtps://…`, by default on port 465. Required.
	Server string
	// From is who they are from: an address, with or without a name. Required.
	From string
	// TLS says what to trust. Nil: what the system trusts.
	TLS *tls.Config
}

// Mailer sends messages. Any number of goroutines may share it.
type Mailer struct {
	host     string
	settings []mail.Option
	// within is the TLS that is spoken from the beginning; nil: it is begun later, or not at all.
	within *tls.Config
	from   string
	// domain ends the ids of messages.
	domain string
	slots  chan struct{}
}

// NewMailer makes one; it does not connect yet. The error says what is wrong with the options, without a password in it.
func NewMailer(options Options) (*Mailer, error) {
	from, err := netmail.ParseAddress(options.From)
	if err != nil {
		return nil, fmt.Errorf("from %q: give an address, such as Debrief <debrief@example.com>", options.From)
	}
	server, err := url.Parse(options.Server)
	if err != nil || server.Hostname() == "" || server.Path != "" && server.Path != "/" || server.RawQuery != "" {
		return nil, errors.New("the server: give it as smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ before HOST where it asks for them")
	}
	m := &Mailer{host: server.Hostname(), from: options.From, slots: make(chan struct{}, sentAtOnce)}
	m.domain = from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	config := tlsFor(m.host, options.TLS)
	port, login := portSubmission, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover)
	switch server.Scheme {
	case "smtp":
		policy := mail.TLSMandatory
		if isLoopback(m.host) {
			// Nobody listens between, and the certificate of a server on the same machine is seldom one that is trusted.
			policy, config.InsecureSkipVerify = mail.TLSOpportunistic, options.TLS == nil
		}
		m.settings = append(m.settings, mail.WithTLSPolicy(policy))
	case "smtps":
		port, m.within = portSubmissions, config
		// The library does not know of the TLS around it, within which a password may be told as it is.
		login = mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5)
		m.settings = append(m.settings, mail.WithSSL())
	default:
		return nil, fmt.Errorf("the server: %q is no way to send: give smtp:// or smtps://", server.Scheme)
	}
	if text := server.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, fmt.Errorf("the server: %q is no port", text)
		}
	}
	m.settings = append(m.settings, mail.WithPort(port), mail.WithTimeout(sendTimeout), mail.WithTLSConfig(config))
	if server.User != nil {
		password, _ := server.User.Password()
		m.settings = append(m.settings, login, mail.WithUsername(server.User.Username()), mail.WithPassword(password))
	}
	if _, err := mail.NewClient(m.host, m.settings...); err != nil {
		return nil, fmt.Errorf("the server: %w", err)
	}
	return m, nil
}

func tlsFor(host string, given *tls.Config) *tls.Config {
	if given == nil {
		return &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	config := given.Clone()
	config.ServerName, config.MinVersion = host, max(config.MinVersion, tls.VersionTLS12)
	return config
}

func isLoopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

// errUnwritable is why a message was not sent in which an address or a field is none.
var errUnwritable = errors.New("the message can't be written")

// SendError says why a message was not taken.
type SendError struct {
	// Status is what the server answered (RFC 5321); 0: it did not.
	Status int
	// Permanent says that it would not be taken later either.
	Permanent bool
	// Message is what to tell people.
	Message string
	// Answer is what the server said; empty where it said nothing.
	Answer string
	// Cause is what went wrong inside, for the log: nothing in it names who the message is to.
	Cause error
}

// Error is what to tell people.
func (e *SendError) Error() string { return e.Message }

// Unwrap is what went wrong inside.
func (e *SendError) Unwrap() error { return e.Cause }

// Send sends a message, and answers what the server said to it. The error is a *SendError where it was not taken, and that of
// the context where it was broken off.
func (m *Mailer) Send(ctx context.Context, message Message) (answer string, err error) {
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	made, err := m.compose(message)
	if err != nil {
		return "", &SendError{Permanent: true, Message: "the message can't be written: " + err.Error(), Cause: errUnwritable}
	}
	err = m.exchange(ctx, func(ctx context.Context, client *mail.Client) error { return client.DialAndSendWithContext(ctx, made) })
	switch {
	case made.IsDelivered(): // What went wrong then went wrong while saying goodbye.
		return OneLine(made.ServerResponse()), nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	default:
		return "", failure(err)
	}
}

// Reach connects to the server as if there was something to send, logs in, and says goodbye. The error is a *SendError.
func (m *Mailer) Reach(ctx context.Context) error {
	err := m.exchange(ctx, func(ctx context.Context, client *mail.Client) error {
		if err := client.DialWithContext(ctx); err != nil {
			return err
		}
		return client.Close()
	})
	if err != nil {
		return failure(err)
	}
	return nil
}

// exchange has a client do something with the server, within a time. The library heeds a context until it is connected: afterwards the connection is closed when the
// context ends.
func (m *Mailer) exchange(ctx context.Context, with func(context.Context, *mail.Client) error) error {
	timeout, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	connect := func(dialing context.Context, network, address string) (net.Conn, error) {
		dialer := &net.Dialer{Timeout: connectTimeout}
		connection, err := dialer.DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(timeout, func() { _ = connection.Close() }) // Also when all is done: then it is closed already.
		if m.within == nil {
			return connection, nil
		}
		secured := tls.Client(connection, m.within)
		return secured, secured.HandshakeContext(dialing)
	}
	client, err := mail.NewClient(m.host, append(slices.Clone(m.settings), mail.WithDialContextFunc(connect))...)
	if err != nil {
		return err
	}
	return with(timeout, client)
}

func (m *Mailer) compose(message Message) (*mail.Msg, error) {
	made := mail.NewMsg(mail.WithEncoding(mail.EncodingQP))
	if err := errors.Join(made.From(m.from), made.To(message.To)); err != nil {
		return nil, err
	}
	made.Subject(OneLine(message.Subject))
	made.SetMessageIDWithValue(message.ID + "@" + m.domain)
	made.SetDateWithValue(message.Time)
	// RFC 3834: nothing that answers by itself, such as a note of absence, is to answer this.
	made.SetGenHeader("Auto-Submitted", "auto-generated")
	if message.Unsubscribe != "" {
		made.SetListUnsubscribe(message.Unsubscribe)
		if strings.HasPrefix(message.Unsubscribe, "https://") {
			made.SetListUnsubscribePost()
		}
	}
	made.SetBodyString(mail.TypeTextPlain, plaintext.Shorten(message.Text, MaxText))
	return made, nil
}

// failure says why a message was not taken, without what only the inside of the house needs to know.
func failure(err error) *SendError {
	why := &SendError{Message: "the mail server can't be reached, or refuses to speak with us", Cause: err}
	var sent *mail.SendError
	var answered *textproto.Error
	switch {
	case errors.As(err, &sent) && sent.ErrorCode() > 0:
		// What is wrong with who it is from, or with how we log in, is set right by the operator: then it will be taken.
		why.Permanent = sent.ErrorCode() >= statusPermanent && sent.Reason != mail.ErrSMTPMailFrom
		why.Status, why.Message = sent.ErrorCode(), fmt.Sprintf("the mail server answered with status %d", sent.ErrorCode())
		why.Answer = OneLine(sent.Error())
	case errors.As(err, &answered):
		why.Status, why.Message = answered.Code, fmt.Sprintf("the mail server does not let us in, with status %d", answered.Code)
		why.Answer = OneLine(answered.Msg)
	default:
		why.describe(err)
	}
	if sent != nil {
		why.Cause = errors.New(sent.Reason.String()) // Its own words, and the server's, name the recipients.
	}
	return why
}

// describe says what went wrong where the server answered nothing.
func (e *SendError) describe(err error) {
	name, isName := errors.AsType[*net.DNSError](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	network, isNetwork := errors.AsType[net.Error](err)
	switch {
	case isName && name.IsNotFound:
		e.Message = "the name of the mail server can't be found"
	case isCertificate:
		e.Message = "the certificate of the mail server is not trusted"
	case errors.Is(err, context.DeadlineExceeded), isNetwork && network.Timeout(), strings.Contains(err.Error(), "i/o timeout"):
		e.Message = "the mail server did not answer in time"
	case strings.Contains(err.Error(), "STARTTLS"):
		e.Message = "the mail server does not offer TLS, without which nothing is sent"
	case strings.Contains(strings.ToLower(err.Error()), "smtp auth"):
		e.Message = "the mail server does not let us log in as we can"
	}
}
