package intake

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// cloudWatchAlarm is the part of an alarm of CloudWatch that is read. An alarm of a metric has a trigger, a composite alarm
// a rule.
type cloudWatchAlarm struct {
	Name        scalar             `json:"AlarmName"`
	Description scalar             `json:"AlarmDescription"`
	ARN         scalar             `json:"AlarmArn"`
	Account     scalar             `json:"AWSAccountId"`
	Region      scalar             `json:"Region"`
	State       scalar             `json:"NewStateValue"`
	OldState    scalar             `json:"OldStateValue"`
	Reason      scalar             `json:"NewStateReason"`
	Time        scalar             `json:"StateChangeTime"`
	Rule        scalar             `json:"AlarmRule"`
	Trigger     *cloudWatchTrigger `json:"Trigger"`
}

type cloudWatchTrigger struct {
	Metric     scalar `json:"MetricName"`
	Namespace  scalar `json:"Namespace"`
	Statistic  scalar `json:"Statistic"`
	Threshold  scalar `json:"Threshold"`
	Comparison scalar `json:"ComparisonOperator"`
	Dimensions []struct {
		Name  scalar `json:"name"`
		Value scalar `json:"value"`
	} `json:"Dimensions"`
}

// decodeCloudWatch is nil where the message is anything but an alarm.
func decodeCloudWatch(message string) *cloudWatchAlarm {
	if !strings.HasPrefix(strings.TrimLeft(message, " \t\r\n"), "{") {
		return nil
	}
	alarm := &cloudWatchAlarm{}
	if err := json.Unmarshal([]byte(message), alarm, jsontext.AllowInvalidUTF8(true)); err != nil || alarm.ARN == "" || alarm.State == "" {
		return nil
	}
	return alarm
}

func (a *cloudWatchAlarm) alert(message *snsMessage) (Alert, error) {
	status, err := a.status()
	if err != nil {
		return Alert{}, err
	}
	alert := Alert{
		Fingerprint: string(a.ARN),
		Status:      status,
		Title:       cmp.Or(string(a.Name), string(a.ARN)),
		Summary:     cmp.Or(string(a.Description), string(a.Reason)),
		Labels:      a.labels(message),
		Annotations: a.annotations(),
		Links:       a.links(),
	}
	// It is when the state changed; else when SNS was told.
	alert.Time = lenientTime(&alert.Alterations, "Message.StateChangeTime", a.Time)
	if alert.Time.IsZero() {
		alert.Time = message.time
	}
	switch status {
	case Resolved:
		alert.EndTime = alert.Time
	case Firing:
		alert.StartTime = alert.Time
	case Acknowledged: // CloudWatch knows no acknowledgement.
	}
	finish(&alert)
	return alert, nil
}

// status takes an alarm that has lost its data for one that fires: it is not known to be well, and it is sent only to whom
// the alarm's owner wants to tell.
func (a *cloudWatchAlarm) status() (Status, error) {
	switch a.State {
	case "ALARM", "INSUFFICIENT_DATA":
		return Firing, nil
	case "OK":
		return Resolved, nil
	default:
		return "", invalid("Message.NewStateValue", "must be ALARM, INSUFFICIENT_DATA or OK")
	}
}

func (a *cloudWatchAlarm) labels(message *snsMessage) map[string]string {
	labels := map[string]string{}
	if a.Trigger != nil {
		for _, dimension := range a.Trigger.Dimensions {
			setText(labels, string(dimension.Name), string(dimension.Value))
		}
		setText(labels, "namespace", string(a.Trigger.Namespace))
		setText(labels, "metric", string(a.Trigger.Metric))
	}
	setText(labels, "alarm", string(a.Name))
	setText(labels, "account", string(a.Account))
	setText(labels, "region", string(a.Region))
	setText(labels, "state", string(a.State))
	setText(labels, "topic", message.topic())
	return labels
}

func (a *cloudWatchAlarm) annotations() map[string]string {
	annotations := map[string]string{}
	setText(annotations, "alarm_arn", string(a.ARN))
	setText(annotations, "description", string(a.Description))
	setText(annotations, "reason", string(a.Reason))
	setText(annotations, "old_state", string(a.OldState))
	setText(annotations, "rule", string(a.Rule))
	if a.Trigger != nil {
		setText(annotations, "statistic", string(a.Trigger.Statistic))
		setText(annotations, "comparison", string(a.Trigger.Comparison))
		setText(annotations, "threshold", string(a.Trigger.Threshold))
	}
	return annotations
}

// links lead to the alarm in the console of its region, which stands in the ARN: arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME.
func (a *cloudWatchAlarm) links() []Link {
	parts := strings.SplitN(string(a.ARN), ":", 7)
	if len(parts) != 7 || parts[0] != "arn" || parts[1] != "aws" || !IsSNSHost("sns."+parts[3]+".amazonaws.com") {
		return nil
	}
	return []Link{{
		URI: "https://" + parts[3] + ".console.aws.amazon.com/cloudwatch/home?region=" + parts[3] +
			"#alarmsV2:alarm/" + url.PathEscape(parts[6]),
		Title: "Alarm in CloudWatch",
	}}
}
