package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/access"
)

// certificate is one that says of itself what the template does, as it is read from a connection.
func certificate(t *testing.T, template x509.Certificate) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(1)
	encoded, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestCertificatesAreKnownByOneOfTheirNames(t *testing.T) {
	t.Parallel()
	commonName := asn1.ObjectIdentifier{2, 5, 4, 3}
	known, err := access.NewCertificates(map[string]access.Role{
		"cn:ann": access.Responder, "cn:bob": access.Viewer, "dns:CI.example.com": access.Viewer, "email:ann@example.com": access.Facilitator,
		"uri:spiffe://example.com/wall": access.Viewer, "subject:CN=root,OU=ops\\, us,O=Example": access.Admin,
	})
	if err != nil {
		t.Fatal(err)
	}
	of := func(name string, role access.Role) access.Principal {
		return access.Principal{Name: "certificates/" + name, Role: role, By: access.ByCertificate}
	}
	for name, test := range map[string]struct {
		certificate x509.Certificate
		want        access.Principal
		several     bool
	}{
		"a common name":                  {x509.Certificate{Subject: pkix.Name{CommonName: "ann"}}, of("cn:ann", access.Responder), false},
		"another subject around it":      {x509.Certificate{Subject: pkix.Name{CommonName: "ann", Organization: []string{"X"}}}, of("cn:ann", access.Responder), false},
		"a common name, but in capitals": {x509.Certificate{Subject: pkix.Name{CommonName: "Ann"}}, access.Principal{}, false},
		"a common name that goes on":     {x509.Certificate{Subject: pkix.Name{CommonName: "ann.example.com"}}, access.Principal{}, false},
		"a host":                         {x509.Certificate{DNSNames: []string{"other.example.com", "ci.Example.com"}}, of("dns:ci.example.com", access.Viewer), false},
		"all hosts of a domain":          {x509.Certificate{DNSNames: []string{"*.example.com"}}, access.Principal{}, false},
		"a host as a common name":        {x509.Certificate{Subject: pkix.Name{CommonName: "ci.example.com"}}, access.Principal{}, false},
		"an address":                     {x509.Certificate{EmailAddresses: []string{"ann@example.com"}}, of("email:ann@example.com", access.Facilitator), false},
		"an identity of a mesh":          {x509.Certificate{URIs: []*url.URL{{Scheme: "spiffe", Host: "example.com", Path: "/wall"}}}, of("uri:spiffe://example.com/wall", access.Viewer), false},
		"a whole subject": {
			x509.Certificate{Subject: pkix.Name{CommonName: "root", OrganizationalUnit: []string{"ops, us"}, Organization: []string{"Example"}}},
			of(`subject:CN=root,OU=ops\, us,O=Example`, access.Admin), false,
		},
		"a subject with more in it": {
			x509.Certificate{Subject: pkix.Name{CommonName: "root", OrganizationalUnit: []string{"ops, us"}, Organization: []string{"Example"}, Country: []string{"XX"}}},
			access.Principal{},
			false,
		},
		"no name": {x509.Certificate{}, access.Principal{}, false},
		"two names": {
			x509.Certificate{Subject: pkix.Name{CommonName: "ann"}, DNSNames: []string{"ci.example.com"}}, access.Principal{}, true,
		},
		"two common names": {
			x509.Certificate{Subject: pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: commonName, Value: "ann"}, {Type: commonName, Value: "bob"}}}},
			access.Principal{},
			true,
		},
		"one name, twice": {
			x509.Certificate{Subject: pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: commonName, Value: "ann"}, {Type: commonName, Value: "ann"}}}},
			of("cn:ann", access.Responder), false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok, err := known.Principal(certificate(t, test.certificate))
			if diff := cmp.Diff(test.want, got); diff != "" || ok != (test.want.Name != "") {
				t.Errorf("known: %v (-want +got):\n%s", ok, diff)
			}
			if errors.As(err, new(*access.CredentialsError)) != test.several {
				t.Errorf("error is %v, want one: %v", err, test.several)
			}
		})
	}
	if _, ok, err := (access.Certificates{}).Principal(certificate(t, x509.Certificate{Subject: pkix.Name{CommonName: "ann"}})); ok || err != nil {
		t.Errorf("where nobody is known: %v, %v", ok, err)
	}
}

func TestNamesOfCertificatesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		names []string
		want  string
	}{
		"no kind":                  {[]string{"ann"}, "want KIND:VALUE, where the kind is cn, dns, email, subject, uri"},
		"a kind that there is not": {[]string{"ip:192.0.2.7"}, "want KIND:VALUE"},
		"a kind in capitals":       {[]string{"CN:ann"}, "want KIND:VALUE"},
		"nothing of the kind":      {[]string{"cn:"}, "want KIND:VALUE"},
		"a pattern":                {[]string{"dns:*.example.com"}, "compared as a whole"},
		"a space around it":        {[]string{"cn: ann"}, "hidden characters"},
		"a line break":             {[]string{"cn:a\nb"}, "hidden characters"},
		"too long":                 {[]string{"cn:" + strings.Repeat("a", 113)}, "at most 115 are allowed"},
		"the same host twice":      {[]string{"dns:a.example", "dns:A.example"}, "is given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roles := map[string]access.Role{}
			for _, name := range test.names {
				roles[name] = access.Viewer
			}
			if _, err := access.NewCertificates(roles); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q", err, test.want)
			}
		})
	}
}
