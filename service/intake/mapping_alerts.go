package intake

import (
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/debriefhq/debrief/service/expression"
	"github.com/debriefhq/debrief/service/plaintext"
)

// alerts are what the mapping makes of a body. Key, status and list must succeed; of any other expression that fails, the
// alert says so in its Alterations.
func (m *Mapping) alerts(request Request, body any) ([]Alert, error) {
	return m.run(request).alerts(body)
}

// run begins the evaluation for one delivery: what its bodies cost, if it has several, is counted together.
func (m *Mapping) run(request Request) *mappingRun {
	return &mappingRun{mapping: m, variables: map[string]any{"query": firstOf(request.Query)}}
}

// run is nil where there is no mapping.
func (o Options) run(request Request) *mappingRun {
	if o.Mapping == nil {
		return nil
	}
	return o.Mapping.run(request)
}

func (r *mappingRun) alerts(body any) ([]Alert, error) {
	r.variables["body"], r.variables["alert"] = body, body
	elements, prefix, err := r.elements(body)
	if err != nil {
		return nil, err
	}
	var alerts []Alert
	for i, element := range elements {
		r.variables["alert"] = element
		alert, problem := r.alert()
		if problem != nil {
			if prefix {
				problem.Field = elementPath("alerts", i, problem.Field)
			}
			return nil, problem
		}
		if alert != nil {
			alerts = append(alerts, *alert)
		}
	}
	return alerts, nil
}

func firstOf(query url.Values) map[string]string {
	values := map[string]string{}
	for name, all := range query {
		if len(all) > 0 {
			values[strings.ToValidUTF8(name, "\uFFFD")] = strings.ToValidUTF8(all[0], "\uFFFD")
		}
	}
	return values
}

// mappingRun is the evaluation of a mapping for one delivery.
type mappingRun struct {
	mapping   *Mapping
	variables map[string]any
	cost      uint64
}

// elements are what alerts are made of, one each, and whether they are elements of a list.
func (r *mappingRun) elements(body any) ([]any, bool, error) {
	if r.mapping.list == nil {
		return []any{body}, false, nil
	}
	value, problem := r.evaluate(r.mapping.list)
	if problem != "" {
		return nil, false, invalid("alerts", "%s", problem)
	}
	list, ok := value.(traits.Lister)
	if !ok {
		return nil, false, invalid("alerts", "gives %s; it must give a list", typeOf(value))
	}
	count, _ := list.Size().Value().(int64)
	if count > MaxAlerts {
		return nil, false, invalid("alerts", "has %d elements; at most %d are taken at once", count, MaxAlerts)
	}
	if problem := r.spend(uint64(count)); problem != "" {
		return nil, false, invalid("alerts", "%s", problem)
	}
	elements := make([]any, 0, count)
	for i := range count {
		elements = append(elements, list.Get(types.Int(i)))
	}
	return elements, true, nil
}

// alert is nil where the status says that there is none.
func (r *mappingRun) alert() (*Alert, *InvalidError) {
	sent := &genericAlert{}
	var notes []string
	for _, field := range r.mapping.fields {
		value, problem := r.evaluate(field.program)
		if problem == "" {
			problem = r.spend(resultCost(value))
		}
		if problem == "" {
			problem = sent.set(field.name, value)
		}
		switch {
		case problem != "" && (field.name == "key" || field.name == "status" || r.cost > maxMappingCost):
			return nil, &InvalidError{field.name, problem}
		case problem != "":
			notes = append(notes, field.name+" was left empty: its expression "+problem)
		case field.name == "status" && sent.Status == "":
			return nil, nil
		}
	}
	alert, problem := sent.alert()
	if problem != nil {
		return nil, problem
	}
	alert.Alterations = append(notes, alert.Alterations...)
	return &alert, nil
}

// evaluate gives a value, or in words why there is none. What is optional and not there is null.
func (r *mappingRun) evaluate(program *expression.Program) (ref.Val, string) {
	value, cost, err := program.Evaluate(r.variables)
	cost += evaluationCost
	if err != nil {
		cost += textCost(err.Error())
	}
	if problem := r.spend(cost); problem != "" {
		return nil, problem
	}
	if err != nil {
		return nil, evaluationProblem(err)
	}
	if optional, ok := value.(*types.Optional); ok {
		if !optional.HasValue() {
			return types.NullValue, ""
		}
		return optional.GetValue(), ""
	}
	return value, ""
}

// spend counts what was done, and says in words when it is too much.
func (r *mappingRun) spend(cost uint64) string {
	r.cost += cost
	if r.cost > maxMappingCost {
		return tooCostly
	}
	return ""
}

const tooCostly = "costs too much for what was sent; make it simpler"

func evaluationProblem(err error) string {
	if errors.Is(err, expression.ErrTooCostly) {
		return tooCostly
	}
	text := err.Error()
	text = text[:min(len(text), 4*maxProblem)] // It may hold much of what was sent.
	return "fails: " + plaintext.Clean(text, maxProblem)
}

// set puts a value into a field; it says in words why it cannot.
func (g *genericAlert) set(field string, value ref.Val) string {
	switch field {
	case "labels":
		return setMap(&g.Labels, value)
	case "annotations":
		return setMap(&g.Annotations, value)
	case "time":
		return setTime(&g.Time, value)
	}
	if field == "status" && value.Type() != types.StringType {
		return "gives " + typeOf(value) + "; it must give a string"
	}
	text, ok := textOf(value)
	if !ok {
		return "gives " + typeOf(value) + "; it must give a string, number or boolean"
	}
	*map[string]*scalar{
		"key": &g.Key, "episode": &g.Episode, "status": &g.Status, "title": &g.Title, "summary": &g.Summary,
		"severity": &g.Severity, "url": &g.URL,
	}[field] = scalar(text)
	return ""
}

func setTime(target *scalar, value ref.Val) string {
	if at, ok := value.Value().(time.Time); ok {
		*target = scalar(at.UTC().Format(time.RFC3339Nano))
		return ""
	}
	text, ok := textOf(value)
	if _, isTime := moment(text); !ok || !isTime {
		return "gives no time; it must give a timestamp, a string after RFC 3339, or seconds since 1970"
	}
	*target = scalar(text)
	return ""
}

func setMap(target *map[string]scalar, value ref.Val) string {
	kept, ok := mapOf(value)
	if !ok {
		return "gives " + typeOf(value) + "; it must give a map"
	}
	*target = kept
	return ""
}

// mapOf keeps of a map what is text, or can be.
func mapOf(value ref.Val) (map[string]scalar, bool) {
	if value.Type() == types.NullType {
		return nil, true
	}
	sent, ok := value.(traits.Mapper)
	if !ok {
		return nil, false
	}
	kept := map[string]scalar{}
	for names := sent.Iterator(); names.HasNext() == types.True; {
		name := names.Next()
		key, isText := textOf(name)
		if text, ok := textOf(sent.Get(name)); ok && isText {
			kept[key] = scalar(text)
		}
	}
	return kept, true
}

// textOf writes what is a text, or as good as one.
func textOf(value ref.Val) (string, bool) {
	switch sent := value.Value().(type) {
	case string:
		return strings.ToValidUTF8(sent, "\uFFFD"), true
	case int64:
		return strconv.FormatInt(sent, 10), true
	case uint64:
		return strconv.FormatUint(sent, 10), true
	case float64:
		return strconv.FormatFloat(sent, 'f', -1, 64), !math.IsNaN(sent) && !math.IsInf(sent, 0)
	case bool:
		return strconv.FormatBool(sent), true
	default:
		return "", value.Type() == types.NullType
	}
}

func typeOf(value ref.Val) string { return "a value of type " + value.Type().TypeName() }

// bodyOfText is the JSON that a text holds, or the text.
func bodyOfText(text string) any {
	if body, err := decodeAny([]byte(text)); err == nil {
		return body
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// maxDepth is how deep a body may be nested: expressions go through it by recursion.
const maxDepth = 200

// decodeAny reads any JSON. Whole numbers stay whole, so that a long number that names something keeps its digits.
func decodeAny(body []byte) (any, error) {
	numbers := json.UnmarshalFromFunc(func(decoder *jsontext.Decoder, target *any) error {
		if decoder.StackDepth() > maxDepth {
			return errTooDeep
		}
		if decoder.PeekKind() != '0' {
			return errors.ErrUnsupported
		}
		value, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		*target, err = number(string(value))
		return err
	})
	var target any
	err := json.Unmarshal(body, &target, json.WithUnmarshalers(numbers), jsontext.AllowInvalidUTF8(true))
	switch syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); {
	case err == nil:
		return target, nil
	case ok:
		return nil, syntacticProblem(syntactic)
	default:
		return nil, invalid("", "holds a number that is too large, or is nested deeper than %d", maxDepth)
	}
}

var errTooDeep = errors.New("too deep")

func number(text string) (any, error) {
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return whole, nil
	}
	if whole, err := strconv.ParseUint(text, 10, 64); err == nil {
		return whole, nil
	}
	return strconv.ParseFloat(text, 64)
}
