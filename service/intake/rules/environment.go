package rules

import (
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/debriefhq/debrief/service/expression"
)

const (
	maxComprehension = 2
	stringsVersion   = 5 // The first whose functions have a cost.
)

// environment is what every expression is compiled in.
var environment = sync.OnceValues(func() (*expression.Environment, error) {
	texts := cel.MapType(cel.StringType, cel.StringType)
	return expression.New(expression.Language{
		Subject: "an alert",
		Variables: []expression.Variable{
			{Name: "alert.source", Type: cel.StringType},
			{Name: "alert.integration", Type: cel.StringType},
			{Name: "alert.status", Type: cel.StringType},
			{Name: "alert.title", Type: cel.StringType},
			{Name: "alert.summary", Type: cel.StringType},
			{Name: "alert.severity", Type: cel.StringType},
			{Name: "alert.labels", Type: texts},
			{Name: "alert.annotations", Type: texts},
			{Name: "alert.fingerprint", Type: cel.StringType},
			{Name: "alert.start_time", Type: cel.TimestampType},
			{Name: "now", Type: cel.TimestampType},
		},
		Functions: []cel.EnvOption{ext.Strings(ext.StringsVersion(stringsVersion))},
		MaxBytes:  MaxExpression, MaxNesting: maxComprehension, MaxCost: MaxCost,
	})
})

// view is an alert as an expression sees it.
type view struct {
	alert       *Alert
	labels      ref.Val
	annotations ref.Val
	now         ref.Val
}

func newView(alert *Alert, now time.Time) *view {
	return &view{
		alert:       alert,
		labels:      types.NewStringStringMap(types.DefaultTypeAdapter, alert.Labels),
		annotations: types.NewStringStringMap(types.DefaultTypeAdapter, alert.Annotations),
		now:         types.Timestamp{Time: now.UTC()},
	}
}

// ResolveName is the value of a variable.
func (v *view) ResolveName(name string) (any, bool) {
	switch name {
	case "now":
		return v.now, true
	case "alert.labels":
		return v.labels, true
	case "alert.annotations":
		return v.annotations, true
	case "alert.start_time":
		return types.Timestamp{Time: v.alert.StartTime.UTC()}, true
	}
	text, found := v.text(name)
	return types.String(text), found
}

func (v *view) text(name string) (string, bool) {
	switch name {
	case "alert.source":
		return v.alert.Source, true
	case "alert.integration":
		return v.alert.Integration, true
	case "alert.status":
		return v.alert.Status, true
	case "alert.title":
		return v.alert.Title, true
	case "alert.summary":
		return v.alert.Summary, true
	case "alert.severity":
		return v.alert.Severity, true
	case "alert.fingerprint":
		return v.alert.Fingerprint, true
	default:
		return "", false
	}
}

// Parent is none.
func (*view) Parent() cel.Activation { return nil }
