package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// The values that incidents of the benchmark have. They are as unevenly spread as those of a company.
var (
	benchTeams      = []string{"tracking", "checkout", "platform", "routing", "lockers", "courier", "messaging", "finance"}
	benchServices   = []string{"booking", "tracking", "pricing", "routing", "lockers", "identity", "billing", "notifications", "gateway", "address", "checkout", "event-bus"}
	benchRegions    = []string{"north", "south", "east", "west"}
	benchSeverities = []string{"SEV5", "SEV4", "SEV3", "SEV2", "SEV1"}
	benchStates     = []string{"CLOSED", "RESOLVED", "CANCELED", "MERGED", "MITIGATED", "ACTIVE", "TRIAGE"}
	benchSubjects   = []string{"latency", "errors", "timeouts", "backlog", "restarts", "certificates", "connections", "memory", "replication", "disk"}
	benchPeople     = []string{"heron", "otter", "lynx", "plover", "magpie", "badger", "walrus", "puffin", "hare", "kite", "quail", "gecko"}
)

const benchText = "The share of calls that end in an error rose within a minute and stayed there. Replicas were started and did " +
	"not become ready, because each of them waits for the same lock. Callers tried again, which kept the queue full. " +
	"The change before it was taken back, and the queue was worked off within a quarter of an hour. "

// uneven picks one of a list, the earlier ones much more often.
func uneven(random *rand.Rand, from []string) string {
	return from[min(int(random.ExpFloat64()*float64(len(from))/4), len(from)-1)]
}

// newIncident is an incident of about 1.5 kB as the store keeps it, but for its id.
func newIncident(random *rand.Rand, opened time.Time) repository.Incident {
	service, team := uneven(random, benchServices), uneven(random, benchTeams)
	customers := int64(random.ExpFloat64() * 500)
	incident := repository.Incident{
		Header:   repository.Header{Revision: 1, CreateTime: opened, UpdateTime: opened},
		Title:    fmt.Sprintf("%s of %s in region %s", benchSubjects[random.IntN(len(benchSubjects))], service, benchRegions[random.IntN(4)]),
		Summary:  benchText + benchText,
		Kind:     "INCIDENT",
		Severity: uneven(random, benchSeverities),
		State:    uneven(random, benchStates),
		Impact:   repository.Impact{Summary: benchText[:160], Services: []string{service}, CustomersAffected: &customers},
		Labels: map[string]string{
			"team": team, "service": service, "region": benchRegions[random.IntN(4)], "environment": "production",
			"alertname": fmt.Sprintf("Alert%03d", random.IntN(400)), "instance": fmt.Sprintf("10.0.%d.%d:9100", random.IntN(16), random.IntN(250)),
		},
		Milestones: repository.Milestones{StartTime: opened.Add(-time.Duration(random.IntN(3600)) * time.Second), DetectTime: opened},
		Lead:       benchPeople[random.IntN(len(benchPeople))],
		Responders: []repository.Responder{
			{Person: benchPeople[random.IntN(6)], Role: "incident commander"}, {Person: benchPeople[6+random.IntN(6)], Role: "operations"},
		},
		Origin: repository.Origin{Actor: "intake/benchmark"},
		Links:  []repository.Link{{URI: "https://chat.example.com/incident", Title: "Chat channel"}, {URI: "https://graphs.example.com/d/" + service, Title: "Dashboard"}},
	}
	if incident.State == "CLOSED" || incident.State == "RESOLVED" {
		incident.Milestones.AcknowledgeTime = opened.Add(time.Duration(random.IntN(900)) * time.Second)
		incident.Milestones.ResolveTime = opened.Add(time.Duration(900+random.IntN(90_000)) * time.Second)
		incident.UpdateTime = incident.Milestones.ResolveTime
	}
	return incident
}

// newRequest asks to create such an incident. Its title ends in the mark, which each call replaces by a number of its own.
func newRequest(random *rand.Rand) *debriefv1.CreateIncidentRequest {
	from := newIncident(random, time.Unix(0, 0))
	incident := &debriefv1.Incident{
		Title: from.Title + " " + mark, Summary: from.Summary, Labels: from.Labels, Lead: from.Lead,
		Kind:     debriefv1.Incident_KIND_INCIDENT,
		Severity: debriefv1.Severity(debriefv1.Severity_value["SEVERITY_"+from.Severity]),
		Impact:   &debriefv1.Impact{Summary: from.Impact.Summary, Services: from.Impact.Services, CustomersAffected: from.Impact.CustomersAffected},
	}
	for _, responder := range from.Responders {
		incident.Responders = append(incident.Responders, &debriefv1.Responder{Person: responder.Person, Role: responder.Role})
	}
	for _, link := range from.Links {
		incident.Links = append(incident.Links, &debriefv1.Link{Uri: link.URI, Title: link.Title})
	}
	return &debriefv1.CreateIncidentRequest{Incident: incident}
}

// mark stands in a template where each copy gets a number of as many digits.
const mark = "000000#000000"

// template is a message of which copies are made that differ in their number, cheaply: the load is not to cost what it
// measures.
type template struct {
	bytes   []byte
	offsets []int
}

func newTemplate(message []byte) template {
	t := template{bytes: message}
	for from := 0; ; {
		i := bytes.Index(message[from:], []byte(mark))
		if i < 0 {
			return t
		}
		t.offsets = append(t.offsets, from+i)
		from += i + len(mark)
	}
}

// copy is the message with numbers from number on, one for each mark.
func (t template) copy(number int64) []byte {
	message := bytes.Clone(t.bytes)
	for i, offset := range t.offsets {
		rest := number + int64(i)
		for digit := len(mark) - 1; digit >= 0; digit-- {
			message[offset+digit] = byte('0' + rest%10)
			rest /= 10
		}
	}
	return message
}

// variants is how many different requests are sent.
const variants = 64

// createTemplates are requests to create an incident, for gRPC and for REST.
func createTemplates() (overGRPC, overREST []template, err error) {
	random := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // The same figures from the same documents.
	for range variants {
		request := newRequest(random)
		encoded, err := proto.Marshal(request)
		if err != nil {
			return nil, nil, err
		}
		text, err := protojson.Marshal(request.GetIncident())
		if err != nil {
			return nil, nil, err
		}
		overGRPC, overREST = append(overGRPC, newTemplate(encoded)), append(overREST, newTemplate(text))
	}
	return overGRPC, overREST, nil
}
