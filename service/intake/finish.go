package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/debriefhq/debrief/service/plaintext"
)

// finish brings an alert, put together from what a sender said, within the bounds of an [Alert], and says what it changed.
// The adapter has set Fingerprint and Status; of everything else it may leave out what it does not know.
func finish(alert *Alert) {
	name := alert.Fingerprint
	alert.Fingerprint = identity(name, MaxFingerprint)
	if alert.EpisodeKey != "" {
		alert.EpisodeKey = identity(alert.EpisodeKey, MaxEpisodeKey)
	}
	alert.Title = shortenLine(cmp.Or(plaintext.Line(plaintext.Printable(alert.Title)), plaintext.Line(plaintext.Printable(name)), alert.Fingerprint), MaxTitle)
	alert.Summary = cutText(&alert.Alterations, "summary", strings.TrimSpace(alert.Summary), MaxAnnotationValue)
	alert.Severity = plaintext.Shorten(strings.ToLower(plaintext.Line(plaintext.Printable(alert.Severity))), MaxName)
	alert.Labels = bounded(&alert.Alterations, "labels", alert.Labels, MaxLabels, MaxLabelValue)
	alert.Annotations = bounded(&alert.Alterations, "annotations", alert.Annotations, MaxAnnotations, MaxAnnotationValue)
	alert.GeneratorURL = boundedLink(&alert.Alterations, "generatorURL", alert.GeneratorURL)
	alert.ExternalURL = boundedLink(&alert.Alterations, "externalURL", alert.ExternalURL)
	finishLinks(alert)
	finishTimes(alert)
}

// hashed begins what a name becomes that has no room, or cannot be written.
const hashed = "sha256:"

// Digest is what a name of any length and any characters is known by: 71 bytes of ASCII, made of its SHA-256.
func Digest(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hashed + hex.EncodeToString(sum[:])
}

// identity is a name that fits into a number of bytes of printable ASCII without spaces: as it was sent where it does, and
// its Digest where it does not. A name that looks like a Digest gets one too, so that no two names share an identity.
func identity(name string, limit int) string {
	if name != "" && len(name) <= limit && !strings.HasPrefix(name, hashed) && !strings.ContainsFunc(name, notGraphicASCII) {
		return name
	}
	return Digest(name)
}

func cutText(alterations *[]string, field, sent string, limit int) string {
	text := plaintext.Printable(sent)
	if len(text) > limit {
		*alterations = append(*alterations, fmt.Sprintf("%s was shortened from %d bytes to %d", field, len(text), limit))
	}
	return plaintext.Shorten(text, limit)
}

func finishLinks(alert *Alert) {
	var links []Link
	for _, sent := range alert.Links {
		if isWebAddress(sent.URI) && len(links) < MaxLinks {
			links = append(links, Link{URI: sent.URI, Title: shortenLine(plaintext.Line(plaintext.Printable(sent.Title)), MaxTitle)})
		}
	}
	var images []Image
	for _, sent := range alert.Images {
		if !isWebAddress(sent.URI) || len(images) == MaxImages {
			continue
		}
		if !isWebAddress(sent.Link) {
			sent.Link = ""
		}
		sent.Alternative = shortenLine(plaintext.Line(plaintext.Printable(sent.Alternative)), MaxTitle)
		images = append(images, sent)
	}
	noteOmitted(alert, "links", len(links), len(alert.Links))
	noteOmitted(alert, "images", len(images), len(alert.Images))
	alert.Links, alert.Images = links, images
}

func noteOmitted(alert *Alert, what string, kept, sent int) {
	if kept < sent {
		alert.Alterations = append(alert.Alterations, fmt.Sprintf(
			"%d of %d %s were left out: only http and https URLs of at most %d bytes are kept, and of them the first",
			sent-kept, sent, what, MaxURL))
	}
}

// isWebAddress is true of what a browser may be led to.
func isWebAddress(sent string) bool {
	if sent == "" || len(sent) > MaxURL || strings.ContainsFunc(sent, notPrintableInURL) {
		return false
	}
	address, err := url.Parse(sent)
	return err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Host != ""
}

func notPrintableInURL(r rune) bool {
	return r <= ' ' || r == 0x7f || r == '\uFFFD' || r >= 0x80 && r < 0xa0
}

// finishTimes drops what no store and no API can hold as a time. Clocks differ: an end before the start is moved to it.
func finishTimes(alert *Alert) {
	for field, at := range alert.times() {
		if at.IsZero() {
			continue
		}
		*at = at.UTC().Truncate(time.Millisecond)
		if year := at.Year(); year < 1970 || year > 9999 {
			alert.Alterations = append(alert.Alterations, field+" was left out: it must be from 1970 to 9999")
			*at = time.Time{}
		}
	}
	if alert.Status != Resolved {
		alert.EndTime = time.Time{}
	}
	if !alert.EndTime.IsZero() && alert.EndTime.Before(alert.StartTime) {
		alert.Alterations = append(alert.Alterations, "the end "+alert.EndTime.Format(time.RFC3339Nano)+
			" is before the start; the start was taken instead")
		alert.EndTime = alert.StartTime
	}
}

// times goes over the times in an order that is always the same.
func (a *Alert) times() func(func(string, *time.Time) bool) {
	return func(yield func(string, *time.Time) bool) {
		_ = yield("time", &a.Time) && yield("startTime", &a.StartTime) && yield("endTime", &a.EndTime)
	}
}

// setText adds a pair where there is something to say.
func setText(pairs map[string]string, name, value string) {
	if value != "" {
		pairs[name] = value
	}
}

// scalar is a string, number or boolean of JSON as text: senders differ, and change their minds, about which one it is.
type scalar string

// UnmarshalJSON reads whatever it is; null, and what has parts, is no text.
func (s *scalar) UnmarshalJSON(value []byte) error {
	switch jsontext.Value(value).Kind() {
	case '"':
		return json.Unmarshal(value, (*string)(s), jsontext.AllowInvalidUTF8(true))
	case '0', 't', 'f':
		*s = scalar(value)
	default:
		*s = ""
	}
	return nil
}

// maxEpochSeconds is the year 5138 in seconds, and 1973 in milliseconds: what is greater is in milliseconds.
const maxEpochSeconds = 100_000_000_000

// epoch is a time in seconds, or milliseconds, since 1970; zero where there is none.
func epoch(sent string) (time.Time, bool) {
	number, err := strconv.ParseFloat(sent, 64)
	switch {
	case sent == "" || err == nil && number == 0:
		return time.Time{}, true
	case err != nil || !(number > 0) || number >= 1e14:
		return time.Time{}, false
	case number > maxEpochSeconds:
		return time.UnixMilli(int64(number)).UTC(), true
	default:
		return time.UnixMilli(int64(number * 1000)).UTC(), true
	}
}

// moment reads a time that is said in words of RFC 3339, or as an epoch.
func moment(sent string) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339Nano, sent); err == nil {
		return at.UTC(), true
	}
	return epoch(sent)
}
