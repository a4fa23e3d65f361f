package server

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// strictJSON is how the gateway reads and writes messages: names in lowerCamelCase, fields that have their default value
// left out. What it reads must be one JSON value, without names that the message does not have, or has twice.
type strictJSON struct{}

// ContentType is that of what Marshal makes.
func (strictJSON) ContentType(any) string { return jsonType }

// Marshal writes a message.
func (strictJSON) Marshal(value any) ([]byte, error) {
	message, ok := value.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%T is no protobuf message", value)
	}
	return protojson.Marshal(message)
}

// Unmarshal reads into a message, or into a pointer to one that is nil yet.
func (strictJSON) Unmarshal(data []byte, target any) error {
	message, ok := target.(proto.Message)
	if !ok {
		pointer := reflect.ValueOf(target)
		if pointer.Kind() != reflect.Pointer || pointer.Elem().Kind() != reflect.Pointer {
			return fmt.Errorf("%T is no protobuf message", target)
		}
		created := reflect.New(pointer.Elem().Type().Elem())
		pointer.Elem().Set(created)
		if message, ok = reflect.TypeAssert[proto.Message](created); !ok {
			return fmt.Errorf("%T is no protobuf message", target)
		}
	}
	if err := protojson.Unmarshal(data, message); err != nil {
		return errors.New("the body " + readable(err))
	}
	return nil
}

// readable is what protojson says, without the prefix that is to keep programs from relying on it.
func readable(err error) string {
	text := strings.ReplaceAll(err.Error(), "\u00a0", " ")
	text = strings.TrimSpace(strings.TrimPrefix(text, "proto:"))
	if text == io.ErrUnexpectedEOF.Error() {
		return "is no JSON: it ends too early"
	}
	return "does not fit: " + text
}

// NewDecoder reads messages from a body: io.EOF where it is empty.
func (j strictJSON) NewDecoder(body io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(target any) error {
		data, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		if len(data) == 0 {
			return io.EOF
		}
		return j.Unmarshal(data, target)
	})
}

// NewEncoder writes messages.
func (j strictJSON) NewEncoder(w io.Writer) runtime.Encoder {
	return runtime.EncoderFunc(func(value any) error {
		data, err := j.Marshal(value)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
}
