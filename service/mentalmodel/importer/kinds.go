package importer

import (
	"slices"
	"strings"
	"unicode"

	"github.com/debriefhq/debrief/service/mentalmodel"
)

// verbs are the words on arrows that say what a component does to another.
var verbs = map[mentalmodel.LinkKind][]string{
	mentalmodel.Calls:     {"call", "calls", "request", "requests", "invoke", "invokes", "http", "https", "grpc", "rest", "rpc", "api", "proxies", "routes", "forwards", "queries"},
	mentalmodel.Reads:     {"read", "reads", "fetch", "fetches", "consume", "consumes", "subscribe", "subscribes", "pull", "pulls", "load", "loads", "select", "selects", "scrapes"},
	mentalmodel.Writes:    {"write", "writes", "store", "stores", "publish", "publishes", "produce", "produces", "insert", "inserts", "push", "pushes", "save", "saves", "enqueues", "replicates"},
	mentalmodel.Deploys:   {"deploy", "deploys", "build", "builds", "provision", "provisions", "release", "releases", "install", "installs"},
	mentalmodel.DependsOn: {"depend", "depends", "need", "needs", "require", "requires", "use", "uses"},
	mentalmodel.Protects:  {"protect", "protects", "guard", "guards", "secure", "secures", "authenticates", "authorises", "authorizes", "limits"},
	mentalmodel.Alerts:    {"alert", "alerts", "page", "pages", "notify", "notifies", "warn", "warns", "monitor", "monitors"},
}

// kindsOf are the kinds of link that a label tells, in their usual order: "reads and writes" is two. A label that tells
// none is not understood, and is taken as a dependency, which says the least.
func kindsOf(label string) (kinds []mentalmodel.LinkKind, understood bool) {
	words := strings.FieldsFunc(strings.ToLower(cut(label, 1000)), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, kind := range mentalmodel.LinkKinds() {
		if slices.ContainsFunc(words, func(word string) bool { return slices.Contains(verbs[kind], word) }) {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return []mentalmodel.LinkKind{mentalmodel.DependsOn}, false
	}
	return kinds, true
}
