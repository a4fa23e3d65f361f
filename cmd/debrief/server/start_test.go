package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// taken is an address that somebody listens on.
func taken(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// free is an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	}()
	return listener.Addr().String()
}

func TestAServerThatCannotStartSaysWhyAndLeavesNothingOpen(t *testing.T) {
	occupied, unused, directory := taken(t), free(t), t.TempDir()
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
		// settings says that it is for whoever chose the settings to put right.
		settings bool
	}{
		"the gRPC port is taken": {func(c *Config) { c.GRPCAddr = occupied }, "grpc-addr: listen tcp", false},
		"the HTTP port is taken": {func(c *Config) { c.HTTPAddr = occupied }, "http-addr: listen tcp", false},
		"an address of the network": {
			func(c *Config) { c.GRPCAddr = "0.0.0.0:0" }, "say that this is meant with --insecure-allow-unauthenticated-network", true,
		},
		"an address without a host": {func(c *Config) { c.HTTPAddr = ":0" }, "not a loopback address", true},
		"no address":                {func(c *Config) { c.HTTPAddr = "here" }, "want HOST:PORT", true},
		"no file of clock policies": {func(c *Config) { c.ClockPolicies = filepath.Join(directory, "none.yaml") }, "clock-policies: open", true},
		"a clock policy that makes no sense": {
			func(c *Config) { c.ClockPolicies = policyFile(t, "clocks: {review: {SEV1: {length: a day}}}") }, "clocks.review.SEV1.length", true,
		},
		"no time between looking at clocks": {func(c *Config) { c.ClockInterval = 0 }, "clock-interval must be more than zero", true},
		"an unknown store": {
			func(c *Config) { c.Store = "postgres://u:secret@db/debrief" }, "want sqlite:PATH, mongodb://", true,
		},
		"no path":                     {func(c *Config) { c.Store = "sqlite:" }, "without a path", true},
		"a store that is a directory": {func(c *Config) { c.Store = "sqlite:" + directory }, "open the store", false},
		"a MongoDB that is not there": {
			func(c *Config) { c.Store = "mongodb://u:secret@" + unused + "/?serverSelectionTimeoutMS=200" }, "open the store at MongoDB", false,
		},
		"a MongoDB URI that makes no sense": {func(c *Config) { c.Store = "mongodb://" }, "open the store at MongoDB", false},
		"an unknown log format":             {func(c *Config) { c.LogFormat = "xml" }, "want json or text", true},
		"an origin with a path":             {func(c *Config) { c.CORSOrigins = []string{"https://a.example/x"} }, "without a path", true},
		"an origin that is a pattern":       {func(c *Config) { c.CORSOrigins = []string{"*.example.com"} }, "want `*`, or an origin", true},
		"no time at all":                    {func(c *Config) { c.DefaultDeadline = 0 }, "default-deadline must be more than zero", true},
		"too short a retention":             {func(c *Config) { c.Retentions.Events = time.Hour }, "event-retention is 1h0m0s: it must be 720h0m0s at least", true},
		"a retention that is negative":      {func(c *Config) { c.Retentions.Audit = -1 }, "audit-retention is -1ns", true},
		"too long a delay":                  {func(c *Config) { c.DrainDelay = time.Minute }, "half of shutdown-timeout", true},
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t)
			config.GRPCAddr, config.HTTPAddr = free(t), free(t)
			addresses := []string{config.GRPCAddr, config.HTTPAddr}
			test.change(&config)
			before := goleak.IgnoreCurrent()
			server, err := Start(t.Context(), config)
			if err == nil {
				t.Fatal("it started", server.Stop(t.Context()))
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error is %q, want it to say %q and no secret", err, test.want)
			}
			if got := errors.As(err, new(*SettingsError)); got != test.settings {
				t.Errorf("%v: it is one of the settings: %v, want %v", err, got, test.settings)
			}
			goleak.VerifyNone(t, before)
			for _, address := range addresses {
				listener, err := net.Listen("tcp", address)
				if err != nil {
					t.Fatalf("something is left open: %v", err)
				}
				if err := listener.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestTheNetworkIsServedWhenThatIsMeant(t *testing.T) {
	server := start(t, func(c *Config) {
		c.HTTPAddr, c.InsecureAllowUnauthenticatedNetwork = "0.0.0.0:0", true
	})
	if address, ok := server.Addresses().HTTP.(*net.TCPAddr); !ok || !address.IP.IsUnspecified() {
		t.Errorf("the address is %v, want that of all networks", server.Addresses().HTTP)
	}
}

func TestALoopbackNameIsAnAddressToo(t *testing.T) {
	server := start(t, func(c *Config) { c.HTTPAddr = "localhost:0" })
	if address, ok := server.Addresses().HTTP.(*net.TCPAddr); !ok || !address.IP.IsLoopback() {
		t.Errorf("the address is %v, want a loopback address", server.Addresses().HTTP)
	}
}

func TestRunServesUntilItsContextEnds(t *testing.T) {
	config, log := testConfig(t), &logBuffer{}
	ctx, stop := context.WithCancel(t.Context())
	// The line that says that it serves is what a person waits for, too.
	config.LogOutput = writerFunc(func(line []byte) (int, error) {
		if strings.Contains(string(line), `"msg":"serving"`) {
			stop()
		}
		return log.Write(line)
	})
	if err := Run(ctx, config); err != nil {
		t.Errorf("Run: %v", err)
	}
	if !strings.Contains(log.String(), `"msg":"stopping"`) {
		t.Errorf("the log does not say that it stopped: %s", log)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }

func TestTheLogKeepsToItsLevelAndFormat(t *testing.T) {
	server := start(t, func(c *Config) { c.LogLevel, c.LogFormat = slog.LevelWarn, "text" })
	server.send(t, "GET", "/v1/incidents", "")
	server.logger.Info("unimportant")
	server.logger.Warn("important")
	if log := server.log.String(); strings.Contains(log, "unimportant") || !strings.Contains(log, `msg=important`) {
		t.Errorf("log is %s", log)
	}
}
