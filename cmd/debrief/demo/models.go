package demo

import (
	"context"
	_ "embed" // the drawing
	"strings"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// drawing is the company's system, as somebody drew it once.
//
//go:embed systems/wrenpost.mmd
var drawing string

// teamModel is what a team takes the system to be.
type teamModel struct {
	heldBy string
	// components are names, links "FROM KIND TO".
	components, links []string
}

// teamBeliefs are what the teams believe that have more to do with the system than they know.
var teamBeliefs = map[string]teamModel{
	"checkout": {
		"checkout developers",
		[]string{"Booking", "pricing", "bookings db"},
		[]string{"Booking CALLS pricing", "Booking WRITES bookings db", "pricing READS bookings db"},
	},
	"tracking": {
		"the tracking team",
		[]string{"tracking", "event queue", "trace store", "cache"},
		[]string{"event queue CALLS tracking", "tracking WRITES trace store", "tracking READS cache"},
	},
	"routing": {
		"the on-call",
		[]string{"routing", "map tiles", "booking", "event-queue"},
		[]string{"booking CALLS routing", "routing READS map tiles"},
	},
}

// planModel lays what the team believed over what is so, and keeps what the group says of the first gap.
func (r *response) planModel(at time.Time) {
	held, known := teamBeliefs[r.Team]
	if !known {
		return
	}
	r.add(at, func(ctx context.Context) error {
		imported, err := call(ctx, r.year, r.scribe, &debriefv1.ImportSystemRequest{
			SystemId: "wrenpost", Title: "Wrenpost, from booking to delivery", Format: debriefv1.ImportSystemRequest_FORMAT_MERMAID, Content: drawing,
		}, r.services.Systems.ImportSystem)
		if err != nil {
			return err
		}
		model, err := call(ctx, r.year, r.scribe, &debriefv1.CreateMentalModelRequest{Parent: r.postMortem, MentalModel: &debriefv1.MentalModel{
			HeldBy: held.heldBy, System: imported.GetSystem().GetName(), Belief: held.graph(),
		}}, r.services.MentalModels.CreateMentalModel)
		if err != nil || r.detected.Month()%2 == 0 {
			return err
		}
		_, err = call(ctx, r.year, r.facilitator, &debriefv1.AnnotateModelGapRequest{
			Name: model.GetName(), GapId: model.GetGaps()[0].GetId(), Gap: &debriefv1.ModelGap{
				Surprise: debriefv1.ModelGap_SURPRISE_FUNDAMENTAL, Discovery: "Somebody drew it on the board, and nobody knew that part.",
				Updates: []*debriefv1.ModelUpdate{{Kind: debriefv1.ModelUpdate_KIND_DOCUMENTATION, Note: "The drawing hangs in the team's room."}},
			},
		}, r.services.MentalModels.AnnotateModelGap)
		return err
	})
}

func (m teamModel) graph() *debriefv1.SystemGraph {
	graph := &debriefv1.SystemGraph{}
	for _, name := range m.components {
		graph.Components = append(graph.Components, &debriefv1.SystemComponent{Name: name})
	}
	for _, link := range m.links {
		for _, kind := range []string{"CALLS", "READS", "WRITES"} {
			if from, to, found := strings.Cut(link, " "+kind+" "); found {
				graph.Links = append(graph.Links, &debriefv1.SystemLink{From: from, To: to, Kind: debriefv1.SystemLink_Kind(debriefv1.SystemLink_Kind_value["KIND_"+kind])})
			}
		}
	}
	return graph
}
