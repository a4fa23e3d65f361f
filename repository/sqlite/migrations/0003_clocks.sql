-- The clocks of incidents. See 0001 for what the columns are: CLOCK.until.STATE is until when a clock is in a state, and
-- next_clock_change when the next change of a clock is to be told.

ALTER TABLE incidents ADD COLUMN next_clock_change INTEGER NOT NULL DEFAULT -9223372036854775808;
ALTER TABLE incidents ADD COLUMN "review_clock.due_time" INTEGER NOT NULL DEFAULT -9223372036854775808;
ALTER TABLE incidents ADD COLUMN "review_clock.at_risk_time" INTEGER;
ALTER TABLE incidents ADD COLUMN "review_clock.until.waived" INTEGER;
ALTER TABLE incidents ADD COLUMN "review_clock.until.not_started" INTEGER;
ALTER TABLE incidents ADD COLUMN "review_clock.until.paused" INTEGER;
ALTER TABLE incidents ADD COLUMN "review_clock.until.running" INTEGER;
ALTER TABLE incidents ADD COLUMN "review_clock.until.at_risk" INTEGER;
ALTER TABLE incidents ADD COLUMN "review_clock.until.breached" INTEGER;
ALTER TABLE incidents ADD COLUMN "review_clock.until.met" INTEGER;
ALTER TABLE incidents ADD COLUMN "follow_up_clock.due_time" INTEGER NOT NULL DEFAULT -9223372036854775808;
ALTER TABLE incidents ADD COLUMN "follow_up_clock.at_risk_time" INTEGER;
ALTER TABLE incidents ADD COLUMN "follow_up_clock.until.waived" INTEGER;
ALTER TABLE incidents ADD COLUMN "follow_up_clock.until.not_started" INTEGER;
ALTER TABLE incidents ADD COLUMN "follow_up_clock.until.paused" INTEGER;
ALTER TABLE incidents ADD COLUMN "follow_up_clock.until.running" INTEGER;
ALTER TABLE incidents ADD COLUMN "follow_up_clock.until.at_risk" INTEGER;
ALTER TABLE incidents ADD COLUMN "follow_up_clock.until.breached" INTEGER;
ALTER TABLE incidents ADD COLUMN "follow_up_clock.until.met" INTEGER;

CREATE INDEX incidents_by_next_clock_change ON incidents (next_clock_change, place);
CREATE INDEX incidents_by_review_clock_due_time ON incidents ("review_clock.due_time", place);
CREATE INDEX incidents_by_review_clock_at_risk_time ON incidents ("review_clock.at_risk_time") WHERE "review_clock.at_risk_time" IS NOT NULL;
CREATE INDEX incidents_by_review_clock_until_waived ON incidents ("review_clock.until.waived") WHERE "review_clock.until.waived" IS NOT NULL;
CREATE INDEX incidents_by_review_clock_until_not_started ON incidents ("review_clock.until.not_started") WHERE "review_clock.until.not_started" IS NOT NULL;
CREATE INDEX incidents_by_review_clock_until_paused ON incidents ("review_clock.until.paused") WHERE "review_clock.until.paused" IS NOT NULL;
CREATE INDEX incidents_by_review_clock_until_running ON incidents ("review_clock.until.running") WHERE "review_clock.until.running" IS NOT NULL;
CREATE INDEX incidents_by_review_clock_until_at_risk ON incidents ("review_clock.until.at_risk") WHERE "review_clock.until.at_risk" IS NOT NULL;
CREATE INDEX incidents_by_review_clock_until_breached ON incidents ("review_clock.until.breached") WHERE "review_clock.until.breached" IS NOT NULL;
CREATE INDEX incidents_by_review_clock_until_met ON incidents ("review_clock.until.met") WHERE "review_clock.until.met" IS NOT NULL;
CREATE INDEX incidents_by_follow_up_clock_due_time ON incidents ("follow_up_clock.due_time", place);
CREATE INDEX incidents_by_follow_up_clock_at_risk_time ON incidents ("follow_up_clock.at_risk_time") WHERE "follow_up_clock.at_risk_time" IS NOT NULL;
CREATE INDEX incidents_by_follow_up_clock_until_waived ON incidents ("follow_up_clock.until.waived") WHERE "follow_up_clock.until.waived" IS NOT NULL;
CREATE INDEX incidents_by_follow_up_clock_until_not_started ON incidents ("follow_up_clock.until.not_started") WHERE "follow_up_clock.until.not_started" IS NOT NULL;
CREATE INDEX incidents_by_follow_up_clock_until_paused ON incidents ("follow_up_clock.until.paused") WHERE "follow_up_clock.until.paused" IS NOT NULL;
CREATE INDEX incidents_by_follow_up_clock_until_running ON incidents ("follow_up_clock.until.running") WHERE "follow_up_clock.until.running" IS NOT NULL;
CREATE INDEX incidents_by_follow_up_clock_until_at_risk ON incidents ("follow_up_clock.until.at_risk") WHERE "follow_up_clock.until.at_risk" IS NOT NULL;
CREATE INDEX incidents_by_follow_up_clock_until_breached ON incidents ("follow_up_clock.until.breached") WHERE "follow_up_clock.until.breached" IS NOT NULL;
CREATE INDEX incidents_by_follow_up_clock_until_met ON incidents ("follow_up_clock.until.met") WHERE "follow_up_clock.until.met" IS NOT NULL;
