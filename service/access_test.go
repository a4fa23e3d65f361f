package service_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/access"
)

// authenticated are the options of a server that wants to know who calls.
func authenticated() service.Options {
	return service.Options{Access: service.AccessOptions{Required: true, Audit: true}}
}

// firstKey makes the key of a role, and answers its secret.
func (d *debrief) firstKey(t *testing.T, role debriefv1.Role) string {
	t.Helper()
	return d.key(t, &debriefv1.CreateApiKeyRequest{
		ApiKeyId: "first-" + strings.ToLower(strings.TrimPrefix(role.String(), "ROLE_")), ApiKey: &debriefv1.ApiKey{Role: role},
	})
}

// key makes an API key next to the store, and answers its secret.
func (d *debrief) key(t *testing.T, request *debriefv1.CreateApiKeyRequest) string {
	t.Helper()
	made, err := d.services.Access.CreateApiKey(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return made.GetSecret()
}

// showing is a context in which calls show a secret.
func showing(t *testing.T, secret string) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+secret)
}

func wantRefusal(t *testing.T, err error, code codes.Code, reason string, fields ...string) {
	t.Helper()
	got, _ := refused(t, err)
	if diff := cmp.Diff(refusal{code, reason, fields}, got); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
}

// everyMethod walks the methods of all services of the API, by their descriptors.
func everyMethod(t *testing.T, visit func(protoreflect.MethodDescriptor)) {
	t.Helper()
	protoregistry.GlobalFiles.RangeFilesByPackage("debrief.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				visit(file.Services().Get(i).Methods().Get(j))
			}
		}
		return true
	})
}

func fullName(method protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name())
}

func TestEveryMethodSaysWhoMayCallIt(t *testing.T) {
	t.Parallel()
	var methods []string
	everyMethod(t, func(method protoreflect.MethodDescriptor) { methods = append(methods, fullName(method)) })
	var permitted []string
	for name, role := range service.MethodRoles() {
		if strings.HasPrefix(name, "/debrief.") {
			permitted = append(permitted, name)
			if role == access.Integration {
				t.Errorf("%s is for integrations, which do nothing but deliver", name)
			}
		}
	}
	slices.Sort(methods)
	slices.Sort(permitted)
	if diff := cmp.Diff(methods, permitted); diff != "" {
		t.Errorf("methods (-descriptors +table):\n%s", diff)
	}
}

// TestWhatGetsIsARead holds the table against HTTP: what is read with GET changes nothing, and what is not changes something but for
// a few that only take much to say.
func TestWhatGetsIsARead(t *testing.T) {
	t.Parallel()
	want := []string{"CheckLanguage", "SuggestStrength", "TestAlertRules", "WatchEvents"}
	var got []string
	everyMethod(t, func(method protoreflect.MethodDescriptor) {
		rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
		gets := rule.GetGet() != ""
		switch changes := service.MethodChanges(fullName(method)); {
		case gets && changes:
			t.Errorf("%s is a GET, and said to change something", method.Name())
		case !gets && !changes:
			got = append(got, string(method.Name()))
		}
	})
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reads that are no GET (-want +got):\n%s", diff)
	}
}

// TestEachMethodAsEachRole calls every method as everybody: whoever may not is told so before anything else is looked at.
func TestEachMethodAsEachRole(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		secrets := map[access.Role]string{
			access.Viewer:      d.firstKey(t, debriefv1.Role_ROLE_VIEWER),
			access.Responder:   d.firstKey(t, debriefv1.Role_ROLE_RESPONDER),
			access.Facilitator: d.firstKey(t, debriefv1.Role_ROLE_FACILITATOR),
			access.Admin:       d.firstKey(t, debriefv1.Role_ROLE_ADMIN),
		}
		made, err := d.services.Integrations.CreateIntegration(t.Context(), &debriefv1.CreateIntegrationRequest{
			IntegrationId: "pagers", Integration: &debriefv1.Integration{Title: "Pagers", Kind: debriefv1.Integration_KIND_PAGERDUTY},
		})
		if err != nil {
			t.Fatal(err)
		}
		secrets[access.Integration] = made.GetKey()
		everyMethod(t, func(method protoreflect.MethodDescriptor) {
			needed := service.MethodRoles()[fullName(method)]
			if got := d.call(t.Context(), method); got != codes.Unauthenticated {
				t.Errorf("%s without credentials: %v, want Unauthenticated", method.Name(), got)
			}
			for role, secret := range secrets {
				got := d.call(showing(t, secret), method)
				if refused := got == codes.PermissionDenied || got == codes.Unauthenticated; refused == role.Includes(needed) {
					t.Errorf("%s as %s: %v; it is for %q", method.Name(), role, got, needed)
				}
			}
		})
	})
}

// call calls a method with an empty request, and answers the code.
func (d *debrief) call(ctx context.Context, method protoreflect.MethodDescriptor) codes.Code {
	request, answer := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
	if !method.IsStreamingServer() {
		return status.Code(d.connection.Invoke(ctx, fullName(method), request, answer))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := d.connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, fullName(method))
	if err != nil {
		return status.Code(err)
	}
	request.Set(method.Input().Fields().ByName("after_sequence"), protoreflect.ValueOfInt64(-1)) // It is refused, and so does not wait.
	for _, err := range []error{stream.SendMsg(request), stream.CloseSend()} {
		if err != nil {
			return status.Code(err)
		}
	}
	return status.Code(stream.RecvMsg(answer))
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		secret := d.firstKey(t, debriefv1.Role_ROLE_ADMIN)
		expiring := d.key(t, &debriefv1.CreateApiKeyRequest{ApiKeyId: "expiring", ApiKey: &debriefv1.ApiKey{
			Role: debriefv1.Role_ROLE_VIEWER, ExpireTime: timestamppb.New(start.Add(time.Hour)), Teams: []string{"shop", "payments"},
		}})
		for name, test := range map[string]struct {
			headers []string
			want    *debriefv1.Caller
			reason  string
		}{
			"a key": {headers: []string{"Bearer " + secret}, want: &debriefv1.Caller{
				Principal: "apiKeys/first-admin", Actor: "apiKeys/first-admin", Role: debriefv1.Role_ROLE_ADMIN,
				Authentication: debriefv1.Caller_AUTHENTICATION_API_KEY,
			}},
			"a key with teams, in another case": {headers: []string{"bearer  " + expiring}, want: &debriefv1.Caller{
				Principal: "apiKeys/expiring", Actor: "apiKeys/expiring", Role: debriefv1.Role_ROLE_VIEWER, Teams: []string{"payments", "shop"},
				Authentication: debriefv1.Caller_AUTHENTICATION_API_KEY,
			}},
			"as the password of Basic": {headers: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+secret))}, want: &debriefv1.Caller{
				Principal: "apiKeys/first-admin", Actor: "apiKeys/first-admin", Role: debriefv1.Role_ROLE_ADMIN,
				Authentication: debriefv1.Caller_AUTHENTICATION_API_KEY,
			}},
			"nothing":                {reason: "CREDENTIALS_REQUIRED"},
			"an empty header":        {headers: []string{""}, reason: "CREDENTIALS_INVALID"},
			"two headers":            {headers: []string{"Bearer " + secret, "Bearer " + secret}, reason: "CREDENTIALS_INVALID"},
			"a key that is cut":      {headers: []string{"Bearer " + secret[:len(secret)-1]}, reason: "CREDENTIALS_INVALID"},
			"a key with a character": {headers: []string{"Bearer " + secret + "0"}, reason: "CREDENTIALS_INVALID"},
			"the prefix alone":       {headers: []string{"Bearer dba_"}, reason: "CREDENTIALS_INVALID"},
			"a key of nobody":        {headers: []string{"Bearer dba_" + strings.Repeat("0", 43)}, reason: "CREDENTIALS_INVALID"},
			"an integration's key":   {headers: []string{"Bearer dbk_" + strings.Repeat("0", 43)}, reason: "CREDENTIALS_INVALID"},
			"a token":                {headers: []string{"Bearer eyJhbGciOiJub25lIn0.e30."}, reason: "CREDENTIALS_INVALID"},
			"another scheme":         {headers: []string{"Digest " + secret}, reason: "CREDENTIALS_INVALID"},
			"Basic that is no text":  {headers: []string{"Basic !!"}, reason: "CREDENTIALS_INVALID"},
		} {
			t.Run(name, func(t *testing.T) {
				ctx := metadata.NewOutgoingContext(t.Context(), metadata.MD{"authorization": test.headers})
				got, err := d.access.GetCaller(ctx, &debriefv1.GetCallerRequest{})
				if test.reason != "" {
					wantRefusal(t, err, codes.Unauthenticated, test.reason)
					return
				}
				if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" || err != nil {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
			})
		}
	})
}

// TestWhereNobodyHasToShowWhoTheyAre still tells those who do, and passes over what is meant for others.
func TestWhereNobodyHasToShowWhoTheyAre(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		viewer := d.firstKey(t, debriefv1.Role_ROLE_VIEWER)
		everybody := &debriefv1.Caller{Role: debriefv1.Role_ROLE_ADMIN}
		for header, want := range map[string]*debriefv1.Caller{
			"Bearer " + viewer: {
				Principal: "apiKeys/first-viewer", Actor: "apiKeys/first-viewer", Role: debriefv1.Role_ROLE_VIEWER,
				Authentication: debriefv1.Caller_AUTHENTICATION_API_KEY,
			},
			"Bearer " + viewer + "x": nil,
			"Bearer dbk_x":           nil,
			"Bearer of.a.proxy":      everybody,
			"GenieKey dbk_x":         everybody,
			"Basic " + base64.StdEncoding.EncodeToString([]byte("user:of the proxy")): everybody,
		} {
			got, err := d.access.GetCaller(metadata.AppendToOutgoingContext(t.Context(), "authorization", header), &debriefv1.GetCallerRequest{})
			if want == nil {
				wantRefusal(t, err, codes.Unauthenticated, "CREDENTIALS_INVALID")
			} else if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", header, err, diff)
			}
		}
	})
}

func TestKeysEnd(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		admin := showing(t, d.firstKey(t, debriefv1.Role_ROLE_ADMIN))
		made, err := d.access.CreateApiKey(admin, &debriefv1.CreateApiKeyRequest{ApiKeyId: "ci", RequestId: "once", ApiKey: &debriefv1.ApiKey{
			Role: debriefv1.Role_ROLE_VIEWER, ExpireTime: timestamppb.New(start.Add(time.Hour)), Title: "Builds",
		}})
		if err != nil {
			t.Fatal(err)
		}
		asks := func() error {
			_, err := d.incidents.ListIncidents(showing(t, made.GetSecret()), &debriefv1.ListIncidentsRequest{})
			return err
		}
		if err := asks(); err != nil {
			t.Error(err)
		}
		d.advance(time.Hour - time.Millisecond)
		if err := asks(); err != nil {
			t.Errorf("a millisecond before the end: %v", err)
		}
		d.advance(time.Millisecond)
		wantRefusal(t, asks(), codes.Unauthenticated, "CREDENTIALS_INVALID")

		again, err := d.access.CreateApiKey(admin, &debriefv1.CreateApiKeyRequest{ApiKeyId: "second", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_VIEWER}})
		if err != nil {
			t.Fatal(err)
		}
		made = again
		other := d.locked(t)
		asksAnother := func() error {
			_, err := other.incidents.ListIncidents(showing(t, made.GetSecret()), &debriefv1.ListIncidentsRequest{})
			return err
		}
		for _, asks := range []func() error{asks, asksAnother} {
			if err := asks(); err != nil {
				t.Error(err)
			}
		}
		for range 2 { // To revoke it again changes nothing.
			revoked, err := d.access.RevokeApiKey(admin, &debriefv1.RevokeApiKeyRequest{Name: "apiKeys/second"})
			if err != nil || revoked.GetState() != debriefv1.ApiKey_STATE_REVOKED || !revoked.GetRevokeTime().AsTime().Equal(start.Add(time.Hour)) {
				t.Errorf("revoked: %v, %v", revoked, err)
			}
		}
		d.advance(2 * time.Second)
		wantRefusal(t, asks(), codes.Unauthenticated, "CREDENTIALS_INVALID")
		wantRefusal(t, asksAnother(), codes.Unauthenticated, "CREDENTIALS_INVALID")
		_, err = d.access.CreateApiKey(admin, &debriefv1.CreateApiKeyRequest{ApiKeyId: "second", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_ADMIN}})
		wantRefusal(t, err, codes.AlreadyExists, "RESOURCE_ALREADY_EXISTS")

		list, err := d.access.ListApiKeys(admin, &debriefv1.ListApiKeysRequest{})
		if err != nil {
			t.Fatal(err)
		}
		var states []string
		for _, key := range list.GetApiKeys() {
			states = append(states, key.GetName()+" "+key.GetState().String()+" "+key.GetLastUsedTime().AsTime().Format(time.TimeOnly))
		}
		want := []string{
			"apiKeys/ci STATE_EXPIRED 09:00:00", "apiKeys/first-admin STATE_ACTIVE 10:00:00", "apiKeys/second STATE_REVOKED 10:00:00",
		}
		if diff := cmp.Diff(want, states); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
	})
}

func TestSecretsAreShownOnceAndNotKept(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		admin := showing(t, d.firstKey(t, debriefv1.Role_ROLE_ADMIN))
		request := &debriefv1.CreateApiKeyRequest{ApiKeyId: "ci", RequestId: "once", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_VIEWER}}
		first, err := d.access.CreateApiKey(admin, request)
		if err != nil {
			t.Fatal(err)
		}
		second, err := d.access.CreateApiKey(admin, request)
		if err != nil || second.GetSecret() != "" {
			t.Errorf("the repetition answers %v, %v", second, err)
		}
		if diff := cmp.Diff(first.GetApiKey(), second.GetApiKey(), protocmp.Transform()); diff != "" {
			t.Errorf("the repetition differs:\n%s", diff)
		}
		if !strings.HasPrefix(first.GetSecret(), first.GetApiKey().GetPrefix()) || len(first.GetApiKey().GetPrefix()) != 10 || len(first.GetSecret()) != 47 {
			t.Errorf("secret %q, prefix %q", first.GetSecret(), first.GetApiKey().GetPrefix())
		}
		kept, err := d.repository.APIKeys().Get(t.Context(), "ci")
		if err != nil || strings.Contains(fmt.Sprintf("%+v", kept), first.GetSecret()) {
			t.Errorf("kept: %+v, %v", kept, err)
		}
	})
}

func TestKeysThatMakeNoSense(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for name, test := range map[string]struct {
			request *debriefv1.CreateApiKeyRequest
			field   string
		}{
			"no role":         {&debriefv1.CreateApiKeyRequest{ApiKeyId: "ci", ApiKey: &debriefv1.ApiKey{}}, "api_key.role"},
			"no id":           {&debriefv1.CreateApiKeyRequest{ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_VIEWER}}, "api_key_id"},
			"for integration": {&debriefv1.CreateApiKeyRequest{ApiKeyId: "ci", ApiKey: &debriefv1.ApiKey{Role: debriefv1.Role_ROLE_INTEGRATION}}, "api_key.role"},
			"over already": {&debriefv1.CreateApiKeyRequest{ApiKeyId: "ci", ApiKey: &debriefv1.ApiKey{
				Role: debriefv1.Role_ROLE_VIEWER, ExpireTime: timestamppb.New(start),
			}}, "api_key.expire_time"},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := d.access.CreateApiKey(t.Context(), test.request)
				wantRefusal(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", test.field)
			})
		}
	})
}

// TestWhoActs shows whose name is written beside a change.
func TestWhoActs(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, authenticated(), func(t *testing.T, d *debrief) {
		plain := d.firstKey(t, debriefv1.Role_ROLE_RESPONDER)
		dashboard := d.key(t, &debriefv1.CreateApiKeyRequest{ApiKeyId: "dashboard", ApiKey: &debriefv1.ApiKey{
			Role: debriefv1.Role_ROLE_RESPONDER, ActsForOthers: true,
		}})
		for _, test := range []struct{ secret, says, want string }{
			{plain, "", "apiKeys/first-responder"},
			{plain, "ana", "apiKeys/first-responder"},
			{dashboard, "ana", "ana"},
			{dashboard, "", "apiKeys/dashboard"},
		} {
			ctx := showing(t, test.secret)
			if test.says != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, service.ActorHeader, test.says)
			}
			incident, err := d.incidents.CreateIncident(ctx, &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: "Checkout is slow"}})
			if err != nil || incident.GetOrigin().GetActor() != test.want {
				t.Errorf("%+v: opened by %q, %v", test, incident.GetOrigin().GetActor(), err)
			}
		}
	})
}
