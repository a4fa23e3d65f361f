package service

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/lifecycle"
)

// PostMortems implements PostMortemService.
type PostMortems struct {
	debriefv1.UnimplementedPostMortemServiceServer
	*base
}

var postMortemFields = withoutFields(fieldsOf(repository.PostMortemSchema, map[string]protoreflect.EnumDescriptor{
	"state":      debriefv1.PostMortem_State(0).Descriptor(),
	"conclusion": debriefv1.Conclusion(0).Descriptor(),
}), "import_key")

// CreatePostMortem starts a draft, and fills what is left empty from its incidents.
func (s *PostMortems) CreatePostMortem(ctx context.Context, request *debriefv1.CreatePostMortemRequest) (*debriefv1.PostMortem, error) {
	now := s.present()
	header, err := s.newHeader(now, request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	incidents, err := s.covered(ctx, nil, request.GetPostMortem().GetIncidents())
	if err != nil {
		return nil, err
	}
	draft := repository.PostMortem{Header: header, State: lifecycle.PostMortem.Initial}
	writePostMortem(&draft, request.GetPostMortem())
	if err := s.checkRestriction(ctx, "post_mortem.restriction", repository.Restriction{}, draft.Restriction); err != nil {
		return nil, err
	}
	if err := hasRoomToRestrict(ctx, s.repository.PostMortems(), "", restrictionOfPostMortem, request.GetPostMortem().GetRestriction()); err != nil {
		return nil, err
	}
	prefill(&draft, incidents)
	if err := s.prepare(ctx, &draft, incidents, now); err != nil {
		return nil, err
	}
	if request.GetValidateOnly() {
		preview := s.postMortemToProto(draft)
		preview.Name, preview.Etag = "", ""
		return s.language.postMortem(preview), nil
	}
	event := s.event(ctx, "POST_MORTEM_CREATED", postMortemName(draft.ID), soleIncident(draft), 1, now, nil)
	draft, _, err = create(ctx, repository.PostMortemSchema, s.repository.PostMortems(), draft, repository.Effects{Events: []repository.Event{event}})
	if err != nil {
		return nil, err
	}
	return s.postMortemToProto(draft), nil
}

// prepare makes a draft complete, and holds it against what post-mortems are.
func (s *PostMortems) prepare(ctx context.Context, draft *repository.PostMortem, incidents []repository.Incident, now time.Time) error {
	chosen, err := s.chooseTemplate(ctx, draft.Template)
	if err != nil {
		return err
	}
	draft.AppliedTemplate = chosen
	if err := s.checkGroundRuleSet(ctx, draft.GroundRuleSet); err != nil {
		return err
	}
	if err := checkFacilitator(*draft, incidents); err != nil {
		return err
	}
	if err := checkSections(draft.Sections); err != nil {
		return err
	}
	return s.nameFactors(draft, now)
}

// prefill fills what was left empty with what the incidents know.
func prefill(draft *repository.PostMortem, incidents []repository.Incident) {
	var summaries, impacts []string
	var participants []repository.Participant
	for _, incident := range incidents {
		summaries = appendText(summaries, incident.Summary)
		impacts = appendText(impacts, impactText(incident.Impact))
		for _, responder := range incident.Responders {
			participant := repository.Participant(responder)
			if !slices.Contains(participants, participant) && len(participants) < maxParticipants {
				participants = append(participants, participant)
			}
		}
	}
	if draft.Title == "" {
		draft.Title = incidents[0].Title
	}
	if draft.Summary == "" {
		draft.Summary = joinTexts(summaries)
	}
	if draft.Impact == "" {
		draft.Impact = joinTexts(impacts)
	}
	if len(draft.Participants) == 0 {
		draft.Participants = participants
	}
}

const (
	maxParticipants = 200
	maxSection      = 65536
)

func appendText(texts []string, text string) []string {
	if strings.TrimSpace(text) == "" || slices.Contains(texts, text) {
		return texts
	}
	return append(texts, text)
}

// joinTexts joins texts as paragraphs, as many as a section holds.
func joinTexts(texts []string) string {
	joined := ""
	for _, text := range texts {
		if joined != "" {
			text = "\n\n" + text
		}
		if len(joined)+len(text) > maxSection {
			break
		}
		joined += text
	}
	return joined
}

// nameFactors gives an id to each contributing factor that has none, and sees that no two have the same.
func (b *base) nameFactors(draft *repository.PostMortem, now time.Time) error {
	seen := map[string]bool{}
	for i := range draft.ContributingFactors {
		factor := &draft.ContributingFactors[i]
		if factor.ID == "" {
			factor.ID = b.newID(now)
		}
		if seen[factor.ID] {
			return invalid("post_mortem.contributing_factors", "two of them have the id %q: leave the id of a new one empty", factor.ID)
		}
		seen[factor.ID] = true
	}
	return nil
}

// soleIncident is the incident that a post-mortem covers; empty where there is more than one.
func soleIncident(p repository.PostMortem) string {
	if len(p.Incidents) == 1 {
		return p.Incidents[0]
	}
	return ""
}

// GetPostMortem reads a post-mortem as it stands.
func (s *PostMortems) GetPostMortem(ctx context.Context, request *debriefv1.GetPostMortemRequest) (*debriefv1.PostMortem, error) {
	p, err := get(ctx, s.repository.PostMortems(), request.GetName())
	if err != nil {
		return nil, err
	}
	return s.withPlan(ctx, inView(request.GetView(), s.postMortemToProto(p), s.language.postMortem))
}

// ListPostMortems reads a page of post-mortems.
func (s *PostMortems) ListPostMortems(ctx context.Context, request *debriefv1.ListPostMortemsRequest) (*debriefv1.ListPostMortemsResponse, error) {
	list := listing[repository.PostMortem]{
		schema: repository.PostMortemSchema, reader: s.repository.PostMortems(), fields: postMortemFields,
		orders: []string{"create_time", "update_time", "publish_time", "review_time"}, byID: "create_time",
	}
	found, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListPostMortemsResponse{PostMortems: each(found, s.postMortemToProto), NextPageToken: token}, nil
}

// DeletePostMortem hides a post-mortem that was never published.
func (s *PostMortems) DeletePostMortem(ctx context.Context, request *debriefv1.DeletePostMortemRequest) (*debriefv1.PostMortem, error) {
	return s.setDeleted(ctx, update{name: request.GetName(), etag: request.GetEtag()}, true)
}

// UndeletePostMortem takes a deletion back.
func (s *PostMortems) UndeletePostMortem(ctx context.Context, request *debriefv1.UndeletePostMortemRequest) (*debriefv1.PostMortem, error) {
	return s.setDeleted(ctx, update{name: request.GetName(), etag: request.GetEtag()}, false)
}

func (s *PostMortems) setDeleted(ctx context.Context, asked update, deleted bool) (*debriefv1.PostMortem, error) {
	told := deletion[repository.PostMortem]{
		prefix:   "POST_MORTEM",
		incident: func(p *repository.PostMortem) string { return soleIncident(*p) },
		refuse: func(p *repository.PostMortem) error {
			if deleted && p.LatestRevision > 0 {
				return failedPrecondition("PUBLISHED", "%s was published, and stays readable: archive it instead", asked.name)
			}
			return nil
		},
	}
	p, err := setDeleted(ctx, s.base, repository.PostMortemSchema, s.repository.PostMortems(), asked, deleted, told)
	if err != nil {
		return nil, err
	}
	return s.postMortemToProto(p), nil
}
