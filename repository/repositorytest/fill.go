package repositorytest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/debriefhq/debrief/repository"
)

// chooser chooses the values that a resource is filled with.
type chooser interface {
	// text chooses the text of the field with the Go name.
	text(field string) string
	// number chooses an integer.
	number() int64
	// instant chooses a time; it may be zero.
	instant() time.Time
	// length chooses how many elements a list or map has, and whether there is a value behind a pointer.
	length() int
}

// fill sets everything below the value, which must be settable.
func fill(value reflect.Value, field string, choose chooser) {
	switch value.Kind() {
	case reflect.String:
		value.SetString(choose.text(field))
	case reflect.Int, reflect.Int32, reflect.Int64:
		value.SetInt(choose.number())
	case reflect.Float64:
		value.SetFloat(float64(choose.number()) / 4) // Exact in binary.
	case reflect.Bool:
		value.SetBool(choose.number()%2 == 1)
	case reflect.Pointer:
		if choose.length() > 0 {
			value.Set(reflect.New(value.Type().Elem()))
			fill(value.Elem(), field, choose)
		}
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), choose.length(), 8))
		for i := range value.Len() {
			fill(value.Index(i), field, choose)
		}
	case reflect.Map:
		fillMap(value, field, choose)
	case reflect.Struct:
		fillStruct(value, choose)
	case reflect.Uint8:
		value.SetUint(uint64(choose.number()) % 256)
	default:
		panic(fmt.Sprintf("no way to fill %s of type %s", field, value.Type()))
	}
}

func fillMap(value reflect.Value, field string, choose chooser) {
	value.Set(reflect.MakeMap(value.Type()))
	for range choose.length() {
		key := reflect.New(value.Type().Key()).Elem()
		fill(key, "MapKey", choose)
		element := reflect.New(value.Type().Elem()).Elem()
		fill(element, field, choose)
		value.SetMapIndex(key, element)
	}
}

func fillStruct(value reflect.Value, choose chooser) {
	if value.Type() == reflect.TypeFor[time.Time]() {
		value.Set(reflect.ValueOf(choose.instant()))
		return
	}
	for i := range value.NumField() {
		fill(value.Field(i), value.Type().Field(i).Name, choose)
	}
}

// complete is a chooser that leaves nothing empty and chooses nothing twice.
type complete struct{ n int64 }

func (c *complete) next() int64 {
	c.n++
	return c.n
}

func (c *complete) text(field string) string { return fmt.Sprintf("%s %d", field, c.next()) }
func (c *complete) number() int64            { return c.next()*2 + 1 } // Odd, so that each bool is true.
func (c *complete) instant() time.Time {
	return epoch.Add(time.Duration(c.next()) * 1001 * time.Millisecond)
}
func (c *complete) length() int { return 2 }

// completeResource is a live resource at revision 1 with nothing empty but its header's Parent.
func completeResource[T any](schema repository.Schema[T], n int) T {
	var resource T
	fill(reflect.ValueOf(&resource).Elem(), "", &complete{n: int64(n) * 10_000})
	header := schema.Header(&resource)
	header.ID, header.Parent, header.Revision, header.Visibility = newID(n), "", 1, repository.Live
	return resource
}
