package demo

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed stories/*.yaml
var texts embed.FS

// story is an incident as it is told in the folder stories. Unless something else is said, durations count from the
// moment that it was detected, and texts may have the placeholders {region}, {hub}, {version}, {count} and {percent}.
type story struct {
	// Name tells stories apart.
	Name  string
	Title string
	// Kind is INCIDENT where nothing is said.
	Kind     string
	Severity string
	// Team is the one that is called.
	Team     string
	Services []string
	// Alert opens the incident; without one, somebody does.
	Alert *alarm
	// Echoes are other alerts of the same trouble: incidents that are merged into this one.
	Echoes  []alarm
	Summary string
	Impact  string
	// Customers is about how many were affected; 0: nobody knows.
	Customers int
	// Started is how long before the detection the impact began.
	Started time.Duration
	// Acknowledged is when somebody was on it; 0: nobody had to.
	Acknowledged time.Duration
	// Resolves is when the alert stops by itself; 0: people resolve the incident.
	Resolves  time.Duration
	Timeline  []moment
	Mitigated *turn
	Resolved  *turn
	// Canceled is when it turned out to be none.
	Canceled   *turn
	Reopened   *reopening
	Correction *correction
	// Waiver is why it is closed without a post-mortem.
	Waiver string
	// Review is what the post-mortem says; nil: there is none.
	Review *review
	// Actions are what is done where there is no post-mortem.
	Actions []action
}

// alarm is an alert.
type alarm struct {
	Name string
	// Service is the first one of the story where nothing is said.
	Service string
	Summary string
}

// moment is a timeline entry.
type moment struct {
	After time.Duration
	Kind  string
	// By is a role: lead, operations, expert, communications, support or scribe.
	By   string
	Text string
	// Excerpt is evidence, word by word.
	Excerpt string
	// Late is how much later it was written down.
	Late      time.Duration
	Precision time.Duration
	Anonymous bool
}

// turn is a change of the incident's state.
type turn struct {
	After time.Duration
	Note  string
}

// reopening says that it was not over. Mitigated and Resolved count from it.
type reopening struct {
	turn      `yaml:",inline"`
	Mitigated turn
	Resolved  turn
}

// correction is made to a milestone.
type correction struct {
	// Milestone is STARTED or MITIGATED.
	Milestone string
	// Shift is added to its time.
	Shift  time.Duration
	After  time.Duration
	Reason string
}

// review is what a post-mortem says.
type review struct {
	Beliefs   []belief
	Factors   []factor
	Well      string
	Lucky     string
	Surprised string
	Questions string
	// Revised is what a second revision adds; empty: there is none.
	Revised string
	Actions []action
}

// belief is what a team or role believed, and what was true.
type belief struct {
	By, Believed, Actual string
}

// factor is a contributing factor. Name is what actions refer to.
type factor struct {
	Name, Category, Text string
}

// action is an action item.
type action struct {
	// Answers names the factor.
	Answers     string
	Title       string
	Description string
	Strength    string
	Priority    string
	// Owner is a team; the story's where nothing is said.
	Owner string
	// First is the first step.
	First string
	// Outcome is how one saw that it helped; empty: it is not known yet.
	Outcome string
	// Ineffective says how one saw that it did not help.
	Ineffective *failure
	// Drop is why it is not done.
	Drop string
}

// failure is an action that did not help.
type failure struct {
	Note string
	// Successor is the title of the next attempt.
	Successor string
}

// readStories reads all stories, in an order that never changes.
func readStories() ([]*story, error) {
	files, err := fs.Glob(texts, "stories/*.yaml")
	if err != nil {
		return nil, err
	}
	var stories []*story
	for _, file := range files {
		text, err := texts.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var told []*story
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(&told); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		stories = append(stories, told...)
	}
	if len(stories) == 0 {
		return nil, errors.New("there are no stories")
	}
	return stories, nil
}
