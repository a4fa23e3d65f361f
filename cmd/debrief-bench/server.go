package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/server"
)

// addresses are what a child prints, as one line of JSON, once it serves.
type addresses struct {
	GRPC string `json:"grpc"`
	HTTP string `json:"http"`
}

// stopping bounds how long a child may take to stop.
const stopping = time.Minute

// newServerCommand is the child that is measured: `debrief serve`, but for its ports, which the system chooses, for webhooks,
// which may lead to the load, and for stopping when its input ends.
func newServerCommand() *cobra.Command {
	config := server.DefaultConfig()
	config.GRPCAddr, config.HTTPAddr = "127.0.0.1:0", "127.0.0.1:0"
	config.Webhooks.AllowPrivateAddresses = true
	profile := ""
	command := &cobra.Command{
		Use: "server", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config.LogOutput = command.ErrOrStderr()
			server.LimitMemory()
			return profiled(profile, func() error {
				return serve(command.Context(), config, command.InOrStdin(), command.OutOrStdout())
			})
		},
	}
	command.Flags().StringVar(&config.Store, "store", "", "store `URL`")
	command.Flags().StringVar(&profile, "cpu-profile", "", "`file` for a profile")
	return command
}

// profiled does something and writes down where its time goes, if a file for it is named.
func profiled(file string, do func() error) (err error) {
	if file == "" {
		return do()
	}
	profile, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer func() { err = errors.Join(err, profile.Close()) }()
	if err := pprof.StartCPUProfile(profile); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return do()
}

func serve(ctx context.Context, config server.Config, in io.Reader, out io.Writer) error {
	running, err := server.Start(ctx, config)
	if err != nil {
		return err
	}
	bound := running.Addresses()
	err = json.NewEncoder(out).Encode(addresses{GRPC: bound.GRPC.String(), HTTP: bound.HTTP.String()})
	if err == nil {
		err = running.Wait(untilEnd(ctx, in))
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer cancel()
	return errors.Join(err, running.Stop(closing))
}

// untilEnd is a context that ends with the input: when the parent closes it, or has died.
func untilEnd(ctx context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, in) // Whichever way it ends, it is the end.
	}()
	return ctx
}

// newEchoCommand is the floor of gRPC: a server that answers an incident with the same incident, and has nothing else.
func newEchoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "echo", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			server.LimitMemory()
			return serveEcho(command.Context(), command.InOrStdin(), command.OutOrStdout())
		},
	}
}

const (
	echoService = "debrief.bench.Echo"
	echoMethod  = "/" + echoService + "/Echo"
)

func serveEcho(ctx context.Context, in io.Reader, out io.Writer) error {
	var listening net.ListenConfig
	grpcListener, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	httpListener, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("echo: %w", errors.Join(err, grpcListener.Close()))
	}
	echo := grpc.NewServer()
	echo.RegisterService(&grpc.ServiceDesc{
		ServiceName: echoService,
		Methods:     []grpc.MethodDesc{{MethodName: "Echo", Handler: handleEcho}},
	}, nil)
	metrics := http.NewServeMux()
	metrics.Handle("/metrics", promhttp.Handler())
	metrics.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	site := &http.Server{Handler: metrics, ReadHeaderTimeout: time.Minute}
	failed := make(chan error, 2)
	go func() { failed <- echo.Serve(grpcListener) }()
	go func() { failed <- site.Serve(httpListener) }()
	if err := json.NewEncoder(out).Encode(addresses{GRPC: grpcListener.Addr().String(), HTTP: httpListener.Addr().String()}); err != nil {
		return err
	}
	select {
	case <-untilEnd(ctx, in).Done():
		echo.Stop()
		return site.Close()
	case err := <-failed:
		return err
	}
}

//nolint:revive // The parameters are those of a grpc.MethodHandler.
func handleEcho(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	incident := &debriefv1.Incident{}
	err := decode(incident)
	return incident, err
}
