package service

import (
	"context"
	"slices"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

const (
	// auditPagesAtOnce is how many pages of the trail are read at once, of up to maxPageRecords records each.
	auditPagesAtOnce = 32
	// maxAuditPages bounds how many are read for one answer, which then has fewer records than are asked for, or none.
	maxAuditPages = 256
)

// ListAuditRecords reads a page of the trail. The store finds the pages that have such a record, of which those are picked that are
// asked for.
func (s *Access) ListAuditRecords(ctx context.Context, request *debriefv1.ListAuditRecordsRequest) (*debriefv1.ListAuditRecordsResponse, error) {
	// The record that was answered last, as its sequence and the page of the trail that has it.
	last, err := readToken(request)
	if err != nil {
		return nil, err
	}
	size := listing[repository.AuditPage]{}.size(request.GetPageSize())
	answer := &debriefv1.ListAuditRecordsResponse{}
	query := repository.Query{Descending: !request.GetAscending(), Where: auditCondition(request, last), Limit: auditPagesAtOnce}
	looked := 0
	for pages, err := range everyPage(ctx, repository.AuditPageSchema, s.repository.AuditPages(), query) {
		if err != nil {
			return nil, err
		}
		for _, page := range pages {
			for _, record := range auditRecordsOf(page, request, last) {
				if len(answer.GetAuditRecords()) == size {
					answer.NextPageToken, err = tokenAfter(request, *last)
					return answer, err
				}
				last = &repository.Position{Number: record.Sequence, ID: page.ID}
				answer.AuditRecords = append(answer.AuditRecords, auditRecordToProto(record))
			}
		}
		if looked += len(pages); looked >= maxAuditPages {
			answer.NextPageToken, err = tokenAfter(request, endOf(pages[len(pages)-1], request.GetAscending()))
			return answer, err
		}
	}
	return answer, nil
}

// endOf is the place of a page's last record, in the order that is asked for.
func endOf(page repository.AuditPage, ascending bool) repository.Position {
	last := page.Records[0]
	if ascending {
		last = page.Records[len(page.Records)-1]
	}
	return repository.Position{Number: last.Sequence, ID: page.ID}
}

// auditCondition finds the pages of the trail that have such a record, the one that has the last record included.
func auditCondition(request *debriefv1.ListAuditRecordsRequest, last *repository.Position) repository.Condition {
	var conditions repository.And
	for field, value := range map[string]string{
		"principal": request.GetPrincipal(), "method": request.GetMethod(), "resource": request.GetResource(), "decision": nameOf(request.GetDecision()),
	} {
		if value != "" {
			conditions = append(conditions, repository.TermIn{repository.Term(field, value)})
		}
	}
	switch {
	case last == nil:
	case request.GetAscending():
		conditions = append(conditions, repository.IDRange{From: last.ID})
	default:
		conditions = append(conditions, repository.IDRange{Before: last.ID + "!"})
	}
	if len(conditions) == 0 {
		return nil
	}
	return conditions
}

// auditRecordsOf are the records of a page that are asked for, in the order that is asked for.
func auditRecordsOf(page repository.AuditPage, request *debriefv1.ListAuditRecordsRequest, last *repository.Position) []repository.AuditRecord {
	is := func(asked, value string) bool { return asked == "" || asked == value }
	records := slices.DeleteFunc(slices.Clone(page.Records), func(r repository.AuditRecord) bool {
		behind := last == nil || request.GetAscending() && r.Sequence > last.Number || !request.GetAscending() && r.Sequence < last.Number
		return !behind || !is(request.GetPrincipal(), r.Principal) || !is(request.GetMethod(), r.Method) ||
			!is(request.GetResource(), r.Resource) || !is(nameOf(request.GetDecision()), r.Decision)
	})
	if !request.GetAscending() {
		slices.Reverse(records)
	}
	return records
}

func auditRecordToProto(record repository.AuditRecord) *debriefv1.AuditRecord {
	return &debriefv1.AuditRecord{
		Sequence:     record.Sequence,
		Time:         timeToProto(record.Time),
		Principal:    record.Principal,
		Role:         valueOf[debriefv1.Role](record.Role),
		Address:      record.Address,
		Method:       record.Method,
		Resource:     record.Resource,
		Decision:     valueOf[debriefv1.AuditRecord_Decision](record.Decision),
		Reason:       record.Reason,
		PreviousHash: record.PreviousHash,
		Hash:         record.Hash,
	}
}
