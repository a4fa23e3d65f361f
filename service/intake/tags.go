package intake

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// setTags makes labels of tags: "env:prod" becomes the label env, unless something more important is called so already;
// all of them stand in the label tags, so that a rule can ask for a tag without a value too.
func setTags(labels map[string]string, tags []string) {
	var all []string
	seen := map[string]bool{}
	for _, tag := range tags {
		tag = strings.TrimSpace(tag)
		if tag == "" || seen[tag] {
			continue
		}
		seen[tag] = true
		all = append(all, tag)
		name, value, found := strings.Cut(tag, ":")
		if _, taken := labels[name]; found && name != "" && value != "" && !taken {
			labels[name] = value
		}
	}
	setText(labels, "tags", strings.Join(all, ","))
}

// detailed is a value of JSON as text: a string as it is, anything else as JSON without spaces.
func detailed(value jsontext.Value) string {
	var text scalar
	switch value.Kind() {
	case '{', '[':
		compact := value.Clone()
		if compact.Compact(jsontext.AllowInvalidUTF8(true)) != nil {
			return string(value)
		}
		return string(compact)
	default:
		if len(value) == 0 || text.UnmarshalJSON(value) != nil {
			return ""
		}
		return string(text)
	}
}

// details are the members of an object, each as text; anything else is one text, under the name of the field.
func details(field string, value jsontext.Value) map[string]string {
	texts := map[string]string{}
	var members map[string]jsontext.Value
	if value.Kind() != '{' || json.Unmarshal(value, &members, jsontext.AllowInvalidUTF8(true)) != nil {
		setText(texts, field, detailed(value))
		return texts
	}
	for name, member := range members {
		setText(texts, name, detailed(member))
	}
	return texts
}
