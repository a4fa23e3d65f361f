-- Who may call, and what was done. See 0001 for what the columns are.

INSERT INTO collections (name)
VALUES ('api_keys'), ('audit_pages');

CREATE TABLE api_keys (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    expire_time INTEGER,
    revoke_time INTEGER,
    last_used_time INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX api_keys_by_id ON api_keys (id);
CREATE UNIQUE INDEX api_keys_by_creation_key ON api_keys (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX api_keys_by_visibility ON api_keys (visibility) WHERE visibility > 0;
CREATE INDEX api_keys_by_expire_time ON api_keys (expire_time) WHERE expire_time IS NOT NULL;
CREATE INDEX api_keys_by_revoke_time ON api_keys (revoke_time) WHERE revoke_time IS NOT NULL;
CREATE INDEX api_keys_by_last_used_time ON api_keys (last_used_time) WHERE last_used_time IS NOT NULL;
CREATE VIRTUAL TABLE api_keys_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE audit_pages (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    time INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX audit_pages_by_id ON audit_pages (id);
CREATE UNIQUE INDEX audit_pages_by_creation_key ON audit_pages (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX audit_pages_by_visibility ON audit_pages (visibility) WHERE visibility > 0;
CREATE INDEX audit_pages_by_time ON audit_pages (time) WHERE time IS NOT NULL;
CREATE VIRTUAL TABLE audit_pages_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);
