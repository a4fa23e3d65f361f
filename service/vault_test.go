package service_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// secret stands in every text of what is restricted.
const secret = "quagga"

// vault is a world in which all that anybody could want to know of is restricted to the team security.
type vault struct {
	*debrief
	incident, postMortem string
	// names are those of all that is restricted.
	names             []string
	insider, outsider string
}

func newVault(t *testing.T, d *debrief) *vault {
	t.Helper()
	v := &vault{debrief: d}
	v.insider = d.key(t, &debriefv1.CreateApiKeyRequest{ApiKeyId: "insider", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_ADMIN, Teams: []string{"security"}}})
	v.outsider = d.key(t, &debriefv1.CreateApiKeyRequest{ApiKeyId: "outsider", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_ADMIN, Teams: []string{"shop"}}})
	d.describe(t, "shop", shop())
	d.subscribe(t, "chat", "https://chat.example.com/hook")
	key := d.integrate(t, "pager", &debriefv1.Integration{Kind: debriefv1.Integration_KIND_PAGERDUTY})
	d.send(t, key, pagerDuty("trigger", secret, "2026-03-14T08:00:00Z"))
	alert := d.listAlerts(t, "")[0]
	v.incident = alert.GetIncident()
	v.postMortem = d.publish(t, v.incident).GetName()
	statement := must[*debriefv1.Statement](t)(d.statements.CreateStatement(t.Context(), &debriefv1.CreateStatementRequest{
		Parent: v.postMortem, Statement: &debriefv1.Statement{Text: "I saw the " + secret + "."},
	}))
	model := d.believe(t, v.postMortem, &debriefv1.MentalModel{HeldBy: secret, System: "systems/shop", Belief: believed()})
	item := d.act(t, &debriefv1.ActionItem{Title: "Move the " + secret, PostMortem: v.postMortem, DueTime: timestamppb.New(start.Add(48 * time.Hour))})
	other := d.act(t, &debriefv1.ActionItem{Title: "Feed the " + secret, Incident: v.incident})
	entry := must[*debriefv1.TimelineEntry](t)(d.timeline.CreateTimelineEntry(t.Context(), &debriefv1.CreateTimelineEntryRequest{
		Parent: v.incident, TimelineEntry: &debriefv1.TimelineEntry{Text: "The " + secret + " is out."},
	}))
	delivery := must[*debriefv1.ListDeliveriesResponse](t)(d.intake.ListDeliveries(t.Context(), &debriefv1.ListDeliveriesRequest{})).GetDeliveries()[0]
	must[*debriefv1.Incident](t)(d.locked(t).incidents.UpdateIncident(showing(t, v.insider), &debriefv1.UpdateIncidentRequest{
		Incident: &debriefv1.Incident{Name: v.incident, Restriction: &debriefv1.Restriction{Teams: []string{"security"}}},
	}))

	v.names = []string{
		v.incident, v.postMortem, statement.GetName(), model.GetName(), item.GetName(), other.GetName(), entry.GetName(), alert.GetName(),
		delivery.GetName(), v.postMortem + "/revisions/1", fmt.Sprintf("%s/gaps/%s", model.GetName(), model.GetGaps()[0].GetId()),
	}
	return v
}

// tells are what of a message tells of the vault.
func (v *vault) tells(message proto.Message) []string {
	text := prototext.Format(message)
	var found []string
	for _, name := range append(slices.Clone(v.names), secret) {
		if id := name[strings.LastIndexByte(name, '/')+1:]; len(id) > 1 && strings.Contains(text, id) {
			found = append(found, name)
		}
	}
	return found
}

// unknown is the name of something that does not exist, and that is called as if it did.
func unknown(name string) string {
	return regexp.MustCompile(`[0-7][0-9A-HJKMNP-TV-Z]{25}|former-member-[0-9a-z]{6}`).ReplaceAllStringFunc(name, func(id string) string { return id[:20] + "ZZZZZZ" })
}

// about is a request of a method that names what is restricted, wherever it can, and says what else it has to.
func (v *vault) about(input protoreflect.MessageDescriptor, as func(string) string) (*dynamicpb.Message, bool) {
	message, named := dynamicpb.NewMessage(input), false
	for i := range input.Fields().Len() {
		field := input.Fields().Get(i)
		value, names := v.value(field, as)
		named = named || names
		switch {
		case !value.IsValid():
		case field.IsList():
			message.Mutable(field).List().Append(value)
		default:
			message.Set(field, value)
		}
	}
	return message, named
}

// value is what a field is to hold, and whether it names what is restricted; nothing where it can be left out.
func (v *vault) value(field protoreflect.FieldDescriptor, as func(string) string) (protoreflect.Value, bool) {
	behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	required := slices.Contains(behaviors, annotations.FieldBehavior_REQUIRED)
	switch field.Kind() {
	case protoreflect.StringKind:
		if name := v.named(field); name != "" {
			return protoreflect.ValueOfString(as(name)), true
		}
		if required {
			return protoreflect.ValueOfString("systems/shop"), false
		}
	case protoreflect.EnumKind:
		if required {
			return protoreflect.ValueOfEnum(1), false
		}
	case protoreflect.MessageKind:
		if field.Message().FullName() == "google.protobuf.Timestamp" && required {
			return protoreflect.ValueOfMessage(timestamppb.New(start).ProtoReflect()), false
		}
		if field.IsMap() || field.Message().ParentFile().Package() != "debrief.v1" || field.IsList() && !required {
			break
		}
		inner, names := v.about(field.Message(), as)
		if required || names {
			return protoreflect.ValueOfMessage(inner), names
		}
	default:
	}
	return protoreflect.Value{}, false
}

// named is what is restricted and can stand in a field.
func (v *vault) named(field protoreflect.FieldDescriptor) string {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	pattern := rules.GetString().GetPattern()
	if field.IsList() {
		pattern = rules.GetRepeated().GetItems().GetString().GetPattern()
	}
	if pattern == "" {
		return ""
	}
	at := slices.IndexFunc(v.names, func(name string) bool { return regexp.MustCompile(pattern).MatchString(name) })
	if at < 0 {
		return ""
	}
	return v.names[at]
}

// answer is what a method answers the outsider, as text: the message, or the error.
func (v *vault) answer(t *testing.T, method protoreflect.MethodDescriptor, request proto.Message) (string, codes.Code) {
	t.Helper()
	answer := dynamicpb.NewMessage(method.Output())
	if err := v.connection.Invoke(showing(t, v.outsider), fullName(method), request, answer); err != nil {
		return prototext.Format(status.Convert(err).Proto()), status.Code(err)
	}
	return prototext.Format(answer), codes.OK
}

// read is what a read answers; nothing where it is refused.
func (v *vault) read(t *testing.T, method protoreflect.MethodDescriptor, key string, request proto.Message) proto.Message {
	t.Helper()
	answer := dynamicpb.NewMessage(method.Output())
	if err := v.connection.Invoke(showing(t, key), fullName(method), request, answer); err != nil {
		return dynamicpb.NewMessage(method.Output()) // It repeats the name that it was asked for.
	}
	return answer
}

// anonymized is a text in which all ids are alike, and all pseudonyms.
func anonymized(text string) string {
	return regexp.MustCompile(`[0-7][0-9A-HJKMNP-TV-Z]{25}|former-member-[0-9a-z]{6}`).ReplaceAllString(text, "ID")
}
