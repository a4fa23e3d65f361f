package intake

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // SignatureVersion 1 of SNS, its default, is a signature over SHA-1
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/debriefhq/debrief/service/plaintext"
)

// Certificates fetches the certificate that Amazon SNS has signed a message with. The address was checked by
// [IsSNSCertificateURL]. The error is temporary: the sender may try again.
type Certificates interface {
	Certificate(ctx context.Context, address string) (*x509.Certificate, error)
}

// snsWindow is how long after it was published a message may come: a subscription may ask SNS to try for an hour.
const snsWindow = time.Hour + SignatureWindow

// SNS reads what Amazon SNS sends to a subscription of the protocol HTTPS: alarms of CloudWatch, and any text. SNS signs
// each message with a key of its own, so that the integration needs no secret. Everybody who has an account at AWS can have
// SNS send a message; a secret, where there is one, names the topics that are taken: their ARNs, with commas between.
//
// Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
func SNS(certificates Certificates) Adapter {
	return Adapter{
		Kind: "SNS", Source: "sns", Headers: []string{"X-Amz-Sns-Message-Type", "X-Amz-Sns-Rawdelivery"},
		Parse: parseSNS, SignsUnasked: true,
		Verify: func(ctx context.Context, request Request, topics string) error {
			return verifySNS(ctx, certificates, request, topics)
		},
	}
}

// The types of a message.
const (
	snsNotification             = "Notification"
	snsSubscriptionConfirmation = "SubscriptionConfirmation"
	snsUnsubscribeConfirmation  = "UnsubscribeConfirmation"
)

// snsMessage is a message as it is sent, as text/plain. Subject is nil where there is none, and is not signed then.
type snsMessage struct {
	Type             string  `json:"Type"`
	MessageID        string  `json:"MessageId"`
	TopicARN         string  `json:"TopicArn"`
	Subject          *string `json:"Subject"`
	Message          string  `json:"Message"`
	Timestamp        string  `json:"Timestamp"`
	SignatureVersion string  `json:"SignatureVersion"`
	Signature        string  `json:"Signature"`
	SigningCertURL   string  `json:"SigningCertURL"`
	SubscribeURL     string  `json:"SubscribeURL"`
	Token            string  `json:"Token"`
	time             time.Time
}

func decodeSNS(request Request) (*snsMessage, error) {
	if strings.EqualFold(request.Header.Get("X-Amz-Sns-Rawdelivery"), "true") {
		return nil, invalid("", "is raw, and so unsigned; turn raw message delivery off for this subscription")
	}
	message := &snsMessage{}
	if err := decode(request.Body, message); err != nil {
		return nil, err
	}
	switch message.Type {
	case snsNotification, snsSubscriptionConfirmation, snsUnsubscribeConfirmation:
	default:
		return nil, invalid("Type", "must be %q, %q or %q", snsNotification, snsSubscriptionConfirmation, snsUnsubscribeConfirmation)
	}
	for _, field := range []struct{ name, value string }{{"MessageId", message.MessageID}, {"TopicArn", message.TopicARN}} {
		if field.value == "" {
			return nil, invalid(field.name, "is missing; SNS sends one with each message")
		}
	}
	var err error
	if message.time, err = time.Parse(time.RFC3339Nano, message.Timestamp); err != nil {
		return nil, invalid("Timestamp", "must be a time after RFC 3339, such as 2026-01-31T17:45:00.000Z")
	}
	return message, nil
}

func parseSNS(request Request, _ Options) (Delivery, error) {
	message, err := decodeSNS(request)
	if err != nil {
		return Delivery{}, err
	}
	delivery := Delivery{Source: "sns", ID: identity(message.MessageID, MaxDeliveryID)}
	switch message.Type {
	case snsSubscriptionConfirmation:
		if !isSNSConfirmation(message.SubscribeURL, message.TopicARN) {
			return Delivery{}, invalid("SubscribeURL", "must be https://sns.<region>.amazonaws.com/ with the action ConfirmSubscription and the topic of the message")
		}
		delivery.ConfirmURL = message.SubscribeURL
		return delivery, nil
	case snsUnsubscribeConfirmation:
		return delivery, nil
	}
	delivery.Alerts, err = message.alerts()
	if err != nil {
		return Delivery{}, err
	}
	return delivery, nil
}

// alerts are the alarm of CloudWatch that the message holds; else the text itself.
func (m *snsMessage) alerts() ([]Alert, error) {
	if alarm := decodeCloudWatch(m.Message); alarm != nil {
		alert, err := alarm.alert(m)
		if err != nil {
			return nil, err
		}
		return []Alert{alert}, nil
	}
	return []Alert{m.text()}, nil
}

// text is an alert that is a text for people: nothing says when it is over.
func (m *snsMessage) text() Alert {
	title, _, _ := strings.Cut(strings.TrimSpace(m.Message), "\n")
	if m.Subject != nil && plaintext.Line(*m.Subject) != "" {
		title = *m.Subject
	}
	alert := Alert{
		EpisodeKey:  "sns/" + m.MessageID,
		Fingerprint: m.TopicARN + "/" + m.MessageID,
		Status:      Firing,
		Time:        m.time,
		Title:       title,
		Summary:     m.Message,
		Labels:      map[string]string{"topic": m.topic(), "topic_arn": m.TopicARN},
		StartTime:   m.time,
	}
	finish(&alert)
	return alert
}

// topic is what follows the last colon of the ARN.
func (m *snsMessage) topic() string { return m.TopicARN[strings.LastIndexByte(m.TopicARN, ':')+1:] }

var (
	snsHost        = regexp.MustCompile(`^sns\.[a-z]{2}(-[a-z]{2,12}){1,3}-[0-9]{1,2}\.amazonaws\.com(\.cn)?$`)
	snsCertificate = regexp.MustCompile(`^/SimpleNotificationService-[0-9a-zA-Z]{1,64}\.pem$`)
)

// IsSNSHost is true of the hosts of Amazon SNS.
func IsSNSHost(host string) bool { return snsHost.MatchString(host) }

// snsURL is the URL of a host of SNS, without user, port and fragment; nil where it is not one.
func snsURL(sent string) *url.URL {
	if len(sent) > MaxURL {
		return nil
	}
	address, err := url.Parse(sent)
	if err != nil || address.Scheme != "https" || address.User != nil || address.Fragment != "" || !IsSNSHost(address.Host) {
		return nil
	}
	return address
}

// IsSNSCertificateURL is true of where SNS keeps the certificates that it signs with. The path counts: other paths of the
// same hosts answer with what a caller has stored there.
func IsSNSCertificateURL(sent string) bool {
	address := snsURL(sent)
	return address != nil && address.RawQuery == "" && !address.ForceQuery && address.Opaque == "" &&
		address.EscapedPath() == address.Path && snsCertificate.MatchString(address.Path)
}

// IsSNSConfirmationURL is true of what confirms a subscription.
func IsSNSConfirmationURL(sent string) bool {
	address := snsURL(sent)
	if address == nil || address.Path != "/" && address.Path != "" {
		return false
	}
	query, err := url.ParseQuery(address.RawQuery)
	return err == nil && slices.Equal(query["Action"], []string{"ConfirmSubscription"})
}

func isSNSConfirmation(sent, topic string) bool {
	if !IsSNSConfirmationURL(sent) {
		return false
	}
	return slices.Equal(snsURL(sent).Query()["TopicArn"], []string{topic})
}

func verifySNS(ctx context.Context, certificates Certificates, request Request, topics string) error {
	message, err := decodeSNS(request)
	if err != nil {
		return &SignatureError{"cannot be checked: " + err.Error()}
	}
	if age := request.ReceiveTime.Sub(message.time); age > snsWindow || age < -SignatureWindow {
		return &SignatureError{"is of " + message.time.UTC().Format(time.RFC3339) + ", too far from now; it may be up to an hour old"}
	}
	if strings.TrimSpace(topics) != "" && !slices.ContainsFunc(strings.Split(topics, ","), func(topic string) bool {
		return strings.TrimSpace(topic) == message.TopicARN
	}) {
		return &SignatureError{"is of another topic than the integration takes"}
	}
	signature, err := base64.StdEncoding.DecodeString(message.Signature)
	if err != nil || len(signature) == 0 {
		return &SignatureError{"is missing or not base64"}
	}
	if !IsSNSCertificateURL(message.SigningCertURL) {
		return &SignatureError{"names a SigningCertURL that is no certificate of SNS; it must be https://sns.<region>.amazonaws.com/SimpleNotificationService-….pem"}
	}
	hash, digest, err := message.digest()
	if err != nil {
		return err
	}
	certificate, err := certificates.Certificate(ctx, message.SigningCertURL)
	if err != nil {
		return err
	}
	return checkSNS(certificate, request.ReceiveTime, hash, digest, signature)
}

func checkSNS(certificate *x509.Certificate, now time.Time, hash crypto.Hash, digest, signature []byte) error {
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	switch {
	case !ok:
		return &SignatureError{"is by a certificate without an RSA key"}
	case now.Before(certificate.NotBefore) || now.After(certificate.NotAfter):
		return &SignatureError{"is by a certificate that is not valid now"}
	case rsa.VerifyPKCS1v15(key, hash, digest, signature) != nil:
		return &SignatureError{"does not fit the message"}
	default:
		return nil
	}
}

// digest is the hash of what is signed.
func (m *snsMessage) digest() (crypto.Hash, []byte, error) {
	switch m.SignatureVersion {
	case "1":
		sum := sha1.Sum([]byte(m.canonical())) //nolint:gosec // SNS has no other in version 1
		return crypto.SHA1, sum[:], nil
	case "2":
		sum := sha256.Sum256([]byte(m.canonical()))
		return crypto.SHA256, sum[:], nil
	default:
		return 0, nil, &SignatureError{`is of an unknown SignatureVersion; it must be "1" or "2"`}
	}
}

// canonical is what is signed: names and values, a line each, in the order of the names.
func (m *snsMessage) canonical() string {
	var text strings.Builder
	add := func(name, value string) { text.WriteString(name + "\n" + value + "\n") }
	add("Message", m.Message)
	add("MessageId", m.MessageID)
	if m.Type == snsNotification {
		if m.Subject != nil {
			add("Subject", *m.Subject)
		}
		add("Timestamp", m.Timestamp)
	} else {
		add("SubscribeURL", m.SubscribeURL)
		add("Timestamp", m.Timestamp)
		add("Token", m.Token)
	}
	add("TopicArn", m.TopicARN)
	add("Type", m.Type)
	return text.String()
}
