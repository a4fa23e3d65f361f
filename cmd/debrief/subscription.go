package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

const subscriptionPath = "subscriptions"

// parseSubscription reads the name of a subscription, or its id alone. Its id is made as that of a system is.
func parseSubscription(text string) (string, error) {
	id := strings.ToLower(cutFold(strings.TrimSpace(text), subscriptionPath+"/"))
	if !systemID.MatchString(id) {
		return "", usagef("%q names no subscription: give its id, 1 to 63 lower-case letters, digits or -, beginning with a letter", text)
	}
	return subscriptionPath + "/" + id, nil
}

func (a *application) newSubscriptionCommand() *cobra.Command {
	group := newGroup("subscription", "Tell other systems what happens, by webhook, and people, by e-mail",
		a.newSubscriptionCreateCommand(), a.newSubscriptionListCommand(), a.newSubscriptionShowCommand(), a.newSubscriptionUpdateCommand(),
		a.newSubscriptionDeleteCommand(), a.newSubscriptionEnableCommand(), a.newSubscriptionTestCommand(), a.newDeliveriesCommand(),
		a.newReplayCommand(), a.newRotateSecretCommand())
	group.Aliases = []string{"subscriptions"}
	return group
}

func suggestSubscriptions(command *cobra.Command, server *connection, _ []string) ([]cobra.Completion, error) {
	answer, err := server.subscriptions.ListSubscriptions(command.Context(), &debriefv1.ListSubscriptionsRequest{PageSize: completionPage})
	return texts(answer.GetSubscriptions(), func(subscription *debriefv1.Subscription) cobra.Completion {
		return completion(subscription.GetName(), subscription.GetTitle())
	}), err
}

// subscriptionCommand is a command about one subscription.
func (a *application) subscriptionCommand(use, short string, run func(ctx context.Context, server *connection, name string) error) *cobra.Command {
	command := &cobra.Command{Use: use + " SUBSCRIPTION", Short: short, Args: takes, ValidArgsFunction: a.completeFirst(suggestSubscriptions)}
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseSubscription(arguments[0])
		if err != nil {
			return err
		}
		return run(command.Context(), server, name)
	})
	return command
}

// subscriptionFields are the flags that say what a subscription is.
type subscriptionFields struct {
	title, filter, uri, template string
	format                       debriefv1.Webhook_Format
	timeout                      time.Duration

	email, quietHours, timeZone string
	digestInterval              time.Duration
}

// subscriptionPaths are the flags, in their order, and the fields that they are about.
var subscriptionPaths = [][2]string{
	{"title", "title"},
	{"filter", "filter"},
	{"uri", "webhook.uri"},
	{"format", "webhook.format"},
	{"template", "webhook.template"},
	{"webhook-timeout", "webhook.timeout"},
	{"email", "email.address"},
	{"digest-interval", "email.digest_interval"},
	{"quiet-hours", "email.quiet_hours"},
	{"time-zone", "email.quiet_hours"},
}

func addSubscriptionFields(command *cobra.Command) *subscriptionFields {
	fields := &subscriptionFields{}
	flags := command.Flags()
	flags.StringVar(&fields.title, "title", "", "what it is called")
	flags.StringVar(&fields.filter, "filter", "", "which events, in `CEL`, such as 'event.type == \"INCIDENT_OPENED\"'; empty: all, or for e-mail the reminders")
	flags.StringVar(&fields.uri, "uri", "", "where to: `URL`")
	flags.StringVar(&fields.template, "template", "", "the `text` of a message, for the formats slack and teams")
	flags.DurationVar(&fields.timeout, "webhook-timeout", 0, "how long an answer may take, 1s to 30s (default 15s)")
	addEnum(command, &fields.format, "format", "what the body is")
	flags.StringVar(&fields.email, "email", "", "who to write to, instead of a webhook: an `address`")
	flags.DurationVar(&fields.digestInterval, "digest-interval", 0, "how long to gather what is written in one message, at most 24h (default 1m)")
	flags.StringVar(&fields.quietHours, "quiet-hours", "", "hours at which nothing is written: `FROM-TO`, such as 22:00-07:00; none: at none")
	flags.StringVar(&fields.timeZone, "time-zone", "", "the time `zone` of the quiet hours, such as Europe/Berlin (default UTC)")
	return fields
}

func (f *subscriptionFields) read(command *cobra.Command, name string) (*debriefv1.Subscription, error) {
	subscription := &debriefv1.Subscription{Name: name, Title: f.title, Filter: f.filter}
	if changed(command, "email") || changed(command, "digest-interval") || changed(command, "quiet-hours") || changed(command, "time-zone") {
		subscription.Email = &debriefv1.Email{Address: f.email}
		if changed(command, "digest-interval") {
			subscription.Email.DigestInterval = durationpb.New(f.digestInterval)
		}
		if err := f.readQuietHours(subscription.GetEmail()); err != nil {
			return nil, err
		}
	}
	if subscription.GetEmail() == nil || changed(command, "uri") || changed(command, "format") || changed(command, "template") || changed(command, "webhook-timeout") {
		subscription.Webhook = &debriefv1.Webhook{Uri: f.uri, Format: f.format, Template: f.template}
		if f.timeout != 0 {
			subscription.Webhook.Timeout = durationpb.New(f.timeout)
		}
	}
	return subscription, nil
}

func (f *subscriptionFields) readQuietHours(email *debriefv1.Email) error {
	if f.quietHours == "" || f.quietHours == "none" {
		if f.timeZone != "" {
			return usagef("--time-zone is that of --quiet-hours: give both")
		}
		return nil
	}
	start, end, found := strings.Cut(f.quietHours, "-")
	if !found {
		return usagef("--quiet-hours is %q: give FROM-TO, such as 22:00-07:00", f.quietHours)
	}
	email.QuietHours = &debriefv1.QuietHours{Start: strings.TrimSpace(start), End: strings.TrimSpace(end), TimeZone: f.timeZone}
	return nil
}

func (a *application) newSubscriptionCreateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "create SUBSCRIPTION", Short: "Call an address for each event, or write to somebody, under an id that you choose", Args: takes,
		Long: "Create shows the secret that webhooks are signed with. It is not shown again.",
		Example: `  debrief subscription create chat --uri https://chat.example.com/hook --format slack --filter 'event.type == "INCIDENT_OPENED"'
  debrief subscription create kim --email kim@example.com --digest-interval 1h --quiet-hours 20:00-07:00 --time-zone Europe/Berlin`,
	}
	request := &debriefv1.CreateSubscriptionRequest{}
	fields := addSubscriptionFields(command)
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what would be created, and create nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseSubscription(arguments[0])
		if err != nil {
			return err
		}
		request.SubscriptionId, request.RequestId = idOf(name), a.environment.newRequestID()
		if request.Subscription, err = fields.read(command, ""); err != nil {
			return err
		}
		if request.GetSubscription().GetTitle() == "" {
			request.Subscription.Title = request.GetSubscriptionId()
		}
		created, err := server.subscriptions.CreateSubscription(command.Context(), request)
		if err != nil {
			return err
		}
		subscription := created.GetSubscription()
		return a.tellSecret(created, done(subscription.GetName(), "is created", request.GetValidateOnly())+subscription.GetTitle())
	})
	return command
}

// tellSecret tells what was done, and the secret on a line of its own.
func (a *application) tellSecret(answer *debriefv1.SubscriptionWithSecret, sentence string) error {
	return a.tellOnce(answer, answer.GetSubscription(), sentence, "Its secret, which is not shown again: ", answer.GetSecret(), "")
}

// tellOnce tells what was done, and a secret with what to do with it. Where names alone are asked for, the secret goes to
// stderr: it must not be lost, since nobody can ask for it again.
func (a *application) tellOnce(answer, resource proto.Message, sentence, once, secret, hint string) error {
	if a.globals.output.value == "name" {
		if secret != "" {
			a.note("%s%s", once, line(secret))
		}
		return a.writeName(resource)
	}
	return a.show(answer, func() error {
		text := line(sentence) + "\n"
		if secret != "" {
			text += once + line(secret) + "\n" + hint
		}
		_, err := a.out.WriteString(text)
		return err
	})
}

func (a *application) newSubscriptionUpdateCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "update SUBSCRIPTION", Short: "Change what is told, where to, or how", Args: takes, ValidArgsFunction: a.completeFirst(suggestSubscriptions),
	}
	fields := addSubscriptionFields(command)
	request := &debriefv1.UpdateSubscriptionRequest{}
	var etag string
	addEtag(command, &etag)
	command.Flags().BoolVar(&request.ValidateOnly, "validate-only", false, "check it and show what it would be, and change nothing")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, arguments []string) error {
		name, err := parseSubscription(arguments[0])
		if err != nil {
			return err
		}
		subscription, err := fields.read(command, name)
		if err != nil {
			return err
		}
		subscription.Etag = etag
		request.Subscription, request.UpdateMask = subscription, &fieldmaskpb.FieldMask{}
		var flags []string
		for _, field := range subscriptionPaths {
			flags = append(flags, "--"+field[0])
			if changed(command, field[0]) && !slices.Contains(request.GetUpdateMask().GetPaths(), field[1]) {
				request.UpdateMask.Paths = append(request.UpdateMask.Paths, field[1])
			}
		}
		if len(request.GetUpdateMask().GetPaths()) == 0 {
			return usagef("nothing is to be changed: give at least one of %s", strings.Join(flags, ", "))
		}
		updated, err := server.subscriptions.UpdateSubscription(command.Context(), request)
		if err != nil {
			return err
		}
		return a.tell(updated, done(name, "is changed", request.GetValidateOnly())+updated.GetTitle())
	})
	return command
}

func (a *application) newSubscriptionDeleteCommand() *cobra.Command {
	var etag string
	command := a.subscriptionCommand("delete", "End it: nothing is delivered from then on", func(ctx context.Context, server *connection, name string) error {
		deleted, err := server.subscriptions.DeleteSubscription(ctx, &debriefv1.DeleteSubscriptionRequest{Name: name, Etag: etag})
		if err != nil {
			return err
		}
		return a.tell(deleted, name+" is deleted: "+deleted.GetTitle())
	})
	addEtag(command, &etag)
	return command
}

func (a *application) newSubscriptionEnableCommand() *cobra.Command {
	var skip bool
	command := a.subscriptionCommand("enable", "Take up again what was disabled", func(ctx context.Context, server *connection, name string) error {
		enabled, err := server.subscriptions.EnableSubscription(ctx, &debriefv1.EnableSubscriptionRequest{
			Name: name, SkipMissed: skip, RequestId: a.environment.newRequestID(),
		})
		if err != nil {
			return err
		}
		return a.tell(enabled, name+" is enabled: "+enabled.GetTitle())
	})
	command.Flags().BoolVar(&skip, "skip-missed", false, "leave out what happened while it was disabled")
	return command
}

func (a *application) newRotateSecretCommand() *cobra.Command {
	var overlap time.Duration
	command := a.subscriptionCommand("rotate-secret", "Make another secret, and sign with both for a while", func(ctx context.Context, server *connection, name string) error {
		rotated, err := server.subscriptions.RotateSubscriptionSecret(ctx, &debriefv1.RotateSubscriptionSecretRequest{
			Name: name, Overlap: durationpb.New(overlap), RequestId: a.environment.newRequestID(),
		})
		if err != nil {
			return err
		}
		return a.tellSecret(rotated, name+" has another secret: "+rotated.GetSubscription().GetTitle())
	})
	command.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long to sign with the secret before it as well; 0: not at all")
	return command
}

func (a *application) newReplayCommand() *cobra.Command {
	request := &debriefv1.ReplayEventsRequest{}
	command := a.subscriptionCommand("replay", "Deliver events of the past again", func(ctx context.Context, server *connection, name string) error {
		request.Name, request.RequestId = name, a.environment.newRequestID()
		answer, err := server.subscriptions.ReplayEvents(ctx, request)
		if err != nil {
			return err
		}
		return a.show(proto.Message(answer), func() error {
			_, err := fmt.Fprintf(a.out, "%d events are on their way to %s\n", answer.GetEventCount(), name)
			return err
		})
	})
	command.Flags().Int64Var(&request.FirstSequence, "from", 0, "the `sequence` of the first event")
	command.Flags().Int64Var(&request.LastSequence, "to", 0, "the `sequence` of the last event")
	return command
}
