package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/blameless"
)

func TestLintFindsTheFilesOfADirectory(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		".debrief.yaml": animals + "exclude: [drafts, '*.old.md']\n",
		".git/HEAD":     "",
	}
	for _, name := range []string{
		"b.md", "a.markdown", "C.MD", "notes.txt", "deep/er/d.md", ".hidden/e.md", "node_modules/f.md", "x/vendor/g.md", "drafts/h.md", "i.old.md",
	} {
		files[name] = "A fox.\n"
	}
	environment := lintTree(t, files)
	for name, leadsTo := range map[string]string{"link.md": "b.md", "loop": ".", "there": "deep"} {
		if err := os.Symlink(leadsTo, filepath.Join(environment.directory, name)); err != nil {
			t.Skip("there are no symbolic links here")
		}
	}
	for _, test := range []struct {
		arguments string
		want      []string
	}{
		{".", []string{"C.MD:1:3 fox", "a.markdown:1:3 fox", "b.md:1:3 fox", "deep/er/d.md:1:3 fox"}},
		{"deep/ b.md ./b.md deep", []string{"deep/er/d.md:1:3 fox", "b.md:1:3 fox"}},
		{"notes.txt link.md there", []string{"notes.txt:1:3 fox", "link.md:1:3 fox", "there/er/d.md:1:3 fox"}},
		{"node_modules drafts i.old.md", []string{"node_modules/f.md:1:3 fox"}},
	} {
		got := lintIn(t, environment, append(strings.Fields(test.arguments), "-o", "json")...)
		if diff := cmp.Diff(test.want, foundIn(t, got.stdout)); diff != "" {
			t.Errorf("lint %s (-want +got):\n%s%s", test.arguments, diff, got.stderr)
		}
	}
}

func TestLintReadsStdin(t *testing.T) {
	t.Parallel()
	files := map[string]string{".debrief.yaml": animals + "exclude: [drafts]\n", "a.md": "An owl.\n"}
	for _, test := range []struct {
		arguments string
		want      []string
	}{
		{"", []string{"<stdin>:2:3 fox"}},
		{"-", []string{"<stdin>:2:3 fox"}},
		{"- a.md -", []string{"<stdin>:2:3 fox", "a.md:1:4 owl"}},
		{"--stdin-filename docs/b.md", []string{"docs/b.md:2:3 fox"}},
		{"--stdin-filename drafts/b.md", nil},
	} {
		environment := lintTree(t, files)
		environment.stdin = strings.NewReader("\nA fox.")
		got := lintIn(t, environment, append(strings.Fields(test.arguments), "-o", "json")...)
		if diff := cmp.Diff(test.want, foundIn(t, got.stdout)); diff != "" {
			t.Errorf("lint %s (-want +got):\n%s%s", test.arguments, diff, got.stderr)
		}
	}
	environment := lintTree(t, files)
	environment.typed = true
	if got := lintIn(t, environment); got.code != exitUsage || !strings.Contains(got.stderr, "name files or directories") {
		t.Errorf("with a terminal for stdin: %+v", got)
	}
	if got := lintIn(t, environment, "--stdin-filename", "x.md", "a.md"); got.code != exitUsage {
		t.Errorf("a name for a stdin that is not read: %+v", got)
	}
}

func TestLintTakesTheNearestConfiguration(t *testing.T) {
	t.Parallel()
	environment := lintTree(t, map[string]string{
		".debrief.yaml":           animals,
		"a.md":                    "A fox.",
		"near/.debrief.yaml":      "off: [named-person]\nallow: [careless]\n",
		"near/deep/b.md":          "A fox. Bo was careless. The DBA was lazy.",
		"repository/.git/HEAD":    "",
		"repository/docs/c.md":    "A fox. The DBA was lazy.",
		"elsewhere/strict.yaml":   animals,
		"elsewhere/.debrief.yaml": "allow: [fox]\n" + animals,
		"elsewhere/d.md":          "A fox.",
	})
	want := []string{"a.md:1:3 fox", "elsewhere/d.md:1:3 fox", "near/deep/b.md:1:3 fox", "repository/docs/c.md:1:3 fox"}
	got := foundIn(t, lintIn(t, environment, "-o", "json", ".", "--config", "elsewhere/strict.yaml").stdout)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with one configuration (-want +got):\n%s", diff)
	}
	want = []string{"a.md:1:3 fox", "near/deep/b.md:1:25 judgment", "repository/docs/c.md:1:8 judgment"}
	got = foundIn(t, lintIn(t, environment, "-o", "json", ".").stdout)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with the nearest one (-want +got):\n%s", diff)
	}
}

func TestLintTellsWhatCouldNotBeChecked(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("A fox.\n\n", maxLinted/8+1)
	for _, test := range []struct {
		name      string
		files     map[string]string
		arguments string
		want      result
	}{
		{
			"no such file, beside one with findings",
			map[string]string{"a.md": "A fox."},
			"-o json missing.md a.md --config animals.yaml",
			result{code: 2, stderr: "missing.md: error: no such file or directory\nerror: a file could not be checked\n"},
		},
		{
			"a large file that is named",
			map[string]string{"a.md": large},
			"a.md",
			result{code: 2, stdout: "No findings in 1 file.\n", stderr: "a.md: error: has more than 4 MiB\nerror: a file could not be checked\n"},
		},
		{
			"a large file that is met",
			map[string]string{"a.md": large},
			".",
			result{code: 0, stdout: "No findings in 1 file.\n", stderr: "a.md: warning: has more than 4 MiB: it is not checked\n"},
		},
		{
			"something that is no text",
			map[string]string{"a.md": "MZ\x00 The DBA was lazy."},
			"a.md",
			result{code: 0, stdout: "No findings in 1 file.\n", stderr: "a.md: warning: is binary, or not in UTF-8: it is not checked\n"},
		},
		{
			"two mistakes in a configuration",
			map[string]string{"docs/.debrief.yaml": "off: [nonsense]\n\nfail_on: loud\n", "docs/a.md": "", "docs/b.md": ""},
			"docs",
			result{
				code: 2, stderr: "error: docs/.debrief.yaml: line 1: off[0]: there is no rule \"nonsense\"\n" +
					"docs/.debrief.yaml: line 3: fail_on: \"loud\": want one of blame, caution, note, never\n",
			},
		},
		{"no such configuration", nil, "--config missing.yaml .", result{code: 2, stderr: "error: missing.yaml: there is no such file\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			environment := lintTree(t, test.files)
			if err := os.WriteFile(filepath.Join(environment.directory, "animals.yaml"), []byte(animals), 0o600); err != nil {
				t.Fatal(err)
			}
			got := lintIn(t, environment, strings.Fields(test.arguments)...)
			if strings.Contains(test.arguments, "json") {
				if found := foundIn(t, got.stdout); len(found) != 1 {
					t.Errorf("findings in the other file: %v", found)
				}
				got.stdout = ""
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLintTellsTheLineOfTheFirstCharacter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"a sentence a line", "One.\nA fox.\nThree.\nA fox.\nFive.\nA fox.", []string{"a.md:2:3 fox", "a.md:4:3 fox", "a.md:6:3 fox"}},
		{"CRLF", "One.\r\nA fox.\r\n\r\nA fox.\r\n", []string{"a.md:2:3 fox", "a.md:4:3 fox"}},
		{"a byte order mark", "\ufeffA fox.\n", []string{"a.md:1:3 fox"}},
		{"a byte order mark and front matter", "\ufeff---\nanimal: fox\n---\n\nA fox.\n", []string{"a.md:5:3 fox"}},
		{"bytes that are no text", "\xff\xfe\nA \xff fox.\n", []string{"a.md:2:5 fox"}},
		{"characters of many bytes", "東京 🦊 fox.\n", []string{"a.md:1:6 fox"}},
		{"a wrapped phrase", "Text.\nA grey\nwolf.\n", []string{"a.md:2:3 wolf"}},
		{"nothing", "", nil},
	} {
		environment := lintTree(t, map[string]string{".debrief.yaml": animals, "a.md": test.text})
		if diff := cmp.Diff(test.want, foundIn(t, lintIn(t, environment, "-o", "json", ".").stdout)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// The order of what is told does not hang on which file is done first.
func TestLintTellsManyFilesInOrder(t *testing.T) {
	t.Parallel()
	files := map[string]string{".debrief.yaml": animals}
	var want []string
	for i := range 300 {
		name := fmt.Sprintf("d%d/f%03d.md", i/100, i)
		files[name] = strings.Repeat("Text.\n\n", i%7) + "A fox.\n"
		want = append(want, fmt.Sprintf("%s:%d:3 fox", name, 2*(i%7)+1))
	}
	got := foundIn(t, lintIn(t, lintTree(t, files), "-o", "json", ".").stdout)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestLintSaysWhenThereIsMoreThanItTells(t *testing.T) {
	t.Parallel()
	environment := lintTree(t, map[string]string{".debrief.yaml": animals, "a.md": strings.Repeat("A fox.\n\n", blameless.MaxFindings+1)})
	got := lintIn(t, environment, "-o", "json", "a.md")
	if found := foundIn(t, got.stdout); len(found) != blameless.MaxFindings || !strings.Contains(got.stderr, "has 1 finding beyond the first 1000") {
		t.Errorf("%d findings, %s", len(found), got.stderr)
	}
}
