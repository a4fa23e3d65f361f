package intake

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// SeverityLabel is the label that carries an alert's severity, by the convention of Prometheus' users.
const SeverityLabel = "severity"

// SeverityMapping reads an incident's severity from an alert's label.
type SeverityMapping struct {
	// Label is the label's name.
	Label string
	// Values leads from the label's value, in lower case, to "SEV1" … "SEV5", or to "" for "nobody judged it yet".
	Values map[string]string
}

// DefaultSeverityMapping reads the label "severity". SEV1 is left to those who say it in so many words, as a machine
// seldom knows that it is the worst; a value that is not in the mapping leaves the severity to people.
func DefaultSeverityMapping() SeverityMapping {
	values := map[string]string{}
	for severity, names := range map[string][]string{
		"SEV1": {"sev1", "p1", "emergency", "disaster"},
		"SEV2": {"sev2", "p2", "critical", "page", "fatal"},
		"SEV3": {"sev3", "p3", "error", "major", "high"},
		"SEV4": {"sev4", "p4", "warning", "warn", "minor", "average", "medium"},
		"SEV5": {"sev5", "p5", "info", "informational", "information", "notice", "low", "none"},
	} {
		for _, name := range names {
			values[name] = severity
		}
	}
	return SeverityMapping{Label: SeverityLabel, Values: values}
}

// Severity is "SEV1" … "SEV5", or "" where the labels do not say.
func (m SeverityMapping) Severity(labels map[string]string) string {
	return m.Values[normalize(labels[m.Label])]
}

// String is the mapping as [ParseSeverityMapping] reads it, its values in order.
func (m SeverityMapping) String() string {
	pairs := make([]string, 0, len(m.Values))
	for _, value := range slices.Sorted(maps.Keys(m.Values)) {
		severity := cmp.Or(m.Values[value], unspecified)
		pairs = append(pairs, value+"="+severity)
	}
	return strings.Join(pairs, ",")
}

const unspecified = "UNSPECIFIED"

var (
	severityName = regexp.MustCompile(`^(SEV[1-5]|` + unspecified + `)$`)
	labelName    = regexp.MustCompile(`^[^\s\pC]{1,128}$`)
)

// ParseSeverityMapping reads pairs such as "critical=SEV1,warning=SEV3,info=UNSPECIFIED" and lays them over the default
// mapping; neither side minds upper or lower case. Label is the label's name.
func ParseSeverityMapping(label, pairs string) (SeverityMapping, error) {
	mapping := DefaultSeverityMapping()
	mapping.Label = label
	if !labelName.MatchString(label) {
		return SeverityMapping{}, fmt.Errorf("the severity label %q must be a label's name of 1 to 128 characters, such as %q",
			label, SeverityLabel)
	}
	if strings.TrimSpace(pairs) == "" {
		return mapping, nil
	}
	given := map[string]bool{}
	for pair := range strings.SplitSeq(pairs, ",") {
		value, severity, err := parseSeverity(pair)
		if err != nil {
			return SeverityMapping{}, err
		}
		if given[value] {
			return SeverityMapping{}, fmt.Errorf("the severity mapping names %q twice; name it once", value)
		}
		given[value] = true
		mapping.Values[value] = severity
	}
	return mapping, nil
}

func parseSeverity(pair string) (value, severity string, err error) {
	value, severity, found := strings.Cut(pair, "=")
	value = normalize(value)
	if !found || value == "" {
		return "", "", fmt.Errorf("the severity mapping has %q; it must be value=severity, such as critical=SEV1", pair)
	}
	severity = strings.ToUpper(strings.TrimSpace(severity))
	if !severityName.MatchString(severity) {
		return "", "", fmt.Errorf("the severity mapping leads %q to %q; it must be SEV1, SEV2, SEV3, SEV4, SEV5 or %s",
			value, severity, unspecified)
	}
	if severity == unspecified {
		severity = ""
	}
	return value, severity, nil
}

func normalize(value string) string { return strings.ToLower(strings.TrimSpace(value)) }
