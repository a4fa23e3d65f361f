package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const systemPath = "systems"

var systemID = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// parseSystem reads the name of a system, or its id alone.
func parseSystem(text string) (string, error) {
	id := strings.ToLower(cutFold(strings.TrimSpace(text), systemPath+"/"))
	if !systemID.MatchString(id) {
		return "", usagef("%q names no system: give its id, 1 to 63 lower-case letters, digits or -, beginning with a letter", text)
	}
	return systemPath + "/" + id, nil
}

// systemFlag is a flag that names a system.
type systemFlag struct{ name *string }

func (f systemFlag) Type() string { return "ID" }

func (f systemFlag) String() string {
	if f.name == nil {
		return ""
	}
	return *f.name
}

// Set takes a name or an id.
func (f systemFlag) Set(text string) (err error) {
	*f.name, err = parseSystem(text)
	return err
}

func (a *application) newSystemCommand() *cobra.Command {
	group := newGroup("system", "Describe systems as they are",
		a.newSystemCreateCommand(), a.newSystemListCommand(), a.newSystemShowCommand(), a.newSystemUpdateCommand(), a.newSystemImportCommand(),
		a.newSystemVerb("delete", "Hide one from lists; its revisions stay readable", "is deleted", func(ctx context.Context, server *connection, name, etag string) (*debriefv1.System, error) {
			return server.systems.DeleteSystem(ctx, &debriefv1.DeleteSystemRequest{Name: name, Etag: etag})
		}),
		a.newSystemVerb("undelete", "Take a deletion back", "is back", func(ctx context.Context, server *connection, name, etag string) (*debriefv1.System, error) {
			return server.systems.UndeleteSystem(ctx, &debriefv1.UndeleteSystemRequest{Name: name, Etag: etag})
		}))
	group.Aliases = []string{"systems"}
	return group
}

func systemSummary(system *debriefv1.System) string {
	if system.GetLatestRevision() == 0 {
		return system.GetTitle()
	}
	return fmt.Sprintf("%s, revision %d", system.GetTitle(), system.GetLatestRevision())
}

func suggestSystems(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.systems.ListSystems(command.Context(), &debriefv1.ListSystemsRequest{PageSize: completionPage})
	return texts(answer.GetSystems(), func(system *debriefv1.System) cobra.Completion {
		return completion(system.GetName(), system.GetTitle())
	}), err
}

// systemFields are the flags that say what a system is.
type systemFields struct {
	description *longText
	graph       *graphFile
	title       string
	labels      []string
	postMortem  string
}

func (a *application) addSystemFields(command *cobra.Command) *systemFields {
	fields := &systemFields{description: a.addLongText(command, "description", "what it does, in Markdown")}
	fields.graph = a.addGraphFile(command, "read what is known of it from a `file`; - is stdin")
	command.Flags().StringVar(&fields.title, "title", "", "what it is called")
	command.Flags().StringArrayVar(&fields.labels, "label", nil, "a label, `KEY=VALUE`; can be repeated")
	command.Flags().Var(nameFlag{postMortemNames, &fields.postMortem}, "postmortem", "the post-mortem that brought it to light")
	completeFlag(command, "postmortem", a.complete(suggestPostMortems))
	return fields
}

func (f *systemFields) read(ctx context.Context) (*debriefv1.System, error) {
	labels, err := readLabels(f.labels)
	if err != nil {
		return nil, err
	}
	description, err := f.description.read(ctx, "")
	if err != nil {
		return nil, err
	}
	reality, err := f.graph.read()
	if err != nil {
		return nil, err
	}
	return &debriefv1.System{Title: f.title, Description: description, Labels: labels, Reality: reality, PostMortem: f.postMortem}, nil
}

func (a *application) newSystemCreateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "create SYSTEM", Short: "Describe a system, under an id that you choose", Args: takes,
		Example: "  debrief system create shop --title \"The shop\" --file shop.yaml",
	}
	request := &debriefv1.CreateSystemRequest{}
	fields := a.addSystemFields(command)
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be created, and create nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseSystem(arguments[0])
		if err != nil {
			return err
		}
		if request.System, err = fields.read(command.Context()); err != nil {
			return err
		}
		request.SystemId, request.RequestId = idOf(name), a.environment.newRequestID()
		if request.GetSystem().GetTitle() == "" {
			request.System.Title = request.GetSystemId()
		}
		created, err := server.systems.CreateSystem(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(created, done(created.GetName(), "is described", request.GetValidateOnly())+systemSummary(created))
	})
	return command
}

func (a *application) newSystemUpdateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "update SYSTEM", Short: "Change a system; another graph is its next revision", Args: takes,
		ValidArgsFunction: a.completeFirst(suggestSystems),
	}
	request := &debriefv1.UpdateSystemRequest{}
	fields := a.addSystemFields(command)
	var etag string
	addEtag(command, &etag)
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be stored, and store nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseSystem(arguments[0])
		if err != nil {
			return err
		}
		if request.System, err = fields.read(command.Context()); err != nil {
			return err
		}
		if proto.Size(request.GetSystem()) == 0 {
			return usagef("%w", errNoGraph)
		}
		request.System.Name, request.System.Etag = name, etag
		if len(request.GetSystem().GetLabels()) > 0 {
			request.UpdateMask = labelMask(request.GetSystem())
		}
		changed, err := server.systems.UpdateSystem(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(changed, done(changed.GetName(), "is changed", request.GetValidateOnly())+systemSummary(changed))
	})
	return command
}

// labelMask names the fields of a system that are given.
func labelMask(system *debriefv1.System) *fieldmaskpb.FieldMask {
	mask := &fieldmaskpb.FieldMask{Paths: []string{"labels"}}
	for path, given := range map[string]bool{
		"title": system.GetTitle() != "", "description": system.GetDescription() != "",
		"reality": system.GetReality() != nil, "post_mortem": system.GetPostMortem() != "",
	} {
		if given {
			mask.Paths = append(mask.Paths, path)
		}
	}
	return mask
}

func (a *application) newSystemVerb(use, short, happened string, call func(ctx context.Context, server *connection, name, etag string) (*debriefv1.System, error)) *cobra.Command {
	command := &cobra.Command{Use: use + " SYSTEM", Short: short, Args: takes, ValidArgsFunction: a.completeFirst(suggestSystems)}
	var etag string
	addEtag(command, &etag)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseSystem(arguments[0])
		if err != nil {
			return err
		}
		system, err := call(command.Context(), server, name, etag)
		if err != nil {
			return err
		}
		return a.tell(system, name+" "+happened+": "+systemSummary(system))
	})
	return command
}

func (a *application) newSystemListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List systems by their ids", Args: takes}
	var flags listFlags
	flags.add(command, 50)
	flags.addFilter(command, "fields: title, labels.KEY, reality.components.name, update_time, delete_time")
	flags.addOrder(command, "name (default), update_time")
	flags.addShowDeleted(command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		return a.systemListing(server, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) systemListing(server *connection, flags *listFlags) listing[*debriefv1.System] {
	return listing[*debriefv1.System]{
		field:    "systems",
		headings: []heading{{text: "ID"}, {text: "REVISION"}, {text: "COMPONENTS"}, {text: "CHANGED"}, {text: "TITLE", flexible: true}},
		row: func(system *debriefv1.System) []cell {
			title := system.GetTitle()
			if system.GetDeleteTime() != nil {
				title = "(deleted) " + title
			}
			return []cell{
				{idOf(system.GetName()), plain},
				{fmt.Sprint(system.GetLatestRevision()), plain},
				{fmt.Sprint(len(system.GetReality().GetComponents())), plain},
				{a.moment(system.GetUpdateTime()), plain},
				{title, plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.System, string, error) {
			answer, err := server.systems.ListSystems(ctx, &debriefv1.ListSystemsRequest{
				PageSize: size, PageToken: token, Filter: flags.filter, OrderBy: flags.orderBy, ShowDeleted: flags.showDeleted,
			})
			return answer.GetSystems(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) newSystemShowCommand() *cobra.Command {
	var revision int32
	command := &cobra.Command{
		Use: "show SYSTEM", Short: "Show all of a system, or one of its revisions", Args: takes, ValidArgsFunction: a.completeFirst(suggestSystems),
	}
	command.Flags().Int32Var(&revision, "revision", 0, "show what was known at this revision; 0: as it stands now")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseSystem(arguments[0])
		if err != nil {
			return err
		}
		if revision != 0 {
			known, err := server.systems.GetSystemRevision(command.Context(), &debriefv1.GetSystemRevisionRequest{Name: fmt.Sprintf("%s/revisions/%d", name, revision)})
			if err != nil {
				return err
			}
			return a.show(known, func() error { return a.systemRevisionSheet(known) })
		}
		system, err := server.systems.GetSystem(command.Context(), &debriefv1.GetSystemRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(system, func() error { return a.systemSheet(system) })
	})
	return command
}

func (a *application) systemSheet(system *debriefv1.System) error {
	s := a.newSheet(system.GetTitle(), system.GetName())
	s.field("Revision", fmt.Sprint(system.GetLatestRevision()))
	s.field("Post-mortem", system.GetPostMortem())
	s.field("Labels", labelText(system.GetLabels()))
	s.field("Created", a.exactMoment(system.GetCreateTime()))
	s.field("Deleted", a.exactMoment(system.GetDeleteTime()))
	s.field("Etag", system.GetEtag())
	s.section("Description", system.GetDescription())
	s.graph(system.GetReality())
	return s.show()
}

func (a *application) systemRevisionSheet(known *debriefv1.SystemRevision) error {
	s := a.newSheet(fmt.Sprintf("Revision %d", known.GetRevision()), known.GetName())
	s.field("Revised", a.exactMoment(known.GetReviseTime()))
	s.field("By", known.GetActor())
	s.field("Post-mortem", known.GetPostMortem())
	s.graph(known.GetReality())
	return s.show()
}

// graph shows a graph in the lines of the YAML that it can be written in.
func (s *sheet) graph(graph *debriefv1.SystemGraph) {
	s.list("Components", texts(graph.GetComponents(), func(c *debriefv1.SystemComponent) string {
		return joined(", ", append([]string{qualified(c.GetName(), c.GetKind())}, c.GetAliases()...)...)
	}))
	s.list("Links", texts(graph.GetLinks(), linkText))
	s.list("Facts", texts(graph.GetFacts(), func(f *debriefv1.SystemFact) string {
		return joined(" "+factMark+" ", f.GetComponent(), f.GetKey()) + ": " + joined(" ", f.GetValue(), f.GetUnit())
	}))
}

func linkText(link *debriefv1.SystemLink) string {
	return fmt.Sprintf("%s %s %s: %s", link.GetFrom(), arrowMark, link.GetTo(), wordsOf(enumText(link.GetKind())))
}

// wordsOf is the name of an enum's value as people say it.
func wordsOf(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", " ")) }

func (a *application) newSystemImportCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "import FILE", Short: "Make a system, or its next revision, of a drawing or a compose file", Args: takes,
		Long: "Import reads a Mermaid flowchart, a DOT file or a compose file; - is stdin. The same content again changes nothing. What is not\n" +
			"understood is told with its line.",
		Example: "  debrief system import compose.yaml --format compose --id shop",
	}
	request := &debriefv1.ImportSystemRequest{}
	addEnum(command, &request.Format, "format", "how it is written; default: by the file's name (.mmd, .dot, .gv, else compose)")
	var name string
	command.Flags().Var(systemFlag{&name}, "id", "the system's id")
	completeFlag(command, "id", a.complete(suggestSystems))
	require(command, "id")
	command.Flags().StringVar(&request.Title, "title", "", "what it is called; default: its id")
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be stored, and store nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) (err error) {
		if request.Content, err = a.readFile("FILE", arguments[0]); err != nil {
			return err
		}
		if request.GetFormat() == 0 {
			request.Format = map[string]debriefv1.ImportSystemRequest_Format{
				"mermaid": debriefv1.ImportSystemRequest_FORMAT_MERMAID, "dot": debriefv1.ImportSystemRequest_FORMAT_DOT,
				"yaml": debriefv1.ImportSystemRequest_FORMAT_COMPOSE,
			}[formatOf("", arguments[0])]
		}
		request.SystemId = idOf(name)
		answer, err := server.systems.ImportSystem(command.Context(), request)
		if err != nil {
			return err
		}
		for _, notice := range answer.GetNotices() {
			a.note("%s", noticeText(int(notice.GetLine()), notice.GetMessage()))
		}
		happened := "is imported"
		if answer.GetUnchanged() {
			happened = "says the same already"
		}
		return a.tell(answer.GetSystem(), done(answer.GetSystem().GetName(), happened, request.GetValidateOnly())+systemSummary(answer.GetSystem()))
	})
	return command
}
