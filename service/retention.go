package service

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/audit"
)

// MinRetention is the least that the retentions of Retentions may be, where they are not zero: longer than deliveries are tried again,
// and than anybody who follows the feed, or verifies the trail, is expected to be away.
const MinRetention = 30 * 24 * time.Hour

// DefaultAlertRetention is how long alerts without an incident are kept where nothing else is said.
const DefaultAlertRetention = 90 * 24 * time.Hour

// Retentions say how long is kept what nobody deletes, and what would grow for ever. Zero keeps it for good; anything else must be
// MinRetention at least.
type Retentions struct {
	// Alerts is how long alerts are kept that are part of no incident, from when something came of them last.
	Alerts time.Duration
	// Events is how long events are kept. Those that an enabled subscription has not come to yet are kept beyond that.
	Events time.Duration
	// Audit is how long records of the audit trail are kept. That some were purged becomes a record itself.
	Audit time.Duration
}

// trimInterval is how much has come together before the front of the audit trail is purged again, each of which leaves a record.
const trimInterval = 24 * time.Hour

// purgeFront purges what is old of that which grows at its end.
func (b *base) purgeFront(ctx context.Context) error {
	if err := b.purgeEvents(seeingAll(ctx)); err != nil {
		return fmt.Errorf("purge events: %w", err)
	}
	if err := b.purgeTrail(ctx); err != nil {
		return fmt.Errorf("purge the audit trail: %w", err)
	}
	return nil
}

func (b *base) purgeEvents(ctx context.Context) error {
	if b.retentions.Events == 0 {
		return nil
	}
	needed, err := b.neededFrom(ctx)
	if err != nil {
		return err
	}
	expired := b.present().Add(-b.retentions.Events)
	for {
		events, err := b.repository.Events().List(ctx, repository.Query{Limit: purgeAtOnce})
		if err != nil {
			return err
		}
		count := 0
		for count < len(events) && events[count].Time.Before(expired) && events[count].Sequence() < needed {
			count++
		}
		if count > 0 {
			last := events[count-1].Sequence()
			if err := b.repository.Events().Trim(ctx, repository.EventID(last+1)); err != nil {
				return err
			}
			b.logger.InfoContext(ctx, "purged events", "through_sequence", last)
		}
		if count < purgeAtOnce {
			return nil
		}
	}
}

// neededFrom is the sequence of the first event that a subscription is still to be told of.
func (b *base) neededFrom(ctx context.Context) (int64, error) {
	needed := int64(math.MaxInt64)
	enabled := repository.Query{Where: repository.Not{Condition: repository.TermIn{repository.Term("state", subscriptionDisabled)}}, Limit: purgeAtOnce}
	for page, err := range everyPage(ctx, repository.SubscriptionSchema, b.repository.Subscriptions(), enabled) {
		if err != nil {
			return 0, err
		}
		for _, subscription := range page {
			needed = min(needed, subscription.Sequence+1)
		}
	}
	return needed, nil
}

// purgeTrail writes down that the front of the audit trail is purged, and purges it. Where only the first came about, that record
// stands for nothing, and the next run writes another one.
func (b *base) purgeTrail(ctx context.Context) error {
	if b.retentions.Audit == 0 {
		return nil
	}
	last, err := b.expiredPage(ctx, b.present().Add(-b.retentions.Audit))
	if err != nil || last.ID == "" {
		return err
	}
	end := last.Records[len(last.Records)-1]
	if err := b.trail.write(ctx, audit.Purged(b.present(), audit.Record(end))); err != nil {
		return err
	}
	if err := b.repository.AuditPages().Trim(ctx, last.ID+"\x00"); err != nil {
		return err
	}
	b.logger.InfoContext(ctx, "purged audit records", "through_sequence", end.Sequence)
	return nil
}

// expiredPage is the last page of the trail that is old; one without an id where too little has come together.
func (b *base) expiredPage(ctx context.Context, expired time.Time) (last repository.AuditPage, err error) {
	for pages, err := range everyPage(ctx, repository.AuditPageSchema, b.repository.AuditPages(), repository.Query{Limit: auditPagesAtOnce}) {
		if err != nil {
			return last, err
		}
		if last.ID == "" && !pages[0].CreateTime.Before(expired.Add(-trimInterval)) {
			return last, nil
		}
		for _, page := range pages {
			if !page.CreateTime.Before(expired) {
				return last, nil
			}
			last = page
		}
	}
	return last, nil
}
