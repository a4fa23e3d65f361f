package mongodb

import (
	"context"
	"slices"

	"github.com/oklog/ulid/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/debriefhq/debrief/repository"
)

// Some engines find by an index, but then sort all that they found, even if only a page of it is wanted. For those the
// order of ids is cut into windows, each some times larger than the one before, and a query goes from window to window
// until its page is full. So it reads little of what many have, and looks into few windows for what few have.
const (
	// firstWindow is how many documents the first window holds.
	firstWindow = 1000
	// windowGrowth is how much larger each next window is.
	windowGrowth = 16
	// maxWindows is how many windows there are at most; the last one has no end.
	maxWindows = 5
)

// termsIndex is the index by which documents are found by their terms, in the order of ids.
var termsIndex = index{keys: bson.D{{Key: fieldTerms, Value: 1}, {Key: fieldID, Value: -1}}}

// idIndex is the index that every collection has.
const idIndex = "_id_"

// sortsInMemory asks the engine whether it sorts what it finds by the terms' index.
func (e *engine) sortsInMemory(ctx context.Context, collection string) (bool, error) {
	find := bson.D{
		{Key: "find", Value: collection},
		{Key: "filter", Value: bson.D{{Key: fieldTerms, Value: ""}}},
		{Key: "sort", Value: bson.D{{Key: fieldID, Value: -1}}},
		{Key: "limit", Value: 1},
	}
	var plan bson.D
	err := e.do(ctx, command{operation: "explain", collection: collection}, func(ctx context.Context) error {
		return e.database.RunCommand(ctx, bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"}}).Decode(&plan)
	})
	return hasSort(plan), err
}

// hasSort looks for a step that sorts: MongoDB's is a stage, DocumentDB's a node of PostgreSQL's plan.
func hasSort(plan any) bool {
	switch plan := plan.(type) {
	case bson.D:
		return slices.ContainsFunc(plan, func(element bson.E) bool {
			switch element.Key {
			case "rejectedPlans", "command":
				return false
			case "stage", "Node Type":
				return element.Value == "SORT" || element.Value == "Sort"
			default:
				return hasSort(element.Value)
			}
		})
	case bson.A:
		return slices.ContainsFunc(plan, hasSort)
	default:
		return false
	}
}

// byTerms says whether what holds the condition can be found by its terms.
func byTerms(condition repository.Condition) bool {
	switch condition := condition.(type) {
	case repository.TermIn, repository.TermRange:
		return true
	case repository.And:
		return slices.ContainsFunc(condition, byTerms)
	default:
		return false
	}
}

// findInWindows answers a query in the order of ids, as far as they are within the range, window by window.
func (c *collection[T]) findInWindows(ctx context.Context, query repository.Query, within repository.IDRange) ([]T, error) {
	within = narrowed(within, query.Where)
	if query.After != nil && query.Descending {
		within = common(within, repository.IDRange{Before: query.After.ID})
	} else if query.After != nil {
		within = common(within, repository.IDRange{From: query.After.ID + "\x00"})
	}
	query.After = nil
	windows, err := c.windows(ctx, within, query.Descending)
	if err != nil {
		return nil, err
	}
	var found []T
	for i, window := range windows {
		by := termsIndex.name()
		if i == 0 && len(windows) > 1 {
			by = idIndex // It is small: to go through all of it costs less than to look for some in it.
		}
		part := query
		part.Limit -= len(found)
		next, err := c.find(ctx, part, window, options.Find().SetHint(by))
		if err != nil {
			return nil, err
		}
		if found = append(found, next...); len(found) >= query.Limit {
			break
		}
	}
	return found, nil
}

// narrowed is what of a range can hold the condition.
func narrowed(within repository.IDRange, condition repository.Condition) repository.IDRange {
	switch condition := condition.(type) {
	case repository.IDRange:
		within = common(within, condition)
	case repository.And:
		for _, condition := range condition {
			within = narrowed(within, condition)
		}
	}
	return within
}

// common is what two ranges have in common.
func common(a, b repository.IDRange) repository.IDRange {
	a.From = max(a.From, b.From)
	if a.Before == "" || b.Before != "" && b.Before < a.Before {
		a.Before = b.Before
	}
	return a
}

// windows cuts a range of ids.
func (c *collection[T]) windows(ctx context.Context, within repository.IDRange, descending bool) ([]repository.IDRange, error) {
	end, err := c.idAt(ctx, within, descending, c.window)
	if err != nil || end == "" {
		return []repository.IDRange{within}, err
	}
	beginning, err := c.idAt(ctx, within, descending, 0)
	if err != nil {
		return nil, err
	}
	var windows []repository.IDRange
	for ok := true; ok && len(windows) < maxWindows-1; {
		var window repository.IDRange
		window, within = cut(within, end, descending)
		windows = append(windows, window)
		end, ok = beyond(beginning, end, windowGrowth)
	}
	return append(windows, within), nil
}

// cut cuts a range in two at the id: what comes first in the order, and what comes then.
func cut(within repository.IDRange, at string, descending bool) (first, rest repository.IDRange) {
	before, from := common(within, repository.IDRange{Before: at}), common(within, repository.IDRange{From: at})
	if descending {
		return from, before
	}
	return before, from
}

// idAt is the id so many places from the beginning of the range, of whatever document; empty where there are not so many.
func (c *collection[T]) idAt(ctx context.Context, within repository.IDRange, descending bool, places int64) (string, error) {
	var found struct {
		ID string `bson:"_id"`
	}
	err := c.do(ctx, c.command("findOne"), func(ctx context.Context) error {
		how := options.FindOne().SetSort(order(repository.Query{Descending: descending})).SetSkip(places).
			SetProjection(bson.D{{Key: fieldID, Value: 1}})
		return c.stored.FindOne(ctx, idRange(within), how).Decode(&found)
	})
	if isNotFound(err) {
		return "", nil
	}
	return found.ID, err
}

// beyond is an id about so many times as far from the first as the second is; false where that can't be told. Ids are
// ULIDs, which tell the time, or sequences of events.
func beyond(first, second string, times int64) (string, bool) {
	if from, to := sequence(first), sequence(second); from > 0 && to > 0 {
		return repository.EventID(max(0, from+(to-from)*times)), true
	}
	from, err := ulid.ParseStrict(first)
	if err != nil {
		return "", false
	}
	to, err := ulid.ParseStrict(second)
	if err != nil {
		return "", false
	}
	at := int64(from.Time()) + (int64(to.Time())-int64(from.Time()))*times
	var id ulid.ULID
	if at < 0 || id.SetTime(uint64(at)) != nil {
		return "", false
	}
	return id.String(), true
}

func sequence(id string) int64 { return repository.Sequence(id) }
