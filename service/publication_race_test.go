package service_test

import (
	"context"
	"testing"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/sqlite"
	"github.com/debriefhq/debrief/repository/sqlite/sqlitetest"
	"github.com/debriefhq/debrief/service"
)

// meddled is a store in which somebody changes a post-mortem right after it was read for the first time.
type meddled struct {
	repository.Repository
	meddle func()
}

func (m *meddled) PostMortems() repository.Collection[repository.PostMortem] {
	return meddledCollection{m.Repository.PostMortems(), m}
}

type meddledCollection struct {
	repository.Collection[repository.PostMortem]
	store *meddled
}

func (c meddledCollection) Get(ctx context.Context, id string) (repository.PostMortem, error) {
	found, err := c.Collection.Get(ctx, id)
	if meddle := c.store.meddle; meddle != nil {
		c.store.meddle = nil
		meddle()
	}
	return found, err
}

func TestWhatIsPublishedIsWhatWasChecked(t *testing.T) {
	t.Parallel()
	const clean = "The queue had no limit."
	for name, test := range map[string]struct {
		read, meanwhile string
		refused         bool
	}{
		"blame that is gone meanwhile": {careless, clean, false},
		"blame that came meanwhile":    {clean, careless, true},
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := sqlite.Open(t.Context(), sqlitetest.NewFile(t), sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			store := &meddled{Repository: opened}
			d := serve(t, store, service.Options{Language: service.LanguageOptions{Policy: debriefv1.LanguagePolicy_LANGUAGE_POLICY_BLOCK}})
			postMortem := d.withBlame(t).GetName()
			write := func(summary string) {
				t.Helper()
				_, err := opened.PostMortems().Update(t.Context(), postMortem[len("postMortems/"):], func(p *repository.PostMortem) (repository.Effects, error) {
					p.Summary = summary
					return repository.Effects{}, nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			write(test.read)
			store.meddle = func() { write(test.meanwhile) }
			published, err := d.postMortems.PublishPostMortem(t.Context(), &debriefv1.PublishPostMortemRequest{Name: postMortem})
			if test.refused {
				if got, _ := refused(t, err); got.Reason != "LANGUAGE_FINDINGS" {
					t.Errorf("refused by %+v", got)
				}
				return
			}
			if err != nil || published.GetSummary() != test.meanwhile || len(published.GetLanguageFindings()) != 0 {
				t.Errorf("published %v, %v", published, err)
			}
		})
	}
}
