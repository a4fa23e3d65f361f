package service_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// review starts the post-mortem of a new incident.
func (d *debrief) review(t *testing.T) *debriefv1.PostMortem {
	t.Helper()
	return must[*debriefv1.PostMortem](t)(d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{
		PostMortem: &debriefv1.PostMortem{Incidents: []string{d.open(t, "Checkout answers slowly").GetName()}},
	}))
}

func TestParticipantsTellInTheirOwnWords(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		postMortem := d.review(t).GetName()
		request := &debriefv1.CreateStatementRequest{
			Parent: postMortem, RequestId: "once",
			Statement: &debriefv1.Statement{Text: "I took the graph for *live*.", AuthorRole: "on-call"},
		}
		statement := must[*debriefv1.Statement](t)(d.statements.CreateStatement(as(t, "sam"), request))
		want := &debriefv1.Statement{
			Text: "I took the graph for *live*.", Author: "sam", AuthorRole: "on-call", CreateTime: timestamppb.New(start),
		}
		if diff := cmp.Diff(want, statement, protocmp.Transform(), protocmp.IgnoreFields(&debriefv1.Statement{}, "name", "etag")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		again := must[*debriefv1.Statement](t)(d.statements.CreateStatement(as(t, "sam"), request))
		if diff := cmp.Diff(statement, again, protocmp.Transform()); diff != "" {
			t.Errorf("the same request again (-want +got):\n%s", diff)
		}
		d.advance(time.Minute)
		other := must[*debriefv1.Statement](t)(d.statements.CreateStatement(as(t, "kim"), &debriefv1.CreateStatementRequest{
			Parent: postMortem, Statement: &debriefv1.Statement{Text: "So did I.", Author: "robin"},
		}))
		if other.GetAuthor() != "robin" {
			t.Errorf("author %q, want the one that was given", other.GetAuthor())
		}
		first := must[*debriefv1.ListStatementsResponse](t)(d.statements.ListStatements(t.Context(), &debriefv1.ListStatementsRequest{Parent: postMortem, PageSize: 1}))
		second := must[*debriefv1.ListStatementsResponse](t)(d.statements.ListStatements(t.Context(), &debriefv1.ListStatementsRequest{Parent: postMortem, PageSize: 1, PageToken: first.GetNextPageToken()}))
		listed := append(first.GetStatements(), second.GetStatements()...)
		if diff := cmp.Diff([]*debriefv1.Statement{statement, other}, listed, protocmp.Transform()); diff != "" {
			t.Errorf("listed (-want +got):\n%s", diff)
		}
		must[*debriefv1.Statement](t)(d.statements.DeleteStatement(as(t, "kim"), &debriefv1.DeleteStatementRequest{Name: other.GetName()}))
		left := must[*debriefv1.ListStatementsResponse](t)(d.statements.ListStatements(t.Context(), &debriefv1.ListStatementsRequest{Parent: postMortem}))
		if diff := cmp.Diff([]*debriefv1.Statement{statement}, left.GetStatements(), protocmp.Transform()); diff != "" {
			t.Errorf("after a deletion (-want +got):\n%s", diff)
		}
		if got := types(d.feed(t, `type = STATEMENT_CREATED OR type = STATEMENT_DELETED`)); !cmp.Equal(got, []string{"STATEMENT_CREATED", "STATEMENT_CREATED", "STATEMENT_DELETED"}) {
			t.Errorf("events %v", got)
		}
	})
}

func TestAnonymousStatementsLeaveNoTraceOfWhoWroteThem(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		const who = "recognisable-principal"
		postMortem := d.review(t).GetName()
		request := &debriefv1.CreateStatementRequest{
			Parent: postMortem, RequestId: "a",
			Statement: &debriefv1.Statement{Text: "I had not known of the queue.", Author: who, Anonymous: true},
		}
		statement := must[*debriefv1.Statement](t)(d.statements.CreateStatement(as(t, who), request))
		if statement.GetAuthor() != "" || !statement.GetAnonymous() {
			t.Errorf("answered %v", statement)
		}
		request.Statement.Author = "somebody-else"
		again := must[*debriefv1.Statement](t)(d.statements.CreateStatement(as(t, "somebody-else"), request))
		if again.GetName() != statement.GetName() {
			t.Errorf("the hash of the request knows its author: %v", again)
		}
		must[*debriefv1.Statement](t)(d.statements.DeleteStatement(as(t, who), &debriefv1.DeleteStatementRequest{Name: statement.GetName()}))
		kept, err := d.repository.ParticipantStatements().Get(t.Context(), statement.GetName()[strings.LastIndexByte(statement.GetName(), '/')+1:])
		if err != nil {
			t.Fatal(err)
		}
		events, err := d.repository.Events().List(t.Context(), repository.Query{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := json.Marshal([]any{kept, events})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stored), who) {
			t.Errorf("the store knows who wrote it: %s", stored)
		}
	})
}

func TestStatementsBelongToTheirPostMortem(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		one, other := d.review(t).GetName(), d.review(t).GetName()
		statement := must[*debriefv1.Statement](t)(d.statements.CreateStatement(t.Context(), &debriefv1.CreateStatementRequest{
			Parent: one, Statement: &debriefv1.Statement{Text: "x"},
		}))
		wrong := strings.Replace(statement.GetName(), one, other, 1)
		_, err := d.statements.GetStatement(t.Context(), &debriefv1.GetStatementRequest{Name: wrong})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("read as one of another post-mortem: %v", got)
		}
		_, err = d.statements.CreateStatement(t.Context(), &debriefv1.CreateStatementRequest{Parent: one})
		if got, _ := refused(t, err); !cmp.Equal(got, refusal{Code: codes.InvalidArgument, Reason: "INVALID_ARGUMENT", Fields: []string{"statement"}}) {
			t.Errorf("without a statement: %+v", got)
		}
		must[*debriefv1.PostMortem](t)(d.postMortems.DeletePostMortem(t.Context(), &debriefv1.DeletePostMortemRequest{Name: one}))
		_, err = d.statements.CreateStatement(t.Context(), &debriefv1.CreateStatementRequest{Parent: one, Statement: &debriefv1.Statement{Text: "x"}})
		if got, _ := refused(t, err); got.Reason != "RESOURCE_DELETED" {
			t.Errorf("of a deleted post-mortem: %v", got)
		}
		d.advance(31 * 24 * time.Hour)
		if err := d.services.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		left, err := d.repository.ParticipantStatements().Count(t.Context(), repository.Query{Parent: one[strings.LastIndexByte(one, '/')+1:], Visible: repository.Purged, Limit: 5})
		if err != nil || left != 0 {
			t.Errorf("%d statements outlive their post-mortem, %v", left, err)
		}
	})
}
