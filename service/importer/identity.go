package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Basis says what the identity of a document was derived from.
type Basis string

// What an identity may be derived from, the first that a text has.
const (
	// ByID is an id in the front matter.
	ByID Basis = "ID"
	// ByIncidents is the title, with the resource names of the incidents of a document that Debrief exported.
	ByIncidents Basis = "TITLE_AND_INCIDENTS"
	// ByDate is the title with the day that the document tells of itself.
	ByDate Basis = "TITLE_AND_DATE"
	// ByText is the text itself: a text without an id, a title or a day is another document once it is changed.
	ByText Basis = "TEXT"
)

// Identity tells documents apart, wherever their files lie and whatever they are called.
type Identity struct {
	// Key is the same for all versions of one document. It is 32 hexadecimal digits.
	Key   string `json:"key"`
	Basis Basis  `json:"basis"`
	// Fingerprint is the same for all texts that read the same. It is 64 hexadecimal digits.
	Fingerprint string `json:"fingerprint"`
}

// fingerprint is a hash of a normal text (SHA-256). White space at the ends of lines and of the text does not count.
func fingerprint(normal string) string {
	lines := strings.Split(normal, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return digest(strings.Trim(strings.Join(lines, "\n"), "\n"))
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

func (r *reader) identity(normal string) Identity {
	identity := Identity{Fingerprint: fingerprint(normal)}
	named := strings.ToLower(plaintext.Line(r.document.Title))
	var covered []string
	for _, incident := range r.document.Incidents {
		if incident.Name != "" {
			covered = append(covered, incident.Name)
		}
	}
	slices.Sort(covered)
	parts := []string{identity.Fingerprint}
	switch identity.Basis = ByText; {
	case r.id != "":
		identity.Basis, parts = ByID, []string{r.id}
	case named != "" && len(covered) > 0:
		identity.Basis, parts = ByIncidents, append([]string{named}, covered...)
	case named != "" && !r.document.Date.Time.IsZero():
		identity.Basis, parts = ByDate, []string{named, r.document.Date.Time.Format(time.DateOnly)}
	}
	identity.Key = digest(append([]string{string(identity.Basis)}, parts...)...)[:32]
	return identity
}

// normalize makes a text safe to handle: valid UTF-8 without a byte order mark, line breaks of one kind, and no control
// characters.
func normalize(text string) string { return plaintext.Lines(strings.TrimPrefix(text, "\uFEFF")) }
