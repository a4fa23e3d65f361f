package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/debriefhq/debrief/cmd/debrief/server"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/intake"
)

const serveHelp = `Serve Debrief: gRPC on one address; on the other REST below /v1, its documentation at /docs, alerts at
/intake/alertmanager, metrics at /metrics, and /healthz and /readyz for those who watch over it.

Everything is kept in one file, or in a MongoDB of version 4.4 or later (see --store). A URL with a password is better
given as DEBRIEF_STORE, which other users of the machine can't see; so is one of a mail server, as DEBRIEF_SMTP_SERVER.

Only this machine can reach the server unless callers have to show who they are (--require-authentication), or you say that you
mean otherwise. debrief key create makes the first API key, next to the store.

With --tls-cert and --tls-key both addresses speak TLS, and nothing is served in the clear; with --tls-client-ca callers show
certificates, too, and with --tls-client-roles these say who they are. The files are read again when they change.

Alerts open incidents, whose severity is read from a label: critical, high, warning, info, p1 to p5, sev1 to sev5 and the
like are known (see --alert-severities).

Traces, metrics and logs are sent out where the standard variables of OpenTelemetry ask for it:
OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 sends all three. GOMEMLIMIT and GOGC bound the memory.

SIGTERM and SIGINT stop the server in good order, a second one at once.`

// alertFlags say how alerts become incidents, as they are given on the command line.
type alertFlags struct {
	severityLabel, severities string
	keepOpen, requireKeys     bool
	retention                 time.Duration
}

// serveSettings are those of the server, as they are given on the command line.
type serveSettings struct {
	config   server.Config
	alerts   alertFlags
	language languageFlags
}

func newServeSettings() *serveSettings {
	return &serveSettings{config: server.DefaultConfig(), alerts: alertFlags{severityLabel: intake.SeverityLabel}}
}

func (s *serveSettings) add(command *cobra.Command) {
	addServerFlags(command.Flags(), &s.config)
	addOIDCFlags(command.Flags(), &s.config.OIDC)
	addServerTLSFlags(command, &s.config.TLS)
	s.alerts.add(command.Flags())
	s.language.add(command.Flags())
}

// complete makes what the server is told of what was given. The error has every problem.
func (s *serveSettings) complete(flags *pflag.FlagSet) error {
	problems := []error{checkServerTLSFlags(flags)}
	var err error
	s.config.Alerts, err = s.alerts.options()
	problems = append(problems, err)
	s.config.Language, err = s.language.options()
	return errors.Join(append(problems, err)...)
}

func newServeCommand() *cobra.Command {
	settings := newServeSettings()
	command := &cobra.Command{
		Use:               "serve",
		Short:             "Serve gRPC, REST and the intake of alerts",
		Long:              serveHelp,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := settings.complete(command.Flags()); err != nil {
				return usagef("%w", err)
			}
			settings.config.LogOutput = command.ErrOrStderr()
			server.LimitMemory()
			err := server.Run(command.Context(), settings.config)
			if errors.As(err, new(*server.SettingsError)) {
				return usagef("%w", err)
			}
			return err
		},
	}
	settings.add(command)
	return command
}

func addServerFlags(flags *pflag.FlagSet, config *server.Config) {
	flags.StringVar(&config.Store, "store", config.Store, "where everything is kept: `URL` sqlite:PATH, mongodb://… or mongodb+srv://… (default: a file in your data directory)")
	flags.StringVar(&config.GRPCAddr, "grpc-addr", config.GRPCAddr, "`address` for gRPC, HOST:PORT")
	flags.StringVar(&config.HTTPAddr, "http-addr", config.HTTPAddr, "`address` for HTTP, HOST:PORT")
	flags.BoolVar(&config.RequireAuthentication, "require-authentication", false,
		"refuse those who do not show who they are, by an API key or otherwise; debrief key create makes the first key")
	flags.StringVar(&config.Audit, "audit", config.Audit, "whether to keep an audit `trail` of changes and refusals: auto (where callers are known), on or off")
	flags.BoolVar(&config.InsecureAllowUnauthenticatedNetwork, "insecure-allow-unauthenticated-network", false,
		"let the addresses be other than loopback without --require-authentication, so that everybody who reaches them can read and change everything")
	flags.StringSliceVar(&config.CORSOrigins, "cors-origins", nil,
		"web `origins` whose pages may call the API from a browser, such as https://dashboard.example.com; * is all")
	flags.StringVar(&config.PublicURL, "public-url", "", "`URL` at which people and programs reach Debrief over HTTP, such as https://debrief.example.com: feeds, webhooks and e-mail link to it")
	flags.DurationVar(&config.DefaultDeadline, "default-deadline", config.DefaultDeadline, "how long a call may take whose caller set no deadline")
	flags.DurationVar(&config.DrainDelay, "drain-delay", config.DrainDelay, "how long to go on serving after saying not to be ready, when told to stop")
	flags.DurationVar(&config.ShutdownTimeout, "shutdown-timeout", config.ShutdownTimeout, "how long stopping may take, drain-delay included")
	flags.DurationVar(&config.Retention, "retention", config.Retention, "how long what was deleted, and deliveries that made no sense, are kept")
	flags.DurationVar(&config.Retentions.Events, "event-retention", 0, "how long events are kept, 720h at least; 0: for good")
	flags.DurationVar(&config.Retentions.Audit, "audit-retention", 0, "how long records of the audit trail are kept, 720h at least; 0: for good")
	flags.DurationVar(&config.Retentions.Alerts, "alert-retention", config.Retentions.Alerts,
		"how long alerts that are part of no incident are kept since something came of them, 720h at least; 0: for good")
	flags.DurationVar(&config.PurgeInterval, "purge-interval", config.PurgeInterval, "how often, on average, what is past its retention is purged")
	flags.DurationVar(&config.LookBack, "look-back", config.LookBack, "how long after an action item was done to look back whether it helped")
	flags.StringVar(&config.ClockPolicies, "clock-policies", config.ClockPolicies, "YAML `file` that says how the clocks of incidents run, by severity (default: 24 hours from the resolution)")
	flags.DurationVar(&config.ClockInterval, "clock-interval", config.ClockInterval, "how often, at least, to look for what clocks have to tell")
	flags.DurationVar(&config.DeliveryInterval, "delivery-interval", config.DeliveryInterval, "how often to look for alert deliveries that are to be tried again, or were left behind")
	flags.DurationVar(&config.StoreCheckInterval, "store-check-interval", config.StoreCheckInterval, "how often to look whether the store can be reached")
	flags.BoolVar(&config.Webhooks.AllowPrivateAddresses, "webhooks-allow-private-addresses", false,
		"let webhooks lead to addresses that are not public: to this machine, and to its network")
	flags.StringVar(&config.SMTPServer, "smtp-server", "",
		"`URL` of the mail server that takes e-mail: smtp://USER:PASSWORD@HOST:587 or smtps://…:465 (default: none is sent)")
	flags.StringVar(&config.EmailFrom, "email-from", "", "who e-mail is from: an `address`, such as 'Debrief <debrief@example.com>'")
	flags.StringSliceVar(&config.EmailDomains, "email-domains", nil, "`domains` to whose addresses e-mail is sent, such as example.com; * is all")
	flags.IntVar(&config.MaxConnections, "max-connections", config.MaxConnections, "`number` of connections to each address; further ones wait")
	flags.IntVar(&config.MaxCalls, "max-calls", config.MaxCalls, "`number` of calls worked on at once; further ones are answered 503")
	flags.IntVar(&config.MaxCallRate, "max-call-rate", config.MaxCallRate, "`number` of calls a second of each principal, five times as many at once after a rest; 0: any")
	flags.IntVar(&config.MaxDeliveryRate, "max-delivery-rate", config.MaxDeliveryRate, "`number` of deliveries a second of each integration, five times as many at once after a rest; 0: any")
	flags.IntVar(&config.MaxDeliveries, "max-deliveries", config.MaxDeliveries, "`number` of alert deliveries worked on at once; further ones wait for half a second, and are then answered 503")
	flags.TextVar(&config.LogLevel, "log-level", config.LogLevel, "least `level` to log: debug, info (a line for each call), warn or error")
	flags.StringVar(&config.LogFormat, "log-format", config.LogFormat, "`format` of the log: json or text")
}

func (a *alertFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&a.severityLabel, "alert-severity-label", a.severityLabel, "`label` of an alert that tells the severity of its incident")
	flags.StringVar(&a.severities, "alert-severities", "",
		"`pairs` of a value of that label and the severity it means, such as page=SEV1,ticket=SEV3, beside those that are known anyway")
	flags.BoolVar(&a.keepOpen, "alert-keep-open", false, "leave an incident as it is when the last of its alerts stops firing, instead of resolving it")
	flags.BoolVar(&a.requireKeys, "require-intake-keys", false, "refuse deliveries of alerts that come without the key of an integration")
	flags.DurationVar(&a.retention, "delivery-retention", service.DefaultDeliveryRetention, "how long alert deliveries that were worked off are kept, from their receipt on")
}

func (a *alertFlags) options() (service.AlertOptions, error) {
	severities, err := intake.ParseSeverityMapping(a.severityLabel, a.severities)
	if err == nil && a.retention <= 0 {
		err = errors.New("delivery-retention must be more than zero")
	}
	return service.AlertOptions{
		Severities: severities, KeepOpen: a.keepOpen, RequireKeys: a.requireKeys, DeliveryRetention: a.retention,
	}, err
}
