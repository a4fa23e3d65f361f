package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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
	connection := c.connections[caller]
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return err
		}
	}
	head := fmt.Appendf(make([]byte, 0, 256+len(body)), "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		method, path, c.host, len(body))
	if _, err := connection.Write(append(head, body...)); err != nil {
		return err
	}
	answer, err := http.ReadResponse(connection.reader, nil)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		problem, err := io.ReadAll(answer.Body)
		return errors.Join(fmt.Errorf("%s %s answers %s: %s", method, path, answer.Status, problem), err, answer.Body.Close())
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return errors.Join(err, answer.Body.Close())
}
