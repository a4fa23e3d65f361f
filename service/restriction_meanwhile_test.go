package service_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service"
)

// race is a vault that is open, until it is restricted in the midst of a call of the outsider, and written into.
type race struct {
	*vault

	store *meanwhile
	// served is a server over that store.
	served *debrief
	// words are how many words were written.
	words int
	// moments bounds how many moments of a call are tried.
	moments int64
}

func newRace(t *testing.T, d *debrief) *race {
	t.Helper()
	r := &race{vault: newVault(t, d), store: &meanwhile{Repository: d.repository}, moments: 1000}
	r.served = front(t, r.store, authenticated(), d.clock)
	r.lift(t)
	return r
}

// lift opens everything.
func (r *race) lift(t *testing.T) {
	t.Helper()
	rewrite(t, r.repository.Incidents(), r.incident, func(i *repository.Incident) { i.Restriction = repository.Restriction{} })
	rewrite(t, r.repository.PostMortems(), r.postMortem, func(p *repository.PostMortem) { p.Restriction = repository.Restriction{} })
}

// word is the word that was written last.
func (r *race) word() string { return fmt.Sprintf("okapi%d.", r.words) }

// seal restricts the incident, or the post-mortem, and writes another word into everything that is restricted by that.
func (r *race) seal(t *testing.T, what string) {
	t.Helper()
	r.words++
	word, to := r.word(), repository.Restriction{Teams: []string{"security"}}
	if what == r.incident {
		rewrite(t, r.repository.Incidents(), r.incident, func(i *repository.Incident) { i.Title, i.Restriction = word, to }, repository.Event{
			Header: repository.Header{CreationKey: word, CreateTime: start, UpdateTime: start}, Type: "INCIDENT_UPDATED", Resource: r.incident, Incident: r.incident,
			Time: start, Changes: []repository.FieldChange{{Field: "title", After: word}},
		})
		rewrite(t, r.repository.TimelineEntries(), r.name("/timelineEntries/"), func(e *repository.TimelineEntry) { e.Text = word })
		rewrite(t, r.repository.Alerts(), r.name("alerts/"), func(a *repository.Alert) { a.Title = word })
	}
	rewrite(t, r.repository.PostMortems(), r.postMortem, func(p *repository.PostMortem) {
		p.Title = word
		if what == r.postMortem {
			p.Restriction = to
		}
	})
	rewrite(t, r.repository.ParticipantStatements(), r.name("/statements/"), func(s *repository.ParticipantStatement) { s.Text = word })
	rewrite(t, r.repository.MentalModels(), r.name("/mentalModels/"), func(m *repository.MentalModel) { m.HeldBy = word })
	rewrite(t, r.repository.ActionItems(), r.name("actionItems/"), func(i *repository.ActionItem) { i.Title = word })
}

// name is the first of the restricted names that has the part.
func (r *race) name(part string) string {
	for _, name := range r.names {
		if strings.Contains(name, part) {
			return name
		}
	}
	return ""
}

// rewrite changes a resource in the store.
func rewrite[T any](t *testing.T, collection repository.Collection[T], name string, change func(*T), events ...repository.Event) {
	t.Helper()
	_, err := collection.Update(context.WithoutCancel(t.Context()), lastPart(name), func(resource *T) (repository.Effects, error) {
		change(resource)
		return repository.Effects{Events: events}, nil
	})
	if err != nil {
		t.Errorf("rewrite %s: %v", name, err)
	}
}

// run calls a method for the outsider, over and over: what is to be restricted is before the first read or write, before the second,
// and so on. What was written after that is told in no answer. It answers how often that was.
func (r *race) run(t *testing.T, method string, output protoreflect.MessageType, what string, request proto.Message, check func()) (moments int) {
	t.Helper()
	for n := int64(1); n <= r.moments; n++ {
		r.store.in(n, func() { r.seal(t, what) })
		answer := output.New().Interface()
		err := r.served.connection.Invoke(showing(t, r.outsider), method, request, answer)
		if !r.store.happened() {
			r.store.in(0, nil)
			break
		}
		if text := prototext.Format(answer) + fmt.Sprint(err); strings.Contains(text, r.word()) {
			t.Errorf("%s tells what was written after %s was restricted before its read or write %d:\n%s", method, what, n, text)
		}
		moments++
		check()
		r.lift(t)
	}
	return moments
}

// TestWhatIsRestrictedMeanwhileIsNotShown restricts something, and writes into it, at every moment of every read; on MongoDB, to which
// all this takes longer to write, right before anything is read.
func TestWhatIsRestrictedMeanwhileIsNotShown(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		r := newRace(t, d)
		whats := []string{r.incident, r.postMortem}
		if strings.HasSuffix(t.Name(), "mongodb") {
			whats, r.moments = whats[:1], 1
		}
		everyMethod(t, func(method protoreflect.MethodDescriptor) {
			if method.IsStreamingServer() || service.MethodChanges(fullName(method)) || method.Name() == "ListAuditRecords" {
				return
			}
			request, named := r.about(method.Input(), func(name string) string { return name })
			for _, asked := range []proto.Message{request, dynamicpb.NewMessage(method.Input())} {
				if asked == proto.Message(request) && !named {
					continue
				}
				for _, what := range whats {
					r.run(t, fullName(method), dynamicpb.NewMessageType(method.Output()), what, asked, func() {})
				}
			}
		})
		if r.words < 30 {
			t.Errorf("%d moments were tried", r.words)
		}
	})
}

// TestWhatIsRestrictedMeanwhileIsNotChanged does the same with changes by the outsider: they are not made on top of what was restricted by
// itself.
func TestWhatIsRestrictedMeanwhileIsNotChanged(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, d *debrief) {
		r := newRace(t, d)
		for name, test := range map[string]struct {
			request, answer proto.Message
			// what has the title that stays where it is restricted itself.
			what  string
			title func() string
		}{
			debriefv1.IncidentService_UpdateIncident_FullMethodName: {
				request: &debriefv1.UpdateIncidentRequest{Incident: &debriefv1.Incident{Name: r.incident, Title: "Mine"}}, answer: &debriefv1.Incident{},
				what: r.incident, title: func() string {
					return must[repository.Incident](t)(d.repository.Incidents().Get(t.Context(), lastPart(r.incident))).Title
				},
			},
			debriefv1.PostMortemService_UpdatePostMortem_FullMethodName: {
				request: &debriefv1.UpdatePostMortemRequest{PostMortem: &debriefv1.PostMortem{Name: r.postMortem, Title: "Mine"}}, answer: &debriefv1.PostMortem{},
				what: r.postMortem, title: func() string {
					return must[repository.PostMortem](t)(d.repository.PostMortems().Get(t.Context(), lastPart(r.postMortem))).Title
				},
			},
			debriefv1.TimelineService_UpdateTimelineEntry_FullMethodName: {
				request: &debriefv1.UpdateTimelineEntryRequest{TimelineEntry: &debriefv1.TimelineEntry{Name: r.name("/timelineEntries/"), Text: "It was slow."}},
				answer:  &debriefv1.TimelineEntry{},
			},
			debriefv1.ActionItemService_UpdateActionItem_FullMethodName: {
				request: &debriefv1.UpdateActionItemRequest{ActionItem: &debriefv1.ActionItem{Name: r.name("actionItems/"), Owner: "ben"}}, answer: &debriefv1.ActionItem{},
			},
			debriefv1.MentalModelService_UpdateMentalModel_FullMethodName: {
				request: &debriefv1.UpdateMentalModelRequest{MentalModel: &debriefv1.MentalModel{Name: r.name("/mentalModels/"), Description: "Mine"}},
				answer:  &debriefv1.MentalModel{},
			},
		} {
			for _, what := range []string{r.incident, r.postMortem} {
				moments := r.run(t, name, test.answer.ProtoReflect().Type(), what, test.request, func() {
					if test.what == what && test.title() != r.word() {
						t.Errorf("%s has changed what was restricted", name)
					}
				})
				if moments == 0 {
					t.Errorf("%s neither reads nor writes", name)
				}
			}
		}
	})
}

// lastPart is the id in a resource name.
func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
