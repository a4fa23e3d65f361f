package service

import (
	"context"

	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// Statements implements StatementService.
type Statements struct {
	debriefv1.UnimplementedStatementServiceServer
	*base
}

// CreateStatement adds a statement to a post-mortem.
func (s *Statements) CreateStatement(ctx context.Context, request *debriefv1.CreateStatementRequest) (*debriefv1.Statement, error) {
	if request.GetStatement().GetAnonymous() {
		// Whoever wants to stay unknown is forgotten here, before anything is written down.
		ctx, request = WithActor(ctx, ""), withoutAuthor(request)
	}
	if err := s.checkPostMortem(ctx, request.GetParent()); err != nil {
		return nil, err
	}
	now := s.present()
	header, err := s.newHeader(now, request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	header.Parent = lastID(request.GetParent())
	statement := newStatement(ctx, header, request.GetStatement())
	if request.GetValidateOnly() {
		preview := statementToProto(statement)
		preview.Name, preview.Etag = "", ""
		return s.language.statement(preview), nil
	}
	event := s.event(ctx, "STATEMENT_CREATED", statementName(header.Parent, header.ID), "", 1, now, nil)
	statement, _, err = create(ctx, repository.ParticipantStatementSchema, s.repository.ParticipantStatements(), statement,
		repository.Effects{Events: []repository.Event{event}})
	if err != nil {
		return nil, err
	}
	return statementToProto(statement), nil
}

// withoutAuthor is the request without its author: not even its hash may tell who it was.
func withoutAuthor(request *debriefv1.CreateStatementRequest) *debriefv1.CreateStatementRequest {
	cleared, _ := proto.Clone(request).(*debriefv1.CreateStatementRequest)
	cleared.Statement.Author = ""
	return cleared
}

func newStatement(ctx context.Context, header repository.Header, from *debriefv1.Statement) repository.ParticipantStatement {
	statement := repository.ParticipantStatement{
		Header: header, Text: from.GetText(), Author: from.GetAuthor(), AuthorRole: from.GetAuthorRole(), Anonymous: from.GetAnonymous(),
	}
	if statement.Author == "" {
		statement.Author = actor(ctx)
	}
	return statement
}

func (b *base) checkPostMortem(ctx context.Context, name string) error {
	p, err := get(ctx, b.repository.PostMortems(), name)
	if err != nil {
		return err
	}
	return update{name: name}.check(p.Header)
}

// GetStatement reads a statement.
func (s *Statements) GetStatement(ctx context.Context, request *debriefv1.GetStatementRequest) (*debriefv1.Statement, error) {
	statement, err := s.statement(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	return inView(request.GetView(), statementToProto(statement), s.language.statement), nil
}

// statement reads a statement by its name: of the post-mortem that the name says.
func (s *Statements) statement(ctx context.Context, name string) (repository.ParticipantStatement, error) {
	statement, err := get(ctx, s.repository.ParticipantStatements(), name)
	if err == nil && statement.Parent != parentID(name) {
		return statement, notFound(name)
	}
	return statement, err
}

// ListStatements reads a page of a post-mortem's statements.
func (s *Statements) ListStatements(ctx context.Context, request *debriefv1.ListStatementsRequest) (*debriefv1.ListStatementsResponse, error) {
	if _, err := get(ctx, s.repository.PostMortems(), request.GetParent()); err != nil {
		return nil, err
	}
	list := listing[repository.ParticipantStatement]{
		schema: repository.ParticipantStatementSchema, reader: s.repository.ParticipantStatements(),
		orders: []string{"create_time"}, ascending: true, byID: "create_time",
	}
	statements, token, err := list.page(ctx, request, lastID(request.GetParent()), nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListStatementsResponse{Statements: each(statements, statementToProto), NextPageToken: token}, nil
}

// DeleteStatement hides a statement. Whoever deletes an anonymous one is forgotten as well: it may be its author.
func (s *Statements) DeleteStatement(ctx context.Context, request *debriefv1.DeleteStatementRequest) (*debriefv1.Statement, error) {
	statement, err := s.statement(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	if statement.Anonymous {
		ctx = WithActor(ctx, "")
	}
	asked := update{name: request.GetName(), etag: request.GetEtag()}
	told := deletion[repository.ParticipantStatement]{
		prefix: "STATEMENT", incident: func(*repository.ParticipantStatement) string { return "" },
	}
	statement, err = setDeleted(ctx, s.base, repository.ParticipantStatementSchema, s.repository.ParticipantStatements(), asked, true, told)
	if err != nil {
		return nil, err
	}
	return statementToProto(statement), nil
}

func statementToProto(statement repository.ParticipantStatement) *debriefv1.Statement {
	return &debriefv1.Statement{
		Name:       statementName(statement.Parent, statement.ID),
		Text:       statement.Text,
		Author:     statement.Author,
		AuthorRole: statement.AuthorRole,
		Anonymous:  statement.Anonymous,
		Etag:       etag(statement.Header),
		CreateTime: timeToProto(statement.CreateTime),
		DeleteTime: timeToProto(statement.DeleteTime),
	}
}
