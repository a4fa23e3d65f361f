package clock

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Anchor is the milestone from which a clock runs.
type Anchor int

const (
	// Resolved is when the system was as it should be.
	Resolved Anchor = iota
	// Detected is when somebody or something noticed.
	Detected
)

var anchorNames = [...]string{"RESOLVED", "DETECTED"}

// String is "RESOLVED" or "DETECTED".
func (a Anchor) String() string { return anchorNames[a] }

// Policy is how a clock runs.
type Policy struct {
	// Length is how much time there is, from [MinLength] to [MaxLength]; 24 hours by default.
	Length time.Duration
	// Anchor is from where it is counted; Resolved by default.
	Anchor Anchor
	// AtRisk is the share of Length that is left when little is left, from 0 (never) to less than 1; 0.25 by default.
	AtRisk float64
	// Off: there is no clock.
	Off bool
}

// The bounds of a policy's length.
const (
	MinLength = time.Minute
	MaxLength = 366 * 24 * time.Hour
)

// DefaultPolicy is the 24-hour rule: a day from the moment that the incident is resolved, at risk for its last quarter.
func DefaultPolicy() Policy { return Policy{Length: 24 * time.Hour, Anchor: Resolved, AtRisk: 0.25} }

// atRiskLength is how much time is left when little is left, in whole seconds, so that every store keeps it as it is.
func (p Policy) atRiskLength() time.Duration {
	return time.Duration(float64(p.Length) * p.AtRisk).Round(time.Second)
}

// problems are what is wrong with the policy, by field.
func (p Policy) problems() map[string]error {
	problems := map[string]error{}
	if p.Length < MinLength || p.Length > MaxLength {
		problems[fieldLength] = fmt.Errorf("must be from %v to %v, not %v", MinLength, MaxLength, p.Length)
	}
	if math.IsNaN(p.AtRisk) || p.AtRisk < 0 || p.AtRisk >= 1 {
		problems[fieldAtRisk] = errors.New("must be a share from 0 to less than 1, such as 0.25 or 25%")
	}
	return problems
}
