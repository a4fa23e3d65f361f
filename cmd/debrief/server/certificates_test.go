package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/server/tlstest"
)

// served are the serial numbers of the certificates that are shown to new connections.
func (s *secure) served(t *testing.T) []string {
	t.Helper()
	var serials []string
	for _, address := range []string{s.Addresses().GRPC.String(), s.Addresses().HTTP.String()} {
		config := s.believing()
		config.NextProtos = []string{"h2"}
		state, err := shakeHands(t, address, config)
		if err != nil {
			t.Fatal(err)
		}
		serials = append(serials, state.PeerCertificates[0].SerialNumber.String())
	}
	return serials
}

// expectServed holds both addresses against one certificate.
func (s *secure) expectServed(t *testing.T, want tlstest.Pair) {
	t.Helper()
	if diff := cmp.Diff([]string{want.Serial(t), want.Serial(t)}, s.served(t)); diff != "" {
		t.Errorf("certificates over gRPC and HTTP (-want +got):\n%s", diff)
	}
}

// watchEvents follows the feed over gRPC: the function waits for the next event.
func (s *secure) watchEvents(t *testing.T) func() *debriefv1.Event {
	t.Helper()
	stream, err := debriefv1.NewEventServiceClient(s.connect(t, s.believing())).WatchEvents(t.Context(), &debriefv1.WatchEventsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return func() *debriefv1.Event {
		for {
			answer, err := stream.Recv()
			if err != nil {
				t.Fatalf("the stream ended: %v", err)
			}
			if answer.GetEvent() != nil {
				return answer.GetEvent()
			}
		}
	}
}

// readEvents follows the feed over HTTP: the function waits for the next event.
func (s *secure) readEvents(t *testing.T, http2 bool) func() {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addresses().HTTP.String()+"/v1/events:watch", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := httpClient(t, s.believing(), http2).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() }) // It has no end of its own.
	lines := bufio.NewScanner(answer.Body)
	return func() {
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: ") {
				return
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
	}
}

func TestNewCertificatesDropNoConnection(t *testing.T) {
	server := startSecure(t, nil)
	overGRPC, overHTTP1, overHTTP2 := server.watchEvents(t), server.readEvents(t, false), server.readEvents(t, true)
	incidents := debriefv1.NewIncidentServiceClient(server.connect(t, server.believing()))
	tell := func() {
		if _, err := incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "x"}}); err != nil {
			t.Fatal(err)
		}
		overGRPC()
		overHTTP1()
		overHTTP2()
	}
	tell()
	renewed := server.authority.Server(t)
	renewed.Write(t, server.directory)
	server.expectServed(t, server.pair) // Nobody has looked yet.
	server.config.certificates.check(t.Context())
	server.expectServed(t, renewed)
	tell()
	page, err := httpClient(t, server.believing(), true).Get("https://" + server.Addresses().HTTP.String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = page.Body.Close() }()
	found := map[string]bool{}
	for lines := bufio.NewScanner(page.Body); lines.Scan(); {
		found[lines.Text()] = true
	}
	for _, want := range []string{
		`debrief_tls_reloads_total{outcome="LOADED"} 1`,
		fmt.Sprintf("debrief_tls_certificate_expiry_timestamp_seconds %g", float64(renewed.TLS(t).Leaf.NotAfter.Unix())),
	} {
		if !found[want] {
			t.Errorf("the metrics have no %s", want)
		}
	}
}

func TestTheServerLooksAtItsFilesByItself(t *testing.T) {
	server := startSecure(t, func(c *Config) { c.TLS.ReloadInterval = time.Millisecond })
	renewed := server.authority.Server(t)
	renewed.Write(t, server.directory)
	want, got := renewed.Serial(t), ""
	for got != want {
		got = server.served(t)[0]
	}
	server.expectServed(t, renewed)
}

// watched are certificates with a clock, a log and measurements that a test can look at.
type watched struct {
	*certificates
	directory string
	authority *tlstest.Authority
	first     tlstest.Pair
	now       time.Time
	log       logBuffer
	reader    *sdkmetric.ManualReader
}

func watchFiles(t *testing.T, template x509.Certificate) *watched {
	t.Helper()
	w := &watched{directory: t.TempDir(), authority: tlstest.NewAuthority(t), now: testTime, reader: sdkmetric.NewManualReader()}
	w.first = w.authority.Issue(t, template)
	options := TLSOptions{ClientCA: tlstest.WriteFile(t, filepath.Join(w.directory, "ca.pem"), w.authority.PEM)}
	options.Cert, options.Key = w.first.Write(t, w.directory)
	var err error
	if w.certificates, err = newCertificates(options, func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(w.reader))
	if err := w.report(meters, slog.New(slog.NewJSONHandler(&w.log, nil))); err != nil {
		t.Fatal(err)
	}
	return w
}

var testTime = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// look looks at the files, and answers what the log says of it.
func (w *watched) look(t *testing.T) []string {
	t.Helper()
	before := len(w.log.String())
	w.check(t.Context())
	var told []string
	for line := range strings.Lines(w.log.String()[before:]) {
		var record struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		told = append(told, record.Level+" "+record.Msg)
	}
	return told
}

// counted are the reloads, by what came of them.
func (w *watched) counted(t *testing.T) map[string]int64 {
	t.Helper()
	var metrics metricdata.ResourceMetrics
	if err := w.reader.Collect(t.Context(), &metrics); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, scope := range metrics.ScopeMetrics {
		for _, one := range scope.Metrics {
			sum, ok := one.Data.(metricdata.Sum[int64])
			if !ok || one.Name != "debrief.tls.reloads" {
				continue
			}
			for _, point := range sum.DataPoints {
				outcome, _ := point.Attributes.Value("outcome")
				counts[outcome.AsString()] = point.Value
			}
		}
	}
	return counts
}

// serial is that of the certificate that new connections begin with.
func (w *watched) serial(t *testing.T) string {
	t.Helper()
	config, err := w.config().GetConfigForClient(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return config.Certificates[0].Leaf.SerialNumber.String()
}

const (
	toldLoaded  = "INFO the TLS files have changed: new connections begin with them"
	toldRefused = "ERROR the TLS files are refused: those before them are served on"
	toldSoon    = "WARN the TLS certificate expires soon"
	toldExpired = "ERROR the TLS certificate has expired"
)

func TestFilesThatMakeNoSenseAreNotTaken(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, w *watched){
		"the key of another": func(t *testing.T, w *watched) {
			t.Helper()
			tlstest.WriteFile(t, w.options.Key, w.authority.Server(t).Key)
		},
		"a certificate that has expired": func(t *testing.T, w *watched) {
			t.Helper()
			w.authority.Issue(t, x509.Certificate{NotAfter: testTime.Add(-time.Second)}).Write(t, w.directory)
		},
		"a certificate that is not valid yet": func(t *testing.T, w *watched) {
			t.Helper()
			w.authority.Issue(t, x509.Certificate{NotBefore: testTime.Add(time.Second)}).Write(t, w.directory)
		},
		"half a certificate": func(t *testing.T, w *watched) {
			t.Helper()
			tlstest.WriteFile(t, w.options.Cert, w.first.Cert[:len(w.first.Cert)/2])
		},
		"no file": func(t *testing.T, w *watched) {
			t.Helper()
			if err := os.Remove(w.options.Key); err != nil {
				t.Fatal(err)
			}
		},
		"no authorities": func(t *testing.T, w *watched) {
			t.Helper()
			tlstest.WriteFile(t, w.options.ClientCA, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := watchFiles(t, x509.Certificate{})
			if told := w.look(t); told != nil {
				t.Errorf("files that are as they were: %q", told)
			}
			spoil(t, w)
			if diff := cmp.Diff([][]string{{toldRefused}, nil}, [][]string{w.look(t), w.look(t)}); diff != "" {
				t.Errorf("told when they are looked at twice (-want +got):\n%s", diff)
			}
			if got, want := w.serial(t), w.first.Serial(t); got != want {
				t.Errorf("certificate %s is served, want %s still", got, want)
			}
			renewed := w.authority.Server(t)
			renewed.Write(t, w.directory)
			tlstest.WriteFile(t, w.options.ClientCA, w.authority.PEM)
			if diff := cmp.Diff([]string{toldLoaded}, w.look(t)); diff != "" {
				t.Errorf("told when they are in order again (-want +got):\n%s", diff)
			}
			if got, want := w.serial(t), renewed.Serial(t); got != want {
				t.Errorf("certificate %s is served, want the new one, %s", got, want)
			}
			if diff := cmp.Diff(map[string]int64{"REFUSED": 2, "LOADED": 1}, w.counted(t)); diff != "" {
				t.Errorf("reloads (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilesThatAreAsTheyWereAreInOrderAgain(t *testing.T) {
	w := watchFiles(t, x509.Certificate{})
	for range 2 {
		tlstest.WriteFile(t, w.options.Key, []byte("spoilt"))
		if diff := cmp.Diff([]string{toldRefused}, w.look(t)); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		w.first.Write(t, w.directory)
		if told := w.look(t); told != nil {
			t.Errorf("told %q of the certificate that is served", told)
		}
	}
}

func TestACertificateIsTakenOnceItIsValid(t *testing.T) {
	w := watchFiles(t, x509.Certificate{})
	early := w.authority.Issue(t, x509.Certificate{NotBefore: testTime.Add(time.Minute)})
	early.Write(t, w.directory)
	w.look(t)
	w.now = testTime.Add(time.Minute)
	if diff := cmp.Diff([]string{toldLoaded}, w.look(t)); diff != "" || w.serial(t) != early.Serial(t) {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// TestALinkIsChanged has files that are links into a directory that is a link itself, as Kubernetes mounts secrets: a new secret
// is written beside the old one, and the directory's link is then renamed.
func TestALinkIsChanged(t *testing.T) {
	authority, mount := tlstest.NewAuthority(t), t.TempDir()
	publish := func(version string, pair tlstest.Pair) {
		if err := os.Mkdir(filepath.Join(mount, version), 0o700); err != nil {
			t.Fatal(err)
		}
		pair.Write(t, filepath.Join(mount, version))
		link(t, version, filepath.Join(mount, "..data_tmp"))
		if err := os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	first, second := authority.Server(t), authority.Server(t)
	publish("..2026_11_23", first)
	options := TLSOptions{Cert: filepath.Join(mount, "tls.crt"), Key: filepath.Join(mount, "tls.key")}
	link(t, filepath.Join("..data", "tls.crt"), options.Cert)
	link(t, filepath.Join("..data", "tls.key"), options.Key)
	server := &secure{authority: authority, running: start(t, func(c *Config) {
		options.ReloadInterval = 24 * time.Hour
		c.TLS = options
	})}
	server.expectServed(t, first)
	publish("..2026_11_24", second)
	server.config.certificates.check(t.Context())
	server.expectServed(t, second)
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Skipf("this system has no links: %v", err)
	}
}

func TestACertificateThatExpiresIsComplainedAbout(t *testing.T) {
	const day = 24 * time.Hour
	type step struct {
		left time.Duration
		told []string
	}
	for name, test := range map[string]struct {
		life  time.Duration
		steps []step
	}{
		"one for a quarter of a year": {90 * day, []step{
			{14 * day, nil},
			{14*day - 1, []string{toldSoon}},
			{14*day - time.Hour, nil},
			{13*day - 1, []string{toldSoon}},
			{-time.Second, []string{toldExpired}},
			{-time.Hour, nil},
			{-2 * day, []string{toldExpired}},
		}},
		"one for a day": {day, []step{
			{8 * time.Hour, nil},
			{7 * time.Hour, []string{toldSoon}},
			{6 * time.Hour, nil},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			end := testTime.Add(test.life)
			w := watchFiles(t, x509.Certificate{NotBefore: testTime, NotAfter: end})
			for _, step := range test.steps {
				w.now = end.Add(-step.left)
				if diff := cmp.Diff(step.told, w.look(t)); diff != "" {
					t.Errorf("%v before its end (-want +got):\n%s", step.left, diff)
				}
			}
		})
	}
}

func TestTheFilesAreFollowedFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watchFiles(t, x509.Certificate{NotAfter: testTime.Add(24 * time.Hour)})
		w.options.ReloadInterval = time.Minute
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.follow(ctx)
		}()
		synctest.Wait()
		if !strings.Contains(w.log.String(), "the TLS certificate expires soon") {
			t.Errorf("nothing is said of a certificate that expires in a day: %s", &w.log)
		}
		renewed := w.authority.Server(t)
		renewed.Write(t, w.directory)
		sleep(t.Context(), time.Minute)
		synctest.Wait()
		if got, want := w.serial(t), renewed.Serial(t); got != want {
			t.Errorf("certificate %s is served after a minute, want %s", got, want)
		}
		cancel()
		<-ended
	})
}
