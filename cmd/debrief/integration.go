package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const integrationPath = "integrations"

// parseIntegration reads the name of an integration, or its id alone. Its id is made as that of a system is.
func parseIntegration(text string) (string, error) {
	id := strings.ToLower(cutFold(strings.TrimSpace(text), integrationPath+"/"))
	if !systemID.MatchString(id) {
		return "", usagef("%q names no integration: give its id, 1 to 63 lower-case letters, digits or -, beginning with a letter", text)
	}
	return integrationPath + "/" + id, nil
}

// integrationFlag is a flag that names an integration.
type integrationFlag struct{ name *string }

func (f integrationFlag) Type() string { return "ID" }

func (f integrationFlag) String() string {
	if f.name == nil {
		return ""
	}
	return *f.name
}

// Set takes a name or an id.
func (f integrationFlag) Set(text string) (err error) {
	*f.name, err = parseIntegration(text)
	return err
}

func (a *application) newIntegrationCommand() *cobra.Command {
	group := newGroup("integration", "Say which alerting systems may deliver, and what becomes of their alerts",
		a.newIntegrationCreateCommand(), a.newIntegrationListCommand(), a.newIntegrationShowCommand(), a.newIntegrationUpdateCommand(),
		a.newIntegrationDeleteCommand(), a.newRotateKeyCommand(), a.newTestRulesCommand())
	group.Aliases = []string{"integrations"}
	return group
}

func suggestIntegrations(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.integrations.ListIntegrations(command.Context(), &debriefv1.ListIntegrationsRequest{PageSize: completionPage})
	return texts(answer.GetIntegrations(), func(integration *debriefv1.Integration) cobra.Completion {
		return completion(integration.GetName(), integrationSummary(integration))
	}), err
}

func integrationSummary(integration *debriefv1.Integration) string {
	return joined(", ", enumText(integration.GetKind()), integration.GetTitle())
}

// integrationCommand is a command about one integration.
func (a *application) integrationCommand(use, short string, run func(ctx context.Context, server *connection, name string) error) *cobra.Command {
	command := &cobra.Command{Use: use + " INTEGRATION", Short: short, Args: takes, ValidArgsFunction: a.completeFirst(suggestIntegrations)}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseIntegration(arguments[0])
		if err != nil {
			return err
		}
		return run(command.Context(), server, name)
	})
	return command
}

// integrationFields are the flags that say what an integration is.
type integrationFields struct {
	app                 *application
	file, title, secret string
	disabled, keepOpen  bool
	labels              []string
}

func (a *application) addIntegrationFields(command *cobra.Command) *integrationFields {
	fields := &integrationFields{app: a}
	flags := command.Flags()
	flags.StringVar(&fields.file, "file", "", "read its fields, or a list of its rules, from a `file` in YAML or JSON; - is stdin; flags win")
	completeFile(command, "file")
	flags.StringVar(&fields.title, "title", "", "what it is called")
	flags.StringVar(&fields.secret, "signing-secret", "", "the `secret` that the sender signs with; its variable keeps it out of the list of processes")
	flags.BoolVar(&fields.disabled, "disabled", false, "refuse deliveries for now")
	flags.BoolVar(&fields.keepOpen, "keep-open", false, "leave incidents open when their alerts stop firing")
	flags.StringArrayVar(&fields.labels, "label", nil, "a label that alerts get where they have none of that key, `KEY=VALUE`; can be repeated")
	return fields
}

// read is what the file and the flags say, and which fields they speak of.
func (f *integrationFields) read(command *cobra.Command) (*debriefv1.Integration, []string, error) {
	integration := &debriefv1.Integration{}
	paths, err := f.app.readIntegration(f.file, integration)
	if err != nil {
		return nil, nil, err
	}
	labels, err := readLabels(f.labels)
	if err != nil {
		return nil, nil, err
	}
	for _, given := range []struct {
		flag, path string
		set        func()
	}{
		{"title", "title", func() { integration.Title = f.title }},
		{"signing-secret", "signing_secret", func() { integration.SigningSecret = f.secret }},
		{"disabled", "disabled", func() { integration.Disabled = f.disabled }},
		{"keep-open", "keep_open", func() { integration.KeepOpen = f.keepOpen }},
		{"label", "labels", func() { integration.Labels = mergeLabels(integration.GetLabels(), labels, nil) }},
	} {
		if changed(command, given.flag) {
			given.set()
			paths = append(paths, given.path)
		}
	}
	slices.Sort(paths)
	return integration, slices.Compact(paths), nil
}

// readIntegration fills an integration from a file, and answers the fields that the file names.
func (a *application) readIntegration(path string, integration *debriefv1.Integration) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	text, err := a.readFile("--file", path)
	if err != nil {
		return nil, err
	}
	named, err := messageFile{now: a.environment.now, alone: "rules"}.read(text, integration)
	if err != nil {
		return nil, usagef("--file %s: %w", path, err)
	}
	return named, nil
}

func (a *application) newIntegrationCreateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "create INTEGRATION", Short: "Let an alerting system deliver, under an id that you choose", Args: takes,
		Long:    "Create shows the key that the sender has to send along. It is not shown again.",
		Example: "  debrief integration create pagers --kind pagerduty --title \"Pagers of the shop\" --file rules.yaml",
	}
	request := &debriefv1.CreateIntegrationRequest{}
	fields := a.addIntegrationFields(command)
	var of debriefv1.Integration_Kind
	addEnum(command, &of, "kind", "in whose form alerts arrive")
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be created, and create nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseIntegration(arguments[0])
		if err != nil {
			return err
		}
		if request.Integration, _, err = fields.read(command); err != nil {
			return err
		}
		request.IntegrationId, request.RequestId = idOf(name), a.environment.newRequestID()
		request.Integration.Name = ""
		if of != 0 {
			request.Integration.Kind = of
		}
		if request.GetIntegration().GetTitle() == "" {
			request.Integration.Title = request.GetIntegrationId()
		}
		created, err := server.integrations.CreateIntegration(command.Context(), request)
		if err != nil {
			return err
		}
		integration := created.GetIntegration()
		return a.tellKey(created, done(integration.GetName(), "is created", request.GetValidateOnly())+integrationSummary(integration))
	})
	return command
}

// tellKey tells what was done, and the key with what to do with it.
func (a *application) tellKey(answer *debriefv1.IntegrationWithKey, sentence string) error {
	key := line(answer.GetKey())
	return a.tellOnce(answer, answer.GetIntegration(), sentence, "Its key, which is not shown again: ", key, keyHint(answer.GetIntegration().GetKind(), a.globals.tls.scheme(), key))
}

// keyHint says what to do with the key of an integration.
func keyHint(of debriefv1.Integration_Kind, scheme, key string) string {
	sender, known := senders[of]
	if !known {
		return ""
	}
	hint := "Have " + sender.called + " send to " + sender.address(scheme+"://HOST:8080", key) + sender.hint(key) + ".\n"
	return hint + "To try it: debrief send-test " + strings.ToLower(enumText(of)) + " --key " + key + "\n"
}

func (a *application) newIntegrationUpdateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "update INTEGRATION", Short: "Change who may deliver, or what becomes of it", Args: takes, ValidArgsFunction: a.completeFirst(suggestIntegrations),
		Long: "Update changes the fields that the file and the flags name, and leaves all others as they are. What they name takes the place\n" +
			"of all that was there: of the rules, say, or of the labels. A field that the file leaves empty is cleared.",
	}
	request := &debriefv1.UpdateIntegrationRequest{}
	fields := a.addIntegrationFields(command)
	var etag string
	addEtag(command, &etag)
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be stored, and store nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseIntegration(arguments[0])
		if err != nil {
			return err
		}
		integration, paths, err := fields.read(command)
		if err != nil {
			return err
		}
		if len(paths) == 0 {
			return usagef("%w", errNoGraph)
		}
		if etag != "" {
			integration.Etag = etag
		}
		integration.Name, request.Integration = name, integration
		// The name and the etag say which integration is meant, and are not changed.
		request.UpdateMask = &fieldmaskpb.FieldMask{Paths: slices.DeleteFunc(paths, func(path string) bool { return path == "name" || path == "etag" })}
		updated, err := server.integrations.UpdateIntegration(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(updated, done(name, "is changed", request.GetValidateOnly())+integrationSummary(updated))
	})
	return command
}

func (a *application) newIntegrationDeleteCommand() *cobra.Command {
	var etag string
	command := a.integrationCommand("delete", "End it: its keys are refused from then on, its alerts stay", func(ctx context.Context, server *connection, name string) error {
		deleted, err := server.integrations.DeleteIntegration(ctx, &debriefv1.DeleteIntegrationRequest{Name: name, Etag: etag})
		if err != nil {
			return err
		}
		return a.tell(deleted, name+" is deleted: "+integrationSummary(deleted))
	})
	addEtag(command, &etag)
	return command
}

func (a *application) newRotateKeyCommand() *cobra.Command {
	overlap := 24 * time.Hour
	command := a.integrationCommand("rotate-key", "Make another key, and take those before it for a while", func(ctx context.Context, server *connection, name string) error {
		rotated, err := server.integrations.RotateIntegrationKey(ctx, &debriefv1.RotateIntegrationKeyRequest{
			Name: name, Overlap: durationpb.New(overlap), RequestId: a.environment.newRequestID(),
		})
		if err != nil {
			return err
		}
		return a.tellKey(rotated, name+" has another key: "+integrationSummary(rotated.GetIntegration()))
	})
	command.Flags().Var(durationFlag{&overlap}, "overlap", "how long the keys before it are taken, at most 30d; 0s: not at all")
	return command
}
