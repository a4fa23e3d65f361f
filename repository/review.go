package repository

import "time"

// RulesReading says that the ground rules were read out; its ReadTime is zero while they were not.
type RulesReading struct {
	Reader   string    `json:"reader,omitempty"`
	ReadTime time.Time `json:"read_time,omitempty,omitzero"`
	// Present are the participants who were there.
	Present []string `json:"present,omitempty"`
	// GroundRuleSet is a resource name, and Rules what it said then.
	GroundRuleSet string       `json:"ground_rule_set,omitempty"`
	Rules         []GroundRule `json:"rules,omitempty"`
}

// GroundRuleBreach says that a ground rule was broken, when, and never by whom.
type GroundRuleBreach struct {
	// Rule is the id of one of the rules that were read.
	Rule string    `json:"rule"`
	Time time.Time `json:"time"`
}

// MaxGroundRuleBreaches bounds what a post-mortem keeps of them.
const MaxGroundRuleBreaches = 200

// AppliedTemplate is a template as it was when it was chosen.
type AppliedTemplate struct {
	// Template is a resource name.
	Template string `json:"template"`
	// Revision is that of the template then.
	Revision int64             `json:"revision"`
	Sections []TemplateSection `json:"sections"`
	// LanguagePolicy is OFF, WARN or BLOCK; empty: as the server is set.
	LanguagePolicy string `json:"language_policy,omitempty"`
}

// FreeSection is a section that no field stands for: a team's own, or one that was imported.
type FreeSection struct {
	// ID is unique in its post-mortem.
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"`
}

// QuestionAnswer says that a suggested question was answered.
type QuestionAnswer struct {
	QuestionID string `json:"question_id"`
	// Question is what was asked.
	Question string `json:"question"`
	Answer   string `json:"answer,omitempty"`
	// Section is the id of the section in which the answer stands.
	Section    string    `json:"section,omitempty"`
	AnswerTime time.Time `json:"answer_time"`
}

// MaxQuestionAnswers bounds what a post-mortem keeps of them.
const MaxQuestionAnswers = 500
