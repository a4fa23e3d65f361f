package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"modernc.org/sqlite"
)

func TestOpenMakesFileAndFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder?", "50% #1", "debrief.db")
	store := openStore(t, path)
	if _, err := store.Incidents().Create(t.Context(), alert(1)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, path + "-wal": 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has the mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
}

func TestOpenFindsWhatWasStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	first := openStore(t, path)
	if _, err := first.Incidents().Create(t.Context(), alert(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Incidents().Get(t.Context(), alertID(1)); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(path + "-*"); err != nil || len(left) > 0 {
		t.Errorf("after Close there is still %v, %v", left, err)
	}
	second := openStore(t, path)
	if _, err := second.Incidents().Get(t.Context(), alertID(1)); err != nil {
		t.Error(err)
	}
}

func TestOpenAtTheSameTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debrief.db")
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			store, err := Open(t.Context(), path, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name, script, want string
	}{
		{"another program's database", "CREATE TABLE recipes (name TEXT)", "the database of another program (application id 0"},
		{"another program's empty database", "PRAGMA application_id = 7", "the database of another program (application id 7"},
		{
			"what a newer version has written", fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 1000", applicationID),
			fmt.Sprintf("a newer version of Debrief has written it (its schema is 1000, and this version knows up to %d)", versions(t)),
		},
		{"what is no database", "", "it is no SQLite database"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "debrief.db")
			before := bytes.Repeat([]byte("not a database "), 100)
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if test.script == "" {
				if err := os.WriteFile(path, before, 0o600); err != nil {
					t.Fatal(err)
				}
			} else {
				runScript(t, path, test.script)
			}
			store, err := Open(t.Context(), path, Options{})
			if err == nil {
				t.Fatal("it was opened", store.Close(t.Context()))
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("Open = %v, want %q", err, test.want)
			}
			if after, err := os.ReadFile(path); test.script == "" && (err != nil || !bytes.Equal(before, after)) {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
}

// versions is how many versions of the schema there are.
func versions(t *testing.T) int {
	t.Helper()
	steps, err := migrations.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	return len(steps)
}

func TestOpenWhereThereCanBeNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(file, "debrief.db"), t.TempDir()} {
		if _, err := Open(t.Context(), path, Options{}); err == nil {
			t.Errorf("Open(%q) did not fail", path)
		}
	}
}

// runScript changes a file behind the store's back.
func runScript(t *testing.T, path, text string) {
	t.Helper()
	connection, err := connect(t.Context(), &sqlite.Driver{}, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := connection.script(t.Context(), text); err != nil {
		t.Error(err)
	}
	if err := connection.close(); err != nil {
		t.Error(err)
	}
}

// TestTablesMatchSchemas expects just the columns and the indexes that the schemas of the collections ask for.
func TestTablesMatchSchemas(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "debrief.db"))
	connection := openReader(t, store)
	matchSchema(t, connection, store.incidents)
	matchSchema(t, connection, store.timelineEntries)
	matchSchema(t, connection, store.postMortems)
	matchSchema(t, connection, store.postMortemRevisions)
	matchSchema(t, connection, store.actionItems)
	matchSchema(t, connection, store.rejectedDeliveries)
	matchSchema(t, connection, store.events)
}

func matchSchema[T any](t *testing.T, connection *connection, c *collection[T]) {
	t.Helper()
	columns := []string{"creation_key", "document", "id", "parent", "revision", "visibility"}
	indexes := []string{"by_creation_key (creation_key)", "by_id (id)"}
	prefix := ""
	if c.scoped {
		prefix = "parent, "
		indexes = append(indexes, "by_parent (parent, id)")
	} else {
		columns = append(columns, "position", "place", "signature")
		indexes = append(indexes, "by_visibility (visibility)")
	}
	for _, field := range c.schema.Fields {
		if field.Number != nil {
			columns = append(columns, field.Name)
		}
		name := strings.ReplaceAll(field.Name, ".", "_")
		switch {
		case field.Ordered:
			indexes = append(indexes, fmt.Sprintf("by_%s (%s%s, %s)", name, prefix, field.Name, c.key(field.Name)))
		case field.Number != nil && !c.scoped:
			indexes = append(indexes, fmt.Sprintf("by_%s (%s)", name, field.Name))
		}
	}
	slices.Sort(columns)
	slices.Sort(indexes)
	if diff := cmp.Diff(columns, column1(t, connection, "SELECT name FROM pragma_table_xinfo(?) ORDER BY name", c.name)); diff != "" {
		t.Errorf("columns of %s: -want +got\n%s", c.name, diff)
	}
	got := column1(t, connection, `SELECT substr(l.name, length(?1) + 2) || ' (' || (SELECT group_concat(name, ', ' ORDER BY seqno) FROM pragma_index_info(l.name)) || ')' AS text
		FROM pragma_index_list(?1) l ORDER BY text`, c.name)
	if diff := cmp.Diff(indexes, got); diff != "" {
		t.Errorf("indexes of %s: -want +got\n%s", c.name, diff)
	}
	full := column1(t, connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?", c.terms())
	if (len(full) == 1) == c.scoped {
		t.Errorf("%s: full-text index %v", c.name, full)
	}
}

// column1 reads the first column of what a statement gives.
func column1(t *testing.T, connection *connection, text, value string) []string {
	t.Helper()
	var all []string
	err := connection.query(t.Context(), text, values(value), func(row []driver.Value) error {
		text, _ := row[0].(string)
		all = append(all, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
