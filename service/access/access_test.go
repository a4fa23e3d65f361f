package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/access"
)

func TestRolesIncludeThoseBelowThem(t *testing.T) {
	t.Parallel()
	all := []access.Role{access.Nobody, access.Integration, access.Viewer, access.Responder, access.Facilitator, access.Admin}
	want := map[access.Role][]access.Role{
		access.Nobody:      {access.Nobody},
		access.Integration: {access.Nobody, access.Integration},
		access.Viewer:      {access.Nobody, access.Viewer},
		access.Responder:   {access.Nobody, access.Viewer, access.Responder},
		access.Facilitator: {access.Nobody, access.Viewer, access.Responder, access.Facilitator},
		access.Admin:       {access.Nobody, access.Viewer, access.Responder, access.Facilitator, access.Admin},
		"SOMETHING":        {access.Nobody},
	}
	for role, includes := range want {
		var got []access.Role
		for _, other := range all {
			if role.Includes(other) {
				got = append(got, other)
			}
		}
		if diff := cmp.Diff(includes, got); diff != "" {
			t.Errorf("%s includes (-want +got):\n%s", role, diff)
		}
		if role.Includes("SOMETHING") {
			t.Errorf("%s includes a role that there is not", role)
		}
	}
}

func TestParseRole(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]access.Role{"viewer": access.Viewer, " Admin ": access.Admin, "integration": "", "": "", "root": ""} {
		got, err := access.ParseRole(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseRole(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestGreatest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		roles []access.Role
		want  access.Role
	}{
		{nil, access.Nobody},
		{[]access.Role{access.Integration}, access.Nobody},
		{[]access.Role{access.Responder, access.Viewer}, access.Responder},
		{[]access.Role{access.Viewer, access.Admin, access.Facilitator}, access.Admin},
	} {
		if got := access.Greatest(test.roles...); got != test.want {
			t.Errorf("Greatest(%v) = %q, want %q", test.roles, got, test.want)
		}
	}
}
