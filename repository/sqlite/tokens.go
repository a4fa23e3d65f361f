package sqlite

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// The full-text index holds for each row the tokens of its terms: hashes, which are words that need no quoting, and long
// enough for none to be found that is another's. With them goes a token for each field that has a value, by which
// repository.AnyTerm is found, and one that all rows have, to which NOT is relative.
//
// A row's signature is the beginnings of its tokens. A token whose beginning is not in there is not the row's: so most
// rows that a condition does not hold for are passed over without their documents being read.

const (
	everyToken = "all"
	// hashLength is how many bytes of a hash make a token.
	hashLength = 15
	// separator is what separates field and value in a term.
	separator = "\x1f"
	// presence stands in the place of a value for any value: it sorts before all.
	presence = separator + "\x00"
)

var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// token is what a term is found by.
func token(term string) string {
	sum := sha256.Sum256([]byte(term))
	return encoding.EncodeToString(sum[:hashLength])
}

// signatureLength is how many characters of a token are in the signature.
const signatureLength = 5

// tokens are those of a row with the terms, as the full-text index takes them, and the signature.
func tokens(terms []string) (text string, signature []byte) {
	hashed := make([]string, 0, 2*len(terms)+1)
	hashed = append(hashed, everyToken)
	last := ""
	for _, term := range terms {
		hashed = append(hashed, token(term))
		for _, field := range fields(term) {
			if field != last {
				hashed = append(hashed, token(field+presence))
			}
			last = field
		}
	}
	signature = make([]byte, 0, signatureLength*len(hashed))
	for _, token := range hashed[1:] {
		signature = append(signature, token[:signatureLength]...)
	}
	return strings.Join(hashed, " "), signature
}

// fields are those that the term may be a value of: more than one where there is a separator in the name of the field or
// in the value.
func fields(term string) []string {
	var all []string
	for at := strings.Index(term, separator); at >= 0; {
		if at+1 < len(term) {
			all = append(all, term[:at])
		}
		next := strings.Index(term[at+1:], separator)
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return all
}
