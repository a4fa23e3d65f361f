package service

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

// complains says whether an error tells the caller which of the fields is wrong.
func complains(err error, field string) bool {
	bad, ok := errors.AsType[*invalidError](err)
	return ok && bad.Violations[0].Field == field
}

// FuzzPageToken holds that a token is refused, or leads to a place to which the server makes a token too; and for no other request.
func FuzzPageToken(f *testing.F) {
	first, err := tokenAfter(&debriefv1.ListIncidentsRequest{}, repository.Position{Number: -1, ID: "01JD3V2Q6R8T0W2Y4A6C8E0G2J"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(first, "")
	f.Add(first+"=", "state = ACTIVE")
	for _, seed := range []string{`{}`, `null`, `[]`, `{"r":1,"i":"a"}`, `{"r":-1}`, `{"r":1e400,"i":"x"}`, `{"r":0,"i":"\u0000"}`, `{"r":0,"i":"a"}{`, `{"i":1}`, "\xff"} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(seed)), "")
	}
	f.Fuzz(func(t *testing.T, token, filter string) {
		request := &debriefv1.ListIncidentsRequest{PageToken: token, Filter: filter, PageSize: 7}
		position, err := readToken(request)
		if err != nil || position == nil {
			if err != nil && !complains(err, "page_token") && proto.Size(request) > 0 && strings.ToValidUTF8(filter+token, "") == filter+token {
				t.Fatalf("%q: %v", token, err)
			}
			return
		}
		if position.ID == "" || len(position.ID) > maxTokenID {
			t.Fatalf("%q leads to %v", token, position)
		}
		made, err := tokenAfter(request, *position)
		if err != nil {
			t.Fatal(err)
		}
		again, err := readToken(&debriefv1.ListIncidentsRequest{PageToken: made, Filter: filter})
		if err != nil || *again != *position {
			t.Fatalf("%q leads to %v, and the token of that to %v, %v", token, position, again, err)
		}
		if _, err := readToken(&debriefv1.ListIncidentsRequest{PageToken: token, Filter: filter + " "}); !complains(err, "page_token") {
			t.Fatalf("%q is taken for another filter: %v", token, err)
		}
	})
}

// FuzzOrderBy holds that an order is refused, or is one that there is an index for.
func FuzzOrderBy(f *testing.F) {
	for _, seed := range []string{"", " ", "create_time", "createTime desc", "severity asc", "create_time,severity", "create_time desc asc", ",", "-x", "a.b", "\xff", "create_time\x00"} {
		f.Add(seed)
	}
	orders := []string{"create_time", "severity"}
	f.Fuzz(func(t *testing.T, order string) {
		var query repository.Query
		err := listing[repository.Incident]{orders: orders, byID: "create_time"}.readOrder(&debriefv1.ListIncidentsRequest{OrderBy: order}, &query)
		if err != nil && !complains(err, "order_by") || err == nil && query.OrderBy != "" && !slices.Contains(orders, query.OrderBy) {
			t.Errorf("%q is read as %q, %v", order, query.OrderBy, err)
		}
	})
}

// FuzzUpdateMask holds that a mask is refused, or changes what it names, and never what only the server writes.
func FuzzUpdateMask(f *testing.F) {
	for _, seed := range []string{
		"", "*", "title", "title,summary", "impact.summary", "impact.services", "labels", "labels.a", "name", "etag", "state", "milestones.start_time", "createTime",
		"impact..summary", ".", "title.x", "links.0.uri", "*,title", "title,title", "impact,impact.summary", "origin", "review_clock.state", "\xff", "ſtate",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	present := &debriefv1.Incident{
		Name: "incidents/a", Title: "Before", Etag: "7", State: debriefv1.Incident_STATE_ACTIVE, CreateTime: timestamppb.New(filterTime),
		Labels: map[string]string{"a": "b"}, Impact: &debriefv1.Impact{Summary: "All", Services: []string{"shop"}},
	}
	f.Fuzz(func(t *testing.T, mask string, full bool) {
		updated := &debriefv1.Incident{Name: "incidents/b", Title: "After", Etag: "8", State: debriefv1.Incident_STATE_CLOSED, UpdateTime: timestamppb.New(filterTime)}
		if full {
			updated.Impact, updated.Labels = &debriefv1.Impact{Services: []string{"search"}}, map[string]string{"c": "d"}
		}
		paths := strings.Split(mask, ",")
		merged, err := merge(present, updated, &fieldmaskpb.FieldMask{Paths: paths})
		if err != nil {
			if !complains(err, "update_mask") {
				t.Fatalf("%q: %v", mask, err)
			}
			return
		}
		if merged.GetName() != "incidents/a" || merged.GetEtag() != "7" || merged.GetState() != debriefv1.Incident_STATE_ACTIVE || merged.GetCreateTime() == nil || merged.GetUpdateTime() != nil {
			t.Fatalf("%q makes it %v", mask, merged)
		}
		changed := merged.GetTitle() != present.GetTitle()
		if named := slices.Contains(paths, "title") || slices.Equal(paths, []string{"*"}); changed != named {
			t.Fatalf("%q changes the title: %v", mask, changed)
		}
	})
}

// FuzzAuthorization holds that what is taken for a secret is something that was sent, and what is taken for a key of the intake looks
// like one.
func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{
		"", "Bearer dba_x", "bearer  dbk_x ", "GenieKey dbk_x", "Token dbk_y", "Basic " + base64.StdEncoding.EncodeToString([]byte("a:dbk_x")),
		"Basic " + base64.StdEncoding.EncodeToString([]byte("dbk_x:")), "Basic !!!", "Basic", "Bearer", " Bearer x", "Bearer\tx", "Digest x", "\xff \xfe",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		_, value, _ := strings.Cut(header, " ")
		plain, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if secret := credentials(header); !strings.Contains(header, secret) && !strings.Contains(string(plain), secret) {
			t.Errorf("%q has the secret %q", header, secret)
		}
		if key := AuthorizationKey(header); key != "" && (!isMeantAsKey(key) || !strings.Contains(header, key) && !strings.Contains(string(plain), key)) {
			t.Errorf("%q has the key %q", header, key)
		}
	})
}

// FuzzURLKey holds that a key is in nothing that is left of an address, however it was written.
func FuzzURLKey(f *testing.F) {
	for _, seed := range []string{
		"/intake/gcp/dbk_x", "/intake/gcp/dbk_x/dbk_y", "/intake/generic?key=dbk_x", "/intake/generic?a=1&key=dbk_x&key=dbk_y", "/intake/%64bk_x", "/intake/a%2fb/dbk_x",
		"/intake/generic?%6bey=%64bk_x", "/intake/generic?dbk_x", "/intake/generic?a=%zz&key=dbk_x", "/intake/generic?a;key=dbk_x", "/intake/dbk_%zz", "/intake/x?dbk_x=1", "/dbk_",
		"/intake/dbk_%2f..%2fx", "//dbk_x", "/intake/gcp/dbk_x?team=a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := url.ParseRequestURI(text)
		if err != nil {
			return
		}
		left, key := CutURLKey(address)
		if key != "" && !isMeantAsKey(key) {
			t.Errorf("%q has the key %q", text, key)
		}
		for segment := range strings.SplitSeq(left.Path, "/") {
			if isMeantAsKey(segment) {
				t.Errorf("%q leaves the path %q", text, left.Path)
			}
		}
		for _, part := range strings.FieldsFunc(left.RawQuery, func(r rune) bool { return strings.ContainsRune("&;=", r) }) {
			if plain, err := url.QueryUnescape(part); isMeantAsKey(part) || err == nil && isMeantAsKey(plain) {
				t.Errorf("%q leaves the query %q", text, left.RawQuery)
			}
		}
		if key == "" && (left.EscapedPath() != address.EscapedPath() || left.RawQuery != address.RawQuery) {
			t.Errorf("%q has no key, and becomes %v", text, left)
		}
	})
}
