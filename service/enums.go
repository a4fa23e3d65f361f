package service

import (
	"strings"
	"unicode"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Enum values are stored and filtered by their names without the enum's prefix: SEVERITY_SEV1 is SEV1. The unspecified
// value is stored as the empty text.

// enumPrefix is what all values of an enum begin with: SEVERITY_ for Severity.
func enumPrefix(enum protoreflect.EnumDescriptor) string {
	var prefix strings.Builder
	for i, r := range string(enum.Name()) {
		if unicode.IsUpper(r) && i > 0 {
			prefix.WriteByte('_')
		}
		prefix.WriteRune(unicode.ToUpper(r))
	}
	return prefix.String() + "_"
}

func enumName(enum protoreflect.EnumDescriptor, number protoreflect.EnumNumber) string {
	value := enum.Values().ByNumber(number)
	if value == nil || number == 0 {
		return ""
	}
	return strings.TrimPrefix(string(value.Name()), enumPrefix(enum))
}

// nameOf is the stored name of an enum value.
func nameOf(value protoreflect.Enum) string { return enumName(value.Descriptor(), value.Number()) }

// nameOr is the stored name of an enum value, or fallback where it is unspecified.
func nameOr(value protoreflect.Enum, fallback string) string {
	if value.Number() == 0 {
		return fallback
	}
	return nameOf(value)
}

// valueOf is the enum value with the stored name. A name that the enum does not have is unspecified: a newer version
// may have written it.
func valueOf[E interface {
	~int32
	protoreflect.Enum
}](name string) E {
	var unspecified E
	if name == "" {
		return unspecified
	}
	enum := unspecified.Descriptor()
	value := enum.Values().ByName(protoreflect.Name(enumPrefix(enum) + name))
	if value == nil {
		return unspecified
	}
	return E(value.Number())
}
