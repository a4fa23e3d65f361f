package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// choice is a flag with a handful of values.
type choice struct {
	value string
	of    []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return strings.Join(c.of, "|") }

// Set takes a value in any case.
func (c *choice) Set(value string) error {
	if !slices.Contains(c.of, strings.ToLower(value)) {
		return fmt.Errorf("%q is none of %s", value, strings.Join(c.of, ", "))
	}
	c.value = strings.ToLower(value)
	return nil
}

// enum is an enum of the API.
type enum interface {
	~int32
	protoreflect.Enum
}

// enumPrefix is what the names of an enum's values begin with.
func enumPrefix(descriptor protoreflect.EnumDescriptor) string {
	return strings.TrimSuffix(string(descriptor.Values().Get(0).Name()), "UNSPECIFIED")
}

// enumNames are the names of an enum's values without their prefix, but for the unspecified one.
func enumNames(descriptor protoreflect.EnumDescriptor) []string {
	names := make([]string, 0, descriptor.Values().Len()-1)
	for i := 1; i < descriptor.Values().Len(); i++ {
		names = append(names, strings.TrimPrefix(string(descriptor.Values().Get(i).Name()), enumPrefix(descriptor)))
	}
	return names
}

// enumText is the name of a value without its prefix; empty for the unspecified one.
func enumText[E enum](value E) string {
	if value == 0 {
		return ""
	}
	descriptor := value.Descriptor().Values().ByNumber(value.Number())
	if descriptor == nil {
		return fmt.Sprint(value.Number())
	}
	return strings.TrimPrefix(string(descriptor.Name()), enumPrefix(value.Descriptor()))
}

// parseEnum reads the name of a value, in any case, with or without its prefix, with - for _.
func parseEnum[E enum](text string) (E, error) {
	var none E
	value, err := enumValue(none.Descriptor(), text)
	if err != nil {
		return none, err
	}
	return E(value.Number()), nil
}

// enumValue is the value of an enum that a text names as parseEnum reads it.
func enumValue(descriptor protoreflect.EnumDescriptor, text string) (protoreflect.EnumValueDescriptor, error) {
	name := strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(text), "-", "_"))
	name = strings.TrimPrefix(name, enumPrefix(descriptor))
	value := descriptor.Values().ByName(protoreflect.Name(enumPrefix(descriptor) + name))
	if value == nil || value.Number() == 0 {
		return nil, fmt.Errorf("%q is none of %s", text, strings.Join(enumNames(descriptor), ", "))
	}
	return value, nil
}

// enumFlag is a flag for one value of an enum.
type enumFlag[E enum] struct{ value *E }

func (f enumFlag[E]) String() string {
	if f.value == nil {
		return ""
	}
	return strings.ToLower(enumText(*f.value))
}

func (f enumFlag[E]) Type() string { return enumType[E]() }

// Set takes a value, or nothing to clear it.
func (f enumFlag[E]) Set(text string) error {
	if text == "" {
		*f.value = 0
		return nil
	}
	value, err := parseEnum[E](text)
	if err != nil {
		return err
	}
	*f.value = value
	return nil
}

// enumsFlag is a flag for several values of an enum, separated by commas or given one by one.
type enumsFlag[E enum] struct{ values *[]E }

func (f enumsFlag[E]) String() string {
	if f.values == nil {
		return ""
	}
	names := make([]string, len(*f.values))
	for i, value := range *f.values {
		names[i] = strings.ToLower(enumText(value))
	}
	return strings.Join(names, ",")
}

func (f enumsFlag[E]) Type() string { return enumType[E]() + ",…" }

func (f enumsFlag[E]) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		value, err := parseEnum[E](name)
		if err != nil {
			return err
		}
		*f.values = append(*f.values, value)
	}
	return nil
}

// longestType is how many values the help spells out as the type of a flag.
const longestType = 6

func enumType[E enum]() string {
	var none E
	names := enumNames(none.Descriptor())
	if len(names) > longestType {
		return strings.ToLower(string(none.Descriptor().Name()))
	}
	return strings.ToLower(strings.Join(names, "|"))
}

// addEnum adds a flag for one value of an enum.
func addEnum[E enum](command *cobra.Command, value *E, name, usage string) {
	command.Flags().Var(enumFlag[E]{value}, name, usage)
	completeEnum(command, name, (*value).Descriptor())
}

// addEnums adds a flag for several values of an enum.
func addEnums[E enum](command *cobra.Command, values *[]E, name, usage string) {
	command.Flags().Var(enumsFlag[E]{values}, name, usage)
	var none E
	completeEnum(command, name, none.Descriptor())
}

// countFlag is a flag for a number that may not be known.
type countFlag struct{ count **int64 }

func (f countFlag) Type() string { return "number|unknown" }

func (f countFlag) String() string {
	if f.count == nil || *f.count == nil {
		return ""
	}
	return strconv.FormatInt(**f.count, 10)
}

func (f countFlag) Set(text string) error {
	if strings.EqualFold(text, "unknown") {
		*f.count = nil
		return nil
	}
	count, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is neither a whole number nor unknown", text)
	}
	*f.count = &count
	return nil
}
