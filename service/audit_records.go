package service

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"hash/crc32"
	"slices"

	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// auditPagesAtOnce is how many pages of the trail are read at once, of up to maxPageRecords records each.
const auditPagesAtOnce = 32

// auditToken is the record behind which a page of the list begins, and the page of the trail that has it; bound to the request that
// it was made for.
type auditToken struct {
	Request  uint32 `json:"r"`
	Page     string `json:"p"`
	Sequence int64  `json:"s"`
}

// ListAuditRecords reads a page of the trail. The store finds the pages that have such a record, of which those are picked that are
// asked for.
func (s *Access) ListAuditRecords(ctx context.Context, request *debriefv1.ListAuditRecordsRequest) (*debriefv1.ListAuditRecordsResponse, error) {
	after, err := readAuditToken(request)
	if err != nil {
		return nil, err
	}
	size := listing[repository.AuditPage]{}.size(request.GetPageSize())
	answer := &debriefv1.ListAuditRecordsResponse{}
	query := repository.Query{Descending: !request.GetAscending(), Where: auditCondition(request, after), Limit: auditPagesAtOnce}
	for pages, err := range everyPage(ctx, repository.AuditPageSchema, s.repository.AuditPages(), query) {
		if err != nil {
			return nil, err
		}
		for _, page := range pages {
			for _, record := range auditRecordsOf(page, request, after) {
				if len(answer.GetAuditRecords()) == size {
					answer.NextPageToken, err = after.token(request)
					return answer, err
				}
				after.Page, after.Sequence = page.ID, record.Sequence
				answer.AuditRecords = append(answer.AuditRecords, auditRecordToProto(record))
			}
		}
	}
	return answer, nil
}

// auditCondition finds the pages of the trail that have such a record, the one that has the last record included.
func auditCondition(request *debriefv1.ListAuditRecordsRequest, after auditToken) repository.Condition {
	var conditions repository.And
	for field, value := range map[string]string{
		"principal": request.GetPrincipal(), "method": request.GetMethod(), "resource": request.GetResource(), "decision": nameOf(request.GetDecision()),
	} {
		if value != "" {
			conditions = append(conditions, repository.TermIn{repository.Term(field, value)})
		}
	}
	switch {
	case after.Page == "":
	case request.GetAscending():
		conditions = append(conditions, repository.IDRange{From: after.Page})
	default:
		conditions = append(conditions, repository.IDRange{Before: after.Page + "!"})
	}
	if len(conditions) == 0 {
		return nil
	}
	return conditions
}

// auditRecordsOf are the records of a page that are asked for, in the order that is asked for.
func auditRecordsOf(page repository.AuditPage, request *debriefv1.ListAuditRecordsRequest, after auditToken) []repository.AuditRecord {
	is := func(asked, value string) bool { return asked == "" || asked == value }
	records := slices.DeleteFunc(slices.Clone(page.Records), func(r repository.AuditRecord) bool {
		behind := r.Sequence > after.Sequence
		if !request.GetAscending() {
			behind = after.Page == "" || r.Sequence < after.Sequence
		}
		return !behind || !is(request.GetPrincipal(), r.Principal) || !is(request.GetMethod(), r.Method) ||
			!is(request.GetResource(), r.Resource) || !is(nameOf(request.GetDecision()), r.Decision)
	})
	if !request.GetAscending() {
		slices.Reverse(records)
	}
	return records
}

func readAuditToken(request *debriefv1.ListAuditRecordsRequest) (auditToken, error) {
	var token auditToken
	if request.GetPageToken() == "" {
		return token, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(request.GetPageToken())
	if err == nil {
		err = json.Unmarshal(raw, &token)
	}
	if err != nil || token.Page == "" || len(token.Page) > maxTokenID {
		return token, invalid("page_token", "is not one that this server made: take it from next_page_token as it is")
	}
	asked, err := auditFingerprint(request)
	if err == nil && token.Request != asked {
		err = invalid("page_token", "was made for another request: keep the rest of the request as it was")
	}
	return token, err
}

func (t auditToken) token(request *debriefv1.ListAuditRecordsRequest) (string, error) {
	var err error
	if t.Request, err = auditFingerprint(request); err != nil {
		return "", err
	}
	text, err := json.Marshal(t)
	return base64.RawURLEncoding.EncodeToString(text), err
}

// auditFingerprint tells requests apart, but for the page that they ask for.
func auditFingerprint(request *debriefv1.ListAuditRecordsRequest) (uint32, error) {
	asked := proto.CloneOf(request)
	asked.PageSize, asked.PageToken = 0, ""
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(asked)
	return crc32.ChecksumIEEE(text), err
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
