package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const modelPath = "mentalModels"

// parseModel reads the name of a mental model: POST-MORTEM/MODEL, or the resource name.
func parseModel(text string) (string, error) {
	rest := cutFold(strings.TrimSpace(text), postMortemNames.path+"/")
	postMortem, model, _ := strings.Cut(rest, "/")
	parent, err := postMortemNames.parse(postMortem)
	if err != nil {
		return "", usagef("%w", err)
	}
	id, ok := parseID(cutFold(model, modelPath+"/"))
	if !ok {
		return "", usagef("%q names no mental model: give POST-MORTEM/MODEL", text)
	}
	return parent + "/" + modelPath + "/" + id, nil
}

// shortModel is the shortest way to name a mental model.
func shortModel(name string) string {
	return strings.Replace(strings.TrimPrefix(name, postMortemNames.path+"/"), "/"+modelPath+"/", "/", 1)
}

func (a *application) newModelCommand() *cobra.Command {
	group := newGroup("model", "Keep what people believed of a system, and compare it with what is so",
		a.newModelAddCommand(), a.newModelListCommand(), a.newModelShowCommand(), a.newModelUpdateCommand(), a.newModelCompareCommand(),
		a.newModelDrawCommand(), a.newModelAnnotateCommand(), a.newModelDeleteCommand())
	group.Aliases = []string{"models"}
	return group
}

func suggestModels(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.mentalModels.ListMentalModels(command.Context(), &debriefv1.ListMentalModelsRequest{Parent: postMortemNames.path + "/-", PageSize: completionPage})
	return texts(answer.GetMentalModels(), func(model *debriefv1.MentalModel) cobra.Completion {
		return cobra.CompletionWithDesc(shortModel(model.GetName()), line(modelSummary(model)))
	}), err
}

// modelSummary tells of a mental model in a few words.
func modelSummary(model *debriefv1.MentalModel) string {
	count := len(model.GetGaps()) + int(model.GetOmittedGapCount())
	gaps := fmt.Sprintf("%d gaps", count)
	if count == 1 {
		gaps = "1 gap"
	}
	return fmt.Sprintf("%s of %s, %s", model.GetHeldBy(), idOf(model.GetSystem()), gaps)
}

// modelFields are the flags that say what a model is.
type modelFields struct {
	description *longText
	graph       *graphFile
	heldBy      string
	system      string
	revision    int32
	matches     []string
}

func (a *application) addModelFields(command *cobra.Command) *modelFields {
	fields := &modelFields{description: a.addLongText(command, "description", "what is to be said beside the graph, in Markdown")}
	fields.graph = a.addGraphFile(command, "read what they believed from a `file`; - is stdin")
	command.Flags().StringVar(&fields.heldBy, "held-by", "", "who believed it: a `role` or a team, never a person")
	command.Flags().Var(systemFlag{&fields.system}, "system", "the system that it is a model of")
	completeFlag(command, "system", a.complete(suggestSystems))
	command.Flags().Int32Var(&fields.revision, "revision", 0, "compare it with this revision of the system; default: the newest")
	command.Flags().StringArrayVar(&fields.matches, "match", nil, "which component is meant, `BELIEVED=ACTUAL`; without ACTUAL: none; can be repeated")
	return fields
}

func (f *modelFields) read(ctx context.Context) (*debriefv1.MentalModel, error) {
	description, err := f.description.read(ctx, "")
	if err != nil {
		return nil, err
	}
	belief, err := f.graph.read()
	if err != nil {
		return nil, err
	}
	model := &debriefv1.MentalModel{HeldBy: f.heldBy, Description: description, System: f.system, SystemRevision: f.revision, Belief: belief}
	for _, match := range f.matches {
		believed, actual, found := strings.Cut(match, "=")
		if !found {
			return nil, usagef("--match %q: write BELIEVED=ACTUAL", match)
		}
		model.MatchCorrections = append(model.MatchCorrections, &debriefv1.MatchCorrection{Believed: strings.TrimSpace(believed), Actual: strings.TrimSpace(actual)})
	}
	return model, nil
}

func (a *application) newModelAddCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "add POST-MORTEM", Short: "Add what a role or a team believed, and compare it", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
		Example:           "  debrief model add 01JD3V2Q6R8T0W2Y4A6C8E0G2J --system shop --held-by on-call --file belief.yaml",
	}
	request := &debriefv1.CreateMentalModelRequest{}
	fields := a.addModelFields(command)
	require(command, "system", "held-by")
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be created, and create nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.Parent, err = postMortemNames.parse(arguments[0]); err != nil {
			return usagef("%w", err)
		}
		if request.MentalModel, err = fields.read(command.Context()); err != nil {
			return err
		}
		request.RequestId = a.environment.newRequestID()
		created, err := server.mentalModels.CreateMentalModel(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(created, done(shortModel(created.GetName()), "is added", request.GetValidateOnly())+modelSummary(created))
	})
	return command
}

func (a *application) newModelUpdateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "update MODEL", Short: "Change a model, and compare it anew; what was noted on its gaps stays", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestModels),
	}
	request := &debriefv1.UpdateMentalModelRequest{}
	fields := a.addModelFields(command)
	var etag string
	addEtag(command, &etag)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseModel(arguments[0])
		if err != nil {
			return err
		}
		if request.MentalModel, err = fields.read(command.Context()); err != nil {
			return err
		}
		request.MentalModel.Name, request.MentalModel.Etag = name, etag
		changed, err := server.mentalModels.UpdateMentalModel(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(changed, shortModel(changed.GetName())+" is changed: "+modelSummary(changed))
	})
	return command
}

func (a *application) newModelDeleteCommand() *cobra.Command {
	command := &cobra.Command{Use: "delete MODEL", Short: "Hide a model", Args: takes, ValidArgsFunction: a.completeFirst(suggestModels)}
	request := &debriefv1.DeleteMentalModelRequest{}
	addEtag(command, &request.Etag)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.Name, err = parseModel(arguments[0]); err != nil {
			return err
		}
		deleted, err := server.mentalModels.DeleteMentalModel(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(deleted, shortModel(deleted.GetName())+" is deleted: "+modelSummary(deleted))
	})
	return command
}

func (a *application) newModelListCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "list [POST-MORTEM]", Short: "List the models of a post-mortem, or all, the oldest first", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestPostMortems),
	}
	var flags listFlags
	flags.add(command, 50)
	flags.addFilter(command, "fields: system, held_by, gaps.kind, gaps.components, gaps.surprise, create_time, delete_time")
	flags.addShowDeleted(command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		parent := postMortemNames.path + "/-"
		if len(arguments) > 0 {
			if parent, err = postMortemNames.parse(arguments[0]); err != nil {
				return usagef("%w", err)
			}
		}
		return a.modelListing(server, parent, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) modelListing(server *connection, parent string, flags *listFlags) listing[*debriefv1.MentalModel] {
	return listing[*debriefv1.MentalModel]{
		field:    "mentalModels",
		headings: []heading{{text: "MODEL"}, {text: "SYSTEM"}, {text: "REVISION"}, {text: "GAPS"}, {text: "CREATED"}, {text: "HELD BY", flexible: true}},
		row: func(model *debriefv1.MentalModel) []cell {
			return []cell{
				{shortModel(model.GetName()), plain},
				{idOf(model.GetSystem()), plain},
				{fmt.Sprint(model.GetSystemRevision()), plain},
				{fmt.Sprint(len(model.GetGaps()) + int(model.GetOmittedGapCount())), plain},
				{a.moment(model.GetCreateTime()), plain},
				{model.GetHeldBy(), plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.MentalModel, string, error) {
			answer, err := server.mentalModels.ListMentalModels(ctx, &debriefv1.ListMentalModelsRequest{
				Parent: parent, PageSize: size, PageToken: token, Filter: flags.filter, ShowDeleted: flags.showDeleted,
			})
			return answer.GetMentalModels(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) newModelShowCommand() *cobra.Command {
	command := &cobra.Command{Use: "show MODEL", Short: "Show all of a model, with its gaps", Args: takes, ValidArgsFunction: a.completeFirst(suggestModels)}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseModel(arguments[0])
		if err != nil {
			return err
		}
		model, err := server.mentalModels.GetMentalModel(command.Context(), &debriefv1.GetMentalModelRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(model, func() error { return a.modelSheet(model) })
	})
	return command
}

func (a *application) modelSheet(model *debriefv1.MentalModel) error {
	s := a.newSheet("What "+model.GetHeldBy()+" believed", model.GetName())
	s.field("System", model.GetSystem())
	s.field("Revision", fmt.Sprint(model.GetSystemRevision()))
	s.field("Created", a.exactMoment(model.GetCreateTime()))
	s.field("Deleted", a.exactMoment(model.GetDeleteTime()))
	s.field("Etag", model.GetEtag())
	s.section("Description", model.GetDescription())
	s.graph(model.GetBelief())
	s.section("Gaps", gapsText(model.GetGaps(), int(model.GetOmittedGapCount())))
	return s.show()
}
