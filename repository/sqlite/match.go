package sqlite

import (
	"slices"
	"strings"

	"github.com/debriefhq/debrief/repository"
)

// match is how the rows are found that a condition may hold for.
type match struct {
	// text is an expression of the full-text index; empty where there is none.
	text string
	// exact says that the condition holds for just those rows; else text finds more.
	exact bool
	// sieve is an expression over the row t that holds for those rows, and for few others.
	sieve fragment
	// inverse is the expression that text finds all but the rows of; empty where it is none of that kind.
	inverse string
}

var (
	matchAll  = match{text: everyToken, exact: true, sieve: fragment{text: "1"}}
	matchNone = match{text: "(" + everyToken + " NOT " + everyToken + ")", exact: true, sieve: fragment{text: "0"}}
	noMatch   = match{sieve: fragment{text: "1"}}
)

// maxSieved is how many terms of one condition are sieved by.
const maxSieved = 100

// matching translates a condition.
func matching(condition repository.Condition) match {
	switch condition := condition.(type) {
	case repository.And:
		return matchEvery(condition)
	case repository.Or:
		return matchSome(condition)
	case repository.Not:
		return matchNot(matching(condition.Condition))
	case repository.TermIn:
		return matchTerms(condition)
	case repository.TermRange:
		return matchRange(condition)
	default:
		return noMatch
	}
}

// matchToken matches what has a token.
func matchToken(token string) match {
	sieve := fragment{"instr(t.signature, ?) > 0", values([]byte(token[:signatureLength]))}
	return match{text: token, exact: true, sieve: sieve}
}

// matchNot needs what is exact. What passes the sieve though it should not would be missing here: so it sieves nothing.
func matchNot(inner match) match {
	if !inner.exact {
		return noMatch
	}
	return match{text: "(" + everyToken + " NOT " + inner.text + ")", exact: true, sieve: noMatch.sieve, inverse: inner.text}
}

// matchEvery may leave conditions out: then it is not exact. What must not match is taken away from what must, which
// takes less than to find all that it may be.
func matchEvery(conditions []repository.Condition) match {
	var parts []match
	var without []string
	exact := true
	for _, condition := range conditions {
		each := matching(condition)
		exact = exact && each.exact
		switch {
		case each.inverse != "":
			without = append(without, each.inverse)
		case each.text != "":
			parts = append(parts, each)
		}
	}
	if len(parts) == 0 && len(without) == 0 && len(conditions) > 0 {
		return noMatch
	}
	if len(parts) == 0 {
		parts = []match{matchAll}
	}
	joined := joinMatches(parts, " AND ")
	joined.exact = exact
	if len(without) > 0 {
		joined.text = "(" + joined.text + " NOT (" + strings.Join(without, " OR ") + "))"
	}
	return joined
}

// matchSome may leave no condition out.
func matchSome(conditions []repository.Condition) match {
	parts := make([]match, len(conditions))
	for i, condition := range conditions {
		if parts[i] = matching(condition); parts[i].text == "" {
			return noMatch
		}
	}
	if len(parts) == 0 {
		return matchNone
	}
	return joinMatches(parts, " OR ")
}

func joinMatches(parts []match, operator string) match {
	joined := match{exact: true}
	texts := make([]string, len(parts))
	sieves := make([]fragment, len(parts))
	for i, part := range parts {
		texts[i], sieves[i] = part.text, part.sieve
		joined.exact = joined.exact && part.exact
	}
	joined.text = "(" + strings.Join(texts, operator) + ")"
	joined.sieve = join(sieves, operator).surround("(", ")")
	return joined
}

func matchTerms(terms []string) match {
	if len(terms) == 0 {
		return matchNone
	}
	var parts []match
	for _, term := range slices.Compact(slices.Sorted(slices.Values(terms))) {
		parts = append(parts, matchToken(token(term)))
	}
	joined := joinMatches(parts, " OR ")
	if len(parts) > maxSieved {
		joined.sieve = noMatch.sieve
	}
	return joined
}

// matchRange matches what has any value of the field that the range is within.
func matchRange(condition repository.TermRange) match {
	for _, field := range fields(condition.From) {
		end := field + string(separator[0]+1)
		if condition.Before == end || strings.HasPrefix(condition.Before, field+separator) {
			found := matchToken(token(field + presence))
			found.exact = condition.From == field+presence && condition.Before == end
			return found
		}
	}
	return noMatch
}
