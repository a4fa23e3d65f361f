package expression_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/debriefhq/debrief/service/expression"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const maxCost = 10_000

// letters is a language with something of everything.
var letters = expression.Language{
	Subject: "a letter",
	Variables: []expression.Variable{
		{Name: "letter.sender", Type: cel.StringType},
		{Name: "letter.pages", Type: cel.ListType(cel.StringType)},
		{Name: "letter.marks", Type: cel.MapType(cel.StringType, cel.StringType)},
		{Name: "letter.weight", Type: cel.IntType},
		{Name: "now", Type: cel.TimestampType},
		{Name: "body", Type: cel.DynType},
	},
	Functions: []cel.EnvOption{ext.Strings(ext.StringsVersion(5))},
	MaxBytes:  2000, MaxNesting: 2, MaxCost: maxCost,
}

func environment(tb testing.TB, language expression.Language) *expression.Environment {
	tb.Helper()
	made, err := expression.New(language)
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

// received are the variables of a letter.
func received() map[string]any {
	return map[string]any{
		"letter.sender": "kim", "letter.pages": []string{"one", "two"}, "letter.marks": map[string]string{"urgent": "yes"},
		"letter.weight": int64(20), "now": "", "body": map[string]any{"a": []any{int64(1), "b", nil}},
	}
}

func TestEvaluate(t *testing.T) {
	letter := environment(t, letters)
	for source, want := range map[string]bool{
		`letter.sender == "kim"`: true, `letter.marks.urgent == "no"`: false, `letter.pages.exists(p, p.matches("^t"))`: true,
		`letter.marks[?"color"].orValue("none") == "none"`: true, `letter.weight > 19.5`: true, `letter.sender.upperAscii() == "KIM"`: true,
		`"a".replace("a", "b") == "b"`: true, `body.a[0] == 1`: true,
	} {
		program, problems := letter.Compile(source, cel.BoolKind)
		if problems != nil {
			t.Errorf("%s: %v", source, problems)
			continue
		}
		value, cost, err := program.Evaluate(received())
		if err != nil || value.Value() != want || cost == 0 || cost > maxCost {
			t.Errorf("%s is %v, %v, and costs %d; want %v", source, value, err, cost, want)
		}
	}
}

func TestCompileTellsWhatIsWrongAndWhere(t *testing.T) {
	letter := environment(t, letters)
	const fields = "sender, pages, marks, weight"
	for source, want := range map[string]string{
		`letter.color == "x"`:                               `line 1, column 1: letter has no field "color"; it has ` + fields,
		`has(letter.color)`:                                 `line 1, column 5: letter has no field "color"; it has ` + fields,
		`letter.color.red == "x"`:                           `line 1, column 1: letter has no field "color"; it has ` + fields,
		`letter.sende == "x"`:                               `line 1, column 1: letter has no field "sende"; it has ` + fields,
		`letter.page.exists(p, p == "x")`:                   `line 1, column 1: letter has no field "page"; it has ` + fields,
		`body.body()`:                                       `line 1, column 10: "body" is neither a variable nor a function here`,
		`letter.sender.weigh(1)`:                            `line 1, column 20: "weigh" is neither a variable nor a function here`,
		`math.greatest(1, 2) == 2`:                          `line 1, column 1: "math" is neither a variable nor a function here`,
		`lowerAsci("x") == "x"`:                             `line 1, column 10: "lowerAsci" is neither a variable nor a function here`,
		`letter.open()`:                                     `line 1, column 1: letter has no field "open"; it has ` + fields,
		"letter // letter.weight\n .color == 'x'":           `line 1, column 1: letter has no field "color"; it has ` + fields,
		`"letter.size" != "" && letter.color`:               `line 1, column 24: letter has no field "color"; it has ` + fields,
		`"é" != letter.color`:                               `line 1, column 8: letter has no field "color"; it has ` + fields,
		`letter.pages.exists(p, p == letter.color)`:         `line 1, column 29: letter has no field "color"; it has ` + fields,
		`letter == "x"`:                                     `line 1, column 1: letter stands with one of its fields, as in letter.sender; it has ` + fields,
		`letter["color"] == "x"`:                            `line 1, column 1: letter stands with one of its fields, as in letter.sender; it has ` + fields,
		"true &&\n  sender == \"x\"":                        `line 2, column 3: "sender" is neither a variable nor a function here; there are letter, now and body, and texts stand in quotes`,
		`weigh(1) == 1`:                                     `line 1, column 6: "weigh" is neither a variable nor a function here; there are letter, now and body, and texts stand in quotes`,
		`letter.sender == 1`:                                `line 1, column 15: == cannot be applied to (string, int)`,
		`letter.sender in "x"`:                              `line 1, column 15: in cannot be applied to (string, string)`,
		`now == 1`:                                          `line 1, column 5: == cannot be applied to (timestamp, int)`,
		`letter.sender`:                                     `line 1, column 1: must be true or false (bool), and is string`,
		`now`:                                               `line 1, column 1: must be true or false (bool), and is timestamp`,
		`letter.sender.matches("a{3}{")`:                    ``,
		`letter.sender.matches("(")`:                        `line 1, column 23: invalid matches argument`,
		`letter.sender.matches("a{999}b{999}c{999}")`:       `line 1, column 23: regex program size`,
		`letter.sender.matches(letter.marks.pattern)`:       `line 1, column 22: matches takes a regular expression in quotes, not one that is made of a letter`,
		`matches(letter.sender, "a" + "b")`:                 `line 1, column 8: matches takes a regular expression in quotes`,
		`letter.sender.replace("", letter.sender) == ""`:    `line 1, column 22: replace takes texts in quotes, not ones that are made of a letter`,
		`"%d".format([1]) == "1"`:                           `line 1, column 12: format is not available here; join texts with +`,
		`now > timestamp("yesterday")`:                      `line 1, column 17: invalid timestamp argument`,
		`[1].all(a, [1].all(b, [1].all(c, true)))`:          `line 1, column 30: comprehension exceeds nesting limit`,
		`letter.sender ==`:                                  `line 1, column 17: is not CEL: mismatched input '<EOF>' expecting`,
		``:                                                  `line 1, column 1: is not CEL`,
		strings.Repeat("(", 100) + strings.Repeat(")", 99):  `line 1, column 1: expression recursion limit exceeded: 64`,
		"[" + strings.Repeat("[],", 660) + "[]] == []":      "",
		"[" + strings.Repeat("0,", 990) + "0].all(a, true)": "",
		strings.Repeat("x", 2001):                           `must be at most 2000 bytes of UTF-8, and has 2001 bytes`,
		"\xff":                                              `must be at most 2000 bytes of UTF-8, and has 1 bytes`,
	} {
		program, problems := letter.Compile(source, cel.BoolKind)
		if want == "" {
			if problems != nil {
				t.Errorf("%.60s: %v", source, problems)
			}
			continue
		}
		if program != nil || len(problems) == 0 || !strings.HasPrefix(problems[0].String(), want) {
			t.Errorf("%.60s: the problems are\n%s\nnot\n%s", source, problems, want)
		}
	}
}

func TestCompileBoundsWhatMacrosMake(t *testing.T) {
	long := letters
	long.MaxBytes = 100_000
	_, problems := environment(t, long).Compile("["+strings.Repeat("1,", 2000)+"1] == []", cel.BoolKind)
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "limit") {
		t.Errorf("the problems are %v", problems)
	}
}

// What an environment prepares when it is first asked for it must not depend on who asks first: the race detector reads this.
func TestCompileIsSharedFromTheFirst(t *testing.T) {
	for range 20 {
		letter := environment(t, letters)
		var callers sync.WaitGroup
		for _, source := range []string{`missing`, `letter.pages.exists(p, p == "one")`, `missing("one")`, `letter.pages.all(p, p == missing)`} {
			callers.Go(func() { letter.Compile(source, cel.BoolKind) })
		}
		callers.Wait()
	}
}

func TestCompileTellsAllProblems(t *testing.T) {
	_, problems := environment(t, letters).Compile(`letter.color == 1 && page == 2`, cel.BoolKind)
	want := []string{
		`line 1, column 1: letter has no field "color"; it has sender, pages, marks, weight`,
		`line 1, column 22: "page" is neither a variable nor a function here; there are letter, now and body, and texts stand in quotes`,
	}
	var got []string
	for _, problem := range problems {
		got = append(got, problem.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestCompileTakesTheKindsThatAreAskedFor(t *testing.T) {
	letter := environment(t, letters)
	for _, test := range []struct {
		source string
		kinds  []cel.Kind
		want   string
	}{
		{"body", []cel.Kind{cel.BoolKind}, "must be true or false (bool), and is dyn"},
		{"body.a", []cel.Kind{cel.StringKind, cel.DynKind}, ""},
		{"body.?a", []cel.Kind{cel.StringKind, cel.OpaqueKind}, ""},
		{"1u", []cel.Kind{cel.StringKind, cel.IntKind, cel.UintKind, cel.NullTypeKind}, ""},
		{"{}", []cel.Kind{cel.StringKind, cel.IntKind, cel.UintKind, cel.NullTypeKind}, "must be a text (string), a number or null, and is map(dyn, dyn)"},
		{"1", []cel.Kind{cel.ListKind, cel.MapKind, cel.TimestampKind, cel.DynKind}, "must be a list, a map or a timestamp, and is int"},
	} {
		_, problems := letter.Compile(test.source, test.kinds...)
		if got := strings.TrimPrefix(fmt.Sprint(problems), "["); !strings.Contains(got, test.want) || (test.want == "") != (problems == nil) {
			t.Errorf("%s: the problems are %v, want %q", test.source, problems, test.want)
		}
	}
}

func TestCompileTellsOfTheOnlyVariable(t *testing.T) {
	only := environment(t, expression.Language{
		Subject: "an event", Variables: []expression.Variable{{Name: "event.kind", Type: cel.StringType}}, MaxBytes: 100, MaxNesting: 1, MaxCost: 1,
	})
	_, problems := only.Compile("kind", cel.StringKind)
	want := `line 1, column 1: "kind" is neither a variable nor a function here; there is event, and texts stand in quotes`
	if len(problems) != 1 || problems[0].String() != want {
		t.Errorf("the problems are %v, want %s", problems, want)
	}
}

func TestEvaluateEndsWhatIsTooCostly(t *testing.T) {
	program, problems := environment(t, letters).Compile(`letter.pages.all(p, letter.pages.all(q, p + q != ""))`, cel.BoolKind)
	if problems != nil {
		t.Fatal(problems)
	}
	many := received()
	many["letter.pages"] = slices.Repeat([]string{"page"}, 10_000)
	value, cost, err := program.Evaluate(many)
	if !errors.Is(err, expression.ErrTooCostly) || value != nil || cost <= maxCost || cost > 2*maxCost {
		t.Errorf("it gives %v, costs %d, and ends with %v", value, cost, err)
	}
}

func TestEvaluateTellsWhatFails(t *testing.T) {
	program, problems := environment(t, letters).Compile(`letter.marks.color == "red"`, cel.BoolKind)
	if problems != nil {
		t.Fatal(problems)
	}
	if _, _, err := program.Evaluate(received()); err == nil || err.Error() != "no such key: color" {
		t.Errorf("the error is %v", err)
	}
}

func TestNewRefusesALanguageThatContradictsItself(t *testing.T) {
	twice := letters
	twice.Functions = []cel.EnvOption{cel.Function("size", cel.Overload("size_string", []*cel.Type{cel.IntType}, cel.IntType))}
	if _, err := expression.New(twice); err == nil {
		t.Error("size is there twice")
	}
}

var everyKind = []cel.Kind{
	cel.BoolKind, cel.StringKind, cel.IntKind, cel.UintKind, cel.DoubleKind, cel.NullTypeKind, cel.MapKind, cel.ListKind, cel.TimestampKind,
	cel.DynKind, cel.OpaqueKind, cel.BytesKind, cel.DurationKind, cel.TypeKind,
}

func FuzzCompile(f *testing.F) {
	letter := environment(f, letters)
	for _, seed := range []string{
		`letter.sender.contains("x")`, `letter.marks.a + letter.marks.b == "c"`, `letter.pages.exists(l, l.matches("^(a+)+$"))`,
		`now - now > duration("1h")`, `"a".replace("", letter.sender) == ""`, `[[[1]]][0][0][0] == 1`, `1/0 == 1`, `letter.color`,
		`body.a.map(c, c.name)`, `"\u0000" + body.a.matches("(a*)*b")`, "letter\n.é", `{1: {2: letter}}`, `body.?a.orValue([])`,
	} {
		f.Add(seed, "kim")
	}
	f.Fuzz(func(t *testing.T, source, sender string) {
		program, problems := letter.Compile(source, everyKind...)
		if (program == nil) != (len(problems) > 0) {
			t.Fatalf("there is a program, %v, and there are the problems %v", program != nil, problems)
		}
		for _, problem := range problems {
			whole := problem.Line == 0 && problem.Column == 0
			if !whole && (problem.Line < 1 || problem.Column < 1 || problem.Line > strings.Count(source, "\n")+1) {
				t.Errorf("%+v is nowhere", problem)
			}
			if text := problem.Message; text == "" || len(text) >= 1000 || !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\x00") {
				t.Errorf("the problem is %q", text)
			}
		}
		if program == nil {
			return
		}
		variables := received()
		variables["letter.sender"], variables["body"] = sender, []any{sender, int64(len(sender))}
		_, cost, err := program.Evaluate(variables)
		if _, again, err2 := program.Evaluate(variables); again != cost || (err == nil) != (err2 == nil) {
			t.Errorf("it costs %d and then %d, and ends with %v and then %v", cost, again, err, err2)
		}
		if errors.Is(err, expression.ErrTooCostly) != (cost > maxCost) {
			t.Errorf("it costs %d, and ends with %v", cost, err)
		}
	})
}
