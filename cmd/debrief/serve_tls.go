package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/debriefhq/debrief/cmd/debrief/server"
)

func addServerTLSFlags(command *cobra.Command, options *server.TLSOptions) {
	flags := command.Flags()
	flags.StringVar(&options.Cert, "tls-cert", "", "PEM `file` of the certificate to serve both addresses over TLS with, and of those that lead from it to an authority (default: in the clear)")
	flags.StringVar(&options.Key, "tls-key", "", "PEM `file` of the certificate's private key")
	flags.StringVar(&options.ClientCA, "tls-client-ca", "", "PEM `file` of the authorities by whose certificates callers may say who they are (default: callers are not asked)")
	flags.StringVar(&options.ClientAuth, "tls-client-auth", "", "what becomes of callers that show no certificate though asked: require refuses them, allow lets them in (default: require)")
	flags.StringSliceVar(&options.ClientRoles, "tls-client-roles", nil, "`pairs` of a name in a caller's certificate and the role that it gives, such as dns:ci.example.com=responder,uri:spiffe://example.com/wall=viewer; kinds of names are cn, dns, email, subject and uri")
	flags.DurationVar(&options.ReloadInterval, "tls-reload-interval", options.ReloadInterval, "how often to look whether the TLS files have changed")
	for _, name := range []string{"tls-cert", "tls-key", "tls-client-ca"} {
		completeFile(command, name)
	}
	completeChoice(command, "tls-client-auth", []string{server.ClientAuthRequire, server.ClientAuthAllow})
}

// checkServerTLSFlags refuses what would have Debrief serve with less than was asked for: flags that are given and empty, as by a
// variable of a script that is not set, and those that say how to call a server where nothing says how to serve.
func checkServerTLSFlags(flags *pflag.FlagSet) error {
	for _, name := range []string{"tls-cert", "tls-key", "tls-client-ca", "tls-client-auth", "tls-client-roles"} {
		if flag := flags.Lookup(name); flag.Changed && flag.Value.String() == "" {
			return usagef("%s is empty: want a value, or leave the flag out", name)
		}
	}
	if flags.Changed("tls-cert") {
		return nil
	}
	if flags.Changed("tls-reload-interval") {
		return usagef("tls-reload-interval says how often to read files of TLS: want tls-cert and tls-key as well")
	}
	for _, name := range clientTLSFlags {
		if flag := flags.Lookup(name); flag != nil && flag.Value.String() != flag.DefValue {
			return usagef("%s says how to call a server: to serve over TLS want tls-cert and tls-key", name)
		}
	}
	return nil
}
