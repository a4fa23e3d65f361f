// Command openapi finishes the OpenAPI document that protoc-gen-openapiv2
// wrote: that plugin names a path's parameters after their collections by
// cutting off an "s", and says nothing about them.
//
// Usage:
//
//	go run ./openapi FILE
//
// FILE is rewritten in place; doing so again changes nothing.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

var (
	// template finds a path's parameter whose collection ends in "ies".
	template = regexp.MustCompile(`\{([A-Za-z]+)ie\}`)
	// parameter finds what declares a parameter of a path, up to its place.
	parameter = regexp.MustCompile(`"name": "([A-Za-z]+)",(\s+)"in": "path",`)
	// hump finds where a word begins in a lowerCamelCase name.
	hump = regexp.MustCompile(`[A-Z]`)
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("want exactly one argument: the document to finish")
	}
	document, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	finished := finish(document)
	if !json.Valid(finished) {
		return fmt.Errorf("%s: would no longer be JSON: its layout is not the expected one", args[0])
	}
	return os.WriteFile(args[0], finished, 0o644)
}

// finish works on the text, which keeps the document's order.
func finish(document []byte) []byte {
	document = template.ReplaceAll(document, []byte("{${1}y}"))
	return parameter.ReplaceAllFunc(document, func(found []byte) []byte {
		match := parameter.FindSubmatch(found)
		return describe(string(match[1]), string(match[2]))
	})
}

// describe declares a parameter by its proper name, with a description; space
// is what separates two members of the object.
func describe(name, space string) []byte {
	collection := name + "s"
	if stem, ok := strings.CutSuffix(name, "ie"); ok {
		name = stem + "y"
	} else if stem, ok := strings.CutSuffix(name, "y"); ok {
		collection = stem + "ies"
	}
	words := strings.ToLower(hump.ReplaceAllString(name, " $0"))
	return fmt.Appendf(nil, `"name": %q,%s"description": "Id of the %s: what follows %s/ in its resource name.",%s"in": "path",`,
		name, space, words, collection, space)
}
