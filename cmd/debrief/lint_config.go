package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/debriefhq/debrief/service/blameless"
)

// configName is the file in which a repository keeps what its team wants.
const configName = ".debrief.yaml"

// lintSetup is what holds for the files of a repository.
type lintSetup struct {
	blameless.Config
	checker *blameless.Checker
	// directory is where its configuration stands; empty where there is none.
	directory string
}

// excludes says whether the configuration leaves a file out.
func (s *lintSetup) excludes(path string) bool {
	relative, err := filepath.Rel(s.directory, path)
	return err == nil && s.directory != "" && s.Excludes(filepath.ToSlash(relative))
}

// lintSetups finds the setup of each directory, and reads each configuration once.
type lintSetups struct {
	// directory is where relative paths begin.
	directory string
	fixed     *lintSetup
	builtIn   *lintSetup
	known     map[string]foundSetup
}

// foundSetup is a setup, or why there is none.
type foundSetup struct {
	setup *lintSetup
	err   error
}

// fix has one configuration hold for all files.
func (s *lintSetups) fix(name string) error {
	path := name
	if !filepath.IsAbs(path) && s.directory != "" {
		path = filepath.Join(s.directory, path)
	}
	setup, err := s.load(path)
	if err == nil && setup == nil {
		err = fmt.Errorf("%s: there is no such file", name)
	}
	s.fixed = setup
	return err
}

// of is the setup of a directory: of the nearest configuration in it or above, as far as the root of the repository.
func (s *lintSetups) of(directory string) (*lintSetup, error) {
	if s.fixed != nil {
		return s.fixed, nil
	}
	if found, ok := s.known[directory]; ok {
		return found.setup, found.err
	}
	setup, err := s.load(filepath.Join(directory, configName))
	if err == nil && setup == nil {
		parent := filepath.Dir(directory)
		if _, missing := os.Lstat(filepath.Join(directory, ".git")); missing == nil || parent == directory {
			setup, err = s.plain()
		} else {
			setup, err = s.of(parent)
		}
	}
	if s.known == nil {
		s.known = map[string]foundSetup{}
	}
	s.known[directory] = foundSetup{setup, err}
	return setup, err
}

// plain is the setup without a configuration.
func (s *lintSetups) plain() (*lintSetup, error) {
	if s.builtIn == nil {
		checker, err := blameless.New(blameless.Options{})
		if err != nil {
			return nil, err
		}
		s.builtIn = &lintSetup{checker: checker}
	}
	return s.builtIn, nil
}

// load reads a configuration; nil if there is no such file. The lines of its errors begin with the file's name.
func (s *lintSetups) load(path string) (*lintSetup, error) {
	content, err := readBounded(path, blameless.MaxConfigBytes)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil //nolint:nilnil // That there is none is nothing unusual.
	}
	shown := path
	if relative, err := filepath.Rel(s.directory, path); err == nil && filepath.IsLocal(relative) {
		shown = relative
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown, reason(err))
	}
	config, err := blameless.ParseConfig(content)
	if err != nil {
		return nil, errors.New(shown + ": " + strings.ReplaceAll(err.Error(), "\n", "\n"+shown+": "))
	}
	checker, err := blameless.New(config.Options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown, err)
	}
	return &lintSetup{config, checker, filepath.Dir(path)}, nil
}
