package service

import (
	"strings"

	"google.golang.org/protobuf/proto"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/mentalmodel"
)

// maxGraphBytes bounds a graph as a message: with its revision, and what keeps its creation repeatable, it must fit in one
// document of a store.
const maxGraphBytes = 2 << 20

// checkGraph answers what is wrong with a graph; field is its path in the request.
func checkGraph(field string, graph *debriefv1.SystemGraph) error {
	if size := proto.Size(graph); size > maxGraphBytes {
		return invalid(field, "takes %d bytes: at most %d are allowed, so leave out what nobody asks about, or make several systems of it", size, maxGraphBytes)
	}
	broken := mentalmodel.Check(pureGraph(graphFromProto(graph)))
	if len(broken) == 0 {
		return nil
	}
	return &invalidError{Violations: each(broken, func(v mentalmodel.Violation) violation {
		return violation{Field: field + "." + v.Field, Problem: v.Description}
	})}
}

func graphToProto(graph repository.SystemGraph) *debriefv1.SystemGraph {
	if len(graph.Components)+len(graph.Links)+len(graph.Facts) == 0 {
		return nil
	}
	return &debriefv1.SystemGraph{
		Components: each(graph.Components, func(c repository.SystemComponent) *debriefv1.SystemComponent {
			return &debriefv1.SystemComponent{Name: c.Name, Kind: c.Kind, Aliases: c.Aliases, Description: c.Description}
		}),
		Links: each(graph.Links, func(l repository.SystemLink) *debriefv1.SystemLink {
			return &debriefv1.SystemLink{From: l.From, To: l.To, Kind: valueOf[debriefv1.SystemLink_Kind](l.Kind)}
		}),
		Facts: each(graph.Facts, func(f repository.SystemFact) *debriefv1.SystemFact {
			return &debriefv1.SystemFact{Component: f.Component, Key: f.Key, Value: f.Value, Unit: f.Unit}
		}),
	}
}

func graphFromProto(graph *debriefv1.SystemGraph) repository.SystemGraph {
	return repository.SystemGraph{
		Components: each(graph.GetComponents(), func(c *debriefv1.SystemComponent) repository.SystemComponent {
			return repository.SystemComponent{Name: c.GetName(), Kind: c.GetKind(), Aliases: c.GetAliases(), Description: c.GetDescription()}
		}),
		Links: each(graph.GetLinks(), func(l *debriefv1.SystemLink) repository.SystemLink {
			return repository.SystemLink{From: l.GetFrom(), To: l.GetTo(), Kind: nameOr(l.GetKind(), storedLinkKind(mentalmodel.DependsOn))}
		}),
		Facts: each(graph.GetFacts(), func(f *debriefv1.SystemFact) repository.SystemFact {
			return repository.SystemFact{Component: f.GetComponent(), Key: f.GetKey(), Value: f.GetValue(), Unit: f.GetUnit()}
		}),
	}
}

// pureGraph is a graph as it is compared and drawn.
func pureGraph(graph repository.SystemGraph) mentalmodel.Graph {
	return mentalmodel.Graph{
		Components: each(graph.Components, func(c repository.SystemComponent) mentalmodel.Component { return mentalmodel.Component(c) }),
		Links: each(graph.Links, func(l repository.SystemLink) mentalmodel.Link {
			return mentalmodel.Link{From: l.From, To: l.To, Kind: pureLinkKind(l.Kind)}
		}),
		Facts: each(graph.Facts, func(f repository.SystemFact) mentalmodel.Fact { return mentalmodel.Fact(f) }),
	}
}

// storedGraph is an imported graph as it is stored.
func storedGraph(graph mentalmodel.Graph) repository.SystemGraph {
	return repository.SystemGraph{
		Components: each(graph.Components, func(c mentalmodel.Component) repository.SystemComponent { return repository.SystemComponent(c) }),
		Links: each(graph.Links, func(l mentalmodel.Link) repository.SystemLink {
			return repository.SystemLink{From: l.From, To: l.To, Kind: storedLinkKind(l.Kind)}
		}),
		Facts: each(graph.Facts, func(f mentalmodel.Fact) repository.SystemFact { return repository.SystemFact(f) }),
	}
}

// Kinds of links are stored by the names of their enum's values, and compared as people read them: DEPENDS_ON is "depends on".

func storedLinkKind(kind mentalmodel.LinkKind) string {
	return strings.ToUpper(strings.ReplaceAll(string(kind), " ", "_"))
}

func pureLinkKind(stored string) mentalmodel.LinkKind {
	return mentalmodel.LinkKind(strings.ToLower(strings.ReplaceAll(stored, "_", " ")))
}
