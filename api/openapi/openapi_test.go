package openapi_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/debriefhq/debrief/api/debrief/v1" // registers the services
	"github.com/debriefhq/debrief/api/openapi"
)

func TestEveryMethodOverRESTIsAnOperation(t *testing.T) {
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(openapi.JSON, &document); err != nil {
		t.Fatal(err)
	}
	var operations []string
	for _, verbs := range document.Paths {
		for _, operation := range verbs {
			operations = append(operations, operation.OperationID)
		}
	}
	slices.Sort(operations)

	methods := methodsOverREST()
	if len(methods) == 0 {
		t.Fatal("no service of debrief.v1 has a method over REST")
	}
	if diff := cmp.Diff(methods, operations); diff != "" {
		t.Errorf("methods (-) and operations (+) differ:\n%s", diff)
	}
}

// methodsOverREST names the methods of debrief.v1 that have an HTTP rule, sorted.
func methodsOverREST() []string {
	var names []string
	protoregistry.GlobalFiles.RangeFilesByPackage("debrief.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				if proto.HasExtension(methods.Get(j).Options(), annotations.E_Http) {
					names = append(names, string(methods.Get(j).Name()))
				}
			}
		}
		return true
	})
	slices.Sort(names)
	return names
}
