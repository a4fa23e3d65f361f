-- What comes in and what goes out: integrations, deliveries and alerts; subscriptions and what is delivered to them. See 0001
-- for what the columns are.

INSERT INTO collections (name)
VALUES ('integrations'), ('alerts'), ('deliveries'), ('subscriptions'), ('event_deliveries');

CREATE TABLE integrations (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    delete_time INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX integrations_by_id ON integrations (id);
CREATE UNIQUE INDEX integrations_by_creation_key ON integrations (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX integrations_by_visibility ON integrations (visibility) WHERE visibility > 0;
CREATE INDEX integrations_by_delete_time ON integrations (delete_time) WHERE delete_time IS NOT NULL;
CREATE VIRTUAL TABLE integrations_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE alerts (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    start_time INTEGER NOT NULL,
    end_time INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX alerts_by_id ON alerts (id);
CREATE UNIQUE INDEX alerts_by_creation_key ON alerts (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX alerts_by_visibility ON alerts (visibility) WHERE visibility > 0;
CREATE INDEX alerts_by_update_time ON alerts (update_time, place);
CREATE INDEX alerts_by_start_time ON alerts (start_time, place);
CREATE INDEX alerts_by_end_time ON alerts (end_time) WHERE end_time IS NOT NULL;
CREATE VIRTUAL TABLE alerts_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE alert_series (
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX alert_series_by_id ON alert_series (id);
CREATE UNIQUE INDEX alert_series_by_creation_key ON alert_series (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX alert_series_by_parent ON alert_series (parent, id);

CREATE TABLE alert_groups (
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX alert_groups_by_id ON alert_groups (id);
CREATE UNIQUE INDEX alert_groups_by_creation_key ON alert_groups (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX alert_groups_by_parent ON alert_groups (parent, id);

CREATE TABLE deliveries (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    next_attempt_time INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX deliveries_by_id ON deliveries (id);
CREATE UNIQUE INDEX deliveries_by_creation_key ON deliveries (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX deliveries_by_visibility ON deliveries (visibility) WHERE visibility > 0;
CREATE INDEX deliveries_by_next_attempt_time ON deliveries (next_attempt_time) WHERE next_attempt_time IS NOT NULL;
CREATE VIRTUAL TABLE deliveries_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE subscriptions (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    delete_time INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX subscriptions_by_id ON subscriptions (id);
CREATE UNIQUE INDEX subscriptions_by_creation_key ON subscriptions (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX subscriptions_by_visibility ON subscriptions (visibility) WHERE visibility > 0;
CREATE INDEX subscriptions_by_delete_time ON subscriptions (delete_time) WHERE delete_time IS NOT NULL;
CREATE VIRTUAL TABLE subscriptions_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE event_deliveries (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    sequence INTEGER,
    next_attempt_time INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_deliveries_by_id ON event_deliveries (id);
CREATE UNIQUE INDEX event_deliveries_by_creation_key ON event_deliveries (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX event_deliveries_by_visibility ON event_deliveries (visibility) WHERE visibility > 0;
CREATE INDEX event_deliveries_by_sequence ON event_deliveries (sequence) WHERE sequence IS NOT NULL;
CREATE INDEX event_deliveries_by_next_attempt_time ON event_deliveries (next_attempt_time) WHERE next_attempt_time IS NOT NULL;
CREATE VIRTUAL TABLE event_deliveries_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);
