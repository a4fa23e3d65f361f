package blameless_test

import (
	"strings"
	"testing"

	"github.com/debriefhq/debrief/service/blameless"
	"github.com/debriefhq/debrief/service/blameless/corpus"
)

const megabyte = 1 << 20

// BenchmarkCheck reads a megabyte of texts as people write them, and of texts that try to make it slow.
func BenchmarkCheck(b *testing.B) {
	checker := newChecker(b, blameless.Options{})
	for _, text := range []struct{ name, unit string }{
		{"corpus", corpusText(b)},
		{"one sentence", "and the pod that the job which the node started failed "},
		{"trigger words", "he forgot to should have carelessly failed to because of her human error obviously ignored "},
		{"people", "he she they we "},
		{"letters", "a "},
		{"brackets", "["},
		{"links", "[a](b"},
		{"images", "!["},
		{"quotes", "“"},
		{"straight quotes", " \"a"},
		{"apostrophes", " 'a"},
		{"emphasis", "*a_"},
		{"backticks", "`` ` ``` "},
		{"tags", "<a "},
		{"comments", "<!-- "},
		{"block quotes", "> "},
		{"nested lists", "- "},
		{"numbered lists", "1. "},
		{"bars", "|"},
		{"table rows", "|a|b|\n|-|-|\n"},
		{"entities", "&amp;"},
		{"full stops", "."},
		{"full stops and words", "a. "},
		{"lines", "\n"},
		{"line of dashes", "---\n"},
		{"definitions", "[a]: b\n"},
		{"commas", ", "},
		{"ideographs", "日本語"},
		{"one word", "a"},
		{"hyphens", "a-"},
		{"combining", "e\u0301\u0301"},
		{"tabs", "\t"},
		{"indents", "  \n"},
		{"addresses", "http://a "},
		{"nul", "\x00"},
	} {
		b.Run(text.name, func(b *testing.B) {
			markdown := strings.Repeat(text.unit, megabyte/len(text.unit)+1)[:megabyte]
			b.SetBytes(megabyte)
			b.ReportAllocs()
			for b.Loop() {
				checker.Check(markdown)
			}
		})
	}
}

func corpusText(tb testing.TB) string {
	tb.Helper()
	items, err := corpus.Items()
	if err != nil {
		tb.Fatal(err)
	}
	var b strings.Builder
	for _, item := range items {
		for _, sentence := range item.Sentences {
			b.WriteString(sentence.Text + " ")
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newChecker(b, blameless.Options{})
	}
}
