// Package export renders a post-mortem as a document to be read and passed on: Markdown, and one HTML page that needs
// nothing else and runs nothing. All text in a document is taken for hostile.
package export

import "time"

// Document is everything that a post-mortem's document shows. Names of enums are the API's without their prefix, such as
// "IN_REVIEW"; times are shown in UTC; texts said to be Markdown are CommonMark with tables, all others are plain lines.
// What is empty is left out, except where its absence says something.
type Document struct {
	Title string
	State string
	// Revision is the published revision's number; 0 for the document as it stands now.
	Revision    int32
	ReviewTime  time.Time
	PublishTime time.Time

	Facilitator  string
	Scribe       string
	Participants []Person
	// Stakeholders are those who are to learn of it without having taken part.
	Stakeholders []Person
	// RulesReadTime is when the ground rules were read.
	RulesReadTime time.Time
	ReviewEndTime time.Time
	// Conclusion is ACTION_ITEMS or NOTHING_TO_DO, and ConclusionNote what was said to that.
	Conclusion     string
	ConclusionNote string
	// Labels are shown in the order of their keys.
	Labels    map[string]string
	Incidents []Incident

	// Layout are the sections in their order. What it leaves out follows where it is not empty: the standard sections
	// in the order of [Standard], then the free ones. Empty: [Standard].
	Layout []Heading

	// Summary and Impact are Markdown.
	Summary string
	Impact  string
	// Timeline is shown in the order given. FurtherEntries is how many more there are that were not given.
	Timeline       []Entry
	FurtherEntries int
	Beliefs        []Belief
	// Models are shown in the order given. FurtherModels is how many more there are that were not given.
	Models        []Model
	FurtherModels int
	Factors       []Factor
	// WhatWentWell, WhereWeWereLucky, WhatSurprisedUs and OpenQuestions are Markdown.
	WhatWentWell     string
	WhereWeWereLucky string
	WhatSurprisedUs  string
	// Actions are shown in the order given. FurtherActions is how many more there are that were not given.
	Actions        []Action
	FurtherActions int
	// ActionAdvice is what is to be said to the action items as a whole, in a line; empty: nothing.
	ActionAdvice  string
	OpenQuestions string
	// Sections are the free ones.
	Sections []Section
	// Answers are those to questions of the review, in the order given.
	Answers []Answer
}

// Heading is the place of a section in a document.
type Heading struct {
	// ID is that of a standard section, or of a free one.
	ID    string
	Title string
}

// Section is one that no other field stands for. Text is Markdown.
type Section struct {
	ID    string
	Title string
	Text  string
}

// Answer is one to a question of the review.
type Answer struct {
	Question string
	// Text is Markdown; empty where the answer stands in a section.
	Text string
	// Section is the heading of the section in which the answer stands.
	Section string
}

// Person is somebody who took part, in a role that may be empty.
type Person struct {
	Name string
	Role string
}

// Incident is one that the post-mortem covers.
type Incident struct {
	// Name is its resource name, "incidents/{incident}".
	Name     string
	Title    string
	Severity string
	State    string
	// Services are those that it concerned.
	Services []string
	// Milestones are in the order in which they are shown. Those without a time are left out.
	Milestones []Milestone
}

// Milestone is a point that an incident reached.
type Milestone struct {
	// Name is the API's: "STARTED", "DETECTED", ….
	Name string
	Time time.Time
}

// Entry is one entry of the timeline.
type Entry struct {
	Time time.Time
	// Precision is how far off Time may be, either way; 0 is exact.
	Precision time.Duration
	Kind      string
	// Author is not shown where Anonymous is true.
	Author     string
	AuthorRole string
	Anonymous  bool
	// Incident is the title of the entry's incident; shown where the document covers several.
	Incident string
	// Text is Markdown.
	Text     string
	Evidence []Evidence
	// Amended is true where it said something else before.
	Amended bool
}

// Evidence is something that shows what a text says.
type Evidence struct {
	// URI becomes a link if its scheme is http, https or mailto, and is plain text otherwise.
	URI     string
	Title   string
	Excerpt string
}

// Belief is something that people took for true of the system, beside what was. Believed and Actual are Markdown.
type Belief struct {
	HeldBy   string
	Believed string
	Actual   string
	Evidence []Evidence
}

// Model is a system as a role or a team believed it to be, and where that and the system part.
type Model struct {
	// HeldBy is a role or a team.
	HeldBy string
	// System is the system's name, and SystemRevision the revision of its reality that the model was compared with.
	System         string
	SystemRevision int32
	// Description is Markdown.
	Description string
	// Gaps are shown in the order given. FurtherGaps is how many more there are that were not given.
	Gaps        []Gap
	FurtherGaps int
	// Mermaid is the picture as a flowchart; empty: there is none.
	Mermaid string
}

// Gap is a place where a model and the system part.
type Gap struct {
	Kind       string
	Components []string
	// FactKey is the key of the fact that it is about; empty where it is about none.
	FactKey          string
	Believed, Actual string
	Surprise         string
	// Updates are what has changed the model since, a plain line each.
	Updates  []string
	Resolved bool
}

// Factor is one of the things that had to come together. Description is Markdown.
type Factor struct {
	Category    string
	Description string
	Evidence    []Evidence
}

// Action is an action item.
type Action struct {
	Title    string
	Owner    string
	State    string
	Strength string
	DueTime  time.Time
	// TrackerURI becomes a link under the same rule as [Evidence.URI].
	TrackerURI string
	// Priority and Labels have columns of their own where an action item has one.
	Priority string
	Labels   map[string]string
	// Description is Markdown, shown below the table.
	Description string
}

// MaxSectionBytes bounds each section that lists things: what does not fit is left out, and the section says how many.
// Other sections are as large as their text, which the API bounds.
const MaxSectionBytes = 1 << 20
