package service

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/feeds"
	"google.golang.org/genproto/googleapis/api/httpbody"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

const (
	// maxFeedEntries is how many post-mortems are in the feed.
	maxFeedEntries = 50
	// maxFeedSummary is how much of a summary is in it, in bytes.
	maxFeedSummary = 4096
	atomMediaType  = "application/atom+xml; charset=utf-8"
	atomNamespace  = "http://www.w3.org/2005/Atom"
	// atomID is what the ids of the feed and its entries begin with: a tag after RFC 4151, which stays when the site moves.
	atomID = "tag:debrief.dev,2026:"
)

// GetPostMortemFeed answers what was published as a feed, after RFC 4287.
func (s *PostMortems) GetPostMortemFeed(ctx context.Context, _ *debriefv1.GetPostMortemFeedRequest) (*httpbody.HttpBody, error) {
	published, err := s.repository.PostMortems().List(ctx, repository.Query{
		Where:   repository.TermIn{repository.Term("state", lifecycle.Published)},
		OrderBy: "publish_time", Descending: true, Limit: maxFeedEntries,
	})
	if err != nil {
		return nil, err
	}
	feed := feeds.AtomFeed{
		Xmlns: atomNamespace, Id: atomID + "postMortems", Title: "Published post-mortems", Subtitle: "What was learned from incidents",
		Author: &feeds.AtomAuthor{AtomPerson: feeds.AtomPerson{Name: "Debrief"}},
		Link:   &feeds.AtomLink{Href: s.address("postMortems.atom"), Rel: "self", Type: "application/atom+xml"},
	}
	for _, p := range published {
		entry, err := s.feedEntry(ctx, p)
		if errors.Is(err, repository.ErrNotFound) {
			continue // It was purged meanwhile.
		}
		if err != nil {
			return nil, err
		}
		feed.Updated = cmp.Or(feed.Updated, entry.Updated)
		feed.Entries = append(feed.Entries, entry)
	}
	feed.Updated = cmp.Or(feed.Updated, atomTime(time.Unix(0, 0)))
	text, err := xml.MarshalIndent(feed, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the feed: %w", err)
	}
	return &httpbody.HttpBody{ContentType: atomMediaType, Data: append([]byte(xml.Header), text...)}, nil
}

// feedEntry tells of a post-mortem as it was published: what was written since is not told yet.
func (s *PostMortems) feedEntry(ctx context.Context, p repository.PostMortem) (*feeds.AtomEntry, error) {
	revision, err := s.repository.PostMortemRevisions().Get(ctx, repository.RevisionID(p.ID, p.LatestRevision))
	if err != nil {
		return nil, err
	}
	first := revision
	if p.LatestRevision > 1 {
		if first, err = s.repository.PostMortemRevisions().Get(ctx, repository.RevisionID(p.ID, 1)); err != nil {
			return nil, err
		}
	}
	name := postMortemName(p.ID)
	return &feeds.AtomEntry{
		Id: atomID + name, Title: revision.PostMortem.Title,
		Published: atomTime(first.PublishTime), Updated: atomTime(revision.PublishTime),
		Summary: &feeds.AtomSummary{Type: "text", Content: cut(revision.PostMortem.Summary, maxFeedSummary)},
		Links: []feeds.AtomLink{{
			Href: fmt.Sprintf("%s:export?format=HTML&revision=%d", s.address(name), revision.Number), Rel: "alternate", Type: "text/html",
		}},
	}, nil
}

func atomTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
