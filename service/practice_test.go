package service_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
)

// ownRules are the ground rules of a team.
func (d *debrief) ownRules(t *testing.T, team string) *debriefv1.GroundRuleSet {
	t.Helper()
	return must[*debriefv1.GroundRuleSet](t)(d.practice.CreateGroundRuleSet(t.Context(), &debriefv1.CreateGroundRuleSetRequest{
		GroundRuleSetId: team, RequestId: team,
		GroundRuleSet: &debriefv1.GroundRuleSet{Title: "Ours", Rules: []*debriefv1.GroundRule{{Id: "listen", Title: "Listen", Text: "We let each other finish."}}},
	}))
}

// ownTemplate is the template of a team.
func (d *debrief) ownTemplate(t *testing.T, team string) *debriefv1.PostMortemTemplate {
	t.Helper()
	return must[*debriefv1.PostMortemTemplate](t)(d.practice.CreatePostMortemTemplate(t.Context(), &debriefv1.CreatePostMortemTemplateRequest{
		PostMortemTemplateId: team, RequestId: team,
		PostMortemTemplate: &debriefv1.PostMortemTemplate{Title: "Payments", LanguagePolicy: debriefv1.LanguagePolicy_LANGUAGE_POLICY_BLOCK, Sections: []*debriefv1.TemplateSection{
			{Id: "money", Title: "What became of the money", Required: true},
			{Id: "summary", Title: "In short", Required: true, Help: "In three sentences."},
			{Id: "annex", Title: "Annex"},
		}},
	}))
}

func TestTeamsHaveGroundRulesOfTheirOwn(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		created := d.ownRules(t, "payments")
		want := &debriefv1.GroundRuleSet{
			Name: "groundRuleSets/payments", Title: "Ours", Etag: created.GetEtag(), CreateTime: timestamppb.New(start), UpdateTime: timestamppb.New(start),
			Rules: []*debriefv1.GroundRule{{Id: "listen", Title: "Listen", Text: "We let each other finish."}},
		}
		if diff := cmp.Diff(want, created, protocmp.Transform()); diff != "" || created.GetEtag() == "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(created, d.ownRules(t, "payments"), protocmp.Transform()); diff != "" {
			t.Errorf("the same request again (-want +got):\n%s", diff)
		}
		for _, only := range []bool{false, true} {
			_, err := d.practice.CreateGroundRuleSet(t.Context(), &debriefv1.CreateGroundRuleSetRequest{GroundRuleSetId: "payments", GroundRuleSet: want, ValidateOnly: only})
			if got, _ := refused(t, err); got.Code != codes.AlreadyExists {
				t.Errorf("an id that is taken: %v", err)
			}
		}
		d.advance(time.Minute)
		changed := must[*debriefv1.GroundRuleSet](t)(d.practice.UpdateGroundRuleSet(t.Context(), &debriefv1.UpdateGroundRuleSetRequest{
			GroundRuleSet: &debriefv1.GroundRuleSet{Name: created.GetName(), Title: "All of ours", Etag: created.GetEtag()},
		}))
		if changed.GetTitle() != "All of ours" || len(changed.GetRules()) != 1 || changed.GetEtag() == created.GetEtag() {
			t.Errorf("changed: %v", changed)
		}
		_, err := d.practice.DeleteGroundRuleSet(t.Context(), &debriefv1.DeleteGroundRuleSetRequest{Name: created.GetName(), Etag: created.GetEtag()})
		if got, _ := refused(t, err); got.Reason != "ETAG_MISMATCH" {
			t.Errorf("with an etag that is gone: %v", err)
		}
		deleted := must[*debriefv1.GroundRuleSet](t)(d.practice.DeleteGroundRuleSet(t.Context(), &debriefv1.DeleteGroundRuleSetRequest{Name: created.GetName()}))
		if !deleted.GetDeleteTime().AsTime().Equal(start.Add(time.Minute)) {
			t.Errorf("deleted: %v", deleted)
		}
		if got := types(d.feed(t, `resource = "groundRuleSets/payments"`)); !cmp.Equal(got, []string{"GROUND_RULE_SET_CREATED", "GROUND_RULE_SET_UPDATED", "GROUND_RULE_SET_DELETED"}) {
			t.Errorf("events %v", got)
		}
	})
}

func TestWhatIsBuiltInStaysAsItIs(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		rules := must[*debriefv1.GroundRuleSet](t)(d.practice.GetGroundRuleSet(t.Context(), &debriefv1.GetGroundRuleSetRequest{Name: "groundRuleSets/default"}))
		template := must[*debriefv1.PostMortemTemplate](t)(d.practice.GetPostMortemTemplate(t.Context(), &debriefv1.GetPostMortemTemplateRequest{Name: "postMortemTemplates/default"}))
		if len(rules.GetRules()) != 5 || len(template.GetSections()) != 10 || template.GetRevision() != 1 || rules.GetCreateTime() != nil {
			t.Errorf("built in are %v and %v", rules, template)
		}
		_, createRules := d.practice.CreateGroundRuleSet(t.Context(), &debriefv1.CreateGroundRuleSetRequest{GroundRuleSetId: "default", GroundRuleSet: rules})
		_, createTemplate := d.practice.CreatePostMortemTemplate(t.Context(), &debriefv1.CreatePostMortemTemplateRequest{PostMortemTemplateId: "default", PostMortemTemplate: template})
		_, changeRules := d.practice.UpdateGroundRuleSet(t.Context(), &debriefv1.UpdateGroundRuleSetRequest{GroundRuleSet: rules})
		_, changeTemplate := d.practice.UpdatePostMortemTemplate(t.Context(), &debriefv1.UpdatePostMortemTemplateRequest{PostMortemTemplate: template})
		_, deleteRules := d.practice.DeleteGroundRuleSet(t.Context(), &debriefv1.DeleteGroundRuleSetRequest{Name: rules.GetName()})
		_, deleteTemplate := d.practice.DeletePostMortemTemplate(t.Context(), &debriefv1.DeletePostMortemTemplateRequest{Name: template.GetName()})
		for name, test := range map[string]struct {
			err  error
			want refusal
		}{
			"create rules":    {createRules, refusal{Code: codes.AlreadyExists, Reason: "RESOURCE_ALREADY_EXISTS"}},
			"create template": {createTemplate, refusal{Code: codes.AlreadyExists, Reason: "RESOURCE_ALREADY_EXISTS"}},
			"change rules":    {changeRules, refusal{Code: codes.FailedPrecondition, Reason: "BUILT_IN"}},
			"change template": {changeTemplate, refusal{Code: codes.FailedPrecondition, Reason: "BUILT_IN"}},
			"delete rules":    {deleteRules, refusal{Code: codes.FailedPrecondition, Reason: "BUILT_IN"}},
			"delete template": {deleteTemplate, refusal{Code: codes.FailedPrecondition, Reason: "BUILT_IN"}},
		} {
			if got, _ := refused(t, test.err); !cmp.Equal(got, test.want) {
				t.Errorf("%s: %v", name, test.err)
			}
		}
	})
}

func TestListsBeginWithWhatIsBuiltIn(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		for _, team := range []string{"payments", "checkout", "zoo", "a", "e2e", "e10"} {
			d.ownRules(t, team)
			d.ownTemplate(t, team)
		}
		must[*debriefv1.GroundRuleSet](t)(d.practice.DeleteGroundRuleSet(t.Context(), &debriefv1.DeleteGroundRuleSetRequest{Name: "groundRuleSets/zoo"}))
		for size := range int32(8) {
			t.Run(fmt.Sprintf("%d a page", size), func(t *testing.T) {
				var rules, templates []string
				request := &debriefv1.ListGroundRuleSetsRequest{PageSize: size}
				for pages := 0; pages == 0 || request.GetPageToken() != ""; pages++ {
					page := must[*debriefv1.ListGroundRuleSetsResponse](t)(d.practice.ListGroundRuleSets(t.Context(), request))
					if size > 0 && len(page.GetGroundRuleSets()) > int(size) {
						t.Errorf("%d on a page", len(page.GetGroundRuleSets()))
					}
					for _, set := range page.GetGroundRuleSets() {
						rules = append(rules, set.GetName()[len("groundRuleSets/"):])
					}
					request.PageToken = page.GetNextPageToken()
				}
				next := &debriefv1.ListPostMortemTemplatesRequest{PageSize: size}
				for pages := 0; pages == 0 || next.GetPageToken() != ""; pages++ {
					page := must[*debriefv1.ListPostMortemTemplatesResponse](t)(d.practice.ListPostMortemTemplates(t.Context(), next))
					for _, template := range page.GetPostMortemTemplates() {
						templates = append(templates, template.GetName()[len("postMortemTemplates/"):])
					}
					next.PageToken = page.GetNextPageToken()
				}
				if want := []string{"default", "a", "checkout", "e10", "e2e", "payments"}; !cmp.Equal(rules, want) {
					t.Errorf("rules %v, want %v", rules, want)
				}
				if want := []string{"default", "a", "checkout", "e10", "e2e", "payments", "zoo"}; !cmp.Equal(templates, want) {
					t.Errorf("templates %v, want %v", templates, want)
				}
			})
		}
	})
}

func TestTemplatesAndRulesSayAllThatIsWrongWithThem(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		_, err := d.practice.CreatePostMortemTemplate(t.Context(), &debriefv1.CreatePostMortemTemplateRequest{
			PostMortemTemplateId: "payments", PostMortemTemplate: &debriefv1.PostMortemTemplate{Title: "x", Sections: []*debriefv1.TemplateSection{
				{Id: "money", Title: "a\nb"}, {Id: "money", Title: "Money"},
			}},
		})
		if got, _ := refused(t, err); !cmp.Equal(got.Fields, []string{"post_mortem_template.sections[0].title", "post_mortem_template.sections[1].id"}) {
			t.Errorf("template: %v", err)
		}
		_, err = d.practice.CreateGroundRuleSet(t.Context(), &debriefv1.CreateGroundRuleSetRequest{
			GroundRuleSetId: "payments", GroundRuleSet: &debriefv1.GroundRuleSet{Title: "x", Rules: []*debriefv1.GroundRule{
				{Id: "listen", Title: "a", Text: "b"}, {Id: "listen", Title: " ", Text: "b"},
			}},
		})
		if got, _ := refused(t, err); !cmp.Equal(got.Fields, []string{"ground_rule_set.rules[1].id", "ground_rule_set.rules[1].title"}) {
			t.Errorf("rules: %v", err)
		}
	})
}

func TestDeletedRulesAndTemplatesArePurged(t *testing.T) {
	t.Parallel()
	onEachStoreWith(t, service.Options{Retention: time.Hour}, func(t *testing.T, d *debrief) {
		rules, template := d.ownRules(t, "payments").GetName(), d.ownTemplate(t, "payments").GetName()
		must[*debriefv1.GroundRuleSet](t)(d.practice.DeleteGroundRuleSet(t.Context(), &debriefv1.DeleteGroundRuleSetRequest{Name: rules}))
		must[*debriefv1.PostMortemTemplate](t)(d.practice.DeletePostMortemTemplate(t.Context(), &debriefv1.DeletePostMortemTemplateRequest{Name: template}))
		d.advance(2 * time.Hour)
		if err := d.services.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := d.practice.GetGroundRuleSet(t.Context(), &debriefv1.GetGroundRuleSetRequest{Name: rules})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("purged rules: %v", err)
		}
		_, err = d.practice.GetPostMortemTemplate(t.Context(), &debriefv1.GetPostMortemTemplateRequest{Name: template})
		if got, _ := refused(t, err); got.Code != codes.NotFound {
			t.Errorf("a purged template: %v", err)
		}
	})
}
