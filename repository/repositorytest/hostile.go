package repositorytest

import (
	"strings"
	"testing"

	"github.com/debriefhq/debrief/repository"
)

// hostileTexts are valid UTF-8 without NUL, which is all that a text from outside is checked for.
var hostileTexts = []string{
	"$where", "$ne", "$", "$$ROOT", "a$b", ".", "..", ".a", "a.", "a.b", "kubernetes.io/name", "_id", "__proto__",
	"'", `"`, "`", `\`, `'; DROP TABLE incidents; --`, `{"$gt": ""}`, "%", "_", "*", "?", "[a-z]", "(", "\x01", "\x1e", "\x1f", "\x1f\x1f",
	" ", "\t", "\n", "\r\n", "\u0085", "\u2028", "\ufeff", "\u202e", "e\u0301", "\u00e9", "\U0001F469\u200d\U0001F692", "\U0010FFFF", "\uFFFD", "\uE000",
	"true", "null", "NaN", "-0", "1e999", "0x00", "İ", "ß", "ﬀ", strings.Repeat("long ", 200), strings.Repeat("ü", 150),
}

// testHostileText expects that each text is kept as it is, as a value and as a key, and that it, and only it, is found
// by it.
func testHostileText(t *testing.T, newRepository func(t *testing.T) repository.Repository) {
	t.Helper()
	store := newRepository(t)
	incidents := make([]repository.Incident, len(hostileTexts))
	for i, text := range hostileTexts {
		incident := newIncident(i)
		incident.Title, incident.Summary, incident.Lead, incident.CreationKey = text, text, text, text
		incident.Labels = map[string]string{text: "value", "key": text}
		incident.Impact.Services = []string{text, "plain"}
		incidents[i] = incident
	}
	createAll(t, store.Incidents(), incidents)
	for i, text := range hostileTexts {
		check(t, "read", get(t, store.Incidents(), newID(i)), incidents[i])
		for _, term := range []string{
			repository.Term("title", text), repository.Term("lead", text), repository.Term("labels."+text, "value"),
			repository.Term("labels.key", text), repository.Term("impact.services", text),
		} {
			found := list(t, store.Incidents(), repository.Query{Where: repository.TermIn{term}, Limit: 3})
			check(t, term, ids(repository.IncidentSchema, found), []string{newID(i)})
		}
	}
	for i, text := range hostileTexts {
		update(t, store.Incidents(), newID(i), func(incident *repository.Incident) (repository.Effects, error) {
			incident.Labels = map[string]string{text: text}
			event := newEvent(i, 2)
			event.Actor, event.Changes = text, []repository.FieldChange{{Field: "labels." + text, After: text}}
			return withEvents(event), nil
		})
		check(t, "labels", get(t, store.Incidents(), newID(i)).Labels, map[string]string{text: text})
	}
	for i, event := range allEvents(t, store) {
		check(t, "actor", event.Actor, hostileTexts[i])
		check(t, "change", event.Changes[0].Field, "labels."+hostileTexts[i])
	}
	rejected := repository.RejectedDelivery{Header: newHeader(1), Body: []byte("\x00\xff\xfe not UTF-8 \x80")}
	create(t, store.RejectedDeliveries(), rejected, repository.Effects{})
	check(t, "body", get(t, store.RejectedDeliveries(), newID(1)), rejected)
}
