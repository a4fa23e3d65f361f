package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/cmd/debrief/server"
)

const keyPath = "apiKeys"

const keyCreateHelp = `Create shows the key's secret, which is not shown again. Programs send it as Authorization: Bearer, this command line takes it
from DEBRIEF_API_KEY.

The first key is made next to the store, with --offline: whoever can open the store needs no key. A server may serve the same
store meanwhile.`

// parseKeyName reads the name of an API key, or its id alone.
func parseKeyName(text string) (string, error) {
	id := strings.ToLower(cutFold(strings.TrimSpace(text), keyPath+"/"))
	if !systemID.MatchString(id) {
		return "", usagef("%q names no API key: give its id, 1 to 63 lower-case letters, digits or -, beginning with a letter", text)
	}
	return keyPath + "/" + id, nil
}

func (a *application) newKeyCommand() *cobra.Command {
	group := newGroup("key", "Say which programs and people may call",
		a.newKeyCreateCommand(), a.newKeyListCommand(), a.newKeyShowCommand(), a.newKeyRevokeCommand())
	group.Aliases = []string{"keys"}
	return group
}

// keeper is where API keys are kept: a server, or the store itself.
type keeper struct {
	offline bool
	store   string
}

func addKeeper(command *cobra.Command) *keeper {
	k := &keeper{}
	command.Flags().BoolVar(&k.offline, "offline", false, "open the store that --store names, instead of asking a server")
	command.Flags().StringVar(&k.store, "store", "", "with --offline: the `URL` of the store, as debrief serve has it")
	return k
}

// onKeeper makes a command out of work that needs who keeps API keys.
func (a *application) onKeeper(k *keeper, work func(command *cobra.Command, keys debriefv1.AccessServiceClient, arguments []string) error) func(*cobra.Command, []string) error {
	online := a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		return work(command, server.access, arguments)
	})
	return func(command *cobra.Command, arguments []string) (err error) {
		if !k.offline {
			return online(command, arguments)
		}
		opened, err := server.OpenOffline(command.Context(), k.store)
		if errors.As(err, new(*server.SettingsError)) {
			return usagef("%w", err)
		}
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, opened.Close(context.WithoutCancel(command.Context()))) }()
		return work(command, debriefv1.NewAccessServiceClient(opened), arguments)
	}
}

func (a *application) newKeyCreateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "create KEY", Short: "Let a program or a person call, under an id that you choose", Args: takes, Long: keyCreateHelp,
		Example: "  debrief key create ci --role responder --expires 90d\n  debrief key create root --role admin --offline --store sqlite:/var/lib/debrief/debrief.db",
	}
	request := &debriefv1.CreateApiKeyRequest{ApiKey: &debriefv1.ApiKey{}}
	var expires time.Duration
	k := addKeeper(command)
	flags := command.Flags()
	addEnum(command, &request.ApiKey.Role, "role", "what who has it may do")
	flags.StringVar(&request.ApiKey.Title, "title", "", "what it is for")
	flags.StringSliceVar(&request.ApiKey.Teams, "team", nil, "a `team` whose restricted resources it may see; can be repeated")
	flags.BoolVar(&request.ApiKey.ActsForOthers, "acts-for-others", false, "let it say for whom a call is made, as a dashboard has to")
	flags.Var(durationFlag{&expires}, "expires", "how long it is taken, such as 90d; 0s: until it is revoked")
	flags.BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be created, and create nothing")
	command.RunE = a.onKeeper(k, func(command *cobra.Command, keys debriefv1.AccessServiceClient, arguments []string) error {
		name, err := parseKeyName(arguments[0])
		if err != nil {
			return err
		}
		request.ApiKeyId, request.RequestId = idOf(name), a.environment.newRequestID()
		if expires != 0 {
			request.ApiKey.ExpireTime = timestamppb.New(a.environment.now().Add(expires))
		}
		created, err := keys.CreateApiKey(command.Context(), request)
		if err != nil {
			return err
		}
		sentence := done(created.GetApiKey().GetName(), "is created", request.GetValidateOnly()) + a.keySummary(created.GetApiKey())
		return a.tellOnce(created, created.GetApiKey(), sentence, "Its secret, which is not shown again: ", created.GetSecret(),
			"To use it: export DEBRIEF_API_KEY="+line(created.GetSecret())+"\n")
	})
	return command
}

func (a *application) keySummary(key *debriefv1.ApiKey) string {
	expires := "does not expire"
	if key.GetExpireTime() != nil {
		expires = "until " + a.moment(key.GetExpireTime())
	}
	return joined(", ", enumText(key.GetRole()), expires, key.GetTitle())
}

func (a *application) newKeyListCommand() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List API keys by their ids", Args: takes}
	var (
		flags listFlags
		roles []debriefv1.Role
	)
	k := addKeeper(command)
	flags.add(command, 50)
	flags.addFilter(command, "fields: title, role, expire_time, revoke_time, last_used_time")
	addEnums(command, &roles, "role", "only of these roles")
	command.RunE = a.onKeeper(k, func(command *cobra.Command, keys debriefv1.AccessServiceClient, _ []string) error {
		var all filter
		all.custom(flags.filter)
		among(&all, "role", roles)
		flags.filter = all.String()
		return a.keyListing(keys, &flags).show(command.Context(), a, &flags)
	})
	return command
}

func (a *application) keyListing(keys debriefv1.AccessServiceClient, flags *listFlags) listing[*debriefv1.ApiKey] {
	return listing[*debriefv1.ApiKey]{
		field:    "apiKeys",
		headings: []heading{{text: "ID"}, {text: "ROLE"}, {text: "STATE"}, {text: "EXPIRES"}, {text: "USED"}, {text: "BEGINS"}, {text: "TITLE", flexible: true}},
		row: func(key *debriefv1.ApiKey) []cell {
			return []cell{
				{idOf(key.GetName()), plain},
				{enumText(key.GetRole()), plain},
				{enumText(key.GetState()), plain},
				{a.moment(key.GetExpireTime()), plain},
				{a.moment(key.GetLastUsedTime()), plain},
				{key.GetPrefix(), plain},
				{key.GetTitle(), plain},
			}
		},
		page: func(ctx context.Context, size int32, token string) ([]*debriefv1.ApiKey, string, error) {
			answer, err := keys.ListApiKeys(ctx, &debriefv1.ListApiKeysRequest{PageSize: size, PageToken: token, Filter: flags.filter})
			return answer.GetApiKeys(), answer.GetNextPageToken(), err
		},
	}
}

func (a *application) keyCommand(use, short string, run func(ctx context.Context, keys debriefv1.AccessServiceClient, name string) error) *cobra.Command {
	command := &cobra.Command{Use: use + " KEY", Short: short, Args: takes}
	command.RunE = a.onKeeper(addKeeper(command), func(command *cobra.Command, keys debriefv1.AccessServiceClient, arguments []string) error {
		name, err := parseKeyName(arguments[0])
		if err != nil {
			return err
		}
		return run(command.Context(), keys, name)
	})
	return command
}

func (a *application) newKeyShowCommand() *cobra.Command {
	return a.keyCommand("show", "Show an API key, but for its secret", func(ctx context.Context, keys debriefv1.AccessServiceClient, name string) error {
		key, err := keys.GetApiKey(ctx, &debriefv1.GetApiKeyRequest{Name: name})
		if err != nil {
			return err
		}
		return a.show(key, func() error {
			s := a.newSheet(key.GetTitle(), key.GetName())
			s.field("Role", enumText(key.GetRole()))
			s.field("State", enumText(key.GetState()))
			s.field("Teams", strings.Join(key.GetTeams(), ", "))
			s.field("Acts for others", map[bool]string{true: "yes"}[key.GetActsForOthers()])
			s.field("Begins", key.GetPrefix())
			s.field("Created", a.exactMoment(key.GetCreateTime()))
			s.field("Expires", a.exactMoment(key.GetExpireTime()))
			s.field("Used", a.exactMoment(key.GetLastUsedTime()))
			s.field("Revoked", a.exactMoment(key.GetRevokeTime()))
			return s.show()
		})
	})
}

func (a *application) newKeyRevokeCommand() *cobra.Command {
	return a.keyCommand("revoke", "End it for good: every replica refuses it within seconds", func(ctx context.Context, keys debriefv1.AccessServiceClient, name string) error {
		revoked, err := keys.RevokeApiKey(ctx, &debriefv1.RevokeApiKeyRequest{Name: name})
		if err != nil {
			return err
		}
		return a.tell(revoked, name+" is revoked: "+a.keySummary(revoked))
	})
}
