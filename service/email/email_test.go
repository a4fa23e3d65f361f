package email_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/debriefhq/debrief/service/email"
	"github.com/debriefhq/debrief/service/email/emailtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQuietHours(t *testing.T) {
	for name, test := range map[string]struct{ start, end, zone, at, want string }{
		"before them":          {"22:00", "07:00", "", "2026-03-14T21:59:59Z", "2026-03-14T21:59:59Z"},
		"as they begin":        {"22:00", "07:00", "", "2026-03-14T22:00:00Z", "2026-03-15T07:00:00Z"},
		"after midnight":       {"22:00", "07:00", "", "2026-03-15T06:59:59Z", "2026-03-15T07:00:00Z"},
		"as they end":          {"22:00", "07:00", "", "2026-03-15T07:00:00Z", "2026-03-15T07:00:00Z"},
		"within a day":         {"12:00", "14:00", "UTC", "2026-03-14T13:00:00Z", "2026-03-14T14:00:00Z"},
		"at the end of a year": {"22:00", "07:00", "", "2026-12-31T23:00:00Z", "2027-01-01T07:00:00Z"},
		"elsewhere":            {"22:00", "07:00", "Asia/Kolkata", "2026-03-14T17:00:00Z", "2026-03-15T01:30:00Z"},
		"in the night in which clocks are set forward": {"22:00", "07:00", "Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"},
		"in the night in which clocks are set back":    {"22:00", "07:00", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T06:00:00Z"},
		"in the hour that there is twice, at first":    {"01:00", "02:30", "Europe/Berlin", "2026-10-25T00:15:00Z", "2026-10-25T00:30:00Z"},
		"until a time that is left out":                {"22:00", "02:30", "America/New_York", "2026-03-08T04:00:00Z", "2026-03-08T07:30:00Z"},
		"in the hour that there is twice":              {"01:00", "02:30", "Europe/Berlin", "2026-10-25T01:15:00Z", "2026-10-25T01:30:00Z"},
	} {
		quiet, err := email.ParseQuietHours(test.start, test.end, test.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := quiet.Next(moment(t, test.at)).Format(time.RFC3339); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	var never email.QuietHours
	if at := moment(t, "2026-03-14T03:00:00Z"); !never.Next(at).Equal(at) {
		t.Error("no quiet hours are quiet")
	}
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func FuzzQuietHours(f *testing.F) {
	f.Add("22:00", "07:00", "Europe/Berlin", int64(1_790_000_000))
	f.Add("00:00", "23:59", "Pacific/Apia", int64(1_325_200_000))
	f.Fuzz(func(t *testing.T, start, end, zone string, seconds int64) {
		quiet, err := email.ParseQuietHours(start, end, zone)
		if err != nil {
			return
		}
		at := time.Unix(seconds%(1<<33), 0)
		next := quiet.Next(at)
		if next.Before(at) || next.Sub(at) > 49*time.Hour { // A day may have been left out.
			t.Errorf("from %s on: %s", at, next)
		}
	})
}

func TestQuietHoursThatAreRefused(t *testing.T) {
	for _, test := range []struct{ start, end, zone, want string }{
		{"25:00", "07:00", "", "HH:MM"},
		{"22:00", "7am", "", "HH:MM"},
		{"22:00", "22:00", "", "another time"},
		{"22:00", "07:00", "Berlin", "IANA"},
		{"22:00", "07:00", "Local", "IANA"},
		{"22:00", "07:00", "../../etc/passwd", "IANA"},
	} {
		if _, err := email.ParseQuietHours(test.start, test.end, test.zone); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v", test, err)
		}
	}
}

func TestDigest(t *testing.T) {
	digest := email.Digest{
		Items: []email.Item{
			{What: "Review due 2026-03-15 09:00 UTC", Title: "Checkout down\r\nBcc: everybody@example.com", Link: "https://debrief.example.com/v1/incidents/1"},
			{What: "Integration created"},
		},
		SubscriptionTitle: "Kim", SubscriptionName: "subscriptions/kim", Unsubscribe: "https://debrief.example.com/unsubscribe/kim/abc",
	}
	if diff := cmp.Diff("[Debrief] 2 messages: Review due 2026-03-15 09:00 UTC: Checkout down Bcc: everybody@example.com", digest.Subject()); diff != "" {
		t.Error(diff)
	}
	want := `Review due 2026-03-15 09:00 UTC: Checkout down Bcc: everybody@example.com
https://debrief.example.com/v1/incidents/1

Integration created

-- 
Debrief writes to you because of "Kim" (subscriptions/kim).
To get no more of these: https://debrief.example.com/unsubscribe/kim/abc
`
	if diff := cmp.Diff(want, digest.Text()); diff != "" {
		t.Error(diff)
	}
}

func TestADigestIsBounded(t *testing.T) {
	var digest email.Digest
	for range 10_000 {
		digest.Items = append(digest.Items, email.Item{What: "Review due", Title: strings.Repeat("é", 5000)})
	}
	if text := digest.Text(); len(text) > email.MaxText || !utf8.ValidString(text) || !strings.Contains(text, "And 9950 more.") {
		t.Errorf("the text has %d bytes", len(text))
	}
	if subject := digest.Subject(); len(subject) > 120 || !utf8.ValidString(subject) {
		t.Errorf("the subject has %d bytes", len(subject))
	}
}

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"a\r\nb":              "a b",
		"\u202egnp.exe":       "gnp.exe",
		"a\u2028b\u0085c\x00": "a b c",
		" naïve  café ":       "naïve café",
		"\xff":                "\ufffd",
	} {
		if got := email.OneLine(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCheckAddress(t *testing.T) {
	for _, test := range []struct {
		address string
		domains []string
		want    string
	}{
		{"kim@example.com", []string{"example.com"}, ""},
		{"kim@EXAMPLE.com", []string{"example.com"}, ""},
		{"kim@elsewhere.example", []string{"*"}, ""},
		{"kim@elsewhere.example", []string{"example.com", "example.org"}, "example.com, example.org"},
		{"kim@notexample.com", []string{"example.com"}, "example.com"},
		{`"kim@example.com"@elsewhere.example`, []string{"example.com"}, "is"},
		{"Kim <kim@example.com>", []string{"*"}, "without a name"},
		{"kim@example.com, lee@example.com", []string{"*"}, "no e-mail address"},
		{"kim@example.com\r\nBcc: lee@example.com", []string{"*"}, "no e-mail address"},
		{"kim", []string{"*"}, "no e-mail address"},
		{"", []string{"*"}, "no e-mail address"},
	} {
		err := email.CheckAddress(test.address, test.domains)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.address, err, test.want)
		}
	}
}

func example() email.Message {
	return email.Message{
		ID: "abc", Time: time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC), To: "kim@example.com",
		Subject: "Überfällig\r\nX-Injected: yes", Text: "Grüße\n.\n" + strings.Repeat("long ", 300) + "\n",
		Unsubscribe: "https://debrief.example.com/unsubscribe/kim/abc",
	}
}

func TestMailer(t *testing.T) {
	for name, options := range map[string]emailtest.Options{
		"in the clear, on this machine": {},
		"over TLS":                      {TLS: true, User: "debrief", Password: "secret"},
		"over STARTTLS":                 {StartTLS: true, User: "debrief", Password: "secret/@:"},
	} {
		t.Run(name, func(t *testing.T) {
			server := emailtest.New(t, options)
			url := server.URL
			if options.User != "" {
				url = strings.Replace(url, "://", "://"+options.User+":"+strings.NewReplacer("/", "%2F", "@", "%40", ":", "%3A").Replace(options.Password)+"@", 1)
			}
			mailer, err := email.NewMailer(email.Options{Server: url, From: "Debrief <debrief@example.com>", TLS: server.Trust})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := mailer.Send(t.Context(), example()); err != nil {
				t.Fatal(err)
			}
			taken := server.Messages()
			if len(taken) != 1 {
				t.Fatalf("%d messages were taken", len(taken))
			}
			checkMessage(t, taken[0])
		})
	}
}

func checkMessage(t *testing.T, taken emailtest.Message) {
	t.Helper()
	subject, err := new(mime.WordDecoder).DecodeHeader(taken.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{
		"envelope": taken.From + " " + taken.To, "subject": subject, "injected": taken.Header.Get("X-Injected"),
	}
	for _, name := range []string{"From", "To", "Message-Id", "Date", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post"} {
		got[name] = taken.Header.Get(name)
	}
	if diff := cmp.Diff(map[string]string{
		"envelope": "debrief@example.com kim@example.com", "subject": "Überfällig X-Injected: yes", "injected": "",
		"From": `"Debrief" <debrief@example.com>`, "To": "<kim@example.com>", "Message-Id": "<abc@example.com>", "Date": "Sat, 14 Mar 2026 09:00:00 +0000",
		"Auto-Submitted": "auto-generated", "List-Unsubscribe": "<https://debrief.example.com/unsubscribe/kim/abc>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(taken.Body)))
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.ReplaceAll(string(body), "\r\n", "\n"); text != example().Text {
		t.Errorf("the text is %q", text)
	}
}

func TestMessagesThatAreNotTaken(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "smtp://" + closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	refusing := func(code int) string {
		return emailtest.New(t, emailtest.Options{Refuse: func(int) int { return code }}).URL
	}
	for name, test := range map[string]struct {
		server string
		want   email.SendError
	}{
		"for now":               {refusing(451), email.SendError{Status: 451, Message: "the mail server answered with status 451", Answer: "451 refused by the test"}},
		"for good":              {refusing(550), email.SendError{Status: 550, Permanent: true, Message: "the mail server answered with status 550", Answer: "550 refused by the test"}},
		"since nobody is there": {nobody, email.SendError{Message: "the mail server can't be reached, or refuses to speak with us"}},
		"since nobody vouches for the server": {
			emailtest.New(t, emailtest.Options{TLS: true}).URL, email.SendError{Message: "the certificate of the mail server is not trusted"},
		},
		"since the password is wrong": {
			strings.Replace(emailtest.New(t, emailtest.Options{StartTLS: true, User: "debrief", Password: "right"}).URL, "://", "://debrief:sesame@", 1),
			email.SendError{Status: 535, Message: "the mail server does not let us in, with status 535", Answer: "5.7.8 Authentication failed"},
		},
		"since nobody is let log in": {
			strings.Replace(emailtest.New(t, emailtest.Options{StartTLS: true}).URL, "://", "://debrief:sesame@", 1),
			email.SendError{Message: "the mail server does not let us log in as we can"},
		},
		"since who it is from is not known": {
			emailtest.New(t, emailtest.Options{User: "debrief", Password: "right"}).URL,
			email.SendError{Status: 502, Message: "the mail server answered with status 502", Answer: "502 Please authenticate first"},
		},
	} {
		mailer, err := email.NewMailer(email.Options{Server: test.server, From: "debrief@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		var got *email.SendError
		if _, err := mailer.Send(t.Context(), example()); !errors.As(err, &got) {
			t.Errorf("%s: %v", name, err)
		} else {
			said := *got
			if !hasWords(said.Answer, test.want.Answer) || said.Cause == nil || strings.Contains(said.Cause.Error(), example().To) {
				t.Errorf("%s: the server answered %q, for %v", name, said.Answer, said.Cause)
			}
			said.Answer, said.Cause = test.want.Answer, nil
			if diff := cmp.Diff(test.want, said); diff != "" {
				t.Errorf("%s, %v (-want +got):\n%s", name, got.Cause, diff)
			}
		}
	}
	ended, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	mailer, err := email.NewMailer(email.Options{Server: nobody, From: "debrief@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mailer.Send(ended, example()); !errors.Is(err, gone) {
		t.Errorf("when all ends: %v", err)
	}
}

// hasWords says whether a text has all words of another.
func hasWords(text, words string) bool {
	return !slices.ContainsFunc(strings.Fields(words), func(word string) bool { return !strings.Contains(text, word) })
}

// TestSendingIsBrokenOff has a server that takes a connection and says nothing.
func TestSendingIsBrokenOff(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopping := errors.New("stopping")
	served := make(chan struct{})
	go func() {
		defer close(served)
		connection, err := silent.Accept()
		if err != nil {
			return
		}
		cancel(stopping)
		_, _ = io.Copy(io.Discard, connection) // Until the other side has had enough.
		_ = connection.Close()
	}()
	mailer, err := email.NewMailer(email.Options{Server: "smtp://" + silent.Addr().String(), From: "debrief@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mailer.Send(ctx, example()); !errors.Is(err, stopping) {
		t.Errorf("it ended with %v", err)
	}
	<-served
	if err := silent.Close(); err != nil {
		t.Error(err)
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		options email.Options
		want    string
	}{
		"no server":  {email.Options{From: "debrief@example.com"}, "smtp://HOST:PORT"},
		"no scheme":  {email.Options{Server: "mail.example.com:25", From: "debrief@example.com"}, "smtp://"},
		"a path":     {email.Options{Server: "smtp://mail.example.com/x", From: "debrief@example.com"}, "smtp://HOST:PORT"},
		"a web site": {email.Options{Server: "https://mail.example.com", From: "debrief@example.com"}, "smtps://"},
		"a port":     {email.Options{Server: "smtp://mail.example.com:70000", From: "debrief@example.com"}, "port"},
		"no sender":  {email.Options{Server: "smtp://mail.example.com"}, "give an address"},
		"a bad URL":  {email.Options{Server: "smtp://user:sesame%@mail.example.com", From: "debrief@example.com"}, "smtp://HOST:PORT"},
	} {
		_, err := email.NewMailer(test.options)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
