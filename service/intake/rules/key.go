package rules

import (
	"strconv"
	"strings"

	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/plaintext"
)

// MaxGroupKey is how long a group's key may be, in bytes. What would be longer is hashed.
const MaxGroupKey = 160

// group names the group of an alert, and says what its alerts have in common. The name is the rule's name and its terms, each
// quoted, so that no two lists of terms are written alike; "-" is a term that fails. A hash never looks like a list.
func (d *deciding) group(rule *compiledRule) (key string, values []string) {
	parts := []string{strconv.QuoteToASCII(rule.Name)}
	for i, term := range rule.terms {
		text, err := d.text(term)
		if err != nil {
			d.step(Failed, rule.Name, "%s groups the alert with those on which the expression %d of group_by fails: %v.", rule.title, i+1, err)
			parts, values = append(parts, "-"), append(values, "")
			continue
		}
		parts, values = append(parts, strconv.QuoteToASCII(text)), append(values, plaintext.Shorten(plaintext.Printable(text), intake.MaxLabelValue))
	}
	list := "[" + strings.Join(parts, ",") + "]"
	if len(list) <= MaxGroupKey {
		return list, values
	}
	return intake.Digest(list), values
}
