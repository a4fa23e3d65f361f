package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/encoding/protojson"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/server/tlstest"
)

// callerOf is what a service can know of its caller by a certificate.
func callerOf(ctx context.Context) string {
	certificate, ok := clientCertificate(ctx)
	if !ok {
		return "nobody"
	}
	return certificate.Subject.CommonName
}

// mirrors are services that answer who calls.
func mirrors(registrar grpc.ServiceRegistrar) {
	debriefv1.RegisterIncidentServiceServer(registrar, &fakeIncidents{
		get: func(ctx context.Context, _ *debriefv1.GetIncidentRequest) (*debriefv1.Incident, error) {
			return &debriefv1.Incident{Title: callerOf(ctx)}, nil
		},
	})
	debriefv1.RegisterEventServiceServer(registrar, &fakeEvents{
		watch: func(_ *debriefv1.WatchEventsRequest, stream grpc.ServerStreamingServer[debriefv1.WatchEventsResponse]) error {
			return stream.Send(&debriefv1.WatchEventsResponse{Event: &debriefv1.Event{Actor: callerOf(stream.Context())}})
		},
	})
}

// mirrored serves the mirrors by both doors, and answers their addresses. Nil certificates are no TLS.
func mirrored(t *testing.T, certificates *certificates) (grpcAddress, httpAddress string) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	calls := &calls{
		server:    grpc.NewServer(encrypted(certificates, logger)...),
		inProcess: newInProcess(chained(nil), chainedStreams(nil), &events{}),
		services:  []string{"debrief.v1.IncidentService"},
	}
	mirrors(calls.server)
	mirrors(calls.inProcess)
	gateway, err := newGateway(t.Context(), calls, newBodies(maxBodies, patience))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", gateway)
	mux.Handle("/v1/events:watch", &eventStream{calls: calls.inProcess})
	site := newHTTPServer(connected(mux), certificates, logger)
	grpcAddress = serveOn(t, calls.server.Serve, func() error { calls.server.Stop(); return nil })
	httpAddress = serveOn(t, func(l net.Listener) error { return serveHTTP(site, l, certificates) }, site.Close)
	return grpcAddress, httpAddress
}

// serveOn serves a free address until the test ends.
func serveOn(t *testing.T, serve func(net.Listener) error, stop func() error) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(listener) }()
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// asked is who somebody is taken for, by each way to ask. No configuration is no TLS.
func asked(t *testing.T, grpcAddress, httpAddress string, config *tls.Config) map[string]string {
	t.Helper()
	scheme, security := "http://", insecure.NewCredentials()
	transport := &http.Transport{ForceAttemptHTTP2: true}
	if config != nil {
		scheme, security = "https://", credentials.NewTLS(config)
		transport.TLSClientConfig = config.Clone()
	}
	defer transport.CloseIdleConnections()
	connection, err := grpc.NewClient(grpcAddress, grpc.WithTransportCredentials(security))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }() // Its answers are there.
	answers := map[string]string{}
	incident, err := debriefv1.NewIncidentServiceClient(connection).GetIncident(t.Context(), &debriefv1.GetIncidentRequest{})
	if err != nil {
		t.Fatal(err)
	}
	answers["gRPC"] = incident.GetTitle()
	stream, err := debriefv1.NewEventServiceClient(connection).WatchEvents(t.Context(), &debriefv1.WatchEventsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	watched, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	answers["gRPC, a stream"] = watched.GetEvent().GetActor()
	read := get(t, transport, scheme+httpAddress+"/v1/incidents/x")
	if err := protojson.Unmarshal(read, incident); err != nil {
		t.Fatalf("%s: %v", read, err)
	}
	answers["REST"] = incident.GetTitle()
	_, data, _ := strings.Cut(string(get(t, transport, scheme+httpAddress+"/v1/events:watch")), "data: ")
	var event struct{ Actor string }
	if err := json.Unmarshal([]byte(data), &event); err != nil {
		t.Fatal(err)
	}
	answers["REST, a stream"] = event.Actor
	return answers
}

func get(t *testing.T, transport http.RoundTripper, url string) []byte {
	t.Helper()
	answer, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestACallersCertificateIsKnownByEachWay(t *testing.T) {
	authority, directory := tlstest.NewAuthority(t), t.TempDir()
	options := TLSOptions{ClientAuth: ClientAuthAllow, ClientCA: tlstest.WriteFile(t, filepath.Join(directory, "ca.pem"), authority.PEM)}
	options.Cert, options.Key = authority.Server(t).Write(t, directory)
	asking, err := newCertificates(options, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	notAsking, err := newCertificates(TLSOptions{Cert: options.Cert, Key: options.Key}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	anonymous := &tls.Config{RootCAs: authority.Pool()}
	ann := &tls.Config{RootCAs: authority.Pool(), Certificates: []tls.Certificate{authority.Client(t, "ann").TLS(t)}}
	for name, test := range map[string]struct {
		server *certificates
		caller *tls.Config
		want   string
	}{
		"one that is asked for":     {asking, ann, "ann"},
		"none":                      {asking, anonymous, "nobody"},
		"one that nobody asked for": {notAsking, ann, "nobody"},
		"no TLS":                    {nil, nil, "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			grpcAddress, httpAddress := mirrored(t, test.server)
			for way, got := range asked(t, grpcAddress, httpAddress, test.caller) {
				if got != test.want {
					t.Errorf("%s: the caller is taken for %s, want %s", way, got, test.want)
				}
			}
		})
	}
}

func TestACertificateIsNotKnownUnlessItIsProven(t *testing.T) {
	authority := tlstest.NewAuthority(t)
	valid := authority.Client(t, "ann").TLS(t).Leaf
	expired := authority.Issue(t, x509.Certificate{NotAfter: testTime.AddDate(-1, 0, 0)}).TLS(t).Leaf
	chain := func(certificate *x509.Certificate) credentials.AuthInfo {
		return credentials.TLSInfo{State: tls.ConnectionState{
			PeerCertificates: []*x509.Certificate{certificate}, VerifiedChains: [][]*x509.Certificate{{certificate}},
		}}
	}
	for name, test := range map[string]struct {
		info credentials.AuthInfo
		want bool
	}{
		"one that was verified":         {chain(valid), true},
		"one that has expired since":    {chain(expired), false},
		"one that nobody has looked at": {credentials.TLSInfo{State: tls.ConnectionState{PeerCertificates: []*x509.Certificate{valid}}}, false},
		"no TLS":                        {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			certificate, ok := clientCertificate(peer.NewContext(t.Context(), &peer.Peer{AuthInfo: test.info}))
			if ok != test.want || (certificate != nil) != test.want {
				t.Errorf("certificate %v, %v, want one: %v", certificate, ok, test.want)
			}
		})
	}
	if _, ok := clientCertificate(t.Context()); ok {
		t.Error("there is one where nobody calls")
	}
}

func TestNoTraceTellsWhoseCertificateItWas(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "recorder")
	authority := tlstest.NewAuthority(t)
	ca := tlstest.WriteFile(t, filepath.Join(t.TempDir(), "ca.pem"), authority.PEM)
	server := startSecure(t, func(c *Config) { c.TLS.ClientCA, c.LogLevel = ca, slog.LevelDebug })
	recorded.take()
	config := server.believing(authority.Client(t, "robin-the-caller").TLS(t))
	_, err := debriefv1.NewIncidentServiceClient(server.connect(t, config)).ListIncidents(t.Context(), &debriefv1.ListIncidentsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	transport, ok := httpClient(t, config, true).Transport.(*http.Transport)
	if !ok {
		t.Fatal("the client has another transport")
	}
	get(t, transport, "https://"+server.Addresses().HTTP.String()+"/v1/incidents")
	server.stop(t) // What was recorded is sent.
	spans := recorded.take()
	told, err := json.Marshal(spans)
	if err != nil {
		t.Fatal(err)
	}
	if len(spans) == 0 || strings.Contains(fmt.Sprint(string(told), server.log), "robin") {
		t.Errorf("the spans or the log tell of the caller: %s\n%s", told, server.log)
	}
}
