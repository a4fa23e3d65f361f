package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// people are the handles of those who work at Wrenpost, by team. They are animals, and nobody.
var people = map[string][]string{
	"checkout":  {"magpie", "badger", "nuthatch", "capybara"},
	"courier":   {"dormouse", "curlew", "ermine", "tapir"},
	"finance":   {"beaver", "osprey", "civet", "egret"},
	"lockers":   {"heron", "otter", "marten", "grebe"},
	"messaging": {"sandpiper", "pika", "quail", "gecko"},
	"platform":  {"walrus", "puffin", "vole", "bittern", "axolotl"},
	"routing":   {"stork", "hare", "kite", "lemming"},
	"tracking":  {"lynx", "plover", "stoat", "newt"},
	careTeam:    {"hedgehog", "goose", "seal", "dunnock"},
}

// careTeam speaks with customers.
const careTeam = "customer-care"

// teams are the teams that are called, in the order of their names.
func teams() []string {
	var names []string
	for name := range people {
		if name != careTeam {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

var regions = []string{"Northmoor", "Eastmere", "Southwick Bay", "Lakefold", "Hillcote", "Riverhead", "Oldmill", "Westhollow"}

// The roles in which people are at an incident.
const (
	leadRole           = "incident commander"
	operationsRole     = "operations"
	expertRole         = "subject-matter expert"
	communicationsRole = "communications"
	scribeRole         = "scribe"
	supportRole        = "customer support"
)

// cast is who is at an incident, by the roles of the stories.
type cast struct {
	lead, operations, expert, communications, support, scribe string
	// facilitator was not there.
	facilitator string
}

// newCast casts an incident of a team.
func newCast(random *rand.Rand, team string) cast {
	own := shuffled(random, people[team])
	care := shuffled(random, people[careTeam])
	others := shuffled(random, slices.DeleteFunc(teams(), func(name string) bool { return name == team }))
	expert := own[2]
	if random.IntN(3) == 0 {
		expert = pick(random, people[others[0]])
	}
	return cast{
		lead: own[0], operations: own[1], expert: expert, communications: care[0], support: care[1],
		scribe: pick(random, people[others[1]]), facilitator: pick(random, people[others[2]]),
	}
}

// by is who a story means, and the role in which they are there.
func (c cast) by(role string) (person, inRole string) {
	switch role {
	case "lead":
		return c.lead, leadRole
	case "expert":
		return c.expert, expertRole
	case "communications":
		return c.communications, communicationsRole
	case "support":
		return c.support, supportRole
	case "scribe":
		return c.scribe, scribeRole
	default:
		return c.operations, operationsRole
	}
}

// setting is where a story happens: what the placeholders in its texts stand for.
type setting struct {
	region string
	words  *strings.Replacer
}

func newSetting(random *rand.Rand) setting {
	region := pick(random, regions)
	return setting{region: region, words: strings.NewReplacer(
		"{region}", region,
		"{hub}", fmt.Sprintf("Hub %d", 1+random.IntN(9)),
		"{version}", fmt.Sprintf("%d.%d", 3+random.IntN(5), random.IntN(30)),
		"{count}", fmt.Sprint(12+random.IntN(70)),
		"{percent}", fmt.Sprint(4+random.IntN(35)),
	)}
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

func shuffled[T any](random *rand.Rand, list []T) []T {
	list = slices.Clone(list)
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
