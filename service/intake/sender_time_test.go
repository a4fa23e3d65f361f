package intake_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

func TestTimesOfSendersAreReadAsTheyComeAndNotedWhereTheyAreNone(t *testing.T) {
	alarm := payload(t, "sns-cloudwatch-alarm.json")
	event := payload(t, "sentry-event-alert.json")
	for _, test := range []struct {
		name, sent string
		want       time.Time
		notes      []string
	}{
		{"without a zone", "2026-03-04 08:10:11", at("2026-03-04T08:10:11Z"), nil},
		{"seconds", "1772611811", at("2026-03-04T08:10:11Z"), nil},
		{"none", "soon", time.Time{}, []string{" was left out: soon is no time"}},
	} {
		for field, got := range map[string]intake.Alert{
			"Message.StateChangeTime": parse(t, intake.SNS(nil),
				request(bytes.Replace(alarm, []byte("2026-03-04T08:10:11.123+0000"), []byte(test.sent), 1)), intake.Options{}).Alerts[0],
			"data.event.datetime": parse(t, intake.Sentry(),
				sentryRequest(bytes.Replace(event, []byte("2026-03-04T08:10:11.123000Z"), []byte(test.sent), 1), "event_alert"), intake.Options{}).Alerts[0],
		} {
			want := test.want
			if want.IsZero() && field == "Message.StateChangeTime" {
				want = at("2026-03-04T08:10:11.456Z") // SNS was told then.
			}
			var notes []string
			for _, note := range test.notes {
				notes = append(notes, field+note)
			}
			if diff := cmp.Diff(notes, got.Alterations); diff != "" || !got.Time.Equal(want) {
				t.Errorf("%s, %s: %s, want %s; Alterations (-want +got):\n%s", field, test.name, got.Time, want, diff)
			}
		}
	}
}
