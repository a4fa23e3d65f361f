package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/blameless"
)

// languageFlags say how the blameless check reads, as they are given on the command line.
type languageFlags struct {
	rules, policy string
}

func (l *languageFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&l.rules, "language-rules", "", "`file` of your own rules, words and names for the blameless check, in YAML: the same as .debrief.yaml of 'debrief lint'")
	flags.StringVar(&l.policy, "language-policy", "warn", "what publication does about blame in a post-mortem whose template does not say: off, warn or block")
}

func (l *languageFlags) options() (service.LanguageOptions, error) {
	policy, ok := debriefv1.LanguagePolicy_value["LANGUAGE_POLICY_"+strings.ToUpper(l.policy)]
	if !ok || policy == 0 {
		return service.LanguageOptions{}, fmt.Errorf("language-policy is %q: want off, warn or block", l.policy)
	}
	options := service.LanguageOptions{Policy: debriefv1.LanguagePolicy(policy)}
	if l.rules == "" {
		return options, nil
	}
	data, err := readBounded(l.rules, blameless.MaxConfigBytes)
	if err != nil {
		return options, fmt.Errorf("language-rules: %w", err)
	}
	config, err := blameless.ParseConfig(data)
	if err != nil {
		return options, fmt.Errorf("language-rules: %s: %w", l.rules, err)
	}
	options.Reading = config.Options
	return options, nil
}

// readBounded reads a file, and one byte more than the limit where there is as much: enough to know that it is too large.
func readBounded(path string, limit int64) (data []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, limit+1))
}
