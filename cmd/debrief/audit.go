package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/audit"
)

const auditVerifyHelp = `Verify follows the audit trail from its first record on, and says at which one it does not hold together: where a record was
changed, left out or put in. It reads the trail from the server, or from a file that 'debrief audit export' has written; - is
stdin. Where the server purges old records (--audit-retention), the trail begins with the first that is left, and has a record
which says that those before it were purged.

That records were cut off at the end shows only to who has seen them: keep the last line that verify prints, and give its
SEQUENCE:HASH as --through the next time.`

// auditPageSize is how many records are read at once.
const auditPageSize = 500

func (a *application) newAuditCommand() *cobra.Command {
	return newGroup("audit", "Read who did what, and see that nobody has changed that",
		a.newAuditListCommand(), a.newAuditExportCommand(), a.newAuditVerifyCommand())
}

func (a *application) newAuditListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List what was done, and what was refused, the latest first", Args: takes}
	var flags listFlags
	request := &debriefv1.ListAuditRecordsRequest{}
	flags.add(command, 50)
	command.Flags().StringVar(&request.Principal, "principal", "", "only what this `principal` did, such as apiKeys/ci")
	command.Flags().StringVar(&request.Method, "method", "", "only calls of this `method`, by its full name")
	command.Flags().StringVar(&request.Resource, "resource", "", "only what was done to the resource of this `name`")
	addEnum(command, &request.Decision, "decision", "only what was decided so")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		return a.auditListing(server, request).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) auditListing(server *connection, request *debriefv1.ListAuditRecordsRequest) listing[*debriefv1.AuditRecord] {
	return listing[*debriefv1.AuditRecord]{
		field: "auditRecords",
		headings: []heading{
			{text: "SEQUENCE"},
			{text: "TIME"},
			{text: "PRINCIPAL"},
			{text: "ROLE"},
			{text: "ADDRESS"},
			{text: "DECISION"},
			{text: "METHOD"},
			{text: "RESOURCE", flexible: true},
		},
		row: func(record *debriefv1.AuditRecord) []cell {
			return []cell{
				{strconv.FormatInt(record.GetSequence(), 10), plain},
				{a.moment(record.GetTime()), plain},
				{record.GetPrincipal(), plain},
				{enumText(record.GetRole()), plain},
				{record.GetAddress(), plain},
				{joined(" ", enumText(record.GetDecision()), record.GetReason()), plain},
				{record.GetMethod()[strings.LastIndexByte(record.GetMethod(), '/')+1:], plain},
				{record.GetResource(), plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.AuditRecord, string, error) {
			request.PageSize, request.PageToken = size, token
			answer, err := server.access.ListAuditRecords(ctx, request)
			return answer.GetAuditRecords(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) newAuditExportCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "export", Short: "Write the whole trail, a JSON object a line, the earliest first", Args: takes,
		Long: "Export writes to stdout what 'debrief audit verify' can read.",
	}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		return everyRecord(command.Context(), server, func(record *debriefv1.AuditRecord) error {
			text, err := compactJSON(record)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, text)
			return err
		})
	})
	return command
}

// everyRecord reads the trail from its beginning.
func everyRecord(ctx context.Context, server *connection, read func(*debriefv1.AuditRecord) error) error {
	request := &debriefv1.ListAuditRecordsRequest{PageSize: auditPageSize, Ascending: true}
	for {
		answer, err := server.access.ListAuditRecords(ctx, request)
		if err != nil {
			return err
		}
		for _, record := range answer.GetAuditRecords() {
			if err := read(record); err != nil {
				return err
			}
		}
		if request.PageToken = answer.GetNextPageToken(); request.GetPageToken() == "" {
			return nil
		}
	}
}

func (a *application) newAuditVerifyCommand() *cobra.Command {
	command := &cobra.Command{Use: "verify [FILE]", Short: "See that nobody has changed the trail", Args: takes, Long: auditVerifyHelp}
	var through string
	command.Flags().StringVar(&through, "through", "", "the `SEQUENCE:HASH` of a record that must be there, as verify printed it before")
	command.RunE = func(command *cobra.Command, arguments []string) error {
		check, err := newVerification(through)
		if err != nil {
			return err
		}
		if len(arguments) == 0 {
			err = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
				return everyRecord(command.Context(), server, check.follow)
			})(command, nil)
		} else {
			err = a.verifyFile(arguments[0], check)
		}
		if err == nil {
			err = errors.Join(check.chain.End(), check.missing())
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.out, check)
		return err
	}
	return command
}

// verification follows a trail, and looks for a record that must be there.
type verification struct {
	chain    audit.Chain
	sequence int64
	hash     string
	found    bool
}

func newVerification(through string) (*verification, error) {
	if through == "" {
		return &verification{found: true}, nil
	}
	number, hash, _ := strings.Cut(through, ":")
	sequence, err := strconv.ParseInt(number, 10, 64)
	if err != nil || sequence < 1 || hash == "" {
		return nil, usagef("--through %q: want SEQUENCE:HASH, as verify printed it before", through)
	}
	return &verification{sequence: sequence, hash: hash}, nil
}

func (v *verification) follow(record *debriefv1.AuditRecord) error {
	err := v.chain.Follow(audit.Record{
		Sequence: record.GetSequence(), Time: record.GetTime().AsTime(), Principal: record.GetPrincipal(), Role: enumText(record.GetRole()),
		Address: record.GetAddress(), Method: record.GetMethod(), Resource: record.GetResource(), Decision: enumText(record.GetDecision()),
		Reason: record.GetReason(), PreviousHash: record.GetPreviousHash(), Hash: record.GetHash(),
	})
	v.found = v.found || record.GetSequence() == v.sequence && record.GetHash() == v.hash
	return err
}

// String says what was seen of a trail that holds together.
func (v *verification) String() string {
	last, first := v.chain.Last, v.chain.First()
	if first == 0 {
		return fmt.Sprintf("The trail holds together: %d records, through %d:%s", last.Sequence, last.Sequence, last.Hash)
	}
	return fmt.Sprintf("The trail holds together: %d records, those before record %d were purged, through %d:%s",
		last.Sequence-first+1, first, last.Sequence, last.Hash)
}

func (v *verification) missing() error {
	if v.found {
		return nil
	}
	if v.sequence < v.chain.First() {
		return fmt.Errorf("record %d was purged: give what verify printed later, as --through", v.sequence)
	}
	return fmt.Errorf("record %d is not there with the hash %s: the trail was cut off, or written anew", v.sequence, v.hash)
}

// verifyFile follows a trail that was exported, line by line.
func (a *application) verifyFile(path string, check *verification) (err error) {
	from := a.environment.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return usagef("FILE: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		from = file
	}
	lines := bufio.NewScanner(from)
	for number := 1; lines.Scan(); number++ {
		record := &debriefv1.AuditRecord{}
		if err := protojson.Unmarshal(lines.Bytes(), record); err != nil {
			return fmt.Errorf("%s:%d is no record of an audit trail: %w", path, number, err)
		}
		if err := check.follow(record); err != nil {
			return err
		}
	}
	return lines.Err()
}
