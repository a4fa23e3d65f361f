package hostile_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/debriefhq/debrief/api/openapi"
)

// schema is what the document says of a value.
type schema struct {
	Ref        string            `json:"$ref"`
	AllOf      []schema          `json:"allOf"`
	Type       string            `json:"type"`
	Format     string            `json:"format"`
	Enum       []string          `json:"enum"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	Additional maybeSchema       `json:"additionalProperties"`
}

// maybeSchema is a schema, or says by a boolean whether there is anything at all.
type maybeSchema struct{ *schema }

// UnmarshalJSON reads either.
func (m *maybeSchema) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return nil
	}
	return json.Unmarshal(data, &m.schema)
}

// parameter is what a route takes, and where.
type parameter struct {
	schema

	Name string  `json:"name"`
	In   string  `json:"in"`
	Body *schema `json:"schema"`
}

// document is the OpenAPI document, as far as it says what may be sent.
type document struct {
	Paths map[string]map[string]struct {
		OperationID string      `json:"operationId"`
		Parameters  []parameter `json:"parameters"`
	} `json:"paths"`
	Definitions map[string]schema `json:"definitions"`
}

// route is one of its operations.
type route struct {
	name, method, path string
	parameters         []parameter
}

func readDocument(t *testing.T) *document {
	t.Helper()
	read := &document{}
	if err := json.Unmarshal(openapi.JSON, read); err != nil {
		t.Fatal(err)
	}
	return read
}

// order has what is read come before what changes it, and what deletes come last.
var order = []string{"get", "patch", "post", "delete"}

// routes are all of the document, in an order that is always the same.
func (d *document) routes() []route {
	var all []route
	for path, operations := range d.Paths {
		for method, operation := range operations {
			all = append(all, route{operation.OperationID, method, path, operation.Parameters})
		}
	}
	slices.SortFunc(all, func(a, b route) int {
		if by := slices.Index(order, a.method) - slices.Index(order, b.method); by != 0 {
			return by
		}
		return strings.Compare(a.name, b.name)
	})
	for i := range all {
		all[i].method = strings.ToUpper(all[i].method)
	}
	return all
}

// resolve follows references, and what stands for one.
func (d *document) resolve(s schema) schema {
	for {
		switch {
		case len(s.AllOf) > 0:
			s = s.AllOf[0]
		case s.Ref != "":
			s = d.Definitions[strings.TrimPrefix(s.Ref, "#/definitions/")]
		default:
			return s
		}
	}
}

// withoutRoute are the methods that REST does not offer as an operation, with what there is instead.
var withoutRoute = map[string]string{"WatchEvents": "/v1/events:watch"}

func TestEveryMethodHasARoute(t *testing.T) {
	routes := map[string]bool{}
	for _, one := range readDocument(t).routes() {
		routes[one.name] = true
	}
	protoregistry.GlobalFiles.RangeFilesByPackage("debrief.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				name := string(methods.Get(j).Name())
				if routes[name] == (withoutRoute[name] != "") {
					t.Errorf("%s has a route: %v, and instead of one: %q", name, routes[name], withoutRoute[name])
				}
			}
		}
		return true
	})
}
