// Package repository says what Debrief keeps, and what a store that keeps it must promise.
//
// The entities are plain structs; their JSON names are the names of the stored document's fields, and those of the API.
// A store implements [Repository]; the package repositorytest holds the contract as tests.
package repository

import "context"

// Repository is a store. All its methods may be called concurrently, from any number of processes.
//
// Every method returns an error of this package's kinds (see errors.go), the context's error included, and never blocks
// beyond the context's deadline.
type Repository interface {
	Portable

	// Incidents keeps incidents.
	Incidents() Collection[Incident]
	// TimelineEntries keeps the entries of all incidents; the parent is the incident's id.
	TimelineEntries() Collection[TimelineEntry]
	// PostMortems keeps post-mortems as they stand.
	PostMortems() Collection[PostMortem]
	// PostMortemRevisions keeps what was published; the parent is the post-mortem's id. They come into being as effects
	// of a change of their post-mortem.
	PostMortemRevisions() Archive[PostMortemRevision]
	// ActionItems keeps action items.
	ActionItems() Collection[ActionItem]
	// ParticipantStatements keeps what participants tell; the parent is the post-mortem's id.
	ParticipantStatements() Collection[ParticipantStatement]
	// GroundRules keeps the ground rules of teams.
	GroundRules() Collection[GroundRules]
	// PostMortemTemplates keeps the templates of teams.
	PostMortemTemplates() Collection[PostMortemTemplate]
	// Systems keeps systems as they are known to be.
	Systems() Collection[System]
	// SystemRevisions keeps what was known before; the parent is the system's id. They come into being as effects of a
	// change of their system.
	SystemRevisions() Archive[SystemRevision]
	// MentalModels keeps what people believed; the parent is the post-mortem's id.
	MentalModels() Collection[MentalModel]
	// RejectedDeliveries keeps deliveries of alerting systems that made no sense.
	RejectedDeliveries() Collection[RejectedDelivery]
	// Integrations keeps which alerting systems may deliver.
	Integrations() Collection[Integration]
	// Alerts keeps the episodes of alerts.
	Alerts() Collection[Alert]
	// AlertSeries keeps what is known of alerts over their episodes; the parent is the integration's id.
	AlertSeries() Collection[AlertSeries]
	// AlertGroups keeps what is known of alerts that rules hold together; the parent is the integration's id.
	AlertGroups() Collection[AlertGroup]
	// Deliveries keeps what alerting systems sent.
	Deliveries() Collection[Delivery]
	// Subscriptions keeps what is told to whom.
	Subscriptions() Collection[Subscription]
	// EventDeliveries keeps events on their way to subscriptions; the parent is the subscription's id.
	EventDeliveries() Collection[EventDelivery]
	// APIKeys keeps who may call.
	APIKeys() Collection[APIKey]
	// AuditPages keeps what was done: the trail, page by page.
	AuditPages() Trail
	// Events is the feed: the events of all changes, once each, with sequences 1, 2, 3, … without a gap, but for those that were
	// trimmed. Those of one resource are in the order of its revisions. A List sees the events of every change that this process
	// made before.
	Events() Feed

	// Ping answers nil when the store can be reached and written to.
	Ping(ctx context.Context) error
	// Close ends all work, waits for what is under way until the context ends, and releases everything.
	Close(ctx context.Context) error
}

// Collection keeps the resources of one type.
type Collection[T any] interface {
	Reader[T]
	Writer[T]
}

// Archive keeps resources that never change, but for what is to be in them no more.
type Archive[T any] interface {
	Reader[T]
	// Amend is for what must go for good, such as a name that its bearer wants to be forgotten. It works as Update of [Writer] does,
	// has no effects, and tells nobody.
	Amend(ctx context.Context, id string, change func(*T) error) (T, error)
}

// Feed keeps events.
type Feed interface {
	Archive[Event]
	Trimmer
}

// Trail keeps the pages of the audit trail.
type Trail interface {
	Collection[AuditPage]
	Trimmer
}

// Trimmer is for what grows at its end, for ever unless somebody takes from its front.
type Trimmer interface {
	// Trim removes for good what has an id that is less than before, but never the newest resource, behind whose id the next one
	// is placed. Whoever places resources by what they remember of the newest must not remember that for as long as it takes
	// until something is old enough to be trimmed. It is safe to repeat.
	Trim(ctx context.Context, before string) error
}

// Reader reads the resources of one type.
type Reader[T any] interface {
	// Get reads a resource by its id, a deleted one included. ErrNotFound where there is none, or it was purged.
	Get(ctx context.Context, id string) (T, error)
	// Find reads the resources that have one of the creation keys, deleted ones included, by their keys. Those of which there
	// is none, or that were purged, are left out.
	Find(ctx context.Context, creationKeys ...string) (map[string]T, error)
	// List reads the resources that match the query, in its order. The order is total: id breaks ties.
	List(ctx context.Context, query Query) ([]T, error)
	// Count counts the resources that match the query, but not beyond its Limit.
	Count(ctx context.Context, query Query) (int, error)
}

// Writer changes the resources of one type. What it has stored when it returns survives a crash.
type Writer[T any] interface {
	// Create stores each new resource at revision 1, with its effects, in one atomic step for each, not for all.
	// The results are in the order of the creations. A resource whose CreationKey is taken is not stored: the result
	// holds the one that has the key. ErrAlreadyExists where an id is taken. After an error some may have been stored:
	// with creation keys it is safe to repeat.
	Create(ctx context.Context, creations ...Creation[T]) ([]Created[T], error)
	// Update reads the resource, has change make it what it is to be, and stores it at the next revision together with
	// the effects, in one atomic step, provided that nobody else has changed it meanwhile; else it starts over with what
	// it now is. So of any number of concurrent updates each sees the result of another, and none is lost.
	//
	// change may be called several times and must do nothing but change its argument. When it returns ErrUnchanged
	// nothing is stored, and Update returns the resource as it is; any other error is returned as it is.
	// ErrNotFound where there is no such resource, or it was purged; ErrConflict when others were faster too many times.
	Update(ctx context.Context, id string, change func(*T) (Effects, error)) (T, error)
	// Remove takes purged resources away for good. Those that are not there, or not purged, are passed over. ErrConflict where the
	// effects of one are still on their way to their places: it is safe to repeat, later.
	Remove(ctx context.Context, ids ...string) error
}

// Creation is a resource to create, and what follows from it.
type Creation[T any] struct {
	Resource T
	Effects  Effects
}

// Created is the result of a creation.
type Created[T any] struct {
	// Resource is what is stored now.
	Resource T
	// Existed says that the creation key was taken: Resource is what had been stored under it, as it is now.
	Existed bool
}

// Effects are what follows from a change: they are stored in the same atomic step, or none of it is.
// They may become visible a moment later than the change itself, except to readers in the same process.
type Effects struct {
	// Events tell of the change, in order. The store sets their sequence.
	Events []Event `json:"events,omitempty"`
	// TimelineEntries are new entries, of whichever incident.
	TimelineEntries []TimelineEntry `json:"timeline_entries,omitempty"`
	// ActionItems are new action items.
	ActionItems []ActionItem `json:"action_items,omitempty"`
	// PostMortemRevisions are new revisions.
	PostMortemRevisions []PostMortemRevision `json:"post_mortem_revisions,omitempty"`
	// SystemRevisions are new revisions of systems.
	SystemRevisions []SystemRevision `json:"system_revisions,omitempty"`
}
