package mentalmodel

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
)

// GapKind is how a model and reality part.
type GapKind string

// The kinds of gaps.
const (
	// MissingComponent is the replica that nobody knew of.
	MissingComponent GapKind = "MISSING_COMPONENT"
	// PhantomComponent is believed, and not there.
	PhantomComponent GapKind = "PHANTOM_COMPONENT"
	// OtherComponentKind is a component that is believed to be something else.
	OtherComponentKind GapKind = "OTHER_COMPONENT_KIND"
	MissingLink        GapKind = "MISSING_LINK"
	PhantomLink        GapKind = "PHANTOM_LINK"
	// OtherLinkKind is a link that does something else than is believed.
	OtherLinkKind GapKind = "OTHER_LINK_KIND"
	// ReversedLink leads the other way.
	ReversedLink GapKind = "REVERSED_LINK"
	MissingFact  GapKind = "MISSING_FACT"
	PhantomFact  GapKind = "PHANTOM_FACT"
	// OtherFactValue is a fact with another value or unit.
	OtherFactValue GapKind = "OTHER_FACT_VALUE"
)

// Gap is one difference between reality and a model.
type Gap struct {
	// ID stays the same from one comparison to the next, whatever else changes: it is made of the kind and of the names
	// that the gap is about, case and punctuation aside. It is a lower-case letter followed by 24 letters and digits.
	ID   string
	Kind GapKind
	// Component is the component that the gap is about, by its name in reality, or else in the model: of a link the one
	// it comes from. It is empty for a fact of the whole system.
	Component string
	// To is where a link leads, LinkKind its kind in reality, or else in the model.
	To       string
	LinkKind LinkKind
	// Key is the key of a fact.
	Key string
	// Reality and Model are what is so and what is believed, for people; empty where one side has nothing.
	Reality, Model string
	// Summary is a sentence for people.
	Summary string
	// Confidence is that of the least sure match on which the gap rests, from 0 to 1.
	Confidence float64
	// ImpliedBy is the id of the missing or phantom component from which the gap follows; empty where it stands alone.
	ImpliedBy string
}

// gapID is the first 120 bits of a digest over the kind and the identities of the parts, as a name that fits a URL.
func gapID(kind GapKind, parts ...string) string {
	digest := sha256.New()
	fmt.Fprintf(digest, "%d:%s", len(kind), kind)
	for _, part := range parts {
		fmt.Fprintf(digest, "%d:%s", len(part), part)
	}
	return "g" + strings.ToLower(base32.StdEncoding.EncodeToString(digest.Sum(nil)[:15]))
}

func (c *comparer) gaps() {
	owners := make([]string, len(c.Components))
	for i, component := range c.Components {
		if gap, ok := componentGap(component); ok {
			c.Gaps = append(c.Gaps, gap)
			owners[i] = gap.ID
		}
	}
	for _, link := range c.Links {
		if link.Status != Agreed {
			c.Gaps = append(c.Gaps, c.linkGap(link, owners))
		}
	}
	for _, fact := range c.Facts {
		if fact.Status != Agreed {
			c.Gaps = append(c.Gaps, c.factGap(fact, owners))
		}
	}
}

func componentGap(component ComparedComponent) (gap Gap, ok bool) {
	gap = Gap{Component: component.Name, Confidence: component.Confidence}
	switch component.Status {
	case Missing:
		gap.Kind, gap.Reality = MissingComponent, component.Name
		gap.Summary = fmt.Sprintf("%s is there; the model does not have it.", component.Name)
	case Phantom:
		gap.Kind, gap.Model = PhantomComponent, component.Name
		gap.Summary = fmt.Sprintf("%s is believed to be there, and is not.", component.Name)
	case Different:
		gap.Kind, gap.Reality, gap.Model = OtherComponentKind, component.Kind, component.BelievedKind
		gap.Summary = fmt.Sprintf("%s is a %s, believed to be a %s.", component.Name, component.Kind, component.BelievedKind)
	case Agreed:
		return Gap{}, false
	}
	gap.ID = gapID(gap.Kind, Identity(component.Name))
	return gap, true
}

func (c *comparer) linkGap(link ComparedLink, owners []string) Gap {
	from, to := c.Components[link.From], c.Components[link.To]
	gap := Gap{Component: from.Name, To: to.Name, LinkKind: link.Kind, Confidence: min(from.Confidence, to.Confidence)}
	said := fmt.Sprintf("%s %s %s", from.Name, link.Kind, to.Name)
	switch {
	case link.Status == Missing:
		gap.Kind, gap.Reality, gap.Summary = MissingLink, said, said+"; the model does not have that."
	case link.Status == Phantom:
		gap.Kind, gap.Model, gap.Summary = PhantomLink, said, said+" is believed, and is not so."
	case link.Reversed:
		gap.Kind, gap.Reality, gap.Model = ReversedLink, said, fmt.Sprintf("%s %s %s", to.Name, link.Kind, from.Name)
		gap.Summary = said + "; it is believed to be the other way round."
	default:
		gap.Kind, gap.Reality, gap.Model = OtherLinkKind, said, fmt.Sprintf("%s %s %s", from.Name, link.BelievedKind, to.Name)
		gap.Summary = fmt.Sprintf("%s; %q is believed.", said, link.BelievedKind)
	}
	if link.Implied {
		if gap.ImpliedBy = owners[link.From]; !c.implies(link.Status, link.From) {
			gap.ImpliedBy = owners[link.To]
		}
	}
	gap.ID = gapID(gap.Kind, Identity(from.Name), Identity(to.Name), string(link.Kind))
	return gap
}

func (c *comparer) factGap(fact ComparedFact, owners []string) Gap {
	gap := Gap{Key: fact.Key, Reality: fact.Reality, Model: fact.Model, Confidence: 1}
	of := ""
	if fact.Component >= 0 {
		component := c.Components[fact.Component]
		gap.Component, gap.Confidence, of = component.Name, component.Confidence, " of "+component.Name
	}
	switch fact.Status {
	case Missing:
		gap.Kind, gap.Summary = MissingFact, fmt.Sprintf("The %s%s is %s; the model does not say.", fact.Key, of, fact.Reality)
	case Phantom:
		gap.Kind, gap.Summary = PhantomFact, fmt.Sprintf("The %s%s is believed to be %s; there is no such fact.", fact.Key, of, fact.Model)
	case Different, Agreed:
		gap.Kind = OtherFactValue
		gap.Summary = fmt.Sprintf("The %s%s is %s, believed to be %s: %s.", fact.Key, of, fact.Reality, fact.Model, fact.Difference)
	}
	if fact.Implied {
		gap.ImpliedBy = owners[fact.Component]
	}
	gap.ID = gapID(gap.Kind, Identity(gap.Component), Identity(fact.Key))
	return gap
}
