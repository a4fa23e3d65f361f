package clock

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Policies are the policies of both clocks.
type Policies struct {
	Review, FollowUp PolicySet
}

// PolicySet are the policies of one clock, by severity.
type PolicySet struct {
	// Default is for severities that have none of their own.
	Default Policy
	// BySeverity has the keys "SEV1" … "SEV5", and "" for an incident whose severity nobody judged yet.
	BySeverity map[string]Policy
}

// PolicyError says what is wrong with one field of a policy.
type PolicyError struct {
	// Clock is "review" or "follow_up", Severity "default", "SEV1" … "SEV5" or "UNSPECIFIED", Field "length", "anchor",
	// "at_risk" or "off". The last ones are empty where the file has something unknown before them.
	Clock, Severity, Field string
	Err                    error
}

// Error names the field by its path.
func (e *PolicyError) Error() string {
	path := slices.DeleteFunc([]string{"clocks", e.Clock, e.Severity, e.Field}, func(part string) bool { return part == "" })
	return strings.Join(path, ".") + ": " + e.Err.Error()
}

// Unwrap is what is wrong with the field.
func (e *PolicyError) Unwrap() error { return e.Err }

// The words of the file.
const (
	clockReview      = "review"
	clockFollowUp    = "follow_up"
	severityDefault  = "default"
	severityUnjudged = "UNSPECIFIED"
	fieldLength      = "length"
	fieldAnchor      = "anchor"
	fieldAtRisk      = "at_risk"
	fieldOff         = "off"
)

var (
	severityNames = []string{"SEV1", "SEV2", "SEV3", "SEV4", "SEV5", severityUnjudged}
	fieldNames    = []string{fieldLength, fieldAnchor, fieldAtRisk, fieldOff}
)

// MaxPoliciesSize is how many bytes the file of policies may have.
const MaxPoliciesSize = 64 << 10

// DefaultPolicies are the [DefaultPolicy] for both clocks and every severity.
func DefaultPolicies() Policies {
	set := PolicySet{Default: DefaultPolicy(), BySeverity: map[string]Policy{}}
	return Policies{Review: set, FollowUp: set}
}

// For is the policy of a clock for a severity: "SEV1" … "SEV5", or "" where nobody judged it yet.
func (p Policies) For(kind Kind, severity string) Policy {
	set := p.Review
	if kind == FollowUp {
		set = p.FollowUp
	}
	if policy, ok := set.BySeverity[severity]; ok {
		return policy
	}
	return set.Default
}

// Key tells the policies of both clocks for a severity from all others, and from those for other severities. It is the same
// wherever it is asked for, and positive.
func (p Policies) Key(severity string) int64 {
	text := fmt.Appendf(nil, "%q", severity)
	for _, kind := range []Kind{Review, FollowUp} {
		policy := p.For(kind, severity)
		if policy.Off {
			policy = Policy{Off: true}
		}
		text = fmt.Appendf(text, " %d %v %g %t", policy.Length, policy.Anchor, policy.AtRisk, policy.Off)
	}
	sum := sha256.Sum256(text)
	return int64(binary.BigEndian.Uint64(sum[:])>>2) + 1
}

// fields are the fields of a policy as the file has them.
type fields map[string]string

// ParsePolicies reads the policies from YAML:
//
//	clocks:
//	  review:
//	    default: {length: 24h, anchor: RESOLVED, at_risk: 25%}
//	    SEV1: {length: 12h}
//	    SEV5: {off: true}
//	  follow_up:
//	    default: {length: 36h, anchor: DETECTED}
//
// What a severity does not say is as in the clock's default, and what that does not say as in [DefaultPolicy]. Unknown
// keys are refused. Of all that is wrong with the fields, each is a *[PolicyError] in the tree of the error.
func ParsePolicies(data []byte) (Policies, error) {
	if len(data) > MaxPoliciesSize {
		return Policies{}, fmt.Errorf("the policies have %d bytes; at most %d are read", len(data), MaxPoliciesSize)
	}
	var file struct {
		Clocks map[string]map[string]fields
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return Policies{}, fmt.Errorf("the policies can't be read: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Policies{}, errors.New("the policies must be one YAML document")
	}
	policies := DefaultPolicies()
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(file.Clocks)) {
		switch name {
		case clockReview:
			policies.Review = parseSet(name, file.Clocks[name], &problems)
		case clockFollowUp:
			policies.FollowUp = parseSet(name, file.Clocks[name], &problems)
		default:
			problems = append(problems, unknown(PolicyError{Clock: name}, []string{clockReview, clockFollowUp}))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return Policies{}, err
	}
	return policies, nil
}

// parseSet adds what is wrong to the problems.
func parseSet(clock string, severities map[string]fields, problems *[]error) PolicySet {
	at := PolicyError{Clock: clock, Severity: severityDefault}
	set := PolicySet{Default: parsePolicy(at, severities[severityDefault], DefaultPolicy(), problems), BySeverity: map[string]Policy{}}
	for _, name := range slices.Sorted(maps.Keys(severities)) {
		at.Severity = name
		switch {
		case name == severityDefault:
		case !slices.Contains(severityNames, name):
			*problems = append(*problems, unknown(at, append([]string{severityDefault}, severityNames...)))
		default:
			severity := name
			if name == severityUnjudged {
				severity = ""
			}
			set.BySeverity[severity] = parsePolicy(at, severities[name], set.Default, problems)
		}
	}
	return set
}

// parsePolicy lays fields over a policy, and adds what is wrong to the problems.
func parsePolicy(at PolicyError, given fields, policy Policy, problems *[]error) Policy {
	wrong := map[string]error{}
	for name, value := range given {
		if err := policy.set(name, value); err != nil {
			wrong[name] = err
		}
	}
	for name, err := range policy.problems() {
		// What the default has wrong is said there.
		if _, ok := given[name]; ok && wrong[name] == nil {
			wrong[name] = err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		*problems = append(*problems, &PolicyError{Clock: at.Clock, Severity: at.Severity, Field: name, Err: wrong[name]})
	}
	return policy
}

func (p *Policy) set(field, value string) (err error) {
	switch field {
	case fieldLength:
		if p.Length, err = time.ParseDuration(value); err != nil {
			return fmt.Errorf("%q is no duration such as 24h or 90m", value)
		}
	case fieldAnchor:
		i := slices.Index(anchorNames[:], strings.ToUpper(value))
		if i < 0 {
			return fmt.Errorf("%q is none of %s", value, strings.Join(anchorNames[:], ", "))
		}
		p.Anchor = Anchor(i)
	case fieldAtRisk:
		if p.AtRisk, err = parseShare(value); err != nil {
			return fmt.Errorf("%q is no share such as 0.25 or 25%%", value)
		}
	case fieldOff:
		if p.Off, err = strconv.ParseBool(value); err != nil {
			return fmt.Errorf("%q is neither true nor false", value)
		}
	default:
		return fmt.Errorf("is unknown; there are %s", strings.Join(fieldNames, ", "))
	}
	return nil
}

func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		share /= 100
	}
	return share, err
}

func unknown(at PolicyError, known []string) error {
	at.Err = fmt.Errorf("is unknown; there are %s", strings.Join(known, ", "))
	return &at
}
