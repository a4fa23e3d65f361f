package importer

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFrontMatter bounds what is read as YAML; a larger one is kept as it is.
const maxFrontMatter = 64 << 10

// splitFrontMatter splits off YAML between two lines of three dashes at the very beginning of a text. The body begins in
// the line returned.
func splitFrontMatter(text string) (matter, body string, firstLine int) {
	rest, found := strings.CutPrefix(text, "---\n")
	if !found {
		return "", text, 1
	}
	for offset, number := 0, 2; offset < len(rest); number++ {
		line, _, _ := strings.Cut(rest[offset:], "\n")
		end := min(offset+len(line)+1, len(rest))
		if trimmed := strings.TrimRight(line, " \t"); trimmed == "---" || trimmed == "..." {
			return rest[:offset], rest[end:], number + 1
		}
		offset = end
	}
	return "", text, 1
}

// frontMatter reads what stands before the text. What is no list of names with values is kept.
func (r *reader) frontMatter(matter string) {
	if strings.TrimSpace(matter) == "" {
		return
	}
	p := &part{Part: Part{Heading: "Front matter", FirstLine: 1, LastLine: r.firstLine - 1}, field: metadata, level: 2}
	r.parts = append(r.parts, p)
	var document yaml.Node
	if len(matter) > maxFrontMatter {
		r.warnings.add(1, "the front matter is too large to be read, and was kept as it is")
	} else if err := yaml.Unmarshal([]byte(matter), &document); err != nil {
		r.warnings.add(1, "the front matter is no YAML, and was kept as it is")
	} else if len(document.Content) == 1 && document.Content[0].Kind == yaml.MappingNode {
		r.yamlMap(p, "", document.Content[0])
		return
	}
	p.rest = append(p.rest, strings.TrimRight(matter, "\n"))
}

func (r *reader) yamlMap(p *part, above string, node *yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		label, value := node.Content[i], node.Content[i+1]
		r.yamlValue(p, strings.TrimSpace(above+" "+label.Value), label.Value, value)
	}
}

// yamlValue reads a value under its name, which below others is the names of all of them. The lists in a value are read
// like lists in a text.
func (r *reader) yamlValue(p *part, path, label string, value *yaml.Node) {
	switch value.Kind {
	case yaml.MappingNode:
		if strings.Count(path, " ") < 4 {
			p.name(label)
			r.yamlMap(p, path, value)
			return
		}
	case yaml.SequenceNode:
		if lines, ok := yamlList(p, value); ok {
			r.yamlText(p, path, label, lines, value.Line+1)
			return
		}
	case yaml.ScalarNode:
		r.yamlText(p, path, label, value.Value, value.Line+1)
		return
	default:
	}
	written, err := yaml.Marshal(value)
	if err != nil {
		r.warnings.add(value.Line+1, "%s could not be read", quoted(path))
		return
	}
	p.rest = append(p.rest, "**"+path+":**\n\n```yaml\n"+string(written)+"```")
}

func (r *reader) yamlText(p *part, path, label, value string, line int) {
	value = strings.TrimSpace(value)
	to := path
	if _, known := metadataLabels[key(label)]; known {
		to = label
	}
	r.setOrKeep(p, to, value, line)
}

// yamlList is a list of texts, or of people with name and role, in one line.
func yamlList(p *part, node *yaml.Node) (string, bool) {
	var pieces []string
	for _, element := range node.Content {
		switch element.Kind {
		case yaml.ScalarNode:
			pieces = append(pieces, element.Value)
		case yaml.MappingNode:
			person := Person{}
			for i := 0; i+1 < len(element.Content); i += 2 {
				switch key(element.Content[i].Value) {
				case "name", "person", "who":
					person.Name = element.Content[i+1].Value
				case "role":
					person.Role = element.Content[i+1].Value
				default:
					return "", false
				}
				p.name(element.Content[i].Value)
			}
			pieces = append(pieces, person.String())
		default:
			return "", false
		}
	}
	return strings.Join(pieces, ", "), true
}
