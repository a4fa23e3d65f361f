-- When there is something to tell of an action item's due time. Those that were written before there was this column get it when
-- the server starts.

ALTER TABLE action_items ADD COLUMN next_reminder_time INTEGER NOT NULL DEFAULT -9223372036854775808;
CREATE INDEX action_items_by_next_reminder_time ON action_items (next_reminder_time, place);
