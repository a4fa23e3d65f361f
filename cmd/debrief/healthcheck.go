package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/cmd/debrief/server"
)

const healthcheckHelp = `Ask the server on this machine whether it is ready: whether it runs, is not stopping, and reaches its store. The exit
code says so, for a container's health check, which needs no other program that way.`

// healthcheckTimeout bounds the question.
const healthcheckTimeout = 3 * time.Second

func newHealthcheckCommand() *cobra.Command {
	address := server.DefaultConfig().HTTPAddr
	command := &cobra.Command{
		Use:               "healthcheck",
		Short:             "Ask the server on this machine whether it is ready",
		Long:              healthcheckHelp,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(command.Context(), healthcheckTimeout)
			defer cancel()
			return checkReady(ctx, address)
		},
	}
	command.Flags().StringVar(&address, "http-addr", address, "the server's `address` for HTTP, as it was given to debrief serve")
	return command
}

// checkReady asks a server that listens at the address.
func checkReady(ctx context.Context, address string) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(address)+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	request.Host = "localhost" // A server for this machine alone answers to no other name.
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the server can't be asked: %w", err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return fmt.Errorf("the server said %s, and broke off: %w", answer.Status, err)
	}
	return fmt.Errorf("the server said %s: %s", answer.Status, said)
}

// reachable is an address at which a server can be reached that listens on all addresses of the machine.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
