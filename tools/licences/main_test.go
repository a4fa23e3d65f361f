package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClassify(t *testing.T) {
	read := func(path ...string) []byte {
		text, err := os.ReadFile(filepath.Join(path...))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	apache := read("..", "..", "LICENSE")
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, refused string
		text          []byte
		want          []string
	}{
		{name: "Debrief's own", text: apache, want: []string{"Apache-2.0"}},
		{name: "that of Go", text: read(strings.TrimSpace(string(root)), "LICENSE"), want: []string{"BSD-3-Clause"}},
		{name: "none that is known", text: []byte("All rights reserved. Ask us, and pay."), refused: "0% is known"},
		{name: "most of it is not known", text: append([]byte(strings.Repeat("But you owe us a thousand for each day. ", 500)), apache...), refused: "want 75%"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := classify(test.text)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if test.refused == "" && err != nil || test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("it is refused with %v, want %q", err, test.refused)
			}
		})
	}
}

// TestRead looks beside what is needed and above it, up to the top of the module, and nowhere else.
func TestRead(t *testing.T) {
	apache, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	write := func(path, content string) {
		path = filepath.Join(directory, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("LICENSE", string(apache))
	write("NOTICE", "Somebody made it.")
	write("license.go", "package module")
	write("needed/deep/COPYING", "Copying is fine, if you pay.")
	write("other/LICENSE", "All rights reserved.")

	m := &module{path: "example.com/module", directory: directory, packages: map[string]bool{filepath.Join(directory, "needed"): true}}
	if err := m.read(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{plain(apache), "Somebody made it."}, m.texts); diff != "" || m.ids[0] != "Apache-2.0" {
		t.Errorf("%v, texts (-want +got):\n%s", m.ids, diff)
	}
	m = &module{path: "example.com/module", directory: directory, packages: map[string]bool{filepath.Join(directory, "needed", "deep"): true}}
	if err := m.read(); err == nil || !strings.Contains(err.Error(), "example.com/module: COPYING") {
		t.Errorf("what is not known is answered %v", err)
	}
	if err := (&module{path: "example.com/none", directory: t.TempDir()}).read(); err == nil || !strings.Contains(err.Error(), "no licence is found") {
		t.Errorf("no licence is answered %v", err)
	}
}

// TestPassedOnIsJudgedHarder wants more of what is in the binary.
func TestPassedOnIsJudgedHarder(t *testing.T) {
	for _, test := range []struct {
		id      string
		shipped bool
		refused bool
	}{
		{"MIT", true, false},
		{"MPL-2.0", true, true},
		{"MPL-2.0", false, false},
		{"GPL-3.0", true, true},
		{"GPL-3.0", false, true},
	} {
		m := &module{path: "example.com/module", directory: t.TempDir(), shipped: test.shipped, ids: []string{test.id}}
		if err := m.read(); (err != nil) != test.refused {
			t.Errorf("%s is answered %v where shipped is %t", test.id, err, test.shipped)
		}
	}
}

// TestWritten shows what is made of two modules.
func TestWritten(t *testing.T) {
	modules := []*module{
		{path: "example.com/a", version: "v1.0.0", shipped: true, ids: []string{"MIT"}, texts: []string{"Do as you like."}},
		{path: "example.com/b", version: "v2.0.0", shipped: true, ids: []string{"MIT"}, texts: []string{"Do as you like."}},
		{path: "example.com/test", version: "v3.0.0", ids: []string{"ISC"}, texts: []string{"Only for tests."}},
	}
	_, binary, _ := strings.Cut(document(modules), "## In the binary\n")
	binary, tests, _ := strings.Cut(binary, "## Only in tests and the benchmark\n")
	if !strings.Contains(binary, "| example.com/b | v2.0.0 | MIT |") || strings.Contains(binary, "/test") || !strings.Contains(tests, "| example.com/test | v3.0.0 | ISC |") {
		t.Errorf("the page is:\n%s\n%s", binary, tests)
	}
	if got := texts(modules); !strings.Contains(got, "example.com/a\nexample.com/b\n---") || strings.Count(got, "Do as you like.") != 1 || strings.Contains(got, "Only for tests") {
		t.Errorf("the texts are:\n%s", got)
	}
}
