package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

func TestPersonForget(t *testing.T) {
	server := startFake(t, "")
	server.answer("ForgetPerson",
		&debriefv1.ForgetPersonResponse{
			Replacement: "former-member-7k3qzd", NextResumeToken: "incidents//x",
			Places: []*debriefv1.ForgetPersonResponse_Places{{Kind: "incidents", ResourceCount: 200, PlaceCount: 400}},
		},
		&debriefv1.ForgetPersonResponse{
			Replacement: "former-member-7k3qzd",
			Places: []*debriefv1.ForgetPersonResponse_Places{
				{Kind: "incidents", ResourceCount: 1, PlaceCount: 2}, {Kind: "timeline_entries", ResourceCount: 3, PlaceCount: 4},
			},
		})
	got := mustSucceed(t, debrief(t, server, "person", "forget", "ana", "--texts"))
	want := "ana is replaced by former-member-7k3qzd in\n  incidents: 402 times, in 201\n  timeline entries: 4 times, in 3\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var asked []string
	for _, message := range server.called("ForgetPerson") {
		request, _ := message.(*debriefv1.ForgetPersonRequest)
		asked = append(asked, strings.Join([]string{request.GetPerson(), request.GetReplacement(), request.GetResumeToken()}, "|"))
	}
	if diff := cmp.Diff([]string{"ana||", "ana|former-member-7k3qzd|incidents//x"}, asked); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestPersonForgetInAStore(t *testing.T) {
	url := demoStore(t)
	forget := func(name string, more ...string) string {
		arguments := append([]string{"person", "forget", name, "--offline", "--store", url, "--replacement", "former-1", "--texts"}, more...)
		return mustSucceed(t, execute(t, testEnvironment(t, ""), arguments...))
	}
	name := ledBy(t, url)
	if got := forget(name, "--dry-run"); !strings.HasPrefix(got, name+" stands in\n") {
		t.Errorf("it says: %s", got)
	}
	if got := forget(name); !strings.HasPrefix(got, name+" is replaced by former-1 in\n") {
		t.Errorf("it says: %s", got)
	}
	if got := forget(name); got != name+" stands nowhere.\n" {
		t.Errorf("the second time it says: %s", got)
	}
	if got := mustSucceed(t, execute(t, testEnvironment(t, ""), "export", "--store", url, "-")); strings.Contains(strings.ToLower(got), strings.ToLower(name)) {
		t.Errorf("there is something of %s in the store", name)
	}
}

// ledBy is who leads an incident of a store.
func ledBy(t *testing.T, url string) string {
	t.Helper()
	_, rest, found := strings.Cut(mustSucceed(t, execute(t, testEnvironment(t, ""), "export", "--store", url, "-")), `"lead":"`)
	name, _, _ := strings.Cut(rest, `"`)
	if !found || name == "" {
		t.Fatal("nobody leads anything")
	}
	return name
}
