package service_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/email/emailtest"
)

// emailWrites is how many writes there are on the way of three events into a message: to take the lease, to keep that they wait and
// how far the feed was read, and to keep that each was told.
const emailWrites = 6

// TestACrashAnywhereLosesNoEmail cuts the power after each of the writes on the way of a message: another replica writes it then, under
// the same Message-ID where it tells the same.
func TestACrashAnywhereLosesNoEmail(t *testing.T) {
	t.Parallel()
	for writes := range int64(emailWrites) {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %v", writes+1, after), func(t *testing.T) {
				onEachStoreWriting(t, func(t *testing.T, d *debrief, mail *emailtest.Server, _ *atomic.Int32) {
					d.write(t, `event.type == "INCIDENT_OPENED"`, &debriefv1.Email{DigestInterval: durationpb.New(0)})
					for _, title := range []string{"Checkout down", "Search slow", "Refunds late"} {
						d.open(t, title)
					}
					broken := &cutStore{Repository: d.repository, after: after, cut: make(chan struct{})}
					broken.left.Store(writes + 1)
					options := writing(t, mail)
					options.Repository, options.Now = broken, d.now
					crashing := must[*service.Services](t)(service.New(options))
					timers := newTimers(d)
					stop := dispatch(t, crashing, timers, "crashing")
					<-broken.cut
					stop()
					dispatch(t, d.services, timers, "a")
					timers.pass(31 * time.Second)
					d.untilWritten(t, timers)
					checkEmailOf(t, mail.Messages(), "Incident opened: Checkout down", "Incident opened: Search slow", "Incident opened: Refunds late")
				})
			})
		}
	}
}

// untilWritten waits until the subscription has gone through the feed, and nothing is under way.
func (d *debrief) untilWritten(t *testing.T, timers *timers) {
	t.Helper()
	opened := d.feed(t, "type = INCIDENT_OPENED")
	await(t, timers, func() bool {
		subscription, err := d.repository.Subscriptions().Get(t.Context(), "kim")
		if err != nil {
			t.Fatal(err)
		}
		return subscription.Sequence >= opened[len(opened)-1].GetSequence() && len(d.pending(t)) == 0
	})
}

// checkEmailOf wants all lines to be in messages, and those that say the same to have one Message-ID.
func checkEmailOf(t *testing.T, messages []emailtest.Message, lines ...string) {
	t.Helper()
	var all []string
	ids := map[string]string{}
	for _, message := range messages {
		said, id := fmt.Sprint(told(message)), message.Header.Get("Message-Id")
		if other, again := ids[said]; again && other != id {
			t.Errorf("%s came as %s and as %s", said, other, id)
		}
		ids[said] = id
		all = append(all, told(message)...)
	}
	for _, line := range lines {
		if !slices.Contains(all, line) {
			t.Errorf("%q was not written: %q", line, all)
		}
	}
}
