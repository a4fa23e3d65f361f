// Command licences lists the licences of all modules that Debrief is built from or tested with, with the texts of those that are in
// the binary, and fails where one is not found or does not go with the Apache License 2.0.
//
// Usage:
//
//	go run ./licences DIRECTORY
//
// DIRECTORY is the top of the repository; docs/licences.md and docs/third-party-licences.txt below it are written.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// allowed are the licences, by their SPDX ids, that ask no more of who passes Debrief on than to keep their texts.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", publicDomain, "Unlicense", "Zlib"}

// allowedInTests are those of what is not passed on, beside the ones above.
var allowedInTests = []string{"MPL-2.0"}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("want exactly one argument: the top of the repository")
	}
	modules, err := list(args[0])
	if err != nil {
		return err
	}
	var problems []error
	for _, module := range modules {
		problems = append(problems, module.read())
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	for name, content := range map[string]string{"licences.md": document(modules), "third-party-licences.txt": texts(modules)} {
		if err := os.WriteFile(filepath.Join(args[0], "docs", name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

const heading = `# Licences

What Debrief is made of, and under which licence each part is. This page is written by ` + "`.ci/licences`" + `, and CI fails where it is
not current, a licence is not found, or one is none of these: %s (and in tests %s).

Debrief itself is under the [Apache License 2.0](../LICENSE). The texts of the licences below are in
[third-party-licences.txt](third-party-licences.txt), and in the image in ` + "`/licences`" + `. The tools in ` + "`tools/go.mod`" + `, and what the
tests in ` + "`.ci`" + ` need, are run and not passed on, and not listed.
`

// document is the page.
func document(modules []*module) string {
	var page strings.Builder
	fmt.Fprintf(&page, heading, strings.Join(allowed, ", "), strings.Join(allowedInTests, ", "))
	page.WriteString("\n## In the binary\n\n")
	page.WriteString(table(modules, func(m *module) bool { return m.shipped }))
	page.WriteString("\n## Only in tests and the benchmark\n\n")
	page.WriteString(table(modules, func(m *module) bool { return !m.shipped }))
	return page.String()
}

func table(modules []*module, in func(*module) bool) string {
	var rows strings.Builder
	rows.WriteString("| Module | Version | Licence |\n|---|---|---|\n")
	for _, m := range modules {
		if in(m) {
			fmt.Fprintf(&rows, "| %s | %s | %s |\n", m.path, m.version, strings.Join(m.ids, ", "))
		}
	}
	return rows.String()
}

// texts are the licences and notices of what is in the binary, each once.
func texts(modules []*module) string {
	users := map[string][]string{}
	for _, m := range modules {
		for _, text := range m.texts {
			if m.shipped {
				users[text] = append(users[text], m.path)
			}
		}
	}
	ordered := slices.SortedFunc(maps.Keys(users), func(a, b string) int {
		if c := slices.Compare(users[a], users[b]); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	var all strings.Builder
	all.WriteString("The licences and notices of what is in Debrief's binary beside Debrief itself.\n")
	for _, text := range ordered {
		all.WriteString("\n" + strings.Repeat("=", 80) + "\n")
		for _, path := range slices.Compact(users[text]) {
			all.WriteString(path + "\n")
		}
		all.WriteString(strings.Repeat("-", 80) + "\n\n" + text + "\n")
	}
	return all.String()
}
