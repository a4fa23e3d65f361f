package endtoend_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// step is one call of a story, and what is to come of it. Requests and answers are JSON as the API has it over REST.
// `${name}` stands for what an earlier step saved, `<now>` for a time at which the story was told, `<id>` for an id that
// nobody saved, `<etag>`, `<token>`, `<lag>` and `<remaining>` for those, `<at risk>` and `<due>` for when clocks are that started now.
type step struct {
	// Step says what happens.
	Step string
	// Call is the method, as Service.Method.
	Call string
	// As is who calls; empty: somebody who does not say.
	As string
	// Request is the message.
	Request map[string]any
	// Answer is the whole answer, Has some fields of it: those of a list are as many as are given, and null is none.
	Answer, Has map[string]any
	// Contains and Lacks are texts that the document is to have, and those that it must not have.
	Contains, Lacks []string
	// Refused is how the call is refused; none: it is not.
	Refused *refusal
	// Save names what later steps need: a variable, and the path to its value in the answer, such as incidents.0.name.
	Save map[string]string
}

// refusal is an error of the API.
type refusal struct {
	// Code is the canonical code, such as ABORTED.
	Code string
	// Reason is that of the google.rpc.ErrorInfo, Metadata what goes with it.
	Reason   string
	Metadata map[string]string
	// Message is what it says to people, Says parts of that.
	Message string
	Says    []string
	// Fields are those that the google.rpc.BadRequest names.
	Fields []string
}

// told is what came of a step.
type told struct {
	Step string
	// Answer is the message as JSON, with what differs from run to run replaced.
	Answer any
	// Refused is how the call was refused.
	Refused *refusal
	// Details are those of the refusal that are of no common kind.
	Details []any
}

func TestStory(t *testing.T) { tellEverywhere(t, "testdata/story.yaml") }

func TestStoryOfLanguage(t *testing.T) {
	tellEverywhere(t, "testdata/language.yaml", "--language-policy", "block")
}

// tellEverywhere tells a story on each store and by each door: it is answered the same.
func tellEverywhere(t *testing.T, path string, flags ...string) {
	t.Helper()
	steps := readStory(t, path)
	var first []told
	for _, store := range []struct {
		name string
		open func(*testing.T) string
	}{{"SQLite", newSQLite}, {"MongoDB", func(t *testing.T) string { return mongodbtest.NewDatabase(t) }}} {
		for _, way := range []struct {
			name string
			call func(*debrief) caller
		}{{"gRPC", overGRPC}, {"REST", overREST}} {
			t.Run(store.name+"/"+way.name, func(t *testing.T) {
				story := tell(t, way.call(serve(t, store.open(t), flags...)), steps)
				if first == nil {
					first = story
				}
				for i := range min(len(first), len(story)) {
					if diff := cmp.Diff(first[i], story[i]); diff != "" {
						t.Errorf("%s: is answered in another way than first (-first +now):\n%s", steps[i].Step, diff)
					}
				}
			})
		}
	}
}

func readStory(t *testing.T, path string) []step {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var steps []step
	if err := decoder.Decode(&steps); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return steps
}

// tell makes all calls of a story. What one needs may come from those before it, so the first that goes wrong in that
// way is the last.
func tell(t *testing.T, call caller, steps []step) []told {
	t.Helper()
	n := &narrator{saved: map[string]string{}, began: time.Now()}
	story := make([]told, 0, len(steps))
	for _, s := range steps {
		outcome := call(t, s.Call, s.As, n.filled(t, s.Request))
		if (outcome.refused == nil) != (s.Refused == nil) {
			t.Fatalf("%s: %s: answered %v, refused %+v", s.Step, s.Call, outcome.answer, outcome.refused)
		}
		n.save(t, s, outcome.answer)
		story = append(story, n.retell(t, s, outcome))
		check(t, s, story[len(story)-1], outcome)
	}
	return story
}

func check(t *testing.T, s step, got told, outcome outcome) {
	t.Helper()
	if s.Refused != nil {
		checkRefusal(t, s, *got.Refused)
		return
	}
	if s.Answer != nil {
		if diff := cmp.Diff(plain(t, s.Answer), got.Answer); diff != "" {
			t.Errorf("%s: the answer (-want +got):\n%s", s.Step, diff)
		}
	}
	if s.Has != nil {
		want := plain(t, s.Has)
		if diff := cmp.Diff(want, likened(got.Answer, want)); diff != "" {
			t.Errorf("%s: the answer (-want +got):\n%s", s.Step, diff)
		}
	}
	for _, text := range s.Contains {
		if !strings.Contains(outcome.document(), text) {
			t.Errorf("%s: the document lacks %q:\n%s", s.Step, text, outcome.document())
		}
	}
	for _, text := range s.Lacks {
		if strings.Contains(outcome.document(), text) {
			t.Errorf("%s: the document has %q:\n%s", s.Step, text, outcome.document())
		}
	}
}

// checkRefusal compares what the step says of its refusal.
func checkRefusal(t *testing.T, s step, got refusal) {
	t.Helper()
	want := *s.Refused
	for _, part := range want.Says {
		if !strings.Contains(got.Message, part) {
			t.Errorf("%s: %q does not say %q", s.Step, got.Message, part)
		}
	}
	want.Says = nil
	if want.Message == "" {
		got.Message = ""
	}
	if want.Reason == "" {
		got.Reason = ""
	}
	if want.Metadata == nil {
		got.Metadata = nil
	}
	if want.Fields == nil {
		got.Fields = nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: the refusal (-want +got):\n%s", s.Step, diff)
	}
}

// likened leaves out of what was got those fields of which nothing is wanted.
func likened(got, want any) any {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return got
		}
		kept := map[string]any{}
		for name, value := range want {
			if found, ok := got[name]; ok || value == nil {
				kept[name] = likened(found, value)
			}
		}
		return kept
	case []any:
		got, ok := got.([]any)
		if !ok {
			return got
		}
		kept := slices.Clone(got)
		for i := range min(len(kept), len(want)) {
			kept[i] = likened(kept[i], want[i])
		}
		return kept
	}
	return got
}

// codeName is the name of a status's code in google.rpc.Code.
func codeName(t *testing.T, answer *status.Status) string {
	t.Helper()
	names := map[codes.Code]string{
		codes.InvalidArgument: "INVALID_ARGUMENT", codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
		codes.FailedPrecondition: "FAILED_PRECONDITION", codes.Aborted: "ABORTED",
	}
	name, ok := names[answer.Code()]
	if !ok {
		t.Fatalf("no story expects %v", answer)
	}
	return name
}
