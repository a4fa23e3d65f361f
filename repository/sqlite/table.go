package sqlite

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/debriefhq/debrief/repository"
)

// maxDocument bounds a document, in bytes: what the other store can keep as well.
const maxDocument = 15 << 20

// table is how a collection is laid out; see migrations. It does not know the type of its resources.
type table struct {
	name string
	// scoped tables are walked by parent; they have neither positions nor terms.
	scoped bool
	// sequenced tables have their ids from their positions, and not the other way round.
	sequenced bool
	numbers   []column
	// tokens makes the tokens of a document.
	tokens func(document []byte) (string, error)

	insert, get, byKey, delete string
}

// column is one that holds a number.
type column struct {
	field   string
	ordered bool
}

// row is a resource as it is laid out. Its position is where it stands in the statements.
type row struct {
	id          string
	parent      string
	creationKey string
	visibility  repository.Visibility
	// revision is that of a row that comes from another store; 0: it is a new one.
	revision int64
	document []byte
	// numbers are those of the table's columns; nil where one is not set and not ordered.
	numbers []driver.Value
	// tokens and signature are empty where the table is scoped.
	tokens    string
	signature []byte
}

// quote makes a name an SQL identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// terms is the full-text index of the table.
func (t *table) terms() string { return t.name + "_terms" }

// key is the column that sorts as ids do in the index of an order.
func (t *table) key(field string) string {
	switch {
	case t.scoped:
		return "id"
	case field == "":
		return "position"
	default:
		return "place"
	}
}

// index says by which index an order is walked.
func (t *table) index(field string) string {
	switch {
	case field != "":
		return "INDEXED BY " + t.name + "_by_" + strings.ReplaceAll(field, ".", "_")
	case t.scoped:
		return "INDEXED BY " + t.name + "_by_parent"
	default:
		return "NOT INDEXED" // But by position, which is the table's own order.
	}
}

func (t *table) hasNumber(field string) bool {
	return slices.ContainsFunc(t.numbers, func(c column) bool { return c.field == field })
}

// codec makes rows of resources, and resources of rows.
type codec[T any] struct {
	*table
	schema repository.Schema[T]
	fields []repository.Field[T]
}

func newCodec[T any](schema repository.Schema[T]) codec[T] {
	c := codec[T]{table: &table{name: schema.Name, scoped: schema.Scoped}, schema: schema, fields: schema.Numbers()}
	c.sequenced = slices.ContainsFunc(schema.Fields, func(f repository.Field[T]) bool { return f.Type == repository.IDSequence })
	var columns []string
	if !c.scoped {
		columns = append(columns, "position", "signature")
	}
	columns = append(columns, "id", "parent", "creation_key", "visibility", "revision")
	for _, field := range c.fields {
		c.numbers = append(c.numbers, column{field: field.Name, ordered: field.Ordered})
		columns = append(columns, quote(field.Name))
	}
	columns = append(columns, "document")
	c.insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s) ON CONFLICT DO NOTHING",
		c.name, strings.Join(columns, ", "), strings.Repeat(", ?", len(columns)-1))
	c.get = fmt.Sprintf("SELECT id, revision, document FROM %s WHERE id = ? AND visibility < %d", c.name, repository.Purged)
	c.byKey = fmt.Sprintf("SELECT id, revision, document FROM %s WHERE creation_key = ?", c.name)
	c.delete = fmt.Sprintf("DELETE FROM %s WHERE id = ? AND visibility = %d", c.name, repository.Purged)
	c.tokens = func(document []byte) (string, error) {
		var resource T
		err := unmarshal(document, &resource)
		text, _ := c.encodeTokens(&resource)
		return text, err
	}
	return c
}

// options make documents what encoding/json makes, of which this is the next version, and faster.
var options = json.JoinOptions(
	jsonv1.FormatDurationAsNano(true), jsonv1.OmitEmptyWithLegacySemantics(true),
	jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true),
)

func marshal(resource any) ([]byte, error) { return json.Marshal(resource, options) }

func unmarshal(document []byte, resource any) error {
	return json.Unmarshal(document, resource, options)
}

// encode lays a resource out. What it makes shares nothing with the resource.
func (c codec[T]) encode(resource *T) (row, error) {
	document, err := marshal(resource)
	if err != nil {
		return row{}, fmt.Errorf("%w: %w", repository.ErrCorrupt, err)
	}
	if len(document) > maxDocument {
		return row{}, fmt.Errorf("%w: %s of %d bytes, at most %d can be stored",
			repository.ErrResourceExhausted, c.name, len(document), maxDocument)
	}
	header := c.schema.Header(resource)
	tokens, signature := c.encodeTokens(resource)
	return row{
		id: header.ID, parent: header.Parent, creationKey: header.CreationKey, visibility: header.Visibility,
		document: document, numbers: c.encodeNumbers(resource), tokens: tokens, signature: signature,
	}, nil
}

func (c codec[T]) encodeNumbers(resource *T) []driver.Value {
	numbers := make([]driver.Value, len(c.fields))
	for i, field := range c.fields {
		if number, ok := field.Number(resource); ok {
			numbers[i] = number
		} else if field.Ordered {
			numbers[i] = int64(repository.Unset)
		}
	}
	return numbers
}

func (c codec[T]) encodeTokens(resource *T) (text string, signature []byte) {
	if c.scoped {
		return "", nil
	}
	return tokens(c.schema.Terms(resource))
}

// decode reads a row of id, revision and document: those of the row hold, whatever the document says.
func (c codec[T]) decode(row []driver.Value) (T, error) {
	var resource T
	id, ok1 := row[0].(string)
	revision, ok2 := row[1].(int64)
	document, ok3 := row[2].([]byte)
	if !ok1 || !ok2 || !ok3 {
		return resource, fmt.Errorf("%w: row of %s with values of other types", repository.ErrCorrupt, c.name)
	}
	if err := unmarshal(document, &resource); err != nil {
		return resource, fmt.Errorf("%w: document %q of %s: %w", repository.ErrCorrupt, id, c.name, err)
	}
	header := c.schema.Header(&resource)
	header.ID, header.Revision = id, revision
	return resource, nil
}
