package main

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// filter gathers conditions after AIP-160, all of which are to hold.
type filter []string

func (f filter) String() string {
	return strings.Join(f, " AND ")
}

// custom adds a condition as somebody wrote it.
func (f *filter) custom(condition string) {
	if strings.TrimSpace(condition) != "" {
		*f = append(*f, "("+condition+")")
	}
}

// equal adds that a field has a value, where one is given.
func (f *filter) equal(field, value string) {
	if value != "" {
		*f = append(*f, field+" = "+quote(value))
	}
}

// has adds that a repeated field has an element, or a title a word, where one is given.
func (f *filter) has(field, value string) {
	if value != "" {
		*f = append(*f, field+":"+quote(value))
	}
}

// within adds the bounds of a time, where they are given: from the first on, before the second.
func (f *filter) within(field string, since, until *timestamppb.Timestamp) {
	if since != nil {
		*f = append(*f, fmt.Sprintf("%s >= %q", field, since.AsTime().Format(time.RFC3339Nano)))
	}
	if until != nil {
		*f = append(*f, fmt.Sprintf("%s < %q", field, until.AsTime().Format(time.RFC3339Nano)))
	}
}

// labels adds that there are labels: KEY, or KEY=VALUE.
func (f *filter) labels(wanted []string) {
	for _, label := range wanted {
		key, value, hasValue := strings.Cut(label, "=")
		if hasValue {
			*f = append(*f, "labels."+quote(key)+" = "+quote(value))
		} else {
			*f = append(*f, "labels:"+quote(key))
		}
	}
}

// among adds that a field has one of some values of an enum, where some are given.
func among[E enum](f *filter, field string, values []E) {
	alternatives := make([]string, len(values))
	for i, value := range values {
		alternatives[i] = field + " = " + enumText(value)
	}
	switch len(alternatives) {
	case 0:
	case 1:
		*f = append(*f, alternatives[0])
	default:
		*f = append(*f, "("+strings.Join(alternatives, " OR ")+")")
	}
}

// quote makes a string literal of a text.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + `"`
}
