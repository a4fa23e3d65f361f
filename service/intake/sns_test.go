package intake_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

const (
	snsTopic       = "arn:aws:sns:eu-west-1:123456789012:alarms"
	snsAlarm       = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders 5xx"
	snsCertificate = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)

func TestSNSReadsAlarmsOfCloudWatch(t *testing.T) {
	got := parse(t, intake.SNS(nil), request(payload(t, "sns-cloudwatch-alarm.json")), intake.Options{})
	alert := intake.Alert{
		Fingerprint: got.Alerts[0].Fingerprint,
		Status:      intake.Firing,
		Time:        at("2026-03-04T08:10:11.123Z"),
		Title:       "orders 5xx",
		Summary:     "More than **5 %** of requests fail.",
		Labels: map[string]string{
			"LoadBalancer": "app/orders/50dc6c495c0c9188", "namespace": "AWS/ApplicationELB", "metric": "HTTPCode_Target_5XX_Count",
			"alarm": "orders 5xx", "account": "123456789012", "region": "EU (Ireland)", "state": "ALARM", "topic": "alarms",
		},
		Annotations: map[string]string{
			"alarm_arn": snsAlarm, "description": "More than **5 %** of requests fail.", "old_state": "OK",
			"reason":    "Threshold Crossed: 1 out of the last 1 datapoints [7.4 (04/03/26 08:09:00)] was greater than the threshold (5.0).",
			"statistic": "SUM", "comparison": "GreaterThanThreshold", "threshold": "5.0",
		},
		StartTime: at("2026-03-04T08:10:11.123Z"),
		Links: []intake.Link{{
			URI:   "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/orders%205xx",
			Title: "Alarm in CloudWatch",
		}},
	}
	want := intake.Delivery{Source: "sns", ID: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", Alerts: []intake.Alert{alert}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	for file, status := range map[string]intake.Status{"sns-cloudwatch-ok.json": intake.Resolved, "sns-cloudwatch-nodata.json": intake.Firing} {
		other := parse(t, intake.SNS(nil), request(payload(t, file)), intake.Options{}).Alerts[0]
		if other.Status != status || other.Fingerprint != alert.Fingerprint {
			t.Errorf("%s: %s of %q", file, other.Status, other.Fingerprint)
		}
	}
	composite := parse(t, intake.SNS(nil), request(payload(t, "sns-cloudwatch-composite.json")), intake.Options{}).Alerts[0]
	if composite.Fingerprint != "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-is-down" || composite.Annotations["rule"] != `ALARM("orders 5xx")` ||
		composite.Summary != "orders 5xx transitioned to ALARM" {
		t.Errorf("composite alarm: %+v", composite)
	}
}

func TestSNSReadsTheRest(t *testing.T) {
	const id = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"
	none := intake.Delivery{Source: "sns", ID: id}
	text, subscribe := none, none
	text.Alerts = []intake.Alert{{
		EpisodeKey: "sns/" + id, Fingerprint: snsTopic + "/" + id, Status: intake.Firing,
		Time: at("2026-03-04T08:10:11.456Z"), StartTime: at("2026-03-04T08:10:11.456Z"),
		Title: "The nightly backup failed.", Summary: "The nightly backup failed.\nThe disk of db-1 is full.",
		Labels: map[string]string{"topic": "alarms", "topic_arn": snsTopic},
	}}
	subscribe.ConfirmURL = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + snsTopic + "&Token=2336412f37"
	for file, want := range map[string]intake.Delivery{"sns-text.json": text, "sns-subscribe.json": subscribe, "sns-unsubscribe.json": none} {
		got := parse(t, intake.SNS(nil), request(payload(t, file)), intake.Options{})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestSNSRefuses(t *testing.T) {
	for _, test := range []struct {
		name           string
		changes        map[string]any
		field, problem string
	}{
		{"another type", map[string]any{"Type": "Hello"}, "Type", "must be"},
		{"no message's name", map[string]any{"MessageId": ""}, "MessageId", "is missing"},
		{"no topic", map[string]any{"TopicArn": nil}, "TopicArn", "is missing"},
		{"no time", map[string]any{"Timestamp": "now"}, "Timestamp", "RFC 3339"},
		{"another state", map[string]any{"Message": `{"AlarmArn":"a","NewStateValue":"BAD"}`}, "Message.NewStateValue", "must be ALARM"},
		{"another's confirmation", map[string]any{
			"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example.com/?Action=ConfirmSubscription&TopicArn=" + snsTopic,
		}, "SubscribeURL", "must be https://sns.<region>"},
		{"a confirmation of another topic", map[string]any{
			"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=other",
		}, "SubscribeURL", "the topic of the message"},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkRefused(t, intake.SNS(nil), request(snsBody(t, test.changes)), intake.Options{}, test.field, test.problem)
		})
	}
	checkRefused(t, intake.SNS(nil), request([]byte("hello"), "X-Amz-Sns-Rawdelivery", "true"), intake.Options{}, "", "turn raw message delivery off")
}

func TestOnlySNSItselfIsAsked(t *testing.T) {
	for address, want := range map[string]bool{
		snsCertificate: true,
		"https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0.pem":           true,
		"https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-0.pem":           true,
		"http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem":                false,
		"https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0.pem":          false,
		"https://user@sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem":          false,
		"https://sns.eu-west-1.amazonaws.com.example.com/SimpleNotificationService-0.pem":   false,
		"https://sns.eu-west-1.amazonaws.com.cn.example/SimpleNotificationService-0.pem":    false,
		"https://example.com/sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem":   false,
		"https://evilsns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem":           false,
		"https://s3.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem":                false,
		"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem?a=b":           false,
		"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem?":              false,
		"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem#":              true,
		"https://sns.eu-west-1.amazonaws.com/?Action=GetEndpointAttributes&x=.pem":          false,
		"https://sns.eu-west-1.amazonaws.com/a/SimpleNotificationService-0.pem":             false,
		"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-%30.pem":             false,
		"https://sns.eu-west-1.amazonaws.com\\@example.com/SimpleNotificationService-0.pem": false,
		"": false,
	} {
		if got := intake.IsSNSCertificateURL(address); got != want {
			t.Errorf("IsSNSCertificateURL(%q) = %v", address, got)
		}
	}
	const confirm = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=a"
	for address, want := range map[string]bool{
		confirm: true, confirm + "&Action=DeleteTopic": false, "https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic": false,
		"https://sns.eu-west-1.amazonaws.com/x?Action=ConfirmSubscription": false, "https://127.0.0.1/?Action=ConfirmSubscription": false,
	} {
		if got := intake.IsSNSConfirmationURL(address); got != want {
			t.Errorf("IsSNSConfirmationURL(%q) = %v", address, got)
		}
	}
}

// signer is SNS, with a key of its own.
type signer struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
	err         error
	asked       []string
}

func (s *signer) Certificate(_ context.Context, address string) (*x509.Certificate, error) {
	s.asked = append(s.asked, address)
	return s.certificate, s.err
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: received.Add(-time.Hour), NotAfter: received.Add(time.Hour)}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{key: key, certificate: certificate}
}

// sign signs the text that AWS documents for the type of the message.
func (s *signer) sign(t *testing.T, version string, message map[string]any, names ...string) map[string]any {
	t.Helper()
	var text strings.Builder
	for _, name := range names {
		if value, ok := message[name].(string); ok {
			text.WriteString(name + "\n" + value + "\n")
		}
	}
	hash, digest := crypto.SHA256, sha256.Sum256([]byte(text.String()))
	sum := digest[:]
	if version == "1" {
		old := sha1.Sum([]byte(text.String()))
		hash, sum = crypto.SHA1, old[:]
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, hash, sum)
	if err != nil {
		t.Fatal(err)
	}
	message["SignatureVersion"], message["Signature"] = version, base64.StdEncoding.EncodeToString(signature)
	return message
}

func snsMessage(changes map[string]any) map[string]any {
	message := map[string]any{
		"Type": "Notification", "MessageId": "m-1", "TopicArn": snsTopic, "Subject": "Hello", "Message": "Line\nand line",
		"Timestamp": "2026-03-04T08:10:11.456Z", "SigningCertURL": snsCertificate,
	}
	maps.Copy(message, changes)
	return message
}

func snsBody(t *testing.T, changes map[string]any) []byte {
	t.Helper()
	body, err := json.Marshal(snsMessage(changes))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

var (
	notificationText = []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	subscriptionText = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
)

func TestSNSVerifies(t *testing.T) {
	sns := newSigner(t)
	verify := intake.SNS(sns).Verify
	subscription := map[string]any{"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?x"}
	for _, test := range []struct {
		name, version   string
		before, after   map[string]any
		names           []string
		topics, problem string
	}{
		{name: "version 1", version: "1", names: notificationText},
		{name: "version 2", version: "2", names: notificationText},
		{name: "without a subject", version: "2", names: notificationText, before: map[string]any{"Subject": nil}},
		{name: "a subscription", version: "1", names: subscriptionText, before: subscription},
		{name: "one of the topics", version: "2", names: notificationText, topics: "arn:a, " + snsTopic},
		{name: "fifty minutes later", version: "2", names: notificationText, before: map[string]any{"Timestamp": "2026-03-04T07:20:12Z"}},
		{name: "another topic", version: "2", names: notificationText, topics: snsTopic + "x", problem: "is of another topic"},
		{name: "another message", version: "2", names: notificationText, after: map[string]any{"Message": "x"}, problem: "does not fit"},
		{name: "another subject", version: "2", names: notificationText, after: map[string]any{"Subject": nil}, problem: "does not fit"},
		{name: "another time", version: "2", names: notificationText, after: map[string]any{"Timestamp": "2026-03-04T08:10:12Z"}, problem: "does not fit"},
		{name: "another type", version: "2", names: notificationText, after: map[string]any{"Type": "UnsubscribeConfirmation"}, problem: "does not fit"},
		{name: "another version", version: "2", names: notificationText, after: map[string]any{"SignatureVersion": "1"}, problem: "does not fit"},
		{name: "an unknown version", version: "2", names: notificationText, after: map[string]any{"SignatureVersion": "3"}, problem: "unknown SignatureVersion"},
		{name: "another host", version: "2", names: notificationText, after: map[string]any{"SigningCertURL": "https://example.com/SimpleNotificationService-0.pem"}, problem: "names a SigningCertURL"},
		{name: "no signature", version: "2", names: notificationText, after: map[string]any{"Signature": ""}, problem: "is missing"},
		{name: "no base64", version: "2", names: notificationText, after: map[string]any{"Signature": "!"}, problem: "is missing or not base64"},
		{name: "long ago", version: "2", names: notificationText, before: map[string]any{"Timestamp": "2026-03-04T07:00:00Z"}, problem: "too far from now"},
		{name: "in the future", version: "2", names: notificationText, before: map[string]any{"Timestamp": "2026-03-04T08:16:00Z"}, problem: "too far from now"},
	} {
		t.Run(test.name, func(t *testing.T) {
			message := sns.sign(t, test.version, snsMessage(test.before), test.names...)
			maps.Copy(message, test.after)
			body, err := json.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			checkSignature(t, verify(t.Context(), request(body), test.topics), test.problem)
		})
	}
	for _, asked := range sns.asked {
		if asked != snsCertificate {
			t.Errorf("asked for %q", asked)
		}
	}
}

func TestSNSVerifyTellsWhatMayPass(t *testing.T) {
	sns := newSigner(t)
	body, err := json.Marshal(sns.sign(t, "2", snsMessage(nil), notificationText...))
	if err != nil {
		t.Fatal(err)
	}
	late := request(body)
	late.ReceiveTime = received.Add(62 * time.Minute)
	checkSignature(t, intake.SNS(sns).Verify(t.Context(), late, ""), "not valid now")
	sns.err = errors.New("no network")
	if err := intake.SNS(sns).Verify(t.Context(), request(body), ""); !errors.Is(err, sns.err) {
		t.Errorf("error %v, want %v", err, sns.err)
	}
	checkSignature(t, intake.SNS(sns).Verify(t.Context(), request([]byte("{}")), ""), "cannot be checked")
}

// checkSignature wants a SignatureError with a problem, or none.
func checkSignature(t *testing.T, err error, problem string) {
	t.Helper()
	if problem == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	refused, ok := errors.AsType[*intake.SignatureError](err)
	if !ok || !strings.Contains(refused.Problem, problem) {
		t.Errorf("error %v, want a SignatureError: …%q…", err, problem)
	}
}

func FuzzSNS(f *testing.F) {
	addPayloads(f, "sns-*.json")
	f.Fuzz(func(t *testing.T, body []byte) { fuzzAdapter(t, intake.SNS(nil), request(body), intake.Options{}) })
}
