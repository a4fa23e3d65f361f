package hostile_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// message is a request as it goes over the wire, whatever it is worth.
type message struct {
	method, target string
	headers        []string
	body           []byte
	// kept is how many bytes of the body are not sent, though they were announced.
	kept int
	// malformed says that it is no request after RFC 9112, so that the server may answer in clear text.
	malformed bool
}

// bytes are what is sent.
func (m message) bytes(host string) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\n", m.method, m.target, host)
	for _, header := range m.headers {
		out.WriteString(header + "\r\n")
	}
	if len(m.body) > 0 && !m.malformed {
		fmt.Fprintf(&out, "Content-Length: %d\r\n", len(m.body))
	}
	out.WriteString("\r\n")
	out.Write(m.body[:max(0, len(m.body)-m.kept)])
	return out.Bytes()
}

// maxHeader is how many bytes the server reads before the body, at least.
const maxHeader = 31 << 10

// isHTTP says whether the server has to take it for a request.
func (m message) isHTTP() bool {
	return !m.malformed && len(m.target)+len(strings.Join(m.headers, "\r\n")) < maxHeader && (m.target == "*" || regular.MatchString(m.target))
}

var regular = regexp.MustCompile(`^(http:/)?/`)

// String shows it to who has to find out what was wrong with it.
func (m message) String() string {
	text := fmt.Sprintf("%q", m.bytes("…"))
	if len(text) > 4000 {
		text = text[:2000] + " … " + text[len(text)-1000:]
	}
	return text
}

// reply is what came back.
type reply struct {
	*http.Response
	body []byte
}

// wire is a connection that is kept while the server keeps it.
type wire struct {
	address string
	// key is what whoever sends shows; empty: nothing. A request that shows something else goes without it.
	key        string
	connection net.Conn
	reader     *bufio.Reader
}

func (w *wire) close() {
	if w.connection != nil {
		_ = w.connection.Close() // Nothing is expected of it any more.
		w.connection = nil
	}
}

// exchange sends a request, and reads what is answered within the time that the test has patience.
func (w *wire) exchange(m message) (reply, error) {
	if w.connection == nil {
		connection, err := net.Dial("tcp", w.address)
		if err != nil {
			return reply{}, err
		}
		w.connection, w.reader = connection, bufio.NewReader(connection)
	}
	if err := w.connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return reply{}, err
	}
	// An answer may come before all was sent: then the rest is not taken.
	connection, sent := w.connection, make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = connection.Write(w.signed(m).bytes(w.address)) // What the server did not take shows in its answer.
		if half, ok := connection.(*net.TCPConn); ok && (m.kept > 0 || !m.isHTTP()) {
			_ = half.CloseWrite()
		}
	}()
	answer, err := w.read(m)
	if err != nil || answer.Close || m.kept > 0 || !m.isHTTP() {
		w.close()
	}
	<-sent
	if err != nil && !m.isHTTP() && errors.Is(err, syscall.ECONNRESET) {
		return reply{}, errDropped
	}
	return answer, err
}

// signed is the message with the key.
func (w *wire) signed(m message) message {
	shows := func(header string) bool { return strings.HasPrefix(header, "Authorization:") }
	if w.key != "" && !slices.ContainsFunc(m.headers, shows) {
		m.headers = append(slices.Clone(m.headers), "Authorization: Bearer "+w.key)
	}
	return m
}

// errDropped says that the server has ended the connection, where there was nothing that it had to answer.
var errDropped = errors.New("the server has ended the connection")

func (w *wire) read(m message) (reply, error) {
	for {
		response, err := http.ReadResponse(w.reader, &http.Request{Method: strings.TrimSpace(m.method)})
		if err != nil {
			return reply{}, fmt.Errorf("read the answer: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
		if err != nil {
			return reply{}, fmt.Errorf("read the body of the answer: %w", err)
		}
		if response.StatusCode == http.StatusContinue {
			continue
		}
		if response.Header.Get("Content-Encoding") == "gzip" && len(body) > 0 {
			if body, err = unpack(body); err != nil {
				return reply{}, err
			}
		}
		return reply{response, body}, response.Body.Close()
	}
}

func unpack(body []byte) ([]byte, error) {
	packed, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(packed)
}
