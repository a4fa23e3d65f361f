package hostile_test

import (
	"context"
	"flag"
	"io"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/debriefhq/debrief/cmd/debrief/server"
)

// checks is how many requests are drawn for each route where nobody says: what takes half a minute with the race detector.
const checks = "15"

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", checks); err != nil { // Flags that are given come after it.
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// patience bounds what a test waits for: it is never reached unless something is broken.
const patience = 20 * time.Second

// victim is a server, and how to reach it.
type victim struct {
	*server.Server
	grpc *grpc.ClientConn
	// httpAddress is HOST:PORT.
	httpAddress string
	// key is that of an administrator, where callers have to show who they are.
	key string
}

// context is that of calls over gRPC.
func (v *victim) context(t *testing.T) context.Context {
	t.Helper()
	if v.key == "" {
		return t.Context()
	}
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+v.key)
}

// newStore is the URL of a store in a file.
func newStore(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "debrief.db")
}

// serve runs a server until the test ends, or stop is called.
func serve(t *testing.T, store string, log io.Writer, changes ...func(*server.Config)) (v *victim, stop func()) {
	t.Helper()
	config := server.DefaultConfig()
	config.Store, config.LogOutput = store, log
	config.GRPCAddr, config.HTTPAddr = "127.0.0.1:0", "127.0.0.1:0"
	config.MaxCallRate, config.MaxDeliveryRate = 0, 0 // How many come is the matter of other tests.
	for _, change := range changes {
		change(&config)
	}
	started, err := server.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := grpc.NewClient(started.Addresses().GRPC.String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	stop = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := connection.Close(); err != nil && ctx.Err() == nil && t.Context().Err() == nil {
			t.Errorf("close the connection: %v", err)
		}
		if err := started.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	t.Cleanup(stop)
	return &victim{Server: started, grpc: connection, httpAddress: started.Addresses().HTTP.String()}, stop
}
