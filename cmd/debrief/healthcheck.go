package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/debriefhq/debrief/cmd/debrief/server"
)

const healthcheckHelp = `Ask the server on this machine whether it is ready: whether it runs, is not stopping, and reaches its store. The exit
code says so, for a container's health check, which needs no other program that way.

A server with a --tls-cert is asked over TLS. Its certificate is not looked at, as it has hardly a name for this machine and
nothing is told to it, unless --tls, --tls-ca or --tls-server-name says how to judge it. A server that requires certificates is
shown that of --tls-client-cert and --tls-client-key.`

// healthcheckTimeout bounds the question.
const healthcheckTimeout = 3 * time.Second

func (a *application) newHealthcheckCommand() *cobra.Command {
	address, certificate := server.DefaultConfig().HTTPAddr, ""
	command := &cobra.Command{
		Use:               "healthcheck",
		Short:             "Ask the server on this machine whether it is ready",
		Long:              healthcheckHelp,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(command.Context(), healthcheckTimeout)
			defer cancel()
			if certificate == "" && !a.globals.tls.enabled() {
				return checkReady(ctx, "http://"+server.Reachable(address), nil)
			}
			config, err := a.globals.tls.config()
			if err != nil {
				return err
			}
			config.InsecureSkipVerify = !a.globals.tls.judges()
			return checkReady(ctx, "https://"+server.Reachable(address), config)
		},
	}
	command.Flags().StringVar(&address, "http-addr", address, "the server's `address` for HTTP, as it was given to debrief serve")
	command.Flags().StringVar(&certificate, "tls-cert", "", "the server's `file`, as it was given to debrief serve: where there is one, the server speaks TLS")
	completeFile(command, "tls-cert")
	return command
}

// checkReady asks a server, over TLS where there is a configuration for it.
func checkReady(ctx context.Context, origin string, config *tls.Config) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", origin, err)
	}
	request.Host = "localhost" // A server for this machine alone answers to no other name.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	answer, err := client.Do(request)
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
