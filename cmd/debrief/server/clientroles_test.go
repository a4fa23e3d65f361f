package server

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/server/tlstest"
)

// forged are headers by which proxies tell whose certificate it was, and those by which metadata passes a gateway.
var forged = map[string]string{
	"X-Forwarded-Client-Cert":               `Subject="CN=root";URI=spiffe://example.com/root`,
	"X-Ssl-Client-S-Dn":                     "CN=root",
	"X-Ssl-Client-Verify":                   "SUCCESS",
	"Ssl-Client-Cert":                       "root",
	"Grpc-Metadata-Authorization":           "cn:root",
	"Grpc-Metadata-X-Forwarded-For":         "root",
	"Forwarded":                             "for=root",
	"Debrief-Actor":                         "certificates/cn:root",
	"X-Forwarded-Tls-Client-Cert-Info":      `Subject="CN=root"`,
	"Client-Cert":                           ":cm9vdA==:",
	"Grpcgateway-X-Forwarded-Client-Cert":   "CN=root",
	"Grpc-Metadata-X-Forwarded-Client-Cert": "CN=root",
}

// byCertificate is a server that knows callers by the certificates of an authority, and does not ask all of them for one.
func byCertificate(t *testing.T) (server *secure, authority *tlstest.Authority) {
	t.Helper()
	authority = tlstest.NewAuthority(t)
	ca := tlstest.WriteFile(t, filepath.Join(t.TempDir(), "ca.pem"), authority.PEM)
	return startSecure(t, func(c *Config) {
		c.RequireAuthentication = true
		c.TLS.ClientCA, c.TLS.ClientAuth = ca, ClientAuthAllow
		c.TLS.ClientRoles = []string{"cn:root=admin", "cn:wall=viewer", "uri:spiffe://example.com/ci=responder"}
	}), authority
}

// called is what somebody is told of who they are, or why they are not, by gRPC and by REST.
func called(t *testing.T, server *secure, config *tls.Config, authorization string) map[string]string {
	t.Helper()
	answers := map[string]string{}
	sent := metadata.New(forged)
	if authorization != "" {
		sent.Set("authorization", authorization)
	}
	ctx := metadata.NewOutgoingContext(t.Context(), sent)
	caller, err := debriefv1.NewAccessServiceClient(server.connect(t, config)).GetCaller(ctx, &debriefv1.GetCallerRequest{})
	answers["gRPC"] = strings.TrimSpace(caller.GetPrincipal() + " " + strings.TrimPrefix(caller.GetRole().String(), "ROLE_UNSPECIFIED"))
	if err != nil {
		answers["gRPC"] = status.Code(err).String()
	}
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		code, body := fetch(t, server, httpClient(t, config, http2), "/v1/caller", authorization)
		var told struct{ Principal, Role string }
		if err := json.Unmarshal(body, &told); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		answers[name] = strings.TrimSpace(told.Principal + " " + told.Role)
		if code == http.StatusUnauthorized {
			answers[name] = codes.Unauthenticated.String()
		}
	}
	return answers
}

// fetch asks for a path, with all that is forged, and answers the status.
func fetch(t *testing.T, server *secure, client *http.Client, path, authorization string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+server.Addresses().HTTP.String()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range forged {
		request.Header.Set(name, value)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // What matters is read.
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

func TestACertificateSaysWhoCalls(t *testing.T) {
	server, authority := byCertificate(t)
	issue := func(template x509.Certificate) []tls.Certificate {
		template.ExtKeyUsage = clientUse
		return []tls.Certificate{authority.Issue(t, template).TLS(t)}
	}
	ci := &url.URL{Scheme: "spiffe", Host: "example.com", Path: "/ci"}
	nobody := codes.Unauthenticated.String()
	for name, test := range map[string]struct {
		certificates  []tls.Certificate
		authorization string
		want          string
	}{
		"one whose subject has a role":        {issue(x509.Certificate{Subject: pkix.Name{CommonName: "wall"}}), "", "certificates/cn:wall VIEWER"},
		"one whose alternative name has":      {issue(x509.Certificate{URIs: []*url.URL{ci}}), "", "certificates/uri:spiffe://example.com/ci RESPONDER"},
		"one that nobody is known by":         {issue(x509.Certificate{Subject: pkix.Name{CommonName: "ann"}}), "", nobody},
		"one that two are known by":           {issue(x509.Certificate{Subject: pkix.Name{CommonName: "wall"}, URIs: []*url.URL{ci}}), "", nobody},
		"none, but headers that tell of one":  {nil, "", nobody},
		"one that is passed over, for a key":  {issue(x509.Certificate{Subject: pkix.Name{CommonName: "root"}}), "Bearer dba_wrong", nobody},
		"one that is passed over, for a name": {issue(x509.Certificate{Subject: pkix.Name{CommonName: "root"}}), "cn:root", nobody},
	} {
		t.Run(name, func(t *testing.T) {
			for way, got := range called(t, server, server.believing(test.certificates...), test.authorization) {
				if strings.ReplaceAll(got, "ROLE_", "") != test.want {
					t.Errorf("by %s: %s, want %s", way, got, test.want)
				}
			}
		})
	}
}

// TestACertificateOpensWhatItsRoleIsFor tries a method, a stream, and what is no method of the API.
func TestACertificateOpensWhatItsRoleIsFor(t *testing.T) {
	server, authority := byCertificate(t)
	root := server.connect(t, server.believing(authority.Client(t, "root").TLS(t)))
	if _, err := debriefv1.NewIncidentServiceClient(root).CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{
		Incident: &debriefv1.Incident{Title: "Something to watch"},
	}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		lists, keys, metrics int
		watches              codes.Code
	}{
		"root": {http.StatusOK, http.StatusOK, http.StatusOK, codes.OK},
		"wall": {http.StatusOK, http.StatusForbidden, http.StatusOK, codes.OK},
		"ann":  {http.StatusUnauthorized, http.StatusUnauthorized, http.StatusUnauthorized, codes.Unauthenticated},
	} {
		config := server.believing(authority.Client(t, name).TLS(t))
		client := httpClient(t, config, true)
		for path, want := range map[string]int{"/v1/incidents": want.lists, "/v1/apiKeys": want.keys, "/metrics": want.metrics} {
			if got, body := fetch(t, server, client, path, ""); got != want {
				t.Errorf("%s, %s: %d %s, want %d", name, path, got, body, want)
			}
		}
		stream, err := debriefv1.NewEventServiceClient(server.connect(t, config)).WatchEvents(t.Context(), &debriefv1.WatchEventsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); status.Code(err) != want.watches {
			t.Errorf("%s watches: %v, want %v", name, err, want.watches)
		}
	}
}

func TestRolesOfCertificatesThatMakeNoSense(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no authority":                 {func(c *Config) { c.TLS.ClientCA = "" }, "tls-client-ca is required where tls-client-roles is given"},
		"nobody has to say who it is":  {func(c *Config) { c.RequireAuthentication = false }, "require-authentication is required where tls-client-roles is given"},
		"no pair":                      {func(c *Config) { c.TLS.ClientRoles = []string{"cn:ann"} }, "want VALUE=ROLE, such as dns:ci.example.com=responder"},
		"a name of no kind":            {func(c *Config) { c.TLS.ClientRoles = []string{"ann=viewer"} }, `tls-client-roles: "ann" is no name of a certificate`},
		"a role that there is not":     {func(c *Config) { c.TLS.ClientRoles = []string{"cn:ann=root"} }, `"root" is no role`},
		"the role of a sender":         {func(c *Config) { c.TLS.ClientRoles = []string{"cn:ann=integration"} }, `"integration" is no role`},
		"a name given twice":           {func(c *Config) { c.TLS.ClientRoles = []string{"cn:ann=viewer", "cn:ann=admin"} }, "is given twice"},
		"two spellings of one machine": {func(c *Config) { c.TLS.ClientRoles = []string{"dns:a.example=viewer", "dns:A.example=admin"} }, "is given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t)
			config.RequireAuthentication, config.TLS.ClientCA, config.TLS.ClientRoles = true, "ca.pem", []string{"cn:ann=viewer"}
			test.change(&config)
			if err := config.complete(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want …%s…", err, test.want)
			}
		})
	}
}
