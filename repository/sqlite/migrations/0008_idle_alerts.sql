-- Since when nothing is under way in a series or a group of alerts, so that it can be purged. Those that were kept before there
-- were these columns get them with their next alert.

ALTER TABLE alert_series ADD COLUMN idle_time INTEGER NOT NULL DEFAULT -9223372036854775808;
CREATE INDEX alert_series_by_idle_time ON alert_series (parent, idle_time, id);
ALTER TABLE alert_groups ADD COLUMN idle_time INTEGER NOT NULL DEFAULT -9223372036854775808;
CREATE INDEX alert_groups_by_idle_time ON alert_groups (parent, idle_time, id);
