package intake

import (
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// What a Mapping may cost, in steps: a step of CEL, or what takes about as long, which is half a microsecond. Each delivery
// that keeps to it is read within a fraction of a second; 500 alerts with ten ordinary expressions take a fifth of it.
const (
	// maxExpressionCost is for one expression: it may go once over a list of 2,000 elements, and look at a few fields of
	// each. It is a tenth of the whole, as CEL's own counting gets slower with what it has counted in nested lists.
	maxExpressionCost = 50_000
	// maxMappingCost is for all expressions over one delivery.
	maxMappingCost = 500_000
	// evaluationCost is to begin with an expression at all.
	evaluationCost = 5
	// bytesPerStep, resultBytesPerStep and patternBytesPerStep are how much text is read in a step: in passing, to be made
	// printable for a field, and by a pattern.
	bytesPerStep        = 256
	resultBytesPerStep  = 32
	patternBytesPerStep = 16
)

// costs says what functions cost. CEL's own estimate takes a comparison for as cheap as its shorter side, and counts the
// characters of the longer one to find out; it takes lists and maps for as large as they are on the outside.
type costs struct{}

// CallCost never leaves it to CEL.
func (costs) CallCost(function, _ string, arguments []ref.Val, result ref.Val) *uint64 {
	cost := 1 + textCost(result)
	for _, argument := range arguments {
		switch function {
		case operators.Equals, operators.NotEquals, operators.In, operators.OldIn:
			cost += deepCost(argument)
		default:
			cost += textCost(argument)
		}
	}
	if function == overloads.Matches && len(arguments) == 2 {
		text, pattern := length(arguments[0]), length(arguments[1])
		cost += (text + 1) * (pattern/4 + 1) / patternBytesPerStep
	}
	return &cost
}

// length is the bytes of a text; 0 for anything else.
func length(value any) uint64 {
	if sent, ok := value.(ref.Val); ok {
		value = sent.Value()
	}
	switch text := value.(type) {
	case string:
		return uint64(len(text))
	case []byte:
		return uint64(len(text))
	default:
		return 0
	}
}

func textCost(value any) uint64 { return length(value) / bytesPerStep }

// deepCost is what it takes to go through all that there is in a value.
func deepCost(value any) uint64 {
	if sent, ok := value.(ref.Val); ok {
		value = native(sent)
	}
	cost := uint64(1)
	switch sent := value.(type) {
	case []any:
		for _, element := range sent {
			cost += deepCost(element)
		}
	case map[string]any:
		for name, element := range sent {
			cost += textCost(name) + deepCost(element)
		}
	case traits.Mapper:
		for names := sent.Iterator(); names.HasNext() == types.True; {
			name := names.Next()
			cost += textCost(name) + deepCost(sent.Get(name))
		}
	case traits.Lister:
		for elements := sent.Iterator(); elements.HasNext() == types.True; {
			cost += deepCost(elements.Next())
		}
	default:
		cost += textCost(sent)
	}
	return cost
}

// native is what JSON was read into; of a list or a map that an expression has made, the list or the map.
func native(value ref.Val) any {
	switch sent := value.Value().(type) {
	case []any, map[string]any:
		return sent
	case string, []byte:
		return sent
	default:
		return value
	}
}

// resultCost is what it takes to make a field of a result: its texts are read, its lists and maps gone through, two deep.
func resultCost(value ref.Val) uint64 { return shallowCost(value, 2) }

func shallowCost(value ref.Val, depth int) uint64 {
	cost := length(value) / resultBytesPerStep
	if depth == 0 {
		return cost
	}
	switch sent := value.(type) {
	case traits.Mapper:
		for names := sent.Iterator(); names.HasNext() == types.True; {
			name := names.Next()
			cost += 1 + length(name)/resultBytesPerStep + shallowCost(sent.Get(name), depth-1)
		}
	case traits.Lister:
		for elements := sent.Iterator(); elements.HasNext() == types.True; {
			cost += 1 + shallowCost(elements.Next(), depth-1)
		}
	}
	return cost
}
