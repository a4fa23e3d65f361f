package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// show writes a message: by human for eyes, else in the form that was asked for.
func (a *application) show(message proto.Message, human func() error) error {
	switch a.globals.output.value {
	case "json":
		return a.writeJSON(message)
	case "yaml":
		return a.writeYAML(message)
	case "name":
		return a.writeName(message)
	}
	return human()
}

// tell shows a resource that was changed; for eyes a sentence is enough.
func (a *application) tell(message proto.Message, sentence string) error {
	return a.show(message, func() error {
		_, err := fmt.Fprintln(a.out, line(sentence))
		return err
	})
}

func (a *application) writeJSON(message proto.Message) error {
	text, err := formatJSON(message, "")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, text)
	return err
}

func (a *application) writeYAML(message proto.Message) error {
	text, err := compactJSON(message)
	if err != nil {
		return err
	}
	return writeYAML(a.out, text)
}

func (a *application) writeName(message proto.Message) error {
	_, err := fmt.Fprintln(a.out, line(nameOf(message)))
	return err
}

// nameOf is what names a resource: its name, or the id of what has no name.
func nameOf(message proto.Message) string {
	for _, field := range []string{"name", "id"} {
		if known := message.ProtoReflect().Descriptor().Fields().ByTextName(field); known != nil {
			return message.ProtoReflect().Get(known).String()
		}
	}
	return ""
}

// compactJSON is a message as the API's JSON in one line, the same each time.
func compactJSON(message proto.Message) (string, error) {
	marshaled, err := protojson.Marshal(message)
	if err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, marshaled); err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	return escapeJSON(compact.String()), nil
}

// formatJSON is a message as the API's JSON, indented. Each line but the first begins with the prefix.
func formatJSON(message proto.Message, prefix string) (string, error) {
	compact, err := compactJSON(message)
	if err != nil {
		return "", err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(compact), prefix, "  "); err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	return indented.String(), nil
}

// escapeJSON writes characters that a terminal would act on, or be fooled by, in their escaped form.
func escapeJSON(text string) string {
	if strings.IndexFunc(text, hidden) < 0 {
		return text
	}
	var escaped strings.Builder
	for _, r := range text {
		if !hidden(r) {
			escaped.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&escaped, `\u%04x`, unit)
		}
	}
	return escaped.String()
}

// writeYAML writes JSON as YAML, its fields in the same order.
func writeYAML(out io.Writer, text string) error {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	blockStyle(&document)
	var written strings.Builder
	encoder := yaml.NewEncoder(&written)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(&document), encoder.Close()); err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	_, err := io.WriteString(out, escapeJSON(written.String()))
	return err
}

// blockStyle has YAML look like YAML and not like the JSON that it was read from. Texts with hidden characters stay in
// quotes, in which they can be escaped as in JSON.
func blockStyle(node *yaml.Node) {
	switch {
	case strings.IndexFunc(node.Value, hidden) >= 0:
		node.Style = yaml.DoubleQuotedStyle
	case len(node.Content) > 0 || node.Kind == yaml.ScalarNode:
		node.Style = 0
	}
	for _, child := range node.Content {
		blockStyle(child)
	}
}
