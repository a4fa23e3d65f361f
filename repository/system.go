package repository

import "time"

// System is something that people run, and have beliefs about. Header.ID is chosen by whoever describes it.
type System struct {
	Header `bson:",inline"`

	Title       string            `json:"title"`
	Description string            `json:"description,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	// Reality is what is known to be true of it now: that of the newest of its revisions.
	Reality SystemGraph `json:"reality,omitempty,omitzero"`
	// PostMortem is the resource name of the post-mortem that brought the newest change to light; empty where there was none.
	PostMortem string `json:"post_mortem,omitempty"`
	// LatestRevision is the number of the newest [SystemRevision]; 0 while there is none.
	LatestRevision int32 `json:"latest_revision,omitempty"`
}

// SystemRevision is what was known to be true of a system at one time; it never changes. Header.Parent is the system's
// id; see [RevisionID].
type SystemRevision struct {
	Header `bson:",inline"`

	Number  int32       `json:"number"`
	Reality SystemGraph `json:"reality,omitempty,omitzero"`
	// PostMortem is the resource name of the post-mortem that brought it to light; empty where there was none.
	PostMortem string    `json:"post_mortem,omitempty"`
	Actor      string    `json:"actor,omitempty"`
	ReviseTime time.Time `json:"revise_time"`
}

// SystemGraph is the structure of a system: as it is, or as somebody believed it to be.
type SystemGraph struct {
	Components []SystemComponent `json:"components,omitempty"`
	Links      []SystemLink      `json:"links,omitempty"`
	Facts      []SystemFact      `json:"facts,omitempty"`
}

// SystemComponent is a part of a system.
type SystemComponent struct {
	// Name is unique in its graph.
	Name        string   `json:"name"`
	Kind        string   `json:"kind,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`
	Description string   `json:"description,omitempty"`
}

// SystemLink leads from one component to another.
type SystemLink struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Kind is CALLS, READS, WRITES, DEPLOYS, DEPENDS_ON, PROTECTS or ALERTS.
	Kind string `json:"kind,omitempty"`
}

// SystemFact is something that is so: the capacity of a tank is 15 gal.
type SystemFact struct {
	// Component is the name of the one that it is about; empty where it is about the whole system.
	Component string `json:"component,omitempty"`
	Key       string `json:"key"`
	Value     string `json:"value"`
	Unit      string `json:"unit,omitempty"`
}
