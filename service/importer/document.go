// Package importer reads post-mortems that live as Markdown: in the templates that people use, and in the form that
// Debrief itself exports. It maps what it knows to fields, keeps the rest as free sections, loses no word, and reports
// what went where. All text is taken for hostile; reading is deterministic and takes time in proportion to the text.
package importer

import "time"

// Document is what was read from a post-mortem. Names of enums are the API's without their prefix, such as "SEV2"; they
// are empty where the text does not say. Fields said to be Markdown hold it as it was written, all others plain text.
type Document struct {
	// Own is true of a document that Debrief exported.
	Own   bool   `json:"-"`
	Title string `json:"title,omitempty"`
	// State is the post-mortem's, where it is one of Debrief's; what else a text says of its status is in Status.
	State  string `json:"state,omitempty"`
	Status string `json:"status,omitempty"`
	// Revision is the number of the published revision that was exported.
	Revision    int32  `json:"revision,omitempty"`
	Date        Moment `json:"date,omitzero"`
	ReviewTime  Moment `json:"review_time,omitzero"`
	PublishTime Moment `json:"publish_time,omitzero"`

	Authors []string `json:"authors,omitempty"`
	// RulesReadTime, ReviewEndTime, Conclusion and ConclusionNote are what a document of Debrief tells of its review.
	// Conclusion is "ACTION_ITEMS" or "NOTHING_TO_DO".
	RulesReadTime  Moment `json:"rules_read_time,omitzero"`
	ReviewEndTime  Moment `json:"review_end_time,omitzero"`
	Conclusion     string `json:"conclusion,omitempty"`
	ConclusionNote string `json:"conclusion_note,omitempty"`

	Facilitator  string            `json:"facilitator,omitempty"`
	Scribe       string            `json:"scribe,omitempty"`
	Participants []Person          `json:"participants,omitempty"`
	Stakeholders []Person          `json:"stakeholders,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`

	// Incidents are those that the post-mortem covers. All that a text says of its one incident is in the first, which has
	// no name then.
	Incidents []Incident `json:"incidents,omitempty"`

	// Summary and Impact are Markdown.
	Summary  string   `json:"summary,omitempty"`
	Impact   string   `json:"impact,omitempty"`
	Timeline []Entry  `json:"timeline,omitempty"`
	Beliefs  []Belief `json:"beliefs,omitempty"`
	Factors  []Factor `json:"factors,omitempty"`
	// WhatWentWell, WhereWeWereLucky, WhatSurprisedUs and OpenQuestions are Markdown.
	WhatWentWell     string   `json:"what_went_well,omitempty"`
	WhereWeWereLucky string   `json:"where_we_were_lucky,omitempty"`
	WhatSurprisedUs  string   `json:"what_surprised_us,omitempty"`
	Actions          []Action `json:"actions,omitempty"`
	OpenQuestions    string   `json:"open_questions,omitempty"`

	// Sections hold everything that has no field, in the order of the text.
	Sections []Section `json:"sections,omitempty"`

	// Lines are where the other fields begin in the text, by their names in JSON, and by "labels.KEY".
	Lines map[string]int `json:"-"`
}

// foundAt notes where a field begins, the first time that it is told.
func (d *Document) foundAt(name string, line int) {
	if d.Lines == nil {
		d.Lines = map[string]int{}
	}
	if _, known := d.Lines[name]; !known {
		d.Lines[name] = line
	}
}

// Moment is a time, and what the text says of it.
type Moment struct {
	// Time is in UTC.
	Time time.Time `json:"time,omitzero"`
	// Precision is how far off Time may be, either way; 0 is exact. A day without a time of day is its noon, give or take
	// twelve hours.
	Precision time.Duration `json:"precision,omitempty"`
	// Said is as it was written, without emphasis.
	Said string `json:"said,omitempty"`
	// Line is where it is written, counted from 1.
	Line int `json:"-"`
}

// IsZero is true where nothing was said, and nothing found out.
func (m Moment) IsZero() bool { return m.Time.IsZero() && m.Said == "" }

// Person is somebody who took part, in a role that may be empty.
type Person struct {
	Name string `json:"name,omitempty"`
	Role string `json:"role,omitempty"`
	Line int    `json:"-"`
}

// Incident is one that the post-mortem covers.
type Incident struct {
	// Name is its resource name in the Debrief that exported the document, or empty.
	Name  string `json:"name,omitempty"`
	Title string `json:"title,omitempty"`
	// Severity is "SEV1" … "SEV5", and SeveritySaid as it was written.
	Severity     string   `json:"severity,omitempty"`
	SeveritySaid string   `json:"severity_said,omitempty"`
	State        string   `json:"state,omitempty"`
	Services     []string `json:"services,omitempty"`
	// Milestones are in the order of the text, each at most once.
	Milestones []Milestone `json:"milestones,omitempty"`
	Line       int         `json:"-"`
}

// Milestone is a point that an incident reached: "STARTED", "DETECTED", "ACKNOWLEDGED", "MITIGATED", "RESOLVED" or
// "CLOSED".
type Milestone struct {
	Name string `json:"name"`
	Moment
}

// Entry is one entry of the timeline. Its time is always known: what tells none is kept as a free section.
type Entry struct {
	Moment
	// EndTime is set where the text gives a range.
	EndTime time.Time `json:"end_time,omitzero"`
	Kind    string    `json:"kind,omitempty"`
	// KindGuessed is true where the text names no kind and its words were taken for one.
	KindGuessed bool   `json:"kind_guessed,omitempty"`
	Author      string `json:"author,omitempty"`
	AuthorRole  string `json:"author_role,omitempty"`
	Anonymous   bool   `json:"anonymous,omitempty"`
	Amended     bool   `json:"amended,omitempty"`
	// Incident is the title of the entry's incident, where the document covers several.
	Incident string `json:"incident,omitempty"`
	// Text is Markdown.
	Text     string     `json:"text,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Evidence is something that shows what a text says.
type Evidence struct {
	URI     string `json:"uri,omitempty"`
	Title   string `json:"title,omitempty"`
	Excerpt string `json:"excerpt,omitempty"`
}

// Belief is something that people took for true of the system, beside what was. Believed and Actual are Markdown.
type Belief struct {
	HeldBy   string     `json:"held_by,omitempty"`
	Believed string     `json:"believed,omitempty"`
	Actual   string     `json:"actual,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
	Line     int        `json:"-"`
}

// Factor is one of the things that had to come together. Description is Markdown.
type Factor struct {
	Category string `json:"category,omitempty"`
	// CategoryGuessed is true where the words of the description were taken for a category.
	CategoryGuessed bool       `json:"category_guessed,omitempty"`
	Description     string     `json:"description"`
	Evidence        []Evidence `json:"evidence,omitempty"`
	Line            int        `json:"-"`
}

// Action is an action item.
type Action struct {
	Title string `json:"title"`
	// Description is Markdown: what the title as plain text cannot hold, and what columns without a field say.
	Description string `json:"description,omitempty"`
	Owner       string `json:"owner,omitempty"`
	// State is "OPEN", "IN_PROGRESS", "DONE", "VERIFIED", "INEFFECTIVE" or "DROPPED"; StateSaid is as it was written.
	State     string `json:"state,omitempty"`
	StateSaid string `json:"state_said,omitempty"`
	Strength  string `json:"strength,omitempty"`
	Priority  string `json:"priority,omitempty"`
	// Type is the template's own: "mitigate", "prevent", ….
	Type string `json:"type,omitempty"`
	Due  Moment `json:"due,omitzero"`
	// TrackerURI is the address of the ticket, or its number where there is no address; Tracker is how the text calls it.
	TrackerURI string `json:"tracker_uri,omitempty"`
	Tracker    string `json:"tracker,omitempty"`
	// Labels are those of a document that Debrief exported.
	Labels map[string]string `json:"labels,omitempty"`
	Line   int               `json:"-"`
}

// Section is a part of the text that has no field. Its heading is plain text, and may be empty; Markdown is as written.
type Section struct {
	Heading  string `json:"heading,omitempty"`
	Markdown string `json:"markdown,omitempty"`
	Line     int    `json:"-"`
}
