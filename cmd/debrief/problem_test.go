package main

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func violations(pairs ...string) *errdetails.BadRequest {
	request := &errdetails.BadRequest{}
	for i := 0; i < len(pairs); i += 2 {
		request.FieldViolations = append(request.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: pairs[i], Description: pairs[i+1]})
	}
	return request
}

// TestProblems shows what people are told about each kind of failure, and what scripts are.
func TestProblems(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want result
	}{
		{
			name: "there is no such resource",
			err: failure(codes.NotFound, testIncident+" does not exist",
				&errdetails.ErrorInfo{Reason: "RESOURCE_NOT_FOUND", Metadata: map[string]string{"resource": testIncident}}),
			want: result{exitNotFound, "", `error: incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J does not exist
  reason: RESOURCE_NOT_FOUND
  resource: incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J
`},
		},
		{
			name: "the state does not allow it",
			err: failure(codes.FailedPrecondition, "the incident is CLOSED: resolve is possible from TRIAGE, ACTIVE or MITIGATED only",
				&errdetails.ErrorInfo{Reason: "ILLEGAL_STATE", Metadata: map[string]string{"legal_states": "TRIAGE,ACTIVE,MITIGATED", "state": "CLOSED"}}),
			want: result{exitConflict, "", `error: the incident is CLOSED: resolve is possible from TRIAGE, ACTIVE or MITIGATED only
  reason: ILLEGAL_STATE
  legal states: TRIAGE, ACTIVE, MITIGATED
  state: CLOSED
`},
		},
		{
			name: "somebody else was faster", err: aborted,
			want: result{exitConflict, "", `error: incidents/01JD3V2Q6R8T0W2Y4A6C8E0G2J has changed since the etag was read: read it again
  reason: ETAG_MISMATCH
`},
		},
		{
			name: "a value is refused",
			err: failure(codes.InvalidArgument, "incident.title: is required", violations("incident.title", "is required"),
				&errdetails.ErrorInfo{Reason: "INVALID_ARGUMENT"}),
			want: result{exitInvalid, "", "error: incident.title: is required\n  reason: INVALID_ARGUMENT\n"},
		},
		{
			name: "several values are refused",
			err: failure(codes.InvalidArgument, "a: is required; b: is too long", violations("a", "is required", "b", "is too long"),
				&errdetails.ErrorInfo{Reason: "INVALID_ARGUMENT"}),
			want: result{exitInvalid, "", "error: 2 values are refused\n  a: is required\n  b: is too long\n  reason: INVALID_ARGUMENT\n"},
		},
		{
			name: "two fields share a problem",
			err: failure(codes.InvalidArgument, "STARTED can't be later than DETECTED",
				violations("start_time", "STARTED can't be later than DETECTED", "detect_time", "STARTED can't be later than DETECTED"),
				&errdetails.ErrorInfo{Reason: "MILESTONES_OUT_OF_ORDER"}),
			want: result{exitInvalid, "", "error: STARTED can't be later than DETECTED\n  start_time\n  detect_time\n  reason: MILESTONES_OUT_OF_ORDER\n"},
		},
		{
			name: "too much", err: failure(codes.ResourceExhausted, "the store is full", &errdetails.ErrorInfo{Reason: "STORE_EXHAUSTED"}),
			want: result{exitExhausted, "", "error: the store is full\n  reason: STORE_EXHAUSTED\n"},
		},
		{
			name: "not allowed", err: failure(codes.PermissionDenied, "not you", &errdetails.ErrorInfo{Reason: "DENIED"}),
			want: result{exitDenied, "", "error: not you\n  reason: DENIED\n"},
		},
		{
			name: "the server's own trouble", err: failure(codes.Internal, "an internal error", &errdetails.ErrorInfo{Reason: "INTERNAL"}),
			want: result{exitFailure, "", "error: an internal error\n  reason: INTERNAL\n"},
		},
		{
			name: "the store is away", err: unavailable,
			want: result{exitUnreachable, "", "error: the store can't be reached now: try again later\n  reason: STORE_UNAVAILABLE\n"},
		},
		{
			name: "no time left", err: status.Error(codes.DeadlineExceeded, "context deadline exceeded"),
			want: result{exitUnreachable, "", "error: the server at ADDRESS did not answer within 10s: --timeout says how long to wait\n"},
		},
		{
			name: "no Debrief", err: status.Error(codes.Unimplemented, "unknown service debrief.v1.IncidentService"),
			want: result{exitFailure, "", "error: the server at ADDRESS does not know this call: it is older than this command, or no Debrief\n"},
		},
		{
			name: "a message that would fool a terminal", err: failure(codes.Aborted, "\x1b[2Jgone\u202e", &errdetails.ErrorInfo{Reason: "X\r\nY"}),
			want: result{exitConflict, "", "error: gone\n  reason: X Y\n"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startFake(t, "127.0.0.1:0")
			server.answer("ResolveIncident", test.err)
			got := debrief(t, server, "incident", "resolve", testID)
			got.stderr = strings.ReplaceAll(got.stderr, server.address, "ADDRESS")
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnreachable shows what happens without a server.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	server := startFake(t, "127.0.0.1:0")
	server.stop()
	got := debrief(t, server, "incident", "list")
	want := "error: the server at " + server.address + " can't be reached: dial tcp " + server.address + ": connect: connection refused\n" +
		"Is it running ('debrief serve')? --server or DEBRIEF_SERVER says where it is.\n"
	if diff := cmp.Diff(result{exitUnreachable, "", want}, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

// TestInterrupted shows that an interrupt is told apart from a failure.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	environment := testEnvironment(t, "127.0.0.1:1")
	var stderr strings.Builder
	environment.stdout, environment.stderr = &strings.Builder{}, &stderr
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := run(ctx, []string{"incident", "list"}, environment); code != exitInterrupted || stderr.String() != "error: interrupted\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
}

// TestUsage shows that what can't be understood is refused before any server is asked.
func TestUsage(t *testing.T) {
	tests := []struct{ command, want string }{
		{"incident shwo", `"shwo" is no command of "debrief incident": did you mean show?`},
		{"incidnet", `"incidnet" is no command of "debrief": did you mean incident?`},
		{"incident open", "TITLE is missing: debrief incident open TITLE… [flags]"},
		{"incident ack", "INCIDENT is missing: debrief incident ack INCIDENT [flags]"},
		{"incident list x", `"x" is one argument too many: debrief incident list [flags]`},
		{"incident list --bogus", "unknown flag: --bogus"},
		{"incident list --limit 0", "--limit 0: it must be at least 1"},
		{"incident list --page-size 501", "--page-size 501: it must be between 1 and 500"},
		{"incident list --all --limit 5", "if any flags in the group [all limit] are set none of the others can be; [all limit] were all set"},
		{"incident list --severity bad", `invalid argument "bad" for "--severity" flag: "bad" is none of SEV1, SEV2, SEV3, SEV4, SEV5`},
		{"incident list --output xml", `invalid argument "xml" for "-o, --output" flag: "xml" is none of table, json, yaml, name`},
		{"incident show " + testAction, `"actionItems/01JD3V2Q6R8T0W2Y4A6C8E0G2J" names no incident: give its id, 26 letters and digits, or incidents/ID`},
		{"incident merge " + testID, `required flag(s) "into" not set`},
		{"incident ack " + testID + " --at soon", `invalid argument "soon" for "--at" flag: "soon" is no time: write it like 2026-11-23T10:02:00Z, "2026-11-23 10:02", 10:02 (today, local time), -10m or "in 2d"`},
		{"incident open x --label y", `--label "y": write it KEY=VALUE`},
		{"incident open x --edit", "an editor needs a terminal: give the text by a flag, or its file, instead"},
		{"incident open x --customers-affected many", `invalid argument "many" for "--customers-affected" flag: "many" is neither a whole number nor unknown`},
		{"incident open x --summary-file - --note-file -", "--note-file: --summary-file has read stdin already"},
		{"incident open x --summary-file /no/such/file", "--summary-file: open /no/such/file: no such file or directory"},
		{"incident update " + testID, "nothing is to be changed: debrief incident update --help tells of the flags"},
		{"timeline add " + testID, "TEXT is missing: give it as an argument, by --text-file, or with --edit"},
		{"timeline add " + testID + " x --text y", "the text is given twice, as an argument and by a flag"},
		{"timeline delete " + testID, `"01JD3V2Q6R8T0W2Y4A6C8E0G2J" names no timeline entry: give INCIDENT ENTRY, or INCIDENT/ENTRY`},
		{"pm create " + testID + " --factor luck:bad", `--factor "luck:bad": "luck" is none of ARCHITECTURE, TOOLING, DOCUMENTATION, PROCESS, TRAINING, ACCESS_AND_SAFEGUARDS, OBSERVABILITY, COMMUNICATION, WORKLOAD, EXTERNAL_DEPENDENCY, UNKNOWN`},
		{"pm create " + testID + " --participant =x", `--participant "=x": write it PERSON=ROLE, or PERSON`},
		{"events --follow --interval 0s", "--interval 0s: it must be longer than nothing"},
		{"incident list --as \a", `--as "\a": it may have printable characters only`},
	}
	for _, test := range tests {
		t.Run(test.command, func(t *testing.T) {
			t.Parallel()
			got := execute(t, testEnvironment(t, "127.0.0.1:1"), strings.Fields(test.command)...)
			told, _, _ := strings.Cut(got.stderr, "\nSee '")
			if got.code != exitUsage || told != "error: "+test.want {
				t.Errorf("exit code %d, stderr:\n%s", got.code, got.stderr)
			}
		})
	}
}
