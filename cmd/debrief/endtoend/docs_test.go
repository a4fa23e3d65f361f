package endtoend_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocs runs the commands of each document as one script, as somebody would who goes through it from top to bottom.
func TestDocs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clocks", "import", "language", "mental-models", "reviews", "strength"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("../../../docs", filepath.Clean(name+".md")))
			if err != nil {
				t.Fatal(err)
			}
			commands, files := examplesOf(string(text))
			if commands == "" {
				t.Fatal("the document has no commands to run")
			}
			skipWithout(t, commands)
			serve(t, newSQLite(t)).runScript(t, commands, files)
		})
	}
}

var fencedBlock = regexp.MustCompile("(?ms)^```(\\S*)(?: (\\S+))?\\n(.*?)^```$")

// examplesOf are the commands of a document, and the files that it shows for them: the second word after the fence of a
// block names the file that has its text; after `sh` it is `no-run` where the commands are not to be run.
func examplesOf(document string) (commands string, files map[string]string) {
	files = map[string]string{}
	var script strings.Builder
	for _, block := range fencedBlock.FindAllStringSubmatch(document, -1) {
		switch language, word, text := block[1], block[2], block[3]; {
		case language == "sh" && word == "":
			script.WriteString(text)
		case language != "sh" && word != "":
			files[word] = text
		}
	}
	return script.String(), files
}
