-- A table per collection, laid out as its schema in the package repository says.
--
-- document     the resource as JSON; id, parent, creation_key, visibility, and the columns named after fields are copied
--              from it, and id and revision hold whatever it says
-- position     sorts as the ids do
-- place        the same; but an index can be entered at a number and a place, not at a number and a primary key
-- visibility   0 live, 1 deleted, 2 purged
-- numbers      times in milliseconds since 1970-01-01 UTC, and ranks; where a field that lists are ordered by is not set,
--              the least 64-bit integer, else NULL
-- signature    the beginnings of the words that filters find a row by
-- *_terms      the words that filters find a row by, under its position; collections that are listed by parent have none

-- What is known of each collection: how many rows it has, and whether not every row is where its id asks for.
CREATE TABLE collections (
    name TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL DEFAULT 0,
    displaced INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO collections (name)
VALUES ('incidents'), ('post_mortems'), ('action_items'), ('events'), ('rejected_deliveries');

CREATE TABLE incidents (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    delete_time INTEGER,
    severity INTEGER NOT NULL,
    "impact.customers_affected" INTEGER,
    "milestones.start_time" INTEGER NOT NULL,
    "milestones.detect_time" INTEGER NOT NULL,
    "milestones.acknowledge_time" INTEGER,
    "milestones.mitigate_time" INTEGER,
    "milestones.resolve_time" INTEGER NOT NULL,
    "milestones.close_time" INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX incidents_by_id ON incidents (id);
CREATE UNIQUE INDEX incidents_by_creation_key ON incidents (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX incidents_by_visibility ON incidents (visibility) WHERE visibility > 0;
CREATE INDEX incidents_by_update_time ON incidents (update_time, place);
CREATE INDEX incidents_by_delete_time ON incidents (delete_time) WHERE delete_time IS NOT NULL;
CREATE INDEX incidents_by_severity ON incidents (severity, place);
CREATE INDEX incidents_by_impact_customers_affected ON incidents ("impact.customers_affected") WHERE "impact.customers_affected" IS NOT NULL;
CREATE INDEX incidents_by_milestones_start_time ON incidents ("milestones.start_time", place);
CREATE INDEX incidents_by_milestones_detect_time ON incidents ("milestones.detect_time", place);
CREATE INDEX incidents_by_milestones_acknowledge_time ON incidents ("milestones.acknowledge_time") WHERE "milestones.acknowledge_time" IS NOT NULL;
CREATE INDEX incidents_by_milestones_mitigate_time ON incidents ("milestones.mitigate_time") WHERE "milestones.mitigate_time" IS NOT NULL;
CREATE INDEX incidents_by_milestones_resolve_time ON incidents ("milestones.resolve_time", place);
CREATE INDEX incidents_by_milestones_close_time ON incidents ("milestones.close_time") WHERE "milestones.close_time" IS NOT NULL;
CREATE VIRTUAL TABLE incidents_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE timeline_entries (
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    occur_time INTEGER NOT NULL,
    update_time INTEGER,
    delete_time INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX timeline_entries_by_id ON timeline_entries (id);
CREATE UNIQUE INDEX timeline_entries_by_creation_key ON timeline_entries (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX timeline_entries_by_parent ON timeline_entries (parent, id);
CREATE INDEX timeline_entries_by_occur_time ON timeline_entries (parent, occur_time, id);

CREATE TABLE post_mortems (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    delete_time INTEGER,
    latest_revision INTEGER,
    review_time INTEGER NOT NULL,
    review_start_time INTEGER,
    publish_time INTEGER NOT NULL,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX post_mortems_by_id ON post_mortems (id);
CREATE UNIQUE INDEX post_mortems_by_creation_key ON post_mortems (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX post_mortems_by_visibility ON post_mortems (visibility) WHERE visibility > 0;
CREATE INDEX post_mortems_by_update_time ON post_mortems (update_time, place);
CREATE INDEX post_mortems_by_delete_time ON post_mortems (delete_time) WHERE delete_time IS NOT NULL;
CREATE INDEX post_mortems_by_latest_revision ON post_mortems (latest_revision) WHERE latest_revision IS NOT NULL;
CREATE INDEX post_mortems_by_review_time ON post_mortems (review_time, place);
CREATE INDEX post_mortems_by_review_start_time ON post_mortems (review_start_time) WHERE review_start_time IS NOT NULL;
CREATE INDEX post_mortems_by_publish_time ON post_mortems (publish_time, place);
CREATE VIRTUAL TABLE post_mortems_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE post_mortem_revisions (
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX post_mortem_revisions_by_id ON post_mortem_revisions (id);
CREATE UNIQUE INDEX post_mortem_revisions_by_creation_key ON post_mortem_revisions (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX post_mortem_revisions_by_parent ON post_mortem_revisions (parent, id);

CREATE TABLE action_items (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    delete_time INTEGER,
    priority INTEGER NOT NULL,
    due_time INTEGER NOT NULL,
    start_time INTEGER,
    complete_time INTEGER,
    verify_time INTEGER,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX action_items_by_id ON action_items (id);
CREATE UNIQUE INDEX action_items_by_creation_key ON action_items (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX action_items_by_visibility ON action_items (visibility) WHERE visibility > 0;
CREATE INDEX action_items_by_update_time ON action_items (update_time, place);
CREATE INDEX action_items_by_delete_time ON action_items (delete_time) WHERE delete_time IS NOT NULL;
CREATE INDEX action_items_by_priority ON action_items (priority, place);
CREATE INDEX action_items_by_due_time ON action_items (due_time, place);
CREATE INDEX action_items_by_start_time ON action_items (start_time) WHERE start_time IS NOT NULL;
CREATE INDEX action_items_by_complete_time ON action_items (complete_time) WHERE complete_time IS NOT NULL;
CREATE INDEX action_items_by_verify_time ON action_items (verify_time) WHERE verify_time IS NOT NULL;
CREATE VIRTUAL TABLE action_items_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE events (
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
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE UNIQUE INDEX events_by_creation_key ON events (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX events_by_visibility ON events (visibility) WHERE visibility > 0;
CREATE INDEX events_by_time ON events (time) WHERE time IS NOT NULL;
CREATE VIRTUAL TABLE events_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE rejected_deliveries (
    position INTEGER NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL AS (position),
    signature BLOB NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX rejected_deliveries_by_id ON rejected_deliveries (id);
CREATE UNIQUE INDEX rejected_deliveries_by_creation_key ON rejected_deliveries (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX rejected_deliveries_by_visibility ON rejected_deliveries (visibility) WHERE visibility > 0;
CREATE VIRTUAL TABLE rejected_deliveries_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);
