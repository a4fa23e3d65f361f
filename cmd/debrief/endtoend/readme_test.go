package endtoend_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestReadme runs the commands of the README's stories as they stand there: each story is one script.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, story := range []string{"curl", "debrief"} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			commands := commandsOf(t, string(readme), story)
			skipWithout(t, commands)
			d := serve(t, newSQLite(t))
			d.runScript(t, commands, nil)
			d.checkFinished(t)
			if story == "debrief" {
				d.checkGaps(t)
			}
		})
	}
}

var shellBlock = regexp.MustCompile("(?ms)^```sh\\n(.*?)^```$")

// commandsOf are the commands of a story: the sh blocks between `<!-- story: NAME -->` and `<!-- /story -->`.
func commandsOf(t *testing.T, readme, name string) string {
	t.Helper()
	_, story, begins := strings.Cut(readme, "<!-- story: "+name+" -->\n")
	story, _, ends := strings.Cut(story, "<!-- /story -->")
	blocks := shellBlock.FindAllStringSubmatch(story, -1)
	if !begins || !ends || len(blocks) == 0 {
		t.Fatalf("README.md has no commands between `<!-- story: %s -->` and `<!-- /story -->`", name)
	}
	var commands strings.Builder
	for _, block := range blocks {
		commands.WriteString(block[1])
	}
	return commands.String()
}

// skipWithout skips a test whose commands need a tool that is not installed.
func skipWithout(t *testing.T, commands string) {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil && strings.Contains("bash "+commands, tool+" ") {
			t.Skipf("%s is not installed", tool)
		}
	}
}

// scriptHead makes a script end at the first command that fails or is refused.
const scriptHead = `set -euo pipefail
curl() { command curl --fail-with-body "$@"; }
`

// runScript runs commands that are meant for a server on the usual ports, in a directory with files of these texts.
func (d *debrief) runScript(t *testing.T, commands string, files map[string]string) {
	t.Helper()
	directory := t.TempDir()
	for name, text := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	usual := strings.NewReplacer(
		"localhost:8080", d.httpAddress, "127.0.0.1:8080", d.httpAddress,
		"localhost:9090", d.grpcAddress, "127.0.0.1:9090", d.grpcAddress,
	)
	script := exec.CommandContext(t.Context(), "bash", "-c", scriptHead+usual.Replace(commands))
	script.Dir = directory
	script.Env = append(environment(t),
		"USER=robin", // As every login has it.
		"DEBRIEF_SERVER="+d.grpcAddress,
		"PATH="+filepath.Dir(binaryPath(t))+string(os.PathListSeparator)+os.Getenv("PATH"),
	)
	if output, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\nThe commands:\n%s", err, output, commands)
	}
}

// checkGaps wants a gap between what was believed and what was true.
func (d *debrief) checkGaps(t *testing.T) {
	t.Helper()
	code, answer, err := d.try(t.Context(), http.MethodGet, "/v1/modelGaps", "", nil)
	if err != nil || code != http.StatusOK || !strings.Contains(answer, "MODEL_GAP_KIND_PHANTOM_COMPONENT") {
		t.Errorf("the gaps are %d, %s, %v", code, answer, err)
	}
}

// checkFinished wants an incident to have led to a published post-mortem with a finished action.
func (d *debrief) checkFinished(t *testing.T) {
	t.Helper()
	published := must[*debriefv1.ListPostMortemsResponse](t)(d.postMortems.ListPostMortems(t.Context(),
		&debriefv1.ListPostMortemsRequest{Filter: "state = PUBLISHED AND latest_revision >= 1"})).GetPostMortems()
	if len(published) == 0 {
		t.Fatal("no post-mortem is published")
	}
	for _, postMortem := range published {
		finished := must[*debriefv1.ListActionItemsResponse](t)(d.actionItems.ListActionItems(t.Context(), &debriefv1.ListActionItemsRequest{
			Filter: `post_mortem = "` + postMortem.GetName() + `" AND (state = DONE OR state = VERIFIED)`,
		})).GetActionItems()
		if len(finished) > 0 && len(postMortem.GetIncidents()) > 0 {
			return
		}
	}
	t.Errorf("no published post-mortem has a finished action: %v", published)
}
