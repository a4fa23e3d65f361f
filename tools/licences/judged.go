package main

import (
	"crypto/sha256"
	"encoding/hex"
)

// publicDomain is what has no licence because it is nobody's.
const publicDomain = "LicenseRef-public-domain"

// judged are files that say it in words of their own, and that a person has read. They are known by their hashes, so that
// another version of one has to be read again.
var judged = []struct {
	module, file, sha256 string
	ids                  []string
}{
	// Their sections about what is linked. What they say of MPL-2.0 is in the graph of modules, and in no program.
	{"modernc.org/libc", "LICENSE-3RD-PARTY.md", "f597097efe3d97021f89170746bd3a0fb9a8b6fb26b82043ed68a4e0283bee6c", []string{"BSD-3-Clause", "MIT"}},
	{"modernc.org/sqlite", "LICENSE-3RD-PARTY.md", "4194f8e7119be72babd499db4f6f1f7547e36e8a7bffcb2b9c8df241b8f1576a", []string{"BSD-3-Clause", "MIT", publicDomain}},
	{"modernc.org/sqlite", "LICENSE-SQLITE", "8438c9c89b849131ead81d5435cb97fcf052df5b0b286dda8a2d4c29e6cb3fd0", []string{publicDomain}},
	// The address of a picture in its README.
	{"modernc.org/memory", "LICENSE-LOGO", "5ae5bee3072a841376451b48d8cfcec7188e10543926d5870828d36c8a750dc5", nil},
}

func judgedBefore(module, file string, content []byte) ([]string, bool) {
	sum := sha256.Sum256(content)
	for _, one := range judged {
		if one.module == module && one.file == file && one.sha256 == hex.EncodeToString(sum[:]) {
			return one.ids, true
		}
	}
	return nil, false
}

// inside are parts of modules that no file in them tells of.
var inside = map[string]struct {
	ids    []string
	notice string
}{
	"github.com/swaggest/swgui": {[]string{"Apache-2.0"}, "This contains Swagger UI, https://github.com/swagger-api/swagger-ui, under the Apache License 2.0.\n" +
		"Copyright 2020-2021 SmartBear Software Inc.\nIt contains in turn the JavaScript libraries that its own distribution names."},
}
