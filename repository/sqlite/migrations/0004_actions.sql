-- When to look back at a finished action item.

ALTER TABLE action_items ADD COLUMN look_back_time INTEGER NOT NULL DEFAULT -9223372036854775808;
CREATE INDEX action_items_by_look_back_time ON action_items (look_back_time, place);
