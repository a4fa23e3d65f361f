package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
)

const docsDirectory = "../../docs"

func documentText(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(content), "\r\n", "\n")
}

// documentSection is what a document says below a heading, up to the next heading of the same level.
func documentSection(t *testing.T, document, heading string) string {
	t.Helper()
	content := documentText(t, filepath.Join(docsDirectory, document))
	_, below, found := strings.Cut(content, "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", document, heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	below, _, _ = strings.Cut(below, "\n"+level+" ")
	return below
}

// documentRows are the cells of the tables in a text, headings left out.
func documentRows(text string) [][]string {
	var rows [][]string
	heading := true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			heading = true
		case strings.HasPrefix(line, "|---"):
			heading = false
		case !heading:
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

var inCode = regexp.MustCompile("`([^`]+)`")

// codeIn are the texts in a text that are marked as code.
func codeIn(text string) []string {
	var found []string
	for _, match := range inCode.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// TestDocumentedFlags holds the table of flags against the flags of debrief serve.
func TestDocumentedFlags(t *testing.T) {
	t.Parallel()
	type documented struct{ Variable, Default string }
	want, got := map[string]documented{}, map[string]documented{}
	newServeCommand().Flags().VisitAll(func(flag *pflag.Flag) {
		if hasVariable(flag) {
			want["--"+flag.Name] = documented{variableOf(flag), plainDefault(flag.DefValue)}
		}
	})
	for _, row := range documentRows(documentSection(t, "settings.md", "## Flags of `debrief serve`")) {
		got[strings.Trim(row[0], "`")] = documented{strings.Trim(row[1], "`"), plainDefault(strings.Trim(row[2], "`"))}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("flags (-debrief serve +docs/settings.md):\n%s", diff)
	}
}

// plainDefault is a default in the one form that all ways to write it lead to.
func plainDefault(value string) string {
	if duration, err := time.ParseDuration(value); err == nil {
		return duration.String()
	}
	return strings.ToLower(strings.Trim(value, "[]"))
}

// TestDocumentedFilterFields holds the table of filter fields against what lists can be filtered by.
func TestDocumentedFilterFields(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"incidents":           fieldNames(repository.IncidentSchema, "review_clock.state", "follow_up_clock.state"),
		"timeline entries":    fieldNames(repository.TimelineEntrySchema),
		"post-mortems":        fieldNames(repository.PostMortemSchema),
		"action items":        fieldNames(repository.ActionItemSchema),
		"systems":             fieldNames(repository.SystemSchema),
		"mental models":       fieldNames(repository.MentalModelSchema),
		"events":              fieldNames(repository.EventSchema),
		"rejected deliveries": fieldNames(repository.RejectedDeliverySchema),
		"deliveries":          fieldNames(repository.DeliverySchema),
		"alerts":              fieldNames(repository.AlertSchema),
		"integrations":        fieldNames(repository.IntegrationSchema),
		"subscriptions":       fieldNames(repository.SubscriptionSchema),
		"event deliveries":    fieldNames(repository.EventDeliverySchema),
	}
	// Imports alone look for it.
	want["post-mortems"] = slices.DeleteFunc(want["post-mortems"], func(name string) bool { return name == "import_key" })
	_, fields, found := strings.Cut(documentSection(t, "api.md", "### Filters"), "These are the fields:")
	if !found {
		t.Fatal("docs/api.md does not say which fields there are")
	}
	got := map[string][]string{}
	for _, row := range documentRows(fields) {
		got[row[0]] = slices.Sorted(slices.Values(codeIn(row[1])))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("filter fields (-schemas +docs/api.md):\n%s", diff)
	}
}

// fieldNames are the fields of a schema, and those that are worked out when they are asked for.
func fieldNames[T any](schema repository.Schema[T], computed ...string) []string {
	names := computed
	for _, field := range schema.Fields {
		switch {
		case field.Hidden:
		case field.Type == repository.Map:
			names = append(names, field.Name+".KEY")
		default:
			names = append(names, field.Name)
		}
	}
	return slices.Sorted(slices.Values(names))
}

// TestDocumentedSeverities holds the table of severities against the mapping that alerts are judged by.
func TestDocumentedSeverities(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, row := range documentRows(documentSection(t, "alerts.md", "## Severity")) {
		for _, value := range codeIn(row[1]) {
			got[value] = strings.Trim(row[0], "`")
		}
	}
	if diff := cmp.Diff(intake.DefaultSeverityMapping().Values, got); diff != "" {
		t.Errorf("severities (-mapping +docs/alerts.md):\n%s", diff)
	}
}

var (
	documentLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	documentHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	codeBlock       = regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]+`")
)

// TestLinks follows the links between the documents, down to their headings.
func TestLinks(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob(filepath.Join(docsDirectory, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	documents = append(documents, "../../README.md", "../../CONTRIBUTING.md", "../../SECURITY.md", "../../docs/deploy/README.md")
	for _, document := range documents {
		prose := codeBlock.ReplaceAllString(documentText(t, document), "")
		for _, match := range documentLink.FindAllStringSubmatch(prose, -1) {
			path, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			target := document
			if path != "" {
				target = filepath.Join(filepath.Dir(document), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s leads to %s, which is not there", document, match[1])
			} else if anchor != "" && !anchorsOf(documentText(t, target))[anchor] {
				t.Errorf("%s leads to %s, where there is no such heading", document, match[1])
			}
		}
	}
}

// anchorsOf are the names by which the headings of a document can be linked to, as GitHub makes them.
func anchorsOf(document string) map[string]bool {
	anchors := map[string]bool{}
	for _, match := range documentHeading.FindAllStringSubmatch(document, -1) {
		anchors[strings.Map(func(r rune) rune {
			switch {
			case r == ' ' || r == '-':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_':
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, match[1])] = true
	}
	return anchors
}

// TestDocumentedReasons looks for a row in the table of errors for each reason that the source gives an error.
func TestDocumentedReasons(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, row := range documentRows(documentSection(t, "api.md", "## Errors")) {
		for _, reason := range codeIn(row[2]) {
			documented[reason] = true
		}
	}
	reasons := sourceReasons(t, "../../service", "server")
	if len(reasons) < 20 {
		t.Errorf("found only %v: does the source give reasons in another way now?", slices.Sorted(maps.Keys(reasons)))
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		if !documented[reason] {
			t.Errorf("docs/api.md does not tell of the reason %s", reason)
		}
	}
}

// givenReason finds where the source gives an error its reason.
var givenReason = regexp.MustCompile(`(?:failedPrecondition\(|[Rr]eason: +|newStatus\([\w.]+, |\w+\.\w+, codes\.\w+, )"([A-Z_]+)"|reason = "([A-Z_]+)"`)

func sourceReasons(t *testing.T, directories ...string) map[string]bool {
	t.Helper()
	reasons := map[string]bool{}
	for _, directory := range directories {
		files, err := filepath.Glob(filepath.Join(directory, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, match := range givenReason.FindAllStringSubmatch(documentText(t, file), -1) {
				reasons[match[1]+match[2]] = true
			}
		}
	}
	return reasons
}
