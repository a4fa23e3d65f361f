package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// TestVariables shows how environment variables set flags.
func TestVariables(t *testing.T) {
	tests := []struct {
		name      string
		variables []string
		arguments []string
		want      *debriefv1.ListIncidentsRequest
	}{
		{
			name: "a variable sets its flag", variables: []string{"DEBRIEF_PAGE_SIZE=7", "DEBRIEF_STATE=active,triage"},
			want: &debriefv1.ListIncidentsRequest{PageSize: 7, Filter: "(state = ACTIVE OR state = TRIAGE)"},
		},
		{
			name: "a flag wins", variables: []string{"DEBRIEF_PAGE_SIZE=7"}, arguments: []string{"--page-size", "9"},
			want: &debriefv1.ListIncidentsRequest{PageSize: 9},
		},
		{
			name: "an empty one sets nothing", variables: []string{"DEBRIEF_PAGE_SIZE="},
			want: &debriefv1.ListIncidentsRequest{PageSize: 50},
		},
		{
			name: "those of other commands, of tests, of the shell's completion and of Kubernetes are let be",
			variables: []string{
				"DEBRIEF_STORE=sqlite:x", "DEBRIEF_TEST_MONGODB_URI=x", "DEBRIEF_ACTIVE_HELP=0", "DEBRIEF_PORT=tcp://10.0.0.1:9090",
				"DEBRIEF_SERVICE_HOST=10.0.0.1", "DEBRIEF_SERVICE_PORT_GRPC=9090", "DEBRIEF_HTTP_PORT_8080_TCP_ADDR=10.0.0.1", "DEBRIEFING=x",
			},
			want: &debriefv1.ListIncidentsRequest{PageSize: 50},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startFake(t, "127.0.0.1:0")
			server.answer("ListIncidents", &debriefv1.ListIncidentsResponse{})
			environment := testEnvironment(t, server.address)
			environment.variables = append(environment.variables, test.variables...)
			mustSucceed(t, execute(t, environment, append([]string{"incident", "list"}, test.arguments...)...))
			if diff := cmp.Diff([]proto.Message{test.want}, server.called("ListIncidents"), protocmp.Transform()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestVariablesRefused shows that a variable that would do nothing, or nothing good, is not passed over.
func TestVariablesRefused(t *testing.T) {
	tests := []struct{ variable, want string }{
		{"DEBRIEF_SEVER=x", "error: unknown environment variable DEBRIEF_SEVER: did you mean DEBRIEF_SERVER?"},
		{"DEBRIEF_GRPC_ADRESS=x", "error: unknown environment variable DEBRIEF_GRPC_ADRESS: did you mean DEBRIEF_GRPC_ADDR?"},
		{"DEBRIEF_PAGE_SIZE=many", `error: environment variable DEBRIEF_PAGE_SIZE: invalid argument "many" for "--page-size" flag`},
		{"DEBRIEF_SEVERITY=sev9", `error: environment variable DEBRIEF_SEVERITY: invalid argument "sev9" for "--severity" flag`},
	}
	for _, test := range tests {
		t.Run(test.variable, func(t *testing.T) {
			t.Parallel()
			environment := testEnvironment(t, "127.0.0.1:1")
			environment.variables = append(environment.variables, test.variable)
			got := execute(t, environment, "incident", "list")
			if got.code != exitUsage || !strings.HasPrefix(got.stderr, test.want) {
				t.Errorf("exit code %d, stderr:\n%s", got.code, got.stderr)
			}
		})
	}
}

// everyCommand calls visit for a command and all below it.
func everyCommand(command *cobra.Command, visit func(*cobra.Command)) {
	visit(command)
	for _, child := range command.Commands() {
		everyCommand(child, visit)
	}
}

// TestHelp shows that the help of each command tells of each flag, and of its variable.
func TestHelp(t *testing.T) {
	root := newApplication(testEnvironment(t, "")).newRootCommand()
	everyCommand(root, func(command *cobra.Command) {
		if command.Hidden || command.Name() == "help" {
			return
		}
		t.Run(command.CommandPath(), func(t *testing.T) {
			arguments := append(strings.Fields(command.CommandPath())[1:], "--help")
			help := mustSucceed(t, execute(t, testEnvironment(t, ""), arguments...))
			if command.Short == "" || !strings.Contains(help, "Usage:") {
				t.Errorf("the help says too little:\n%s", help)
			}
			command.LocalFlags().VisitAll(func(flag *pflag.Flag) {
				if hasVariable(flag) && !strings.Contains(help, "[$"+variableOf(flag)+"]") {
					t.Errorf("nothing is said of %s", variableOf(flag))
				}
			})
		})
	})
}

// TestHelpOfTheServer shows that the server's own commands do not offer to speak to another one.
func TestHelpOfTheServer(t *testing.T) {
	help := mustSucceed(t, execute(t, testEnvironment(t, ""), "serve", "--help"))
	if strings.Contains(help, "$DEBRIEF_AS]") || !strings.Contains(help, "$DEBRIEF_STORE]") {
		t.Errorf("the help is:\n%s", help)
	}
}

// TestExitCodesAreDocumented shows that the help of the root command tells what each exit code means.
func TestExitCodesAreDocumented(t *testing.T) {
	help := mustSucceed(t, execute(t, testEnvironment(t, "")))
	if !strings.Contains(help, exitCodesHelp) || !strings.Contains(help, timesHelp) {
		t.Errorf("the help is:\n%s", help)
	}
}

// TestCommands shows which commands there are.
func TestCommands(t *testing.T) {
	want := map[string]string{
		"incident":   "ack cancel close correct delete list merge mitigate open pause-clock reopen resolve resume-clock show undelete update waive-clock",
		"timeline":   "add amend delete list revisions",
		"postmortem": "agenda answer archive conclude create delete diff edit export invitation list publish questions read-rules record-breach revisions schedule show start-review undelete",
		"action":     "add complete delete drop list reopen show start strength undelete update verify",
		"rules":      "create list show",
		"template":   "create list show",
		"due":        "",
		"system":     "create delete import list show undelete update",
		"model":      "add annotate compare delete draw list show update",
		"gaps":       "list summary",
		"import":     "postmortem",
		"events":     "",
		"intake":     "rejected",
		"key":        "create list revoke show",
		"audit":      "export list verify",
		"whoami":     "",
		"backup":     "",
		"doctor":     "",
		"person":     "forget",
		"restore":    "",
		"export":     "",
		"login":      "", "logout": "",
		"version": "", "serve": "", "healthcheck": "", "lint": "",
		"completion":   "bash fish powershell zsh",
		"alert":        "explain list mark quality show",
		"delivery":     "list replay show",
		"integration":  "create delete list rotate-key show test-rules update",
		"send-test":    "",
		"subscription": "create delete deliveries enable list replay rotate-secret show test update",
	}
	got := map[string]string{}
	for _, command := range newApplication(testEnvironment(t, "")).newRootCommand().Commands() {
		var children []string
		for _, child := range command.Commands() {
			children = append(children, child.Name())
		}
		got[command.Name()] = strings.Join(children, " ")
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreMapEntries(func(name, _ string) bool { return name == "help" || name == "demo" })); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}
