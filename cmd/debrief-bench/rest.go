package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// restCallers are connections to an HTTP server that are kept alive, one for each caller. They write requests that are
// ready and read answers without looking at them: net/http's client would take as much of the machine as the server.
type restCallers struct {
	host        string
	connections []restConnection
}

type restConnection struct {
	net.Conn
	reader *bufio.Reader
}

func dialHTTP(ctx context.Context, address string, clients int) (*restCallers, error) {
	callers := &restCallers{host: address}
	var dialer net.Dialer
	for range clients {
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, errors.Join(err, callers.close())
		}
		callers.connections = append(callers.connections, restConnection{connection, bufio.NewReaderSize(connection, 16<<10)})
	}
	return callers, nil
}

func (c *restCallers) close() error {
	var problems []error
	for _, connection := range c.connections {
		problems = append(problems, connection.Close())
	}
	return errors.Join(problems...)
}

// call makes a request. Any other answer than 200 is an error.
func (c *restCallers) call(ctx context.Context, caller int, method, path string, body []byte) error {
	answered, err := c.send(ctx, caller, method, path, body)
	if err == nil && answered.status != http.StatusOK {
		err = answered.unexpected(method, path)
	}
	return err
}

// answer is how a server answered, as far as that is looked at.
type answer struct {
	status int
	// retryAfter is how long to wait before the same is sent again; 0 where the server does not say.
	retryAfter time.Duration
	// problem is the body of what is no success.
	problem string
}

func (a answer) unexpected(method, path string) error {
	return fmt.Errorf("%s %s is answered with status %d: %s", method, path, a.status, a.problem)
}

// send makes a request, whatever it is answered.
func (c *restCallers) send(ctx context.Context, caller int, method, path string, body []byte) (answer, error) {
	connection := c.connections[caller]
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return answer{}, err
		}
	}
	head := fmt.Appendf(make([]byte, 0, 256+len(body)), "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		method, path, c.host, len(body))
	if _, err := connection.Write(append(head, body...)); err != nil {
		return answer{}, err
	}
	response, err := http.ReadResponse(connection.reader, nil)
	if err != nil {
		return answer{}, err
	}
	answered := answer{status: response.StatusCode}
	if response.StatusCode == http.StatusOK {
		_, err = io.Copy(io.Discard, response.Body)
		return answered, errors.Join(err, response.Body.Close())
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		answered.retryAfter = time.Duration(seconds) * time.Second
	}
	problem, err := io.ReadAll(response.Body)
	answered.problem = string(problem)
	return answered, errors.Join(err, response.Body.Close())
}
