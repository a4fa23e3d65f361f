package agenda

import (
	"cmp"
	"slices"

	"github.com/debriefhq/debrief/service/question"
)

// share is how a part of the rest of the time grows with what is recorded for it.
type share struct {
	part question.Part
	// base is its weight when nothing is recorded: then it is all the more worth asking.
	base int
	// most is how many recorded things add to the weight, one each.
	most int
}

func shares() []share {
	return []share{
		{question.Beliefs, 4, 8},
		{question.Factors, 4, 8},
		{question.Surprises, 2, 4},
		{question.Actions, 3, 6},
	}
}

// allot gives each part its minutes; they add up to the total. The rules take as long as they take to read, the timeline has
// half of the time and up to a tenth more when it is long, and the rest is shared out by weight.
func allot(total int, recorded map[question.Part]int) map[question.Part]int {
	const readSlowly, readFast = 5, 2
	const half, longTimeline, entriesPerPercent = 50, 40, 4
	minutes := map[question.Part]int{}
	minutes[question.Rules] = min(max(total/15, readFast), readSlowly)
	entries := min(max(recorded[question.Timeline], 0), longTimeline)
	percent := half + entries/entriesPerPercent
	minutes[question.Timeline] = (total*percent + 99) / 100
	rest := total - minutes[question.Rules] - minutes[question.Timeline]
	var weights []int
	for _, s := range shares() {
		weights = append(weights, s.base+min(max(recorded[s.part], 0), s.most))
	}
	for i, m := range divide(rest, weights) {
		minutes[shares()[i].part] = m
	}
	return minutes
}

// divide shares out whole minutes by weight, at least one each, by the method of the largest remainder; of equal remainders
// the first gets the minute.
func divide(minutes int, weights []int) []int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	left := minutes - len(weights)
	divided := make([]int, len(weights))
	byRemainder := make([]int, len(weights))
	given := 0
	for i, w := range weights {
		divided[i] = 1 + left*w/sum
		given += left * w / sum
		byRemainder[i] = i
	}
	slices.SortStableFunc(byRemainder, func(a, b int) int {
		return cmp.Compare(left*weights[b]%sum, left*weights[a]%sum)
	})
	for _, i := range byRemainder[:left-given] {
		divided[i]++
	}
	return divided
}
