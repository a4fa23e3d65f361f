package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestDemoFillsAnEmptyStore(t *testing.T) {
	store := "sqlite:" + filepath.Join(t.TempDir(), "demo.db")
	demo := func(arguments ...string) result {
		return execute(t, testEnvironment(t, ""), append([]string{"demo", "--store", store, "--incidents", "2", "--until", "2026-06-30T12:00:00Z"}, arguments...)...)
	}
	told := mustSucceed(t, demo())
	if !strings.Contains(told, "2 incidents") || !strings.Contains(told, "debrief serve --store "+store) {
		t.Errorf("it says: %s", told)
	}
	if again := demo(); again.code != exitFailure || !strings.Contains(again.stderr, "not empty") || !strings.Contains(again.stderr, "--force") {
		t.Errorf("a store that is not empty: %+v", again)
	}
	mustSucceed(t, demo("--force", "--seed", "2"))
}

func TestDemoShowsNoProgressWhereNoTerminalIs(t *testing.T) {
	store := "sqlite:" + filepath.Join(t.TempDir(), "demo.db")
	got := execute(t, testEnvironment(t, ""), "demo", "--store", store, "--incidents", "1")
	mustSucceed(t, got)
	if got.stderr != "" {
		t.Errorf("stderr has: %q", got.stderr)
	}
}

func TestDemoRefusesWhatMakesNoSense(t *testing.T) {
	store := "sqlite:" + filepath.Join(t.TempDir(), "demo.db")
	for _, test := range []struct {
		arguments []string
		problem   string
	}{
		{[]string{"--store", store, "--incidents", "0"}, "incidents"},
		{[]string{"--store", store, "--incidents", "20001"}, "20000"},
		{[]string{"--store", store, "--until", "yesterday"}, "until"},
		{[]string{"--store", store, "--seed", "-1"}, "seed"},
		{[]string{"--store", "sqlite:"}, "sqlite:PATH"},
		{[]string{"--store", "postgres://user:hidden@host/db"}, "sqlite:PATH"},
	} {
		got := execute(t, testEnvironment(t, ""), append([]string{"demo"}, test.arguments...)...)
		if got.code != exitUsage || !strings.Contains(got.stderr, test.problem) {
			t.Errorf("%v: %+v", test.arguments, got)
		}
		if strings.Contains(got.stderr, "hidden") {
			t.Errorf("%v: a password is repeated: %s", test.arguments, got.stderr)
		}
	}
}
