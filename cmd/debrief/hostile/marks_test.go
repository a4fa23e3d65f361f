package hostile_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// mark is a word that is in all marks, and in nothing that Debrief says by itself.
const mark = "zqx"

// lineMark breaks out of whatever is written on a line without care, and shortMark of less; both tell where they stand.
const (
	lineMark = `zqx<script>zqx()</script>"'><img src=zqx onerror=zqx()>[zqx](javascript:zqx())![zqx](https://zqx.example/p)<https://zqx.example|zqx>` +
		`<!channel>]]>--></style></title><zqx a=b>{{.ID}}"];zqx1->zqx2;["end;--><!--#exec-->=cmd|zqx`
	shortMark = `"'><img src=zqx onerror=zqx()>{{.ID}}];zqx`
	tinyMark  = `"'><b>zqx`
	uriMark   = `https://zqx.example/'(zqx)/*zqx*?a=(javascript:zqx())&amp;b=%22%3E%3Cscript%3E%0d%0aBcc:zqx`
)

// textMark has lines too, that would be headers, properties and parts of pictures.
var textMark = lineMark + "\r\nBcc: zqx@zqx.example\r\nBEGIN:VEVENT\r\nUID:zqx\r\nSUMMARY:zqx\r\nEND:VEVENT\r\n\r\n# zqx\n\nend\nsubgraph zqx\nzqx1-->zqx2\n" +
	"%0d%0aX-Zqx: zqx\n.\n<details open ontoggle=zqx()>\n\n[zqx]: javascript:zqx()\n\n`" + "``\n</code><script>zqx()</script>\n``" + "`\n"

// marks are tried one after the other, until one is taken.
var marks = []string{textMark, lineMark, shortMark, tinyMark, uriMark}

// leaf is a text of a request.
type leaf struct {
	// path leads to it, without the places in lists, and field is its full name.
	path, field string
	set         func(request protoreflect.Message, value string)
	empty       func(request protoreflect.Message) bool
}

// reach finds a message in a request, and makes it where it is not there.
type reach func(request protoreflect.Message) protoreflect.Message

// leaves are all texts that a request can have, but for those that the server writes, and names of resources.
func leaves(of protoreflect.MessageDescriptor, path string, at reach) []leaf {
	var all []leaf
	for i := range of.Fields().Len() {
		field := of.Fields().Get(i)
		if named(field) || strings.Count(path, ".") > 5 {
			continue
		}
		under := path + string(field.Name())
		switch {
		case field.IsMap():
			if field.MapValue().Kind() == protoreflect.StringKind {
				all = append(all, mapLeaf(field, under, at))
			}
		case field.Message() != nil && field.Message().ParentFile().Package() == of.ParentFile().Package():
			all = append(all, leaves(field.Message(), under+".", within(field, at))...)
		case field.Kind() == protoreflect.StringKind:
			all = append(all, textLeaf(field, under, at))
		}
	}
	return all
}

// named says whether a field is not for people to write texts in.
func named(field protoreflect.FieldDescriptor) bool {
	behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviors, annotations.FieldBehavior_OUTPUT_ONLY) || slices.Contains(behaviors, annotations.FieldBehavior_IDENTIFIER) ||
		proto.HasExtension(field.Options(), annotations.E_ResourceReference) || field.Name() == "etag" || field.Name() == "request_id"
}

func within(field protoreflect.FieldDescriptor, at reach) reach {
	return func(request protoreflect.Message) protoreflect.Message {
		if !field.IsList() {
			return at(request).Mutable(field).Message()
		}
		list := at(request).Mutable(field).List()
		if list.Len() == 0 {
			return list.AppendMutable().Message()
		}
		return list.Get(0).Message()
	}
}

func textLeaf(field protoreflect.FieldDescriptor, path string, at reach) leaf {
	set := func(request protoreflect.Message, value string) {
		at(request).Set(field, protoreflect.ValueOfString(value))
	}
	if field.IsList() {
		set = func(request protoreflect.Message, value string) {
			list := at(request).Mutable(field).List()
			list.Truncate(0)
			list.Append(protoreflect.ValueOfString(value))
		}
	}
	return leaf{path, string(field.FullName()), set, func(request protoreflect.Message) bool { return !at(request).Has(field) }}
}

func mapLeaf(field protoreflect.FieldDescriptor, path string, at reach) leaf {
	return leaf{
		path, string(field.FullName()), func(request protoreflect.Message, value string) {
			at(request).Mutable(field).Map().Set(protoreflect.ValueOfString("probe").MapKey(), protoreflect.ValueOfString(value))
		},
		func(request protoreflect.Message) bool { return !at(request).Has(field) },
	}
}

// marker marks all texts of requests, and remembers which fields took what.
type marker struct {
	*victim

	// taken and refused are the full names of fields.
	taken, refused map[string]bool
}

func methodNamed(t *testing.T, name string) protoreflect.MethodDescriptor {
	t.Helper()
	var found protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage("debrief.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			if method := file.Services().Get(i).Methods().ByName(protoreflect.Name(name)); method != nil {
				found = method
			}
		}
		return found == nil
	})
	if found == nil {
		t.Fatalf("there is no method %s", name)
	}
	return found
}

func newMessage(t *testing.T, of protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	found, err := protoregistry.GlobalTypes.FindMessageByName(of.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return found.New().Interface()
}

// call calls a method with the request that the JSON says, in which each text that it leaves open is a mark: the worst that is taken.
func (m *marker) call(t *testing.T, s step, request string) proto.Message {
	t.Helper()
	name, method := s.method, methodNamed(t, s.method)
	base := newMessage(t, method.Input())
	if err := protojson.Unmarshal([]byte(request), base); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	open := slices.DeleteFunc(leaves(method.Input(), "", func(request protoreflect.Message) protoreflect.Message { return request }), func(l leaf) bool {
		return !l.empty(proto.Clone(base).ProtoReflect()) || s.without != "" && strings.HasPrefix(l.path, s.without)
	})
	given := make([]int, len(open))
	for range 200 {
		marked := proto.Clone(base)
		for i, l := range open {
			if given[i] < len(marks) {
				l.set(marked.ProtoReflect(), marks[given[i]])
			}
		}
		answer := newMessage(t, method.Output())
		err := m.grpc.Invoke(t.Context(), fmt.Sprintf("/%s/%s", method.Parent().FullName(), name), marked, answer)
		if err == nil {
			m.note(open, given)
			return answer
		}
		if !soften(err, open, given) {
			t.Fatalf("%s: %v\n%v", name, err, marked)
		}
	}
	t.Fatalf("%s: nothing is taken", name)
	return nil
}

func (m *marker) note(open []leaf, given []int) {
	for i, l := range open {
		if given[i] < len(marks) {
			m.taken[l.field] = true
		} else {
			m.refused[l.field] = true
		}
	}
}

var places = regexp.MustCompile(`\[[^]]*\]`)

// soften has the texts that an error complains of be the next mark, and says whether it complained of any. Where there is none left, all
// that is beside them is left out.
func soften(err error, open []leaf, given []int) bool {
	softened := false
	for _, path := range complained(err) {
		parent := path[:max(0, strings.LastIndexByte(path, '.'))]
		if next(open, given, func(l leaf) bool { return l.path == path || strings.HasPrefix(l.path, path+".") }, 1) ||
			strings.Contains(parent, ".") && next(open, given, func(l leaf) bool { return strings.HasPrefix(l.path, parent+".") }, len(marks)) {
			softened = true
		}
	}
	return softened
}

// next goes on to other marks where there are any, and says whether there were.
func next(open []leaf, given []int, which func(leaf) bool, by int) bool {
	went := false
	for i, l := range open {
		if which(l) && given[i] < len(marks) {
			given[i] += by
			went = true
		}
	}
	return went
}

// complained are the paths of the fields that an error says are wrong.
func complained(err error) []string {
	var paths []string
	for _, detail := range status.Convert(err).Details() {
		if request, ok := detail.(*errdetails.BadRequest); ok {
			for _, violation := range request.GetFieldViolations() {
				paths = append(paths, places.ReplaceAllString(violation.GetField(), ""))
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// nameIn is the name of the resource that an answer is, or has.
func nameIn(answer protoreflect.Message) (string, error) {
	if field := answer.Descriptor().Fields().ByName("name"); field != nil {
		return answer.Get(field).String(), nil
	}
	for i := range answer.Descriptor().Fields().Len() {
		if field := answer.Descriptor().Fields().Get(i); field.Message() != nil && !field.IsList() && !field.IsMap() && answer.Has(field) {
			return nameIn(answer.Get(field).Message())
		}
	}
	return "", errors.New("there is no name in the answer")
}

// formed are the fields that take no mark, with what they have to be.
var formed = map[string]string{
	"debrief.v1.ActionItem.contributing_factor": "the id of one",
	"debrief.v1.ActionItem.model_gap":           "the name of one",
	"debrief.v1.AlertMapping.alerts":            "CEL",
	"debrief.v1.AlertMapping.annotations":       "CEL",
	"debrief.v1.AlertMapping.episode":           "CEL",
	"debrief.v1.AlertMapping.labels":            "CEL",
	"debrief.v1.AlertMapping.link":              "CEL",
	"debrief.v1.AlertMapping.severity":          "CEL",
	"debrief.v1.AlertMapping.time":              "CEL",
	"debrief.v1.AlertRule.group_by":             "CEL",
	"debrief.v1.Email.address":                  "an address",
	"debrief.v1.Integration.signing_secret":     "a secret, of kinds whose senders sign",
	"debrief.v1.QuietHours.end":                 "a time of day",
	"debrief.v1.QuietHours.start":               "a time of day",
	"debrief.v1.QuietHours.time_zone":           "the name of one",
	"debrief.v1.Webhook.template":               "a template",
}

// checkFields wants each field that people can write a text into to have had a mark, or a form that no mark has.
func (m *marker) checkFields(t *testing.T) {
	t.Helper()
	for field := range m.refused {
		if !m.taken[field] && formed[field] == "" {
			t.Errorf("%s takes none of the marks: name it among those that have a form, or give it a mark that it takes", field)
		}
	}
	for field := range formed {
		if m.taken[field] || !m.refused[field] {
			t.Errorf("%s is said to take no mark: it was taken (%v), or is in no request of the scenario", field, m.taken[field])
		}
	}
	if len(m.taken) < 70 {
		t.Errorf("%d fields were marked", len(m.taken))
	}
}
