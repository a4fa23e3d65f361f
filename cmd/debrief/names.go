package main

import (
	"fmt"
	"strings"

	"github.com/oklog/ulid/v2"
)

// collection is a kind of resource that has a name.
type collection struct {
	// path is what the names begin with.
	path string
	// noun is what people call one.
	noun string
}

var (
	incidentNames   = collection{"incidents", "incident"}
	postMortemNames = collection{"postMortems", "post-mortem"}
	actionNames     = collection{"actionItems", "action item"}
	rejectedNames   = collection{"rejectedDeliveries", "rejected delivery"}
	alertNames      = collection{"alerts", "alert"}
	deliveryNames   = collection{"deliveries", "delivery"}
)

const entryPath = "timelineEntries"

// parse reads a resource name, or its id alone, in any case.
func (c collection) parse(text string) (string, error) {
	id, ok := parseID(cutFold(strings.TrimSpace(text), c.path+"/"))
	if !ok {
		return "", fmt.Errorf("%q names no %s: give its id, 26 letters and digits, or %s/ID", text, c.noun, c.path)
	}
	return c.path + "/" + id, nil
}

// parseID reads a ULID.
func parseID(text string) (string, bool) {
	id, err := ulid.ParseStrict(text)
	return id.String(), err == nil
}

// cutFold is the text without a prefix, whatever its case.
func cutFold(text, prefix string) string {
	if len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		return text[len(prefix):]
	}
	return text
}

// parseEntry reads the name of a timeline entry: INCIDENT ENTRY, INCIDENT/ENTRY, or the resource name.
func parseEntry(arguments []string) (string, error) {
	whole := strings.Join(arguments, "/")
	rest := cutFold(strings.TrimSpace(whole), incidentNames.path+"/")
	incident, entry, _ := strings.Cut(rest, "/")
	if len(arguments) == 2 {
		incident, entry = arguments[0], arguments[1]
		if at := strings.LastIndex(entry, "/"); at >= 0 {
			entry = entry[at+1:]
		}
	}
	parent, err := incidentNames.parse(incident)
	if err != nil {
		return "", usagef("%w", err)
	}
	id, ok := parseID(cutFold(entry, entryPath+"/"))
	if !ok {
		return "", usagef("%q names no timeline entry: give INCIDENT ENTRY, or INCIDENT/ENTRY", whole)
	}
	return parent + "/" + entryPath + "/" + id, nil
}

// idOf is the last part of a resource name.
func idOf(name string) string {
	return name[strings.LastIndex(name, "/")+1:]
}

// shortEntry is the shortest way to name a timeline entry.
func shortEntry(name string) string {
	incident, entry, found := strings.Cut(strings.TrimPrefix(name, incidentNames.path+"/"), "/"+entryPath+"/")
	if !found {
		return name
	}
	return incident + "/" + entry
}

// nameFlag is a flag that names a resource.
type nameFlag struct {
	collection collection
	name       *string
}

func (f nameFlag) Type() string { return "ID" }

func (f nameFlag) String() string {
	if f.name == nil {
		return ""
	}
	return *f.name
}

// Set takes a name, or nothing to clear it.
func (f nameFlag) Set(text string) (err error) {
	if text == "" {
		*f.name = ""
		return nil
	}
	*f.name, err = f.collection.parse(text)
	return err
}

// namesFlag is a flag that names several resources, separated by commas or given one by one.
type namesFlag struct {
	collection collection
	names      *[]string
}

func (f namesFlag) Type() string { return "ID,…" }

func (f namesFlag) String() string {
	if f.names == nil {
		return ""
	}
	return strings.Join(*f.names, ",")
}

func (f namesFlag) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		name, err := f.collection.parse(part)
		if err != nil {
			return err
		}
		*f.names = append(*f.names, name)
	}
	return nil
}
