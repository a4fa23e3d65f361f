package repository

// GroundRules are what is read out to everybody before a review begins. Header.ID is chosen by the team that they are of.
type GroundRules struct {
	Header `bson:",inline"`

	Title string       `json:"title"`
	Rules []GroundRule `json:"rules"`
}

// GroundRule is one of them.
type GroundRule struct {
	// ID is unique among the rules, and stays when the text changes.
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// PostMortemTemplate says which sections a team's post-mortems have. Header.ID is chosen by the team that it is of;
// Header.Revision says how often it has changed.
type PostMortemTemplate struct {
	Header `bson:",inline"`

	Title    string            `json:"title"`
	Sections []TemplateSection `json:"sections"`
	// LanguagePolicy is OFF, WARN or BLOCK: what publication does about findings of the blameless check.
	LanguagePolicy string `json:"language_policy,omitempty"`
}

// TemplateSection is one section of a template.
type TemplateSection struct {
	// ID is that of a field of the post-mortem, such as "contributing_factors", or the team's own.
	ID    string `json:"id"`
	Title string `json:"title"`
	// Help says what belongs there.
	Help string `json:"help,omitempty"`
	// Required sections must not be empty when the post-mortem is published.
	Required bool `json:"required,omitempty"`
}
