package access

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// CertificatePrefix is before the name of whoever is known by a certificate: no key is called so, and nobody who has a token.
const CertificatePrefix = "certificates/"

// maxCertificateName bounds such a name, in bytes, so that no record of who did something has to cut it.
const maxCertificateName = 128

// certificateNames are what a certificate says of whose it is, by the kinds of its names.
var certificateNames = map[string]func(*x509.Certificate) []string{
	"subject": func(c *x509.Certificate) []string { return []string{subject(c).String()} },
	"cn":      commonNames,
	"dns":     func(c *x509.Certificate) []string { return lowered(c.DNSNames) },
	"email":   func(c *x509.Certificate) []string { return c.EmailAddresses },
	"uri": func(c *x509.Certificate) []string {
		var texts []string
		for _, uri := range c.URIs {
			texts = append(texts, uri.String())
		}
		return texts
	},
}

// Certificates say who has a certificate, by one of its names. The zero value knows nobody.
type Certificates struct{ roles map[string]Role }

// NewCertificates takes the role of each name that a certificate can have, written KIND:VALUE. The kinds are those of subject
// alternative names, `dns`, `uri` and `email`; `cn`, a common name of the subject; and `subject`, all of it as RFC 2253 writes it.
func NewCertificates(roles map[string]Role) (Certificates, error) {
	known := map[string]Role{}
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		kind, value, _ := strings.Cut(name, ":")
		switch {
		case certificateNames[kind] == nil || value == "":
			return Certificates{}, fmt.Errorf("%q is no name of a certificate: want KIND:VALUE, where the kind is %s", name,
				strings.Join(slices.Sorted(maps.Keys(certificateNames)), ", "))
		case strings.Contains(value, "*"):
			return Certificates{}, fmt.Errorf("%q has an asterisk in it: names are compared as a whole, so name each", name)
		case strings.TrimSpace(value) != value || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
			return Certificates{}, fmt.Errorf("%q has hidden characters in it, or spaces around it: want printable ones", name)
		case len(CertificatePrefix)+len(name) > maxCertificateName:
			return Certificates{}, fmt.Errorf("%q has %d bytes: at most %d are allowed", name, len(name), maxCertificateName-len(CertificatePrefix))
		}
		as := name
		if kind == "dns" {
			as = strings.ToLower(name)
		}
		if _, given := known[as]; given {
			return Certificates{}, fmt.Errorf("%q is given twice: name it once", as)
		}
		known[as] = roles[name]
	}
	return Certificates{known}, nil
}

// Principal is whose a certificate is; false where nobody is known by one of its names. Who is known by several is nobody in
// particular: that is a CredentialsError. Whether the certificate is genuine is for the caller to know.
func (c Certificates) Principal(certificate *x509.Certificate) (Principal, bool, error) {
	var found []string
	for kind, names := range certificateNames {
		for _, value := range names(certificate) {
			if name := kind + ":" + value; c.roles[name] != Nobody {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	switch found = slices.Compact(found); len(found) {
	case 0:
		return Principal{}, false, nil
	case 1:
		return Principal{Name: CertificatePrefix + found[0], Role: c.roles[found[0]], By: ByCertificate}, true, nil
	default:
		return Principal{}, false, &CredentialsError{Problem: fmt.Sprintf(
			"the certificate is that of %s: it must be known by one of its names only", strings.Join(found, " and of "))}
	}
}

// subject is that of the certificate, in its order and with all that is in it; none where it can't be read.
func subject(certificate *x509.Certificate) pkix.RDNSequence {
	var sequence pkix.RDNSequence
	if rest, err := asn1.Unmarshal(certificate.RawSubject, &sequence); err != nil || len(rest) > 0 {
		return nil
	}
	return sequence
}

// commonNames are all of the subject: it may have several, though x509 answers the last.
func commonNames(certificate *x509.Certificate) []string {
	var names []string
	for _, attribute := range certificate.Subject.Names {
		if name, ok := attribute.Value.(string); ok && attribute.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, 3}) {
			names = append(names, name)
		}
	}
	return names
}

func lowered(texts []string) []string {
	changed := make([]string, len(texts))
	for i, text := range texts {
		changed[i] = strings.ToLower(text)
	}
	return changed
}
