package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// module is one that Debrief needs.
type module struct {
	path, version, directory string
	// shipped says that something of it is in the binary.
	shipped bool
	// packages are the directories of what is needed of it.
	packages map[string]bool
	// ids are the SPDX ids of its licences, and texts the licences and notices themselves.
	ids, texts []string
}

// systems are those that Debrief is built for: some modules are needed on one of them alone.
var systems = []string{"linux", "darwin", "windows"}

// list finds the modules, sorted by their paths.
func list(top string) ([]*module, error) {
	found := map[string]*module{}
	for _, system := range systems {
		for _, query := range []struct {
			shipped bool
			args    []string
		}{{true, []string{"./cmd/debrief"}}, {false, []string{"-test", "./..."}}} {
			packages, err := listPackages(top, system, query.args)
			if err != nil {
				return nil, err
			}
			for _, one := range packages {
				one.addTo(found, query.shipped)
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *module) int { return strings.Compare(a.path, b.path) }), nil
}

// listed is a package as go list tells of it.
type listed struct {
	ImportPath, Dir string
	Standard        bool
	Module          *struct {
		Path, Version, Dir string
		Main               bool
	}
}

func listPackages(top, system string, args []string) ([]listed, error) {
	command := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Dir,Standard,Module"}, args...)...)
	command.Dir, command.Stderr = top, os.Stderr
	command.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list for %s: %w", system, err)
	}
	var all []listed
	decoder := json.NewDecoder(bytes.NewReader(output))
	for {
		var one listed
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", system, err)
		}
		all = append(all, one)
	}
}

// standard is what the standard library is called here.
const standard = "Go's standard library"

func (l listed) addTo(found map[string]*module, shipped bool) {
	from := module{path: standard, version: "that of the toolchain"}
	switch {
	case l.Standard:
		// What has a licence of its own further down, such as BoringSSL, is not built in.
		from.directory, l.Dir = goroot(l.Dir), ""
	case l.Module == nil || l.Module.Main:
		return
	default:
		from.path, from.version, from.directory = l.Module.Path, l.Module.Version, l.Module.Dir
	}
	m, ok := found[from.path]
	if !ok {
		m = &from
		m.packages = map[string]bool{}
		found[from.path] = m
	}
	m.shipped = m.shipped || shipped
	if l.Dir != "" {
		m.packages[l.Dir] = true
	}
}

// goroot is the directory above src, where the licence is.
func goroot(directory string) string {
	above, _, _ := strings.Cut(filepath.ToSlash(directory), "/src/")
	return filepath.FromSlash(above)
}

var (
	// licenceFile finds the files that say under which licence what lies beside and below them is.
	licenceFile = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying`)
	// noticeFile finds those whose text has to be kept as well.
	noticeFile = regexp.MustCompile(`(?i)^(notice|patents)`)
	// code is what has such a name by chance.
	code = regexp.MustCompile(`(?i)\.(go|s|c|h|tmpl|json|ya?ml|html)$`)
)

// read finds the licences.
func (m *module) read() error {
	directories := map[string]bool{m.directory: true}
	for directory := range m.packages {
		for strings.HasPrefix(directory, m.directory+string(filepath.Separator)) {
			directories[directory] = true
			directory = filepath.Dir(directory)
		}
	}
	for _, directory := range slices.Sorted(maps.Keys(directories)) {
		if err := m.readFrom(directory); err != nil {
			return err
		}
	}
	if more, ok := inside[m.path]; ok {
		m.ids, m.texts = append(m.ids, more.ids...), append(m.texts, more.notice)
	}
	slices.Sort(m.ids)
	m.ids = slices.Compact(m.ids)
	for _, id := range m.ids {
		if !slices.Contains(allowed, id) && (m.shipped || !slices.Contains(allowedInTests, id)) {
			return fmt.Errorf("%s: its licence is %s: want one of %s", m.path, id, strings.Join(allowed, ", "))
		}
	}
	if len(m.ids) == 0 {
		return fmt.Errorf("%s: no licence is found in %s", m.path, m.directory)
	}
	return nil
}

func (m *module) readFrom(directory string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		isLicence, isNotice := licenceFile.MatchString(entry.Name()), noticeFile.MatchString(entry.Name())
		if entry.IsDir() || code.MatchString(entry.Name()) || !isLicence && !isNotice {
			continue
		}
		content, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			return err
		}
		m.texts = append(m.texts, plain(content))
		if !isLicence {
			continue
		}
		if ids, ok := judgedBefore(m.path, entry.Name(), content); ok {
			m.ids = append(m.ids, ids...)
			continue
		}
		ids, err := classify(content)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", m.path, entry.Name(), err)
		}
		m.ids = append(m.ids, ids...)
	}
	return nil
}

// plain is a text without what differs between copies of the same.
func plain(text []byte) string {
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// least is how much of a text must be known, in percent: names and years are not.
const least = 75

// classify tells under which licences a text is. It is an error where it says more than is known.
func classify(text []byte) ([]string, error) {
	covered := licensecheck.Scan(text)
	var ids []string
	for _, match := range covered.Match {
		if !slices.Contains(ids, match.ID) {
			ids = append(ids, match.ID)
		}
	}
	if len(ids) == 0 || covered.Percent < least {
		return nil, fmt.Errorf("of the text %.0f%% is known (%s), want %d%%", covered.Percent, strings.Join(ids, ", "), least)
	}
	return ids, nil
}
