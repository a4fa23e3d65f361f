package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunWritesWhatTheContractImports(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "proto")
	stale := filepath.Join(folder, "stale.proto")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{folder}); err != nil {
		t.Fatal(err)
	}

	for path, want := range map[string]string{
		"buf/validate/validate.proto":                    "extend google.protobuf.FieldOptions",
		"google/api/annotations.proto":                   "HttpRule http = 72295728",
		"google/api/field_behavior.proto":                "OUTPUT_ONLY = 3",
		"google/api/field_info.proto":                    "UUID4 = 1",
		"google/api/httpbody.proto":                      "message HttpBody",
		"google/api/resource.proto":                      "ResourceDescriptor resource = 1053",
		"google/rpc/error_details.proto":                 "message BadRequest",
		"google/rpc/status.proto":                        "message Status",
		"protoc-gen-openapiv2/options/annotations.proto": "openapiv2_swagger = 1042",
	} {
		text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s does not contain %q", path, want)
		}
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("a file of an earlier run is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "google", "protobuf")); !os.IsNotExist(err) {
		t.Errorf("the well-known files were written, which buf brings along: %v", err)
	}
}

func TestRunRefusesAnythingButOneFolder(t *testing.T) {
	for _, args := range [][]string{nil, {""}, {"a", "b"}} {
		if err := run(args); err == nil {
			t.Errorf("run(%q): no error", args)
		}
	}
}
