package sns_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/debriefhq/debrief/service/outbound"
	"github.com/debriefhq/debrief/service/outbound/sns"
)

const (
	certificateURL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
	confirmURL     = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:alarms&Token=hidden"
)

// host answers in the stead of Amazon, and counts how often it was asked.
type host struct {
	asked  atomic.Int64
	answer func(*http.Request) (*http.Response, error)
}

func (h *host) RoundTrip(request *http.Request) (*http.Response, error) {
	h.asked.Add(1)
	return h.answer(request)
}

func newClient(answer func(*http.Request) (*http.Response, error)) (*sns.Client, *host) {
	host := &host{answer: answer}
	client := outbound.NewClient(outbound.Options{})
	client.Transport = host
	return sns.NewClient(client), host
}

func answer(status int, body []byte) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

func certificate(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(4711)}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: encoded})
}

func checkSerial(t *testing.T, got *x509.Certificate, err error) {
	t.Helper()
	if err != nil || got.SerialNumber.Int64() != 4711 {
		t.Errorf("certificate %v, error %v", got, err)
	}
}

func TestCertificateIsFetchedOnce(t *testing.T) {
	body := certificate(t)
	client, host := newClient(func(*http.Request) (*http.Response, error) { return answer(http.StatusOK, body) })
	for range 3 {
		got, err := client.Certificate(t.Context(), certificateURL)
		checkSerial(t, got, err)
	}
	if got := host.asked.Load(); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
	got, err := client.Certificate(t.Context(), strings.Replace(certificateURL, "eu-west-1", "us-east-2", 1))
	checkSerial(t, got, err)
	if got := host.asked.Load(); got != 2 {
		t.Errorf("asked %d times for two, want twice", got)
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	body := certificate(t)
	failing := true
	client, host := newClient(func(*http.Request) (*http.Response, error) {
		if failing {
			return answer(http.StatusServiceUnavailable, nil)
		}
		return answer(http.StatusOK, body)
	})
	if got, err := client.Certificate(t.Context(), certificateURL); err == nil || got != nil {
		t.Fatalf("certificate %v, error %v", got, err)
	}
	failing = false
	got, err := client.Certificate(t.Context(), certificateURL)
	checkSerial(t, got, err)
	if got := host.asked.Load(); got != 2 {
		t.Errorf("asked %d times, want twice", got)
	}
}

// gate holds answers back until it is opened, and says when somebody waits for one.
type gate struct {
	arrived chan string
	open    chan struct{}
	body    []byte
}

func newGate(t *testing.T) *gate {
	t.Helper()
	return &gate{arrived: make(chan string, 100), open: make(chan struct{}), body: certificate(t)}
}

func (g *gate) answer(request *http.Request) (*http.Response, error) {
	g.arrived <- request.URL.Host
	select {
	case <-g.open:
		return answer(http.StatusOK, g.body)
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
}

func TestSeveralShareOneFetch(t *testing.T) {
	gate := newGate(t)
	client, host := newClient(gate.answer)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got, err := client.Certificate(t.Context(), certificateURL)
			checkSerial(t, got, err)
		})
	}
	<-gate.arrived
	close(gate.open)
	all.Wait()
	if got := host.asked.Load(); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
}

// Whoever began a fetch may leave; the others get what it brings.
func TestWhoLeavesEndsNoFetch(t *testing.T) {
	gate := newGate(t)
	client, host := newClient(gate.answer)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := client.Certificate(ctx, certificateURL)
		left <- err
	}()
	<-gate.arrived
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	close(gate.open)
	got, err := client.Certificate(t.Context(), certificateURL)
	checkSerial(t, got, err)
	if got := host.asked.Load(); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
}

func TestFewAreFetchedAtOnce(t *testing.T) {
	gate := newGate(t)
	client, host := newClient(gate.answer)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			got, err := client.Certificate(t.Context(), fmt.Sprintf("https://sns.eu-west-%d.amazonaws.com/SimpleNotificationService-0.pem", i))
			checkSerial(t, got, err)
		})
		<-gate.arrived
	}
	if _, err := client.Certificate(t.Context(), certificateURL[:len(certificateURL)-4]+"0.pem"); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("error %v of the fifth, want that there are too many", err)
	}
	close(gate.open)
	all.Wait()
	got, err := client.Certificate(t.Context(), certificateURL)
	checkSerial(t, got, err)
	if got := host.asked.Load(); got != 5 {
		t.Errorf("asked %d times, want 5", got)
	}
}

func TestKeptCertificatesAreBounded(t *testing.T) {
	body := certificate(t)
	client, host := newClient(func(*http.Request) (*http.Response, error) { return answer(http.StatusOK, body) })
	address := func(i int) string {
		return fmt.Sprintf("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-%d.pem", i)
	}
	for i := range 65 {
		got, err := client.Certificate(t.Context(), address(i))
		checkSerial(t, got, err)
	}
	for _, i := range []int{64, 0} { // The last one is kept still, the first one is not.
		got, err := client.Certificate(t.Context(), address(i))
		checkSerial(t, got, err)
	}
	if got := host.asked.Load(); got != 66 {
		t.Errorf("asked %d times, want 66", got)
	}
}

func TestNobodyButSNSIsAsked(t *testing.T) {
	client, host := newClient(func(*http.Request) (*http.Response, error) { return answer(http.StatusOK, nil) })
	const path = "/SimpleNotificationService-0.pem"
	for _, base := range []string{
		"http://sns.eu-west-1.amazonaws.com", "https://sns.eu-west-1.amazonaws.com:443", "https://sns.eu-west-1.amazonaws.com:",
		"https://user@sns.eu-west-1.amazonaws.com", "https://user:password@sns.eu-west-1.amazonaws.com", "https://@sns.eu-west-1.amazonaws.com",
		"https://sns.eu-west-1.amazonaws.com.evil.example", "https://sns.eu-west-1.amazonaws.com.cn.evil.example",
		"https://evil.example/sns.eu-west-1.amazonaws.com", "https://evil.example#sns.eu-west-1.amazonaws.com",
		"https://evil.example?sns.eu-west-1.amazonaws.com", "https://sns.eu-west-1.amazonaws.com@evil.example",
		`https://sns.eu-west-1.amazonaws.com\@evil.example`, `https:\\sns.eu-west-1.amazonaws.com`,
		"https://sns.eu-west-1.amazonaws.com.", "https://sns.eu-west-1.amazonaws.com%2eevil.example", "https://sns.eu-west-1.amazonaws.com%00.evil.example",
		"https://sns.eu-west-1.evilamazonaws.com", "https://snsXeu-west-1.amazonaws.com", "https://sns.eu-west-1xamazonaws.com",
		"https://sns.evil.eu-west-1.amazonaws.com", "https://evil.sns.eu-west-1.amazonaws.com", "https://sns..amazonaws.com", "https://sns.amazonaws.com",
		"https://sns.s3.amazonaws.com", "https://sns.eu-west-1.amazonaws.com\n", " https://sns.eu-west-1.amazonaws.com",
		"https://sns.eu-west-1.amazonaws.com/bucket", "https://sns.eu-west-1.amazonaws.com/..", "https://127.0.0.1", "https://[::1]", "//sns.eu-west-1.amazonaws.com", "",
	} {
		if got, err := client.Certificate(t.Context(), base+path); err == nil || got != nil {
			t.Errorf("a certificate of %q: %v", base, err)
		}
		if err := client.Confirm(t.Context(), base+"/?Action=ConfirmSubscription&TopicArn=a&Token=b"); err == nil {
			t.Errorf("confirmed at %q", base)
		}
	}
	for _, address := range []string{confirmURL + "&Action=DeleteTopic", strings.Replace(confirmURL, "ConfirmSubscription", "DeleteTopic", 1), certificateURL} {
		if err := client.Confirm(t.Context(), address); err == nil {
			t.Errorf("confirmed at %q", address)
		}
	}
	if got := host.asked.Load(); got != 0 {
		t.Errorf("asked %d times", got)
	}
}

func TestCertificateRefusesWhatIsNone(t *testing.T) {
	whole := certificate(t)
	for name, test := range map[string]struct {
		status int
		body   []byte
		want   string
	}{
		"nothing":           {http.StatusOK, nil, "no certificate in PEM"},
		"a text":            {http.StatusOK, []byte("hello"), "no certificate in PEM"},
		"a key":             {http.StatusOK, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), "no certificate in PEM"},
		"a broken one":      {http.StatusOK, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), "read a certificate"},
		"one that is large": {http.StatusOK, append(bytes.Repeat([]byte("\n"), 64<<10), whole...), "more than 65536 bytes"},
		"one that moved":    {http.StatusFound, whole, "status 302"},
		"one not found":     {http.StatusNotFound, whole, "status 404"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := newClient(func(*http.Request) (*http.Response, error) { return answer(test.status, test.body) })
			got, err := client.Certificate(t.Context(), certificateURL)
			if err == nil || got != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("certificate %v, error %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestConfirm(t *testing.T) {
	var told string
	client, host := newClient(func(request *http.Request) (*http.Response, error) {
		told = request.Method + " " + request.URL.String()
		return answer(http.StatusOK, []byte("<ConfirmSubscriptionResponse/>"))
	})
	for range 2 {
		if err := client.Confirm(t.Context(), confirmURL); err != nil {
			t.Error(err)
		}
	}
	if want := "GET " + confirmURL; told != want || host.asked.Load() != 2 {
		t.Errorf("told %q, %d times, want %q", told, host.asked.Load(), want)
	}
}

func TestConfirmTellsWhatFailed(t *testing.T) {
	for name, fail := range map[string]func(*http.Request) (*http.Response, error){
		"a refusal":   func(*http.Request) (*http.Response, error) { return answer(http.StatusForbidden, nil) },
		"a redirect":  func(*http.Request) (*http.Response, error) { return answer(http.StatusSeeOther, nil) },
		"no exchange": func(*http.Request) (*http.Response, error) { return nil, outbound.ErrForbidden },
	} {
		client, _ := newClient(fail)
		if err := client.Confirm(t.Context(), confirmURL); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
