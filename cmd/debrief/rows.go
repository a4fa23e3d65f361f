package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
)

// rows writes a list bit by bit.
type rows[R proto.Message] interface {
	write(resources []R) error
	// end ends the list. A token says that there is more.
	end(token string) error
}

func rowsFor[R proto.Message](a *application, list listing[R]) rows[R] {
	switch a.globals.output.value {
	case "json":
		return &jsonRows[R]{app: a, field: list.field}
	case "yaml":
		return &yamlRows[R]{app: a, field: list.field}
	case "name":
		return nameRows[R]{a}
	}
	return &tableRows[R]{app: a, row: list.row, table: table{
		out: a.out, headings: list.headings, columns: a.environment.width, colored: a.colored(),
	}}
}

type tableRows[R proto.Message] struct {
	app   *application
	row   func(R) []cell
	table table
	some  bool
}

func (t *tableRows[R]) write(resources []R) error {
	written := make([][]cell, len(resources))
	for i, resource := range resources {
		written[i] = t.row(resource)
	}
	if len(written) == 0 {
		return nil
	}
	t.some = true
	return t.table.write(written)
}

func (t *tableRows[R]) end(token string) error {
	if !t.some {
		t.app.note("There are none.")
	}
	if token == "" {
		return nil
	}
	if err := t.app.out.Flush(); err != nil {
		return err
	}
	t.app.note("There are more: --all shows them all, --page-token %s goes on here.", line(token))
	return nil
}

// jsonRows writes one object: the list's answer, as if it had come in one page.
type jsonRows[R proto.Message] struct {
	app   *application
	field string
	some  bool
}

func (j *jsonRows[R]) write(resources []R) error {
	for _, resource := range resources {
		text, err := formatJSON(resource, "    ")
		if err != nil {
			return err
		}
		before := ","
		if !j.some {
			before = fmt.Sprintf("{\n  %q: [", j.field)
		}
		j.some = true
		if _, err := fmt.Fprintf(j.app.out, "%s\n    %s", before, text); err != nil {
			return err
		}
	}
	return nil
}

func (j *jsonRows[R]) end(token string) error {
	text := "\n  ]"
	if !j.some {
		text = fmt.Sprintf("{\n  %q: []", j.field)
	}
	if token != "" {
		quoted, err := json.Marshal(token)
		if err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
		text += ",\n  \"nextPageToken\": " + escapeJSON(string(quoted))
	}
	_, err := fmt.Fprintln(j.app.out, text+"\n}")
	return err
}

type yamlRows[R proto.Message] struct {
	app   *application
	field string
	some  bool
}

func (y *yamlRows[R]) write(resources []R) error {
	for _, resource := range resources {
		compact, err := compactJSON(resource)
		if err != nil {
			return err
		}
		var item strings.Builder
		if err := writeYAML(&item, "["+compact+"]"); err != nil {
			return err
		}
		text := indent(item.String())
		if !y.some {
			text = y.field + ":\n" + text
		}
		y.some = true
		if _, err := y.app.out.WriteString(text); err != nil {
			return err
		}
	}
	return nil
}

func (y *yamlRows[R]) end(token string) error {
	if !y.some {
		if _, err := fmt.Fprintf(y.app.out, "%s: []\n", y.field); err != nil {
			return err
		}
	}
	if token == "" {
		return nil
	}
	quoted, err := json.Marshal(map[string]string{"nextPageToken": token})
	if err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	return writeYAML(y.app.out, escapeJSON(string(quoted)))
}

type nameRows[R proto.Message] struct{ app *application }

func (n nameRows[R]) write(resources []R) error {
	for _, resource := range resources {
		if err := n.app.writeName(resource); err != nil {
			return err
		}
	}
	return nil
}

func (n nameRows[R]) end(string) error { return nil }
