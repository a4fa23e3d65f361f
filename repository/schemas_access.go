package repository

import "time"

// APIKeySchema says how API keys are found.
var APIKeySchema = Schema[APIKey]{
	Name:   "api_keys",
	Header: func(k *APIKey) *Header { return &k.Header },
	Fields: []Field[APIKey]{
		{Name: "title", Type: Words, Values: one(func(k *APIKey) string { return k.Title })},
		{Name: "role", Type: Enumeration, Values: one(func(k *APIKey) string { return k.Role })},
		{Name: "expire_time", Type: Time, Number: milliseconds(func(k *APIKey) time.Time { return k.ExpireTime })},
		{Name: "revoke_time", Type: Time, Number: milliseconds(func(k *APIKey) time.Time { return k.RevokeTime })},
		{Name: "last_used_time", Type: Time, Number: milliseconds(func(k *APIKey) time.Time { return k.LastUsedTime })},
		{Name: "hash", Type: Keyword, Hidden: true, Values: one(func(k *APIKey) string { return k.Hash })},
	},
}

// AuditPageSchema says how pages of the audit trail are found: those that have a record with a value, from which the records are
// then picked.
var AuditPageSchema = Schema[AuditPage]{
	Name:   "audit_pages",
	Header: func(p *AuditPage) *Header { return &p.Header },
	Fields: []Field[AuditPage]{
		{Name: "time", Type: Time, Number: milliseconds(func(p *AuditPage) time.Time { return p.CreateTime })},
		{Name: "principal", Type: Keyword, Many: true, Values: ofRecords(func(r AuditRecord) string { return r.Principal })},
		{Name: "method", Type: Keyword, Many: true, Values: ofRecords(func(r AuditRecord) string { return r.Method })},
		{Name: "resource", Type: Keyword, Many: true, Values: ofRecords(func(r AuditRecord) string { return r.Resource })},
		{Name: "decision", Type: Keyword, Many: true, Values: ofRecords(func(r AuditRecord) string { return r.Decision })},
	},
}

func ofRecords(value func(AuditRecord) string) func(*AuditPage) []string {
	return func(p *AuditPage) []string {
		values := make([]string, len(p.Records))
		for i, record := range p.Records {
			values[i] = value(record)
		}
		return values
	}
}
