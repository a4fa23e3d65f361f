package mongodb

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// registry knows how maps are stored: as arrays of {key, value}, sorted by key, because the keys come from outside and a
// field's name may not be any text in every engine (dots, dollars, the empty text).
var registry = newRegistry()

func newRegistry() *bson.Registry {
	registry := bson.NewRegistry()
	registry.RegisterTypeEncoder(reflect.TypeFor[map[string]string](), bson.ValueEncoderFunc(encodeMap))
	registry.RegisterTypeDecoder(reflect.TypeFor[map[string]string](), bson.ValueDecoderFunc(decodeMap))
	return registry
}

// encode makes the stored form of a document. The json names of an entity's fields are the names in it.
func encode(document any) (bson.Raw, error) {
	var buffer bytes.Buffer
	encoder := bson.NewEncoder(bson.NewDocumentWriter(&buffer))
	encoder.SetRegistry(registry)
	encoder.UseJSONStructTags()
	encoder.OmitZeroStruct()
	if err := encoder.Encode(document); err != nil {
		return nil, fmt.Errorf("encode %T: %w", document, err)
	}
	return buffer.Bytes(), nil
}

// decode reads the stored form of a document into the value, and passes over what the value has no place for.
func decode(stored bson.Raw, value any) error {
	decoder := bson.NewDecoder(bson.NewDocumentReader(bytes.NewReader(stored)))
	decoder.SetRegistry(registry)
	decoder.UseJSONStructTags()
	if err := decoder.Decode(value); err != nil {
		return corrupt(fmt.Errorf("decode %T: %w", value, err))
	}
	return nil
}

func encodeMap(_ bson.EncodeContext, writer bson.ValueWriter, value reflect.Value) error {
	pairs, ok := reflect.TypeAssert[map[string]string](value)
	if !ok {
		return fmt.Errorf("%s is no map of texts", value.Type())
	}
	array, err := writer.WriteArray()
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		if err := encodePair(array, key, pairs[key]); err != nil {
			return err
		}
	}
	return array.WriteArrayEnd()
}

func encodePair(array bson.ArrayWriter, key, value string) error {
	element, err := array.WriteArrayElement()
	if err != nil {
		return err
	}
	pair, err := element.WriteDocument()
	if err != nil {
		return err
	}
	for _, field := range [2][2]string{{"key", key}, {"value", value}} {
		writer, err := pair.WriteDocumentElement(field[0])
		if err != nil {
			return err
		}
		if err := writer.WriteString(field[1]); err != nil {
			return err
		}
	}
	return pair.WriteDocumentEnd()
}

func decodeMap(_ bson.DecodeContext, reader bson.ValueReader, value reflect.Value) error {
	array, err := reader.ReadArray()
	if err != nil {
		return err
	}
	decoded := map[string]string{}
	for {
		element, err := array.ReadValue()
		if errors.Is(err, bson.ErrEOA) {
			value.Set(reflect.ValueOf(decoded))
			return nil
		}
		if err != nil {
			return err
		}
		if err := decodePair(element, decoded); err != nil {
			return err
		}
	}
}

func decodePair(element bson.ValueReader, decoded map[string]string) error {
	document, err := element.ReadDocument()
	if err != nil {
		return err
	}
	var key, value string
	for {
		name, reader, err := document.ReadElement()
		if errors.Is(err, bson.ErrEOD) {
			decoded[key] = value
			return nil
		}
		if err != nil {
			return err
		}
		text := &value
		if name == "key" {
			text = &key
		}
		if *text, err = reader.ReadString(); err != nil {
			return err
		}
	}
}
