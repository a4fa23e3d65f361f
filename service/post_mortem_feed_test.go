package service_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
)

// atomFeed is the part of a feed that the tests look at.
type atomFeed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Entries []struct {
		ID        string `xml:"id"`
		Title     string `xml:"title"`
		Published string `xml:"published"`
		Updated   string `xml:"updated"`
		Summary   struct {
			Type string `xml:"type,attr"`
			Text string `xml:",chardata"`
		} `xml:"summary"`
		Link struct {
			Href string `xml:"href,attr"`
		} `xml:"link"`
	} `xml:"entry"`
}

func (d *debrief) atom(t *testing.T) atomFeed {
	t.Helper()
	body := must[*httpbody.HttpBody](t)(d.postMortems.GetPostMortemFeed(t.Context(), &debriefv1.GetPostMortemFeedRequest{}))
	if got, want := body.GetContentType(), "application/atom+xml; charset=utf-8"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
	var feed atomFeed
	if err := xml.Unmarshal(body.GetData(), &feed); err != nil {
		t.Fatalf("%v\n%s", err, body.GetData())
	}
	return feed
}

func TestThePostMortemFeedOfNothing(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		want := atomFeed{
			XMLName: xml.Name{Space: "http://www.w3.org/2005/Atom", Local: "feed"}, ID: "tag:debrief.dev,2026:postMortems",
			Title: "Published post-mortems", Updated: "1970-01-01T00:00:00Z", Author: "Debrief",
		}
		if diff := cmp.Diff(want, d.atom(t)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// TestThePostMortemFeed tells what was published, as it was published, the newest first; and texts stay texts.
func TestThePostMortemFeed(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, service.Options{PublicURL: "https://debrief.example.com"}, func(t *testing.T, d *debrief) {
		first := d.publish(t, d.resolved(t, "One").GetName())
		published := d.now()
		d.advance(time.Hour)
		hostile := "</summary><script>alert(1)</script> & \u0001"
		edit(t, d, first.GetName(), hostile)
		must[*debriefv1.PostMortem](t)(d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: first.GetName()}))
		edit(t, d, first.GetName(), "Not published yet")
		d.advance(time.Hour)
		second := d.publish(t, d.resolved(t, "Two").GetName())

		feed := d.atom(t)
		if len(feed.Entries) != 2 {
			t.Fatalf("%d entries, want 2", len(feed.Entries))
		}
		newest, older := feed.Entries[0], feed.Entries[1]
		if got, want := newest.ID, "tag:debrief.dev,2026:"+second.GetName(); got != want {
			t.Errorf("the newest is %s, want %s", got, want)
		}
		if feed.Updated != newest.Updated || newest.Updated != start.Add(2*time.Hour).Format(time.RFC3339) {
			t.Errorf("updated %s, and its newest entry %s", feed.Updated, newest.Updated)
		}
		if older.Published != published.Format(time.RFC3339) || older.Updated != published.Add(time.Hour).Format(time.RFC3339) {
			t.Errorf("published %s, updated %s", older.Published, older.Updated)
		}
		if got, want := older.Summary.Text, strings.ReplaceAll(hostile, "\u0001", "\uFFFD"); older.Summary.Type != "text" || got != want {
			t.Errorf("the summary is %s %q, want text %q", older.Summary.Type, got, want)
		}
		if got, want := older.Link.Href, "https://debrief.example.com/v1/"+first.GetName()+":export?format=HTML&revision=2"; got != want {
			t.Errorf("it links to %s, want %s", got, want)
		}
	})
}

func edit(t *testing.T, d *debrief, name, summary string) {
	t.Helper()
	must[*debriefv1.PostMortem](t)(d.postMortems.UpdatePostMortem(t.Context(), &debriefv1.UpdatePostMortemRequest{
		PostMortem: &debriefv1.PostMortem{Name: name, Summary: summary}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"summary"}},
	}))
}
