package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/groundrules"
	"github.com/debriefhq/debrief/service/template"
)

// teamCollection is a kind of resource whose ids teams choose.
type teamCollection struct{ path, noun string }

var (
	groundRuleSetNames = teamCollection{"groundRuleSets", "set of ground rules"}
	templateNames      = teamCollection{"postMortemTemplates", "template"}
)

// parse reads a resource name, or its id alone, in any case.
func (c teamCollection) parse(text string) (string, error) {
	id := strings.ToLower(cutFold(strings.TrimSpace(text), c.path+"/"))
	if id == "" || strings.Contains(id, "/") {
		return "", fmt.Errorf("%q names no %s: give its id, such as default, or %s/ID", text, c.noun, c.path)
	}
	return c.path + "/" + id, nil
}

func (a *application) newRulesCommand() *cobra.Command {
	return newGroup("rules", "Read the ground rules of reviews, and have your own", a.newRulesListCommand(), a.newRulesShowCommand(), a.newRulesCreateCommand())
}

func (a *application) newRulesListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List the sets of ground rules, the built-in one first", Args: takes}
	var flags listFlags
	flags.add(command, 50)
	flags.addShowDeleted(command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		return listing[*debriefv1.GroundRuleSet]{
			field:    "groundRuleSets",
			headings: []heading{{text: "ID"}, {text: "RULES"}, {text: "TITLE", flexible: true}},
			row: func(set *debriefv1.GroundRuleSet) []cell {
				return []cell{{idOf(set.GetName()), plain}, {fmt.Sprint(len(set.GetRules())), plain}, {set.GetTitle(), plain}}
			},
			page: func(ctx context.Context, size int32, token string) ([]*debriefv1.GroundRuleSet, string, error) {
				answer, err := server.practice.ListGroundRuleSets(ctx, &debriefv1.ListGroundRuleSetsRequest{PageSize: size, PageToken: token, ShowDeleted: flags.showDeleted})
				return answer.GetGroundRuleSets(), answer.GetNextPageToken(), err
			},
		}.show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) newRulesShowCommand() *cobra.Command {
	command := &cobra.Command{Use: "show [SET]", Short: "Show a set of ground rules; the built-in one where none is named", Args: takes}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := groundRuleSetNames.parse(strings.Join(append(arguments, "default")[:1], ""))
		if err != nil {
			return usagef("%w", err)
		}
		set, err := server.practice.GetGroundRuleSet(command.Context(), &debriefv1.GetGroundRuleSetRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(set, func() error {
			s := a.newSheet(set.GetTitle(), set.GetName())
			s.field("Etag", set.GetEtag())
			for _, rule := range set.GetRules() {
				s.section(line(qualified(rule.GetTitle(), rule.GetId())), rule.GetText())
			}
			return s.show()
		})
	})
	return command
}

func (a *application) newRulesCreateCommand() *cobra.Command {
	request := &debriefv1.CreateGroundRuleSetRequest{GroundRuleSet: &debriefv1.GroundRuleSet{}}
	command := &cobra.Command{
		Use: "create SET", Short: "Add a set of ground rules from a YAML file, under an id of your choice", Args: takes,
		Long:    "Create adds a set of ground rules. The file is a list of rules, each with id, title and text; docs/reviews.md shows one.",
		Example: "  debrief rules create payments -f rules.yaml --title \"How we speak\"",
	}
	file := addSource(command)
	command.Flags().StringVar(&request.GroundRuleSet.Title, "title", "", "what it is called, in a line; default: its id")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := groundRuleSetNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		text, err := a.readFile("--file", *file)
		if err != nil {
			return err
		}
		rules, err := groundrules.Parse([]byte(text))
		if err != nil {
			return usagef("--file %s: %w", *file, err)
		}
		request.GroundRuleSetId, request.RequestId = idOf(name), a.environment.newRequestID()
		if request.GetGroundRuleSet().GetTitle() == "" {
			request.GroundRuleSet.Title = idOf(name)
		}
		request.GroundRuleSet.Rules = converted(rules, func(rule groundrules.Rule) *debriefv1.GroundRule {
			return &debriefv1.GroundRule{Id: rule.ID, Title: rule.Title, Text: rule.Text}
		})
		set, err := server.practice.CreateGroundRuleSet(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(set, set.GetName()+" is there: "+set.GetTitle())
	})
	return command
}

// converted converts the elements of a list.
func converted[From, To any](list []From, convert func(From) To) []To {
	to := make([]To, len(list))
	for i, element := range list {
		to[i] = convert(element)
	}
	return to
}

// addSource adds the flag for the file that a resource is made from.
func addSource(command *cobra.Command) *string {
	file := command.Flags().StringP("file", "f", "", "the YAML `file`; - is stdin")
	completeFile(command, "file")
	require(command, "file")
	return file
}

func (a *application) newTemplateCommand() *cobra.Command {
	return newGroup("template", "Read the templates of post-mortems, and have your own",
		a.newTemplateListCommand(), a.newTemplateShowCommand(), a.newTemplateCreateCommand())
}

func (a *application) newTemplateListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List the templates, the built-in one first", Args: takes}
	var flags listFlags
	flags.add(command, 50)
	flags.addShowDeleted(command)
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		return listing[*debriefv1.PostMortemTemplate]{
			field:    "postMortemTemplates",
			headings: []heading{{text: "ID"}, {text: "REVISION"}, {text: "SECTIONS"}, {text: "TITLE", flexible: true}},
			row: func(template *debriefv1.PostMortemTemplate) []cell {
				return []cell{
					{idOf(template.GetName()), plain},
					{fmt.Sprint(template.GetRevision()), plain},
					{fmt.Sprint(len(template.GetSections())), plain},
					{template.GetTitle(), plain},
				}
			},
			page: func(ctx context.Context, size int32, token string) ([]*debriefv1.PostMortemTemplate, string, error) {
				answer, err := server.practice.ListPostMortemTemplates(ctx, &debriefv1.ListPostMortemTemplatesRequest{PageSize: size, PageToken: token, ShowDeleted: flags.showDeleted})
				return answer.GetPostMortemTemplates(), answer.GetNextPageToken(), err
			},
		}.show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) newTemplateShowCommand() *cobra.Command {
	command := &cobra.Command{Use: "show [TEMPLATE]", Short: "Show a template; the built-in one where none is named", Args: takes}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := templateNames.parse(strings.Join(append(arguments, "default")[:1], ""))
		if err != nil {
			return usagef("%w", err)
		}
		shown, err := server.practice.GetPostMortemTemplate(command.Context(), &debriefv1.GetPostMortemTemplateRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(shown, func() error {
			s := a.newSheet(shown.GetTitle(), shown.GetName())
			s.field("Revision", fmt.Sprint(shown.GetRevision()))
			s.field("Language", enumText(shown.GetLanguagePolicy()))
			s.field("Etag", shown.GetEtag())
			for _, section := range shown.GetSections() {
				about := section.GetId()
				if section.GetRequired() {
					about += ", required"
				}
				s.section(line(qualified(section.GetTitle(), about)), orDash(section.GetHelp()))
			}
			return s.show()
		})
	})
	return command
}

func (a *application) newTemplateCreateCommand() *cobra.Command {
	request := &debriefv1.CreatePostMortemTemplateRequest{PostMortemTemplate: &debriefv1.PostMortemTemplate{}}
	command := &cobra.Command{
		Use: "create TEMPLATE", Short: "Add a template from a YAML file, under an id of your choice", Args: takes,
		Long:    "Create adds a template. The file has a title, and sections with id, title, help and required; docs/reviews.md shows one.",
		Example: "  debrief template create payments -f template.yaml",
	}
	file := addSource(command)
	addEnum(command, &request.PostMortemTemplate.LanguagePolicy, "language", "what publication does about findings of the blameless check; default: as the server is set")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := templateNames.parse(arguments[0])
		if err != nil {
			return usagef("%w", err)
		}
		text, err := a.readFile("--file", *file)
		if err != nil {
			return err
		}
		read, err := template.Parse([]byte(text))
		if err != nil {
			return usagef("--file %s: %w", *file, err)
		}
		request.PostMortemTemplateId, request.RequestId = idOf(name), a.environment.newRequestID()
		request.PostMortemTemplate.Title = read.Title
		request.PostMortemTemplate.Sections = converted(read.Sections, func(section template.Section) *debriefv1.TemplateSection {
			return &debriefv1.TemplateSection{Id: section.ID, Title: section.Title, Help: section.Help, Required: section.Required}
		})
		created, err := server.practice.CreatePostMortemTemplate(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(created, created.GetName()+" is there: "+created.GetTitle())
	})
	return command
}
