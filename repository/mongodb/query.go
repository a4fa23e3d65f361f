package mongodb

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/debriefhq/debrief/repository"
)

var (
	always = bson.D{}
	never  = bson.D{{Key: fieldID, Value: bson.D{{Key: "$in", Value: bson.A{}}}}}
)

// filter translates the query to a filter.
//
// A position in an order by a field lies in one of two ranges of that field's index. Each is a branch of an $or at the
// top, with all other conditions in both, because an engine plans such branches apart and merges what they give in order.
func filter(query repository.Query) bson.D {
	conditions := base(query)
	if query.After == nil {
		return all(conditions)
	}
	beyond := "$gt"
	if query.Descending {
		beyond = "$lt"
	}
	behindID := compare(fieldID, beyond, query.After.ID)
	if query.OrderBy == "" {
		return all(append(conditions, behindID))
	}
	path := numberPath(query.OrderBy)
	tied := append(append([]bson.D{}, conditions...), compare(path, "$eq", query.After.Number), behindID)
	behind := append(append([]bson.D{}, conditions...), compare(path, beyond, query.After.Number))
	return bson.D{{Key: "$or", Value: bson.A{all(behind), all(tied)}}}
}

// base are the conditions of the query without its position.
func base(query repository.Query) []bson.D {
	var conditions []bson.D
	if query.Parent != "" {
		conditions = append(conditions, compare(fieldParent, "$eq", query.Parent))
	}
	if query.Visible < repository.Purged {
		// It is not stored where it is 0.
		conditions = append(conditions, bson.D{{Key: fieldVisibility, Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gt", Value: query.Visible}}}}}})
	}
	if query.Where != nil {
		conditions = append(conditions, translateCondition(query.Where))
	} else if query.OrderBy != "" && query.After == nil {
		// All have it. Said nevertheless, because not every engine takes an index for the order alone.
		conditions = append(conditions, compare(numberPath(query.OrderBy), "$gte", int64(repository.Unset)))
	}
	return conditions
}

// order is the sort of the query.
func order(query repository.Query) bson.D {
	direction := 1
	if query.Descending {
		direction = -1
	}
	if query.OrderBy == "" {
		return bson.D{{Key: fieldID, Value: direction}}
	}
	return bson.D{{Key: numberPath(query.OrderBy), Value: direction}, {Key: fieldID, Value: direction}}
}

func translateCondition(condition repository.Condition) bson.D {
	switch condition := condition.(type) {
	case repository.And:
		return all(translateConditions(condition))
	case repository.Or:
		return anyOf(translateConditions(condition))
	case repository.Not:
		return bson.D{{Key: "$nor", Value: bson.A{translateCondition(condition.Condition)}}}
	case repository.TermIn:
		return termIn(condition)
	case repository.TermRange:
		// $elemMatch, for it must be one term that is within both bounds.
		return bson.D{{Key: fieldTerms, Value: bson.D{{Key: "$elemMatch", Value: bson.D{
			{Key: "$gte", Value: condition.From}, {Key: "$lt", Value: condition.Before},
		}}}}}
	case repository.NumberRange:
		// Unset stands for none, and lies below what is asked for.
		return bson.D{{Key: numberPath(condition.Field), Value: bson.D{
			{Key: "$gte", Value: max(condition.Min, repository.Unset+1)}, {Key: "$lte", Value: condition.Max},
		}}}
	case repository.NumberUnset:
		return compare(numberPath(condition.Field), "$eq", int64(repository.Unset))
	case repository.IDRange:
		return idRange(condition)
	default:
		panic(fmt.Sprintf("no such condition: %T", condition))
	}
}

func translateConditions(conditions []repository.Condition) []bson.D {
	translated := make([]bson.D, len(conditions))
	for i, condition := range conditions {
		translated[i] = translateCondition(condition)
	}
	return translated
}

func termIn(terms repository.TermIn) bson.D {
	if len(terms) == 1 {
		return bson.D{{Key: fieldTerms, Value: terms[0]}}
	}
	return bson.D{{Key: fieldTerms, Value: bson.D{{Key: "$in", Value: []string(terms)}}}}
}

func idRange(condition repository.IDRange) bson.D {
	bounds := bson.D{}
	if condition.From != "" {
		bounds = append(bounds, bson.E{Key: "$gte", Value: condition.From})
	}
	if condition.Before != "" {
		bounds = append(bounds, bson.E{Key: "$lt", Value: condition.Before})
	}
	if len(bounds) == 0 {
		return always
	}
	return bson.D{{Key: fieldID, Value: bounds}}
}

func compare(path, operator string, value any) bson.D {
	if operator == "$eq" {
		return bson.D{{Key: path, Value: value}}
	}
	return bson.D{{Key: path, Value: bson.D{{Key: operator, Value: value}}}}
}

func all(conditions []bson.D) bson.D {
	switch len(conditions) {
	case 0:
		return always
	case 1:
		return conditions[0]
	default:
		return bson.D{{Key: "$and", Value: conditions}}
	}
}

func anyOf(conditions []bson.D) bson.D {
	switch len(conditions) {
	case 0:
		return never
	case 1:
		return conditions[0]
	default:
		return bson.D{{Key: "$or", Value: conditions}}
	}
}
