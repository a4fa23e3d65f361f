package repository

// Restriction names those who alone may know of a resource; the zero one restricts nothing.
type Restriction struct {
	// People are the names of principals.
	People []string `json:"people,omitempty"`
	Teams  []string `json:"teams,omitempty"`
}

// IsZero says that everybody may know of the resource.
func (r Restriction) IsZero() bool { return len(r.People) == 0 && len(r.Teams) == 0 }

// Restricted is the term of resources that not everybody may know of.
func Restricted() string { return Term("restriction", "true") }

// restrictionFields are what restricted resources are found by. Those that are not have no term of it.
func restrictionFields[T any](of func(*T) Restriction) []Field[T] {
	return []Field[T]{
		{Name: "restriction.people", Type: Keyword, Many: true, Values: func(resource *T) []string { return of(resource).People }},
		{Name: "restriction.teams", Type: Keyword, Many: true, Values: func(resource *T) []string { return of(resource).Teams }},
		{Name: "restriction", Type: Keyword, Hidden: true, Values: one(func(resource *T) string {
			if of(resource).IsZero() {
				return ""
			}
			return "true"
		})},
	}
}
