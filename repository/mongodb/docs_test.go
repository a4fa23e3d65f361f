package mongodb

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/repository/mongodb/mongodbtest"
)

// TestDocumentedCollections holds the table of collections in the documentation against those that there are.
func TestDocumentedCollections(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/mongodb.md")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{pings, loads}
	for _, shelf := range open(t, mongodbtest.NewDatabase(t), Options{}).shelves {
		want = append(want, shelf.kind())
	}
	_, table, _ := strings.Cut(string(document), "| Collection | Holds |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var got []string
	for _, row := range regexp.MustCompile("(?m)^\\| ((?:`[a-z_]+` ?)+)\\|").FindAllStringSubmatch(table, -1) {
		got = append(got, strings.Fields(strings.ReplaceAll(row[1], "`", ""))...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("collections (-code +docs/mongodb.md):\n%s", diff)
	}
}
