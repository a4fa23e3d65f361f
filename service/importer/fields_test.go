package importer_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The documentation names the headings that people use most. They lead where it says.
func TestHeadingsLeadWhereTheDocumentationSays(t *testing.T) {
	text, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (`.*`) \\|$").FindAllStringSubmatch(string(text), -1)
	if len(rows) != 11 {
		t.Fatalf("%d rows, want one for each field", len(rows))
	}
	for _, row := range rows {
		for _, heading := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1) {
			for _, written := range []string{"## " + heading[1], "# 3. " + strings.ToUpper(heading[1]) + ":", "**" + heading[1] + "**", heading[1] + "\n---"} {
				parts := parse(t, "# T\n\n"+written+"\n\n- a\n").Report.Parts
				if last := parts[len(parts)-1]; !slices.Contains(last.To, row[1]) {
					t.Errorf("%q leads to %q, want %s", written, last.To, row[1])
				}
			}
		}
	}
}

func TestEveryOtherHeadingBeginsAFreeSection(t *testing.T) {
	document := parse(t, "# T\n\n## Detection\n\na\n\n### Impact on sleep\n\nb\n\n## Five whys\n\n1. Why?\n\n### Impact\n\nc\n").Document
	var got []string
	for _, section := range document.Sections {
		got = append(got, section.Heading+": "+section.Markdown)
	}
	want := []string{"Detection: a\n\n### Impact on sleep\n\nb", "Five whys: 1. Why?"}
	if !slices.Equal(got, want) || document.Impact != "c" {
		t.Errorf("sections %q, impact %q, want %q and c", got, document.Impact, want)
	}
}
