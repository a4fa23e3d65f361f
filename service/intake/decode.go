package intake

import (
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/debriefhq/debrief/service/plaintext"
)

// maxPath bounds how much of a path an error repeats: names in it may be as long as the body.
const maxPath = 200

// decode reads one JSON object into target. A value of the wrong type, a name given twice, anything behind the object is
// an [*InvalidError]; unknown names are skipped, a null leaves its field empty.
func decode(body []byte, target any) error {
	if len(body) == 0 {
		return invalid("", "is empty; it must be a JSON object")
	}
	err := json.Unmarshal(body, target, jsontext.AllowInvalidUTF8(true))
	if err == nil {
		return nil
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		return semanticProblem(semantic)
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return syntacticProblem(syntactic)
	}
	return invalid("", "is not a JSON object as it should be: %s", plaintext.Clean(err.Error(), maxPath))
}

func semanticProblem(err *json.SemanticError) error {
	field := path(err.JSONPointer)
	if err.GoType == reflect.TypeFor[time.Time]() && err.JSONKind == '"' {
		return invalid(field, "must be a time after RFC 3339, such as 2026-01-31T17:45:00Z")
	}
	return invalid(field, "is %s; it must be %s", kindName(err.JSONKind), typeName(err.GoType))
}

func syntacticProblem(err *jsontext.SyntacticError) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("", "ends after %d bytes in the middle of its JSON", err.ByteOffset)
	case errors.Is(err, jsontext.ErrDuplicateName):
		return invalid(path(err.JSONPointer), "is given twice; give it once")
	default:
		return invalid("", "is not JSON: at byte %d, %s", err.ByteOffset, plaintext.Clean(err.Err.Error(), maxPath))
	}
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '[':
		return "an array"
	default:
		return "an object"
	}
}

func typeName(wanted reflect.Type) string {
	if wanted == reflect.TypeFor[time.Time]() {
		return "a string with a time after RFC 3339"
	}
	switch wanted.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array"
	case reflect.Uint64:
		return "a whole number from 0"
	default:
		return "an object"
	}
}

// path writes a JSON pointer the way people name fields: `alerts[2].labels.pod`.
func path(pointer jsontext.Pointer) string {
	var field string
	for token := range pointer.Tokens() {
		if index, err := strconv.Atoi(token); err == nil {
			field += "[" + strconv.Itoa(index) + "]"
		} else {
			field = memberPath(field, token)
		}
		if len(field) > maxPath {
			break
		}
	}
	return plaintext.Shorten(plaintext.Printable(field), maxPath)
}

func memberPath(parent, name string) string {
	switch {
	case strings.ContainsFunc(name, notPlain):
		return parent + "[" + strconv.Quote(plaintext.Shorten(name, MaxName)) + "]"
	case parent == "":
		return name
	default:
		return parent + "." + name
	}
}

func elementPath(parent string, index int, member string) string {
	return parent + "[" + strconv.Itoa(index) + "]." + member
}

func notPlain(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}
