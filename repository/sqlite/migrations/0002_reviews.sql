-- What a review needs: statements, ground rules, templates, systems and mental models. See 0001 for what the columns are.

INSERT INTO collections (name)
VALUES ('ground_rules'), ('post_mortem_templates'), ('systems'), ('mental_models');

CREATE TABLE participant_statements (
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX participant_statements_by_id ON participant_statements (id);
CREATE UNIQUE INDEX participant_statements_by_creation_key ON participant_statements (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX participant_statements_by_parent ON participant_statements (parent, id);

CREATE TABLE ground_rules (
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
CREATE UNIQUE INDEX ground_rules_by_id ON ground_rules (id);
CREATE UNIQUE INDEX ground_rules_by_creation_key ON ground_rules (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX ground_rules_by_visibility ON ground_rules (visibility) WHERE visibility > 0;
CREATE INDEX ground_rules_by_delete_time ON ground_rules (delete_time) WHERE delete_time IS NOT NULL;
CREATE VIRTUAL TABLE ground_rules_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE post_mortem_templates (
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
CREATE UNIQUE INDEX post_mortem_templates_by_id ON post_mortem_templates (id);
CREATE UNIQUE INDEX post_mortem_templates_by_creation_key ON post_mortem_templates (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX post_mortem_templates_by_visibility ON post_mortem_templates (visibility) WHERE visibility > 0;
CREATE INDEX post_mortem_templates_by_delete_time ON post_mortem_templates (delete_time) WHERE delete_time IS NOT NULL;
CREATE VIRTUAL TABLE post_mortem_templates_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE systems (
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
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX systems_by_id ON systems (id);
CREATE UNIQUE INDEX systems_by_creation_key ON systems (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX systems_by_visibility ON systems (visibility) WHERE visibility > 0;
CREATE INDEX systems_by_update_time ON systems (update_time, place);
CREATE INDEX systems_by_delete_time ON systems (delete_time) WHERE delete_time IS NOT NULL;
CREATE VIRTUAL TABLE systems_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);

CREATE TABLE system_revisions (
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    creation_key TEXT,
    visibility INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    document BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX system_revisions_by_id ON system_revisions (id);
CREATE UNIQUE INDEX system_revisions_by_creation_key ON system_revisions (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX system_revisions_by_parent ON system_revisions (parent, id);

CREATE TABLE mental_models (
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
CREATE UNIQUE INDEX mental_models_by_id ON mental_models (id);
CREATE UNIQUE INDEX mental_models_by_creation_key ON mental_models (creation_key) WHERE creation_key IS NOT NULL;
CREATE INDEX mental_models_by_visibility ON mental_models (visibility) WHERE visibility > 0;
CREATE INDEX mental_models_by_delete_time ON mental_models (delete_time) WHERE delete_time IS NOT NULL;
CREATE VIRTUAL TABLE mental_models_terms USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);
