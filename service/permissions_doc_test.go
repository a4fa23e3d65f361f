package service_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/access"
)

// TestDocumentedRoles holds the table of roles in the documentation against who may call what.
func TestDocumentedRoles(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[string][]string{}, map[string][]string{}
	for name, role := range service.MethodRoles() {
		if role != access.Nobody {
			want[string(role)] = append(want[string(role)], name[strings.LastIndexByte(name, '/')+1:])
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z]+)` \\| (`.*`) \\|$").FindAllStringSubmatch(string(document), -1) {
		got[row[1]] = strings.Fields(strings.ReplaceAll(row[2], "`", ""))
	}
	for _, table := range []map[string][]string{want, got} {
		for _, methods := range table {
			slices.Sort(methods)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("who may call what (-code +docs/access.md):\n%s", diff)
	}
}
