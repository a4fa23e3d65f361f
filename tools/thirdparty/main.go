// Command thirdparty writes the proto files that Debrief's contract imports
// into a folder, for buf to compile against.
//
// The Go modules that Debrief's generated code links carry these files as
// descriptors, so they are printed from there: the module file is their only
// lock, and generating needs neither a schema registry nor a copy of foreign
// files in this repository.
//
// Usage:
//
//	go run ./thirdparty FOLDER
//
// FOLDER is emptied first and must therefore hold nothing else.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jhump/protoreflect/v2/protoprint"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	// Each import below links the descriptors of the files it is generated from.
	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	_ "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv2/options"
	_ "google.golang.org/genproto/googleapis/api/annotations"
	_ "google.golang.org/genproto/googleapis/api/httpbody"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/genproto/googleapis/rpc/status"
)

// wellKnown is the folder of the files that every proto compiler brings along.
const wellKnown = "google/protobuf/"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "thirdparty:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 || args[0] == "" {
		return errors.New("want exactly one argument: the folder to write to")
	}
	folder := args[0]
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return writeAll(protoregistry.GlobalFiles, folder)
}

// writeAll prints every registered file except the well-known ones below folder.
func writeAll(files *protoregistry.Files, folder string) error {
	var err error
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(file.Path(), wellKnown) {
			err = write(file, folder)
		}
		return err == nil
	})
	return err
}

func write(file protoreflect.FileDescriptor, folder string) error {
	printer := protoprint.Printer{SortElements: true}
	text, err := printer.PrintProtoToString(file)
	if err != nil {
		return fmt.Errorf("print %s: %w", file.Path(), err)
	}
	path := filepath.Join(folder, filepath.FromSlash(file.Path()))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
