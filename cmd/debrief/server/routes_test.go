package server

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/emptypb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository/sqlite"
	"github.com/debriefhq/debrief/service"
)

// binding is a way by which REST offers a method.
type binding struct {
	// rpc is the method's full name.
	rpc                string
	method, path, body string
}

var pathVariable = regexp.MustCompile(`\{[^{}=]+(?:=([^{}]*))?\}`)

// bindings are all that the contract has, with names of what there is not.
func bindings() (all []binding) {
	protoregistry.GlobalFiles.RangeFilesByPackage("debrief.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				all = append(all, bindingsOf(methods.Get(j))...)
			}
		}
		return true
	})
	return all
}

func bindingsOf(method protoreflect.MethodDescriptor) (all []binding) {
	rule, ok := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if !ok || rule == nil {
		return nil
	}
	for _, one := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		made := binding{rpc: "/" + string(method.Parent().FullName()) + "/" + string(method.Name())}
		for verb, path := range map[string]string{
			http.MethodGet: one.GetGet(), http.MethodPost: one.GetPost(), http.MethodPut: one.GetPut(), http.MethodPatch: one.GetPatch(), http.MethodDelete: one.GetDelete(),
		} {
			if path != "" {
				made.method, made.path = verb, pathVariable.ReplaceAllString(path, "$1")
			}
		}
		made.path = strings.NewReplacer("**", "1", "*", "1").Replace(made.path)
		if one.GetBody() != "" {
			made.body = "{}"
		}
		all = append(all, made)
	}
	return all
}

// rolesOf are keys of all roles and of an integration, made next to a store.
func rolesOf(t *testing.T, store string) map[string]string {
	t.Helper()
	offline, err := OpenOffline(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{}
	for _, role := range []debriefv1.Role{debriefv1.Role_ROLE_VIEWER, debriefv1.Role_ROLE_RESPONDER, debriefv1.Role_ROLE_FACILITATOR, debriefv1.Role_ROLE_ADMIN} {
		name := strings.ToLower(strings.TrimPrefix(role.String(), "ROLE_"))
		made, err := debriefv1.NewAccessServiceClient(offline).CreateApiKey(t.Context(), &debriefv1.CreateApiKeyRequest{ApiKeyId: name, ApiKey: &debriefv1.ApiKey{Role: role}})
		if err != nil {
			t.Fatal(err)
		}
		secrets[name] = "Bearer " + made.GetSecret()
	}
	made, err := debriefv1.NewIntegrationServiceClient(offline).CreateIntegration(t.Context(), &debriefv1.CreateIntegrationRequest{
		IntegrationId: "scripts", Integration: &debriefv1.Integration{Title: "Scripts", Kind: debriefv1.Integration_KIND_GENERIC},
	})
	if err != nil {
		t.Fatal(err)
	}
	secrets["integration"] = "Bearer " + made.GetKey()
	if err := offline.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return secrets
}

// TestEachRouteAsEachRole calls each method by each of its ways over HTTP, and over gRPC, where a test of the services holds it against
// the table of permissions: who is refused at one door is refused at the other, and nobody else.
func TestEachRouteAsEachRole(t *testing.T) {
	store := testConfig(t).Store
	callers := rolesOf(t, store)
	callers["nobody"] = ""
	server := start(t, func(c *Config) { c.Store, c.RequireAuthentication, c.MaxCallRate = store, true, 0 })
	refusals := map[codes.Code]int{codes.Unauthenticated: http.StatusUnauthorized, codes.PermissionDenied: http.StatusForbidden}
	tried := map[string]bool{}
	for _, one := range bindings() {
		for caller, authorization := range callers {
			ctx, headers := t.Context(), []string{}
			if one.body != "" {
				headers = append(headers, "Content-Type", asJSON)
			}
			if authorization != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", authorization)
				headers = append(headers, "Authorization", authorization)
			}
			want := refusals[status.Code(server.grpc.Invoke(ctx, one.rpc, &emptypb.Empty{}, &emptypb.Empty{}))]
			answer := server.send(t, one.method, one.path, one.body, headers...)
			got := answer.StatusCode
			if got != http.StatusUnauthorized && got != http.StatusForbidden {
				got = 0
			}
			if got != want || answer.StatusCode >= 500 || answer.StatusCode == http.StatusMethodNotAllowed {
				t.Errorf("%s %s as %s: %d %s, and over gRPC it is refused as %d", one.method, one.path, caller, answer.StatusCode, answer.body, want)
			}
			tried[one.rpc] = true
		}
	}
	if len(tried) < 100 {
		t.Errorf("%d methods have a route: does the contract tell of them in another way now?", len(tried))
	}
}

// TestWhoMayAskForWhat knows each pattern of addresses, and what it answers to whom. What is offered anew needs a line here.
func TestWhoMayAskForWhat(t *testing.T) {
	store := testConfig(t).Store
	callers := rolesOf(t, store)
	configure := func(c *Config) {
		c.Store, c.RequireAuthentication = store, true
		c.OIDC.Issuer, c.OIDC.Audiences, c.OIDC.DefaultRole = "https://login.example.com", []string{"debrief"}, "viewer"
	}
	server := start(t, configure)
	known := map[string]struct {
		method, path, body string
		// nobody, integration and viewer are what is answered to whom.
		nobody, integration, viewer int
	}{
		"/v1/":                                  {http.MethodGet, "/v1/incidents", "", 401, 403, 200},
		"/v1/calendar.ics":                      {http.MethodGet, "/v1/calendar.ics", "", 401, 403, 200},
		"/v1/postMortems.atom":                  {http.MethodGet, "/v1/postMortems.atom", "", 401, 403, 200},
		"/v1/events:watch":                      {http.MethodGet, "/v1/events:watch?afterSequence=-2", "", 401, 403, 400},
		"/intake/":                              {http.MethodPost, "/intake/generic", `{"title":"Disk full","key":"disk","status":"firing"}`, 401, 200, 401},
		"/unsubscribe/{subscription}":           {http.MethodGet, "/unsubscribe/kim/token", "", 404, 404, 404},
		"/{$}":                                  {http.MethodGet, "/", "", 302, 302, 302},
		"/docs/":                                {http.MethodGet, "/docs/", "", 200, 200, 200},
		"/openapi.json":                         {http.MethodGet, "/openapi.json", "", 200, 200, 200},
		"/healthz":                              {http.MethodGet, "/healthz", "", 200, 200, 200},
		"/readyz":                               {http.MethodGet, "/readyz", "", 200, 200, 200},
		"/metrics":                              {http.MethodGet, "/metrics", "", 401, 403, 200},
		"/.well-known/oauth-protected-resource": {http.MethodGet, "/.well-known/oauth-protected-resource", "", 200, 200, 200},
		"/":                                     {http.MethodGet, "/elsewhere", "", 404, 404, 404},
	}
	var patterns []string
	for _, one := range offersOf(t, configure) {
		patterns = append(patterns, one.pattern)
		is, ok := known[one.pattern]
		if !ok {
			t.Errorf("%s is offered, and nobody has said who may ask for it", one.pattern)
			continue
		}
		for caller, want := range map[string]int{"": is.nobody, "integration": is.integration, "viewer": is.viewer} {
			headers := []string{"Content-Type", asJSON}
			if caller != "" {
				headers = append(headers, "Authorization", callers[caller])
			}
			if got := server.send(t, is.method, is.path, is.body, headers...); got.StatusCode != want {
				t.Errorf("%s as %q: %d %s, want %d", is.path, caller, got.StatusCode, got.body, want)
			}
		}
	}
	slices.Sort(patterns)
	if diff := cmp.Diff(len(known), len(slices.Compact(patterns))); diff != "" {
		t.Errorf("of the patterns that are known some are not offered: %v", patterns)
	}
}

// offersOf are what a server offers over HTTP.
func offersOf(t *testing.T, configure func(*Config)) []offer {
	t.Helper()
	config := testConfig(t)
	store, err := sqlite.Open(t.Context(), strings.TrimPrefix(config.Store, "sqlite:"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	configure(&config)
	services, err := service.New(service.Options{Repository: store})
	if err != nil {
		t.Fatal(err)
	}
	silent := &telemetry{logger: slog.New(slog.DiscardHandler), registry: prometheus.NewRegistry()}
	return offers(config, silent, http.NotFoundHandler(), &calls{}, services)
}
