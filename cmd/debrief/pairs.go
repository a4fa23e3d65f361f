package main

import (
	"maps"
	"slices"
	"strings"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// readLabels reads labels, each KEY=VALUE.
func readLabels(given []string) (map[string]string, error) {
	labels := map[string]string{}
	for _, label := range given {
		key, value, found := strings.Cut(label, "=")
		if !found || key == "" {
			return nil, usagef("--label %q: write it KEY=VALUE", label)
		}
		labels[key] = value
	}
	return labels, nil
}

// mergeLabels is what labels become when some are set and some removed.
func mergeLabels(labels, set map[string]string, removed []string) map[string]string {
	merged := maps.Clone(labels)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, set)
	for _, key := range removed {
		delete(merged, key)
	}
	return merged
}

// labelText shows labels in the order of their keys.
func labelText(labels map[string]string) string {
	texts := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		texts = append(texts, key+"="+labels[key])
	}
	return strings.Join(texts, ", ")
}

// readPerson reads PERSON=ROLE; the role may be left out.
func readPerson(flag, given string) (person, role string, err error) {
	person, role, _ = strings.Cut(given, "=")
	if strings.TrimSpace(person) == "" {
		return "", "", usagef("--%s %q: write it PERSON=ROLE, or PERSON", flag, given)
	}
	return strings.TrimSpace(person), strings.TrimSpace(role), nil
}

// readLink reads "TITLE URL", the title as many words as it likes, or the URL alone.
func readLink(given string) (title, uri string) {
	words := strings.Fields(given)
	if len(words) == 0 {
		return "", ""
	}
	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}

func readLinks(given []string) []*debriefv1.Link {
	links := make([]*debriefv1.Link, len(given))
	for i, text := range given {
		title, uri := readLink(text)
		links[i] = &debriefv1.Link{Title: title, Uri: uri}
	}
	return links
}

func readEvidence(given []string) []*debriefv1.Evidence {
	evidence := make([]*debriefv1.Evidence, len(given))
	for i, text := range given {
		title, uri := readLink(text)
		evidence[i] = &debriefv1.Evidence{Title: title, Uri: uri}
	}
	return evidence
}

// replaced is a list in which new elements take the place of those with the same key, and some are removed.
func replaced[T any](present, added []T, removed []string, key func(T) string) []T {
	result := slices.Clone(present)
	for _, element := range added {
		at := slices.IndexFunc(result, func(other T) bool { return key(other) == key(element) })
		if at >= 0 {
			result[at] = element
		} else {
			result = append(result, element)
		}
	}
	return slices.DeleteFunc(result, func(element T) bool { return slices.Contains(removed, key(element)) })
}

// sortedPairs shows pairs, one a line, in the order of their keys.
func sortedPairs(pairs map[string]string) []string {
	return texts(slices.Sorted(maps.Keys(pairs)), func(key string) string { return key + ": " + pairs[key] })
}
