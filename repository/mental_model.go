package repository

import "time"

// MentalModel is a system as somebody in a role believed it to be when an incident happened. It names a role or a team,
// and never a person. Header.Parent is the id of the post-mortem that it belongs to.
type MentalModel struct {
	Header `bson:",inline"`

	// HeldBy is a role or a team.
	HeldBy      string `json:"held_by"`
	Description string `json:"description,omitempty"`
	// System is the resource name of the system that it is a model of.
	System string `json:"system"`
	// SystemRevision is the revision of its reality that the model is compared with.
	SystemRevision int32 `json:"system_revision"`
	// Belief is the system as they believed it to be.
	Belief SystemGraph `json:"belief,omitempty,omitzero"`
	// MatchCorrections are what a person says of which component is meant by which.
	MatchCorrections []MatchCorrection `json:"match_corrections,omitempty"`
	// Gaps are where belief and reality part, as last compared.
	Gaps []ModelGap `json:"gaps,omitempty"`
	// OmittedGaps is how many more the comparison found than are kept.
	OmittedGaps int32 `json:"omitted_gap_count,omitempty"`
}

// MatchCorrection says that a component of the model is one of the system, or that it is none.
type MatchCorrection struct {
	Believed string `json:"believed"`
	// Actual is the name of the system's component; empty: it is none of them.
	Actual string `json:"actual,omitempty"`
}

// ModelGap is a place where belief and reality part.
type ModelGap struct {
	// ID is made of what it is about, so that it stays the same from comparison to comparison.
	ID string `json:"id"`
	// Kind is MISSING_COMPONENT, PHANTOM_COMPONENT, OTHER_COMPONENT_KIND, MISSING_LINK, PHANTOM_LINK, OTHER_LINK_KIND,
	// REVERSED_LINK, MISSING_FACT, PHANTOM_FACT or OTHER_FACT_VALUE.
	Kind string `json:"kind"`
	// Components are the names of those that it is about, as the system has them, or else as the model has them.
	Components []string `json:"components,omitempty"`
	// Believed and Actual say in words what the model and the system have; empty where they have nothing.
	Believed string `json:"believed,omitempty"`
	Actual   string `json:"actual,omitempty"`
	// ImpliedBy is the id of the gap from which this one follows; empty where it stands alone.
	ImpliedBy string `json:"implied_by,omitempty"`
	// FactKey is the key of the fact that it is about; empty where it is about none.
	FactKey string `json:"fact_key,omitempty"`
	// Confidence is how sure the least sure match is on which it rests, above 0 and up to 1.
	Confidence float64 `json:"confidence,omitempty"`

	Evidence []Evidence `json:"evidence,omitempty"`
	// Discovery says how it came to light.
	Discovery string `json:"discovery,omitempty"`
	// Surprise is SITUATIONAL or FUNDAMENTAL.
	Surprise string `json:"surprise,omitempty"`
	// Updates are what has changed the model since.
	Updates []ModelUpdate `json:"updates,omitempty"`
	// Resolved says that the last comparison did not find it any more; it is kept for what was noted on it.
	Resolved bool `json:"resolved,omitempty"`
}

// ModelUpdate is something that changed what people believe.
type ModelUpdate struct {
	// Kind is DOCUMENTATION, DASHBOARD, TRAINING, ACTION_ITEM or OTHER.
	Kind string `json:"kind"`
	// ActionItem is a resource name, where the kind is ACTION_ITEM.
	ActionItem string    `json:"action_item,omitempty"`
	Note       string    `json:"note,omitempty"`
	Time       time.Time `json:"time"`
	Actor      string    `json:"actor,omitempty"`
}
