package main

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// hostileText has a terminal change its title, its colours, what it shows, and the order of what is written.
const hostileText = "zqx\x1b]0;owned\x07\x1b[31m\x1b[2J\u009b2J\x9b1m\u202egnp.exe\u2066\x1b]8;;https://example.com\x1b\\\x1bP1$r\x1b\\\b\r\nnext\x00\x7f\u2028"

// goOn are the fields by which commands would be asked to go on for ever.
var goOn = []protoreflect.Name{"next_page_token", "next_resume_token"}

// filling makes messages in which every text is hostile.
type filling struct{ depth int }

func (f filling) message(of protoreflect.MessageDescriptor) protoreflect.Message {
	found, err := protoregistry.GlobalTypes.FindMessageByName(of.FullName())
	if err != nil {
		panic(err)
	}
	message := found.New()
	for i := range of.Fields().Len() {
		if field := of.Fields().Get(i); f.depth < 5 && !slices.Contains(goOn, field.Name()) && (field.ContainingOneof() == nil || field.ContainingOneof().IsSynthetic() || field.Index() == 0) {
			f.set(message, field)
		}
	}
	if resource, ok := proto.GetExtension(of.Options(), annotations.E_Resource).(*annotations.ResourceDescriptor); ok && len(resource.GetPattern()) > 0 {
		id := testID
		if slices.Contains(chosen, string(of.Name())) {
			id = "shop"
		}
		name := placeholder.ReplaceAllString(resource.GetPattern()[0], id)
		message.Set(of.Fields().ByName("name"), protoreflect.ValueOfString(name))
	}
	return message
}

// chosen are the resources whose ids people choose.
var chosen = []string{"System", "Integration", "Subscription", "ApiKey", "GroundRuleSet", "PostMortemTemplate"}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func (f filling) set(message protoreflect.Message, field protoreflect.FieldDescriptor) {
	switch {
	case field.IsMap():
		if field.MapKey().Kind() == protoreflect.StringKind {
			message.Mutable(field).Map().Set(protoreflect.ValueOfString(strings.ToValidUTF8(hostileText, "")).MapKey(), f.value(field.MapValue()))
		}
	case field.IsList():
		message.Mutable(field).List().Append(f.value(field))
	default:
		message.Set(field, f.value(field))
	}
}

func (f filling) value(field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(strings.ToValidUTF8(hostileText, ""))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(hostileText))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(1)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(1)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(1)
	case protoreflect.MessageKind:
		switch field.Message().FullName() {
		case "google.protobuf.Timestamp":
			return protoreflect.ValueOfMessage(timestamppb.New(testNow.Add(-time.Hour)).ProtoReflect())
		case "google.protobuf.Duration":
			return protoreflect.ValueOfMessage(durationpb.New(time.Minute).ProtoReflect())
		default:
			return protoreflect.ValueOfMessage(filling{f.depth + 1}.message(field.Message()))
		}
	default:
		return field.Default()
	}
}

// startHostile serves every method with an answer in which every text is hostile, and answers its address.
func startHostile(t *testing.T) string {
	t.Helper()
	answer := func(_ any, stream grpc.ServerStream) error {
		name, _ := grpc.MethodFromServerStream(stream)
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(name, "/"), "/", ".")))
		method, ok := found.(protoreflect.MethodDescriptor)
		if err != nil || !ok {
			return fmt.Errorf("no method %s: %w", name, err)
		}
		if err := stream.RecvMsg(filling{5}.message(method.Input()).Interface()); err != nil {
			return err
		}
		return stream.SendMsg(filling{}.message(method.Output()).Interface())
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(answer))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() { server.Stop(); serving.Wait() })
	return listener.Addr().String()
}

// elsewhere are the commands that do not show what a server answers.
var elsewhere = []string{"serve", "backup", "restore", "export", "import", "demo", "lint", "login", "logout", "healthcheck", "send-test", "doctor", "completion", "version", "help"}

// commands are all that can be run, each with an argument for each that it takes.
func commands(root *cobra.Command) [][]string {
	var all [][]string
	for _, command := range root.Commands() {
		path := strings.Fields(command.CommandPath())[1:]
		if slices.Contains(elsewhere, path[0]) || slices.Contains(path, "import") {
			continue
		}
		all = append(all, commands(command)...)
		if command.Runnable() && !command.HasSubCommands() {
			all = append(all, append(path, argumentsOf(command)...))
		}
	}
	return all
}

var argument = regexp.MustCompile(`^\[?[A-Z_-]+`)

// argumentsOf are an argument for each that a command takes, and the flags that it asks for.
func argumentsOf(command *cobra.Command) []string {
	var arguments []string
	group := strings.Fields(command.CommandPath())[1]
	for _, word := range strings.Fields(command.Use)[1:] {
		switch {
		case !argument.MatchString(word):
		case group == "model" && len(arguments) == 0 && command.Name() != "add" && command.Name() != "list":
			arguments = append(arguments, testID+"/"+testID)
		case slices.Contains([]string{"system", "integration", "subscription", "key", "rules", "template", "gaps"}, group):
			arguments = append(arguments, "shop")
		default:
			arguments = append(arguments, testID)
		}
	}
	return append(arguments, needed[strings.Join(strings.Fields(command.CommandPath())[1:], " ")]...)
}

// needed are flags that commands do not do without.
var needed = map[string][]string{
	"action drop": {"--reason", "x"}, "action update": {"--title", "x"}, "action verify": {"--outcome", "effective"}, "alert mark": {"--noise", "false-positive"},
	"incident correct": {"--at", "now", "--milestone", "started", "--reason", "x"}, "incident merge": {"--into", testID}, "incident pause-clock": {"--clock", "review", "--reason", "x"},
	"incident resume-clock": {"--clock", "review"}, "incident waive-clock": {"--clock", "review", "--reason", "x"}, "incident update": {"--title", "x"},
	"integration create": {"--kind", "grafana"}, "key create": {"--role", "viewer"}, "model add": {"--held-by", "x", "--system", "shop"}, "postmortem answer": {"--question", "x"},
	"postmortem conclude": {"--conclusion", "nothing-to-do"}, "postmortem record-breach": {"--rule", "x"}, "postmortem schedule": {"--review", "tomorrow"},
	"subscription create": {"--uri", "https://example.com"}, "subscription update": {"--title", "x"}, "integration update": {"--title", "x"}, "system update": {"--title", "x"},
	"model update": {"--held-by", "x"}, "postmortem update": {"--title", "x"}, "timeline add": {"x"}, "timeline amend": {"--text", "x"}, "postmortem edit": {"--title", "x"},
}

// TestNoCommandLetsATerminalDoAnything runs every command against a server that answers nothing but hostile texts.
func TestNoCommandLetsATerminalDoAnything(t *testing.T) {
	address := startHostile(t)
	shown := 0
	for _, command := range commands(newApplication(testEnvironment(t, address)).newRootCommand()) {
		for _, output := range []string{"table", "json", "yaml"} {
			environment := testEnvironment(t, address)
			environment.width, environment.variables = 200, append(environment.variables, "NO_COLOR=1")
			got := execute(t, environment, append(slices.Clone(command), "-o", output)...)
			for _, text := range []string{got.stdout, got.stderr} {
				if at := strings.IndexFunc(text, hidden); at >= 0 {
					t.Errorf("%v -o %s: …%q", command, output, text[max(0, at-60):min(len(text), at+60)])
				}
			}
			if strings.Contains(got.stdout, "zqx") {
				shown++
			} else if name := command[0] + " " + command[min(1, len(command)-1)]; !slices.Contains(silent, name) {
				t.Errorf("%v -o %s shows none of it: exit %d %.150s", command, output, got.code, got.stderr)
			}
		}
	}
	if shown < 300 {
		t.Errorf("%d outputs had a hostile text", shown)
	}
}

// silent are the commands that show no text of an answer, or want a file that there is not.
var silent = []string{"action strength", "audit verify", "rules create", "template create", "subscription replay"}
