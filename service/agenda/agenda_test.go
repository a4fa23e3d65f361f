package agenda_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/debriefhq/debrief/service/agenda"
	"github.com/debriefhq/debrief/service/groundrules"
	"github.com/debriefhq/debrief/service/question"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

func generate(t interface{ Fatal(args ...any) }, review agenda.Review) agenda.Agenda {
	a, err := agenda.Generate(review)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func minutes(a agenda.Agenda) map[question.Part]int {
	found := map[question.Part]int{}
	for _, item := range a.Items {
		found[item.Part] = item.Minutes
	}
	return found
}

func TestMinutesOfAReview(t *testing.T) {
	type counts = map[question.Part]int
	tests := []struct {
		name     string
		total    int
		recorded counts
		want     counts
	}{
		{
			name: "an hour, with nothing recorded",
			want: counts{"rules": 4, "timeline": 30, "beliefs": 8, "factors": 8, "surprises": 4, "actions": 6},
		},
		{
			name: "an hour, with a long timeline", recorded: counts{"timeline": 1000},
			want: counts{"rules": 4, "timeline": 36, "beliefs": 6, "factors": 6, "surprises": 3, "actions": 5},
		},
		{
			name: "an hour, with many beliefs", recorded: counts{"beliefs": 20},
			want: counts{"rules": 4, "timeline": 30, "beliefs": 14, "factors": 5, "surprises": 3, "actions": 4},
		},
		{
			name: "the shortest", total: 20,
			want: counts{"rules": 2, "timeline": 10, "beliefs": 2, "factors": 2, "surprises": 2, "actions": 2},
		},
		{
			name: "the shortest, with much of everything", total: 20,
			recorded: counts{"timeline": 99, "beliefs": 99, "factors": 99, "surprises": 99, "actions": 99},
			want:     counts{"rules": 2, "timeline": 12, "beliefs": 2, "factors": 2, "surprises": 1, "actions": 1},
		},
		{
			name: "the longest", total: 240,
			want: counts{"rules": 5, "timeline": 120, "beliefs": 35, "factors": 35, "surprises": 18, "actions": 27},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := minutes(generate(t, agenda.Review{Minutes: test.total, Recorded: test.recorded}))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("minutes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAReviewIsNeitherTooShortNorTooLong(t *testing.T) {
	for _, total := range []int{-1, 19, 241} {
		var refused *agenda.MinutesError
		if _, err := agenda.Generate(agenda.Review{Minutes: total}); !errors.As(err, &refused) || refused.Minutes != total {
			t.Errorf("Generate() of %d minutes = %v, want a *MinutesError", total, err)
		}
	}
}

func TestMinutesAddUpAndTheTimelineHasHalf(t *testing.T) {
	count := rapid.IntRange(-5, 10_000)
	rapid.Check(t, func(t *rapid.T) {
		review := agenda.Review{Minutes: rapid.IntRange(agenda.MinMinutes, agenda.MaxMinutes).Draw(t, "minutes"), Recorded: map[question.Part]int{}}
		for _, part := range question.Parts() {
			review.Recorded[part] = count.Draw(t, string(part))
		}
		a := generate(t, review)
		start := 0
		for i, item := range a.Items {
			if item.Part != question.Parts()[i] || item.Start != start || item.Minutes < 1 || item.Title == "" || item.Lead == "" || item.Opening == "" {
				t.Errorf("item %d is %+v", i, item)
			}
			start += item.Minutes
		}
		if start != review.Minutes || a.Minutes != review.Minutes || len(a.Items) != len(question.Parts()) {
			t.Errorf("%d items of %d minutes, want %d", len(a.Items), start, review.Minutes)
		}
		if timeline := a.Items[1].Minutes; timeline*2 < review.Minutes {
			t.Errorf("the timeline has %d of %d minutes", timeline, review.Minutes)
		}
		if diff := cmp.Diff(a, generate(t, review)); diff != "" {
			t.Errorf("generated again:\n%s", diff)
		}
	})
}

func questions(part question.Part, n int) []question.Suggestion {
	var some []question.Suggestion
	for i := range n {
		some = append(some, question.Suggestion{ID: fmt.Sprint(part, i), Text: fmt.Sprintf("What is %d of %s?", i, part), AgendaItem: part})
	}
	return some
}

func TestQuestionsStandInTheirPlacesAsFarAsThereIsTime(t *testing.T) {
	asked := append(questions(question.Factors, 5), questions(question.Surprises, 1)...)
	a := generate(t, agenda.Review{Questions: append(asked, questions("lunch", 1)...)})
	for _, item := range a.Items {
		switch item.Part {
		case question.Factors: // 8 minutes
			if diff := cmp.Diff(asked[:2], item.Questions); diff != "" || item.FurtherQuestions != 3 || item.Opening != "" {
				t.Errorf("factors: %d further, opening %q, questions (-want +got):\n%s", item.FurtherQuestions, item.Opening, diff)
			}
		case question.Surprises:
			if diff := cmp.Diff(asked[5:], item.Questions); diff != "" || item.FurtherQuestions != 0 {
				t.Errorf("surprises: %d further, questions (-want +got):\n%s", item.FurtherQuestions, diff)
			}
		default:
			if item.Opening == "" || item.Questions != nil {
				t.Errorf("%s: opening %q, %d questions", item.Part, item.Opening, len(item.Questions))
			}
		}
	}
}

func TestAgendaInWords(t *testing.T) {
	review := agenda.Review{
		Title: "Checkout answers *slowly*", Minutes: 45, Rules: groundrules.Default(),
		Questions: append(questions(question.Timeline, 9), questions(question.Beliefs, 2)...),
	}
	review.Questions[0].About = "Restarted the pods of `checkout_api`"
	a := generate(t, review)
	golden(t, "agenda.md", a.Markdown())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); go test ./service/agenda -update writes it anew:\n%s", path, diff)
	}
}

// outline is the kinds of the blocks of a Markdown text, and of all that is in them but text.
func outline(markdown string) []string {
	source := []byte(markdown)
	tree := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	var kinds []string
	_ = ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if kind := n.Kind(); entering && kind != ast.KindText && kind != ast.KindString {
			kinds = append(kinds, kind.String())
		}
		return ast.WalkContinue, nil
	})
	return kinds
}

// Whatever is quoted in an agenda, its structure is its own, and its lines stay as many.
func TestHostileTextMeansNothingInAnAgenda(t *testing.T) {
	with := func(words string) agenda.Agenda {
		return generate(t, agenda.Review{
			Title: words, Rules: []groundrules.Rule{{Title: words}},
			Questions: []question.Suggestion{{Text: words, About: words, AgendaItem: question.Timeline}},
		})
	}
	plain := with("plain")
	for _, words := range []string{
		"# heading", "a\n\n- b", "<script>alert(1)</script>", "[a](javascript:alert(1))", "![](x)", "`code`", "*a* _b_ __c__ ~~d~~",
		"https://example.com www.example.com a@example.com", "a | b\n--- | ---", "&lt;b&gt; &#35;", `\`, `a\`, "[ ] task", "[x]: /y", "<!-- -->",
		"end #", "1. one", "2) two", "- one", "+ one", "---", "===", "> quote", "\u202eturned", "a\x00b\x1b[31m", "***", "![a][b]", "[^1]", "\u2028line",
	} {
		hostile := with(words)
		if diff := cmp.Diff(outline(plain.Markdown()), outline(hostile.Markdown())); diff != "" {
			t.Errorf("%q changes the Markdown's structure (-plain +hostile):\n%s", words, diff)
		}
		if strings.Count(hostile.Markdown(), "\n") != strings.Count(plain.Markdown(), "\n") || strings.ContainsAny(hostile.Markdown(), "\x00\x1b\u202e\u2028") {
			t.Errorf("%q changes the lines:\n%s", words, hostile.Markdown())
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add("*a* <b> https://c")
	f.Fuzz(func(t *testing.T, words string) {
		if strings.TrimSpace(words) == "" || len(words) > 1000 {
			return
		}
		with := func(words string) string {
			return generate(t, agenda.Review{Questions: []question.Suggestion{{Text: "What of “" + words + "”?", AgendaItem: question.Factors}}}).Markdown()
		}
		if diff := cmp.Diff(outline(with("it")), outline(with(words))); diff != "" {
			t.Errorf("%q changes the structure:\n%s", words, diff)
		}
	})
}
