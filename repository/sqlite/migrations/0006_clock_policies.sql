-- clock_policies tells under which policies the clocks of an incident run; unset where none runs. 0, of clocks that were
-- wound before there was this column, is another than all.

ALTER TABLE incidents ADD COLUMN clock_policies INTEGER;
UPDATE incidents SET clock_policies = 0 WHERE "review_clock.until.breached" IS NOT NULL OR "follow_up_clock.until.breached" IS NOT NULL;
CREATE INDEX incidents_by_clock_policies ON incidents (clock_policies) WHERE clock_policies IS NOT NULL;
