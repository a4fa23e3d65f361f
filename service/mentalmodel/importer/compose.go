package importer

import (
	"cmp"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/debriefhq/debrief/service/mentalmodel"
)

// Compose reads a compose file (docker-compose.yaml): services are components, volumes too; depends_on and links lead
// from one to another; image, ports, replicas and limits are facts. It reads the nodes of the YAML and nothing else: no
// other file that the text names (extends, include, env_file), no environment, and never a value of an environment
// variable or a secret. Aliases are followed and never unfolded.
func Compose(text []byte) (Result, error) {
	if err := checkText(text); err != nil {
		return Result{}, err
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return Result{}, &SyntaxError{Message: "the text is empty"}
		}
		return Result{}, yamlError(err)
	}
	c := &compose{builder: newBuilder()}
	top := c.mapping(root(&document))
	services, ok := top.get("services")
	if !ok || follow(services).Kind != yaml.MappingNode {
		return Result{}, &SyntaxError{Line: root(&document).Line, Message: `the text is no compose file: it has no "services"`}
	}
	c.topLevel(top)
	c.declare(c.mapping(services))
	var second yaml.Node
	if decoder.Decode(&second) == nil {
		c.note(second.Line, "only the first YAML document was read")
	}
	return c.result(), nil
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

func yamlError(err error) error {
	line := 0
	if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
		line, _ = strconv.Atoi(found[1]) // A number that is none leaves the line unknown.
	}
	return &SyntaxError{Line: line, Message: "the text is no YAML: " + cut(visible(err.Error()), 300)}
}

func root(document *yaml.Node) *yaml.Node {
	if document.Kind == yaml.DocumentNode && len(document.Content) > 0 {
		return document.Content[0]
	}
	return document
}

// follow is what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

type compose struct {
	*builder
	// visited counts mappings' entries, merged ones each time: aliases make a short text long.
	visited int
}

// maxVisited is how many entries are read.
const maxVisited = 200_000

// entry is a key of a mapping with its value.
type entry struct {
	key   string
	line  int
	value *yaml.Node
}

type entries []entry

func (e entries) get(key string) (*yaml.Node, bool) {
	i := slices.IndexFunc(e, func(entry entry) bool { return entry.key == key })
	if i < 0 {
		return nil, false
	}
	return e[i].value, true
}

// mapping are the entries of a mapping, with what it merges by <<, each key once.
func (c *compose) mapping(n *yaml.Node) entries {
	return c.merged(n, make(map[string]bool), 0)
}

// maxMerges is how deep merges of merges are followed.
const maxMerges = 8

func (c *compose) merged(n *yaml.Node, seen map[string]bool, depth int) entries {
	n = follow(n)
	if n.Kind != yaml.MappingNode || depth > maxMerges {
		return nil
	}
	var own entries
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := follow(n.Content[i]), n.Content[i+1]
		if c.visited++; c.visited > maxVisited {
			c.omitted["facts"]++
			return own
		}
		if key.Tag == "!!merge" || key.Value == "<<" {
			merges = append(merges, value)
			continue
		}
		if seen[key.Value] {
			c.note(key.Line, "%s is told twice: the first was taken", quoted(key.Value))
			continue
		}
		seen[key.Value] = true
		own = append(own, entry{key.Value, key.Line, value})
	}
	for _, merge := range merges {
		own = append(own, c.mergedFrom(merge, seen, depth)...)
	}
	return own
}

// mergedFrom are the entries of what << names, one mapping or a list, that are not there already.
func (c *compose) mergedFrom(merge *yaml.Node, seen map[string]bool, depth int) entries {
	sources := []*yaml.Node{merge}
	if list := follow(merge); list.Kind == yaml.SequenceNode {
		sources = list.Content
	}
	var found entries
	for _, source := range sources {
		notes := len(c.notes)
		for _, e := range c.merged(source, make(map[string]bool), depth+1) {
			if !seen[e.key] {
				seen[e.key] = true
				found = append(found, e)
			}
		}
		c.notes = c.notes[:notes] // They were told where the source stands.
	}
	return found
}

// topLevel tells what of the file beside its services is not read.
func (c *compose) topLevel(top entries) {
	for _, e := range top {
		switch e.key {
		case "services", "version", "name", "volumes":
		case "include":
			c.note(e.line, "include was not followed: no other file is read")
		default:
			if !strings.HasPrefix(e.key, "x-") {
				c.note(e.line, "%s are no part of a graph", quoted(e.key))
			}
		}
	}
}

func (c *compose) declare(services entries) {
	for _, service := range services {
		c.node(service.line, service.key)
	}
	for _, service := range services {
		number, known := c.byID[service.key]
		if !known {
			continue
		}
		c.nodes[number].kind = "service"
		if follow(service.value).Kind != yaml.MappingNode {
			c.note(service.line, "the service %s has no settings", quoted(service.key))
			continue
		}
		c.service(number, service)
	}
}

func (c *compose) service(number int, service entry) {
	var passedOver []string
	for _, e := range c.mapping(service.value) {
		value := follow(e.value)
		switch e.key {
		case "image":
			c.nodes[number].kind = cmp.Or(kindOfImage(value.Value), "service")
			c.fact(e.line, number, "image", value.Value)
		case "container_name", "hostname":
			c.nodes[number].aliases = append(c.nodes[number].aliases, value.Value)
		case "depends_on":
			c.each(value, func(name string, line int) { c.refer(line, number, name, mentalmodel.DependsOn) })
		case "links":
			c.each(value, func(link string, line int) {
				name, _, _ := strings.Cut(link, ":")
				c.refer(line, number, name, mentalmodel.Calls)
			})
		case "volumes":
			c.volumes(number, value)
		case "ports":
			c.fact(e.line, number, "ports", strings.Join(portsOf(value), ", "))
		case "scale", "restart", "mem_limit", "cpus":
			c.fact(e.line, number, e.key, value.Value)
		case "deploy":
			c.deploy(number, value)
		case "extends", "env_file":
			c.note(e.line, "%s of %s was not followed: no other file is read", e.key, quoted(service.key))
		default:
			passedOver = append(passedOver, e.key)
		}
	}
	if len(passedOver) > 0 {
		c.note(service.line, "of %s these are no part of a graph: %s", quoted(service.key), cut(visible(strings.Join(passedOver, ", ")), 300))
	}
}

// each yields the items of a list, or the keys of a mapping.
func (c *compose) each(n *yaml.Node, yield func(item string, line int)) {
	if n.Kind == yaml.MappingNode {
		for _, e := range c.mapping(n) {
			yield(e.key, e.line)
		}
		return
	}
	for _, item := range n.Content {
		if c.visited++; c.visited > maxVisited {
			return
		}
		yield(follow(item).Value, item.Line)
	}
}

// refer links to another service; one that the file does not define is a component all the same.
func (c *compose) refer(line, from int, name string, kind mentalmodel.LinkKind) {
	if _, known := c.byID[name]; !known {
		c.note(line, "%s is not defined in this file", quoted(name))
	}
	c.linkOf(from, c.node(line, name), kind)
}

// volumes makes components of volumes that have a name. Folders of the host are none.
func (c *compose) volumes(number int, list *yaml.Node) {
	for _, item := range list.Content {
		item = follow(item)
		if c.visited++; c.visited > maxVisited {
			return
		}
		source, readOnly := shortVolume(item.Value)
		if item.Kind == yaml.MappingNode {
			long := c.mapping(item)
			source, readOnly = long.text("source"), long.text("read_only") == "true"
			if kind := long.text("type"); kind != "volume" {
				source = ""
			}
		}
		if source == "" || strings.ContainsAny(source[:1], "./~$") {
			c.note(item.Line, "only volumes that have a name are components; this one is a folder of the host or has none")
			continue
		}
		kind := mentalmodel.Writes
		if readOnly {
			kind = mentalmodel.Reads
		}
		// A volume may have the name of a service.
		volume := c.node(item.Line, source+" volume")
		if volume >= 0 {
			c.nodes[volume].kind = "volume"
		}
		c.linkOf(number, volume, kind)
	}
}

func shortVolume(volume string) (source string, readOnly bool) {
	parts := strings.Split(volume, ":")
	if len(parts) < 2 {
		return "", false
	}
	return parts[0], slices.Contains(strings.Split(parts[len(parts)-1], ","), "ro")
}

func (e entries) text(key string) string {
	if value, ok := e.get(key); ok {
		return follow(value).Value
	}
	return ""
}

// portsOf are the ports as the file writes them, in short form.
func portsOf(list *yaml.Node) []string {
	var ports []string
	for _, item := range list.Content {
		item = follow(item)
		if item.Kind != yaml.MappingNode {
			ports = append(ports, item.Value)
			continue
		}
		var published, target string
		for i := 0; i+1 < len(item.Content); i += 2 {
			switch item.Content[i].Value {
			case "published":
				published = follow(item.Content[i+1]).Value + ":"
			case "target":
				target = follow(item.Content[i+1]).Value
			}
		}
		ports = append(ports, published+target)
	}
	return ports
}

func (c *compose) deploy(number int, value *yaml.Node) {
	for _, e := range c.mapping(value) {
		switch e.key {
		case "replicas":
			c.fact(e.line, number, "replicas", follow(e.value).Value)
		case "resources":
			for _, resources := range c.mapping(e.value) {
				for _, resource := range c.mapping(resources.value) {
					c.fact(resource.line, number, strings.TrimSuffix(resources.key, "s")+" of "+resource.key, follow(resource.value).Value)
				}
			}
		}
	}
}

// images are words in the names of images that say what runs in them.
var images = []struct {
	kind  string
	words []string
}{
	{"database", []string{"postgres", "mysql", "mariadb", "mongo", "cockroach", "cassandra", "elasticsearch", "opensearch", "influxdb", "clickhouse", "timescale", "sqlite", "neo4j"}},
	{"cache", []string{"redis", "valkey", "memcached", "varnish"}},
	{"queue", []string{"rabbitmq", "kafka", "nats", "activemq", "pulsar", "mosquitto", "redpanda"}},
	{"proxy", []string{"nginx", "traefik", "haproxy", "envoy", "caddy", "httpd"}},
	{"monitoring", []string{"prometheus", "grafana", "alertmanager", "jaeger", "loki", "tempo", "otel"}},
}

// kindOfImage is what runs in an image, as far as its name says; the registry and the tag are left out.
func kindOfImage(image string) string {
	image = image[strings.LastIndexByte(image, '/')+1:]
	image, _, _ = strings.Cut(image, ":")
	for _, known := range images {
		if slices.ContainsFunc(known.words, func(word string) bool { return strings.Contains(image, word) }) {
			return known.kind
		}
	}
	return ""
}
