package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/debriefhq/debrief/cmd/debrief/demo"
)

const demoHelp = `Fill a store with a year of a company that does not exist: Wrenpost delivers parcels, and has incidents.

The year is told through the same services that the server has, so that the store holds what it would hold after a year
of use: alerts and reports, timelines, corrections, post-mortems with their revisions, and action items in every state.
People's handles are animals.

The same --seed, --incidents and --until tell the same year, down to the last id. It needs no server. A store that has
something in it is refused.`

// demoFlags say which year is told, and where.
type demoFlags struct {
	store, until string
	seed         uint64
	incidents    int
	force        bool
}

func newDemoCommand() *cobra.Command {
	flags := demoFlags{seed: 1, incidents: 150}
	command := &cobra.Command{
		Use:               "demo",
		Short:             "Fill a store with a year of a fictional company",
		Long:              demoHelp,
		Example:           "  debrief demo --store sqlite:demo.db && debrief serve --store sqlite:demo.db",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			return flags.run(command.Context(), command.OutOrStdout(), command.ErrOrStderr())
		},
	}
	set := command.Flags()
	addStore(command, &flags.store, "what to fill")
	set.Uint64Var(&flags.seed, "seed", flags.seed, "`number` that decides what happens")
	set.IntVar(&flags.incidents, "incidents", flags.incidents, fmt.Sprintf("`number` of incidents, 1 to %d", demo.MaxIncidents))
	set.StringVar(&flags.until, "until", "", "`time` at which the year ends, such as 2026-06-30T12:00:00Z (default: now)")
	set.BoolVar(&flags.force, "force", false, "fill the store although it has something in it; choose another seed than the last time")
	return command
}

func (f demoFlags) run(ctx context.Context, out, progress io.Writer) (err error) {
	options := demo.Options{Seed: f.seed, Incidents: f.incidents, Until: time.Now()}
	if f.until != "" {
		if options.Until, err = time.Parse(time.RFC3339, f.until); err != nil {
			return usagef("until is %q: want a time after RFC 3339, such as 2026-06-30T12:00:00Z", f.until)
		}
	}
	if f.incidents < 1 || f.incidents > demo.MaxIncidents {
		return usagef("incidents is %d: want 1 to %d", f.incidents, demo.MaxIncidents)
	}
	location, err := locateStore(f.store)
	if err != nil {
		return err
	}
	store, err := location.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	if err := demo.CheckEmpty(ctx, store); err != nil && (!f.force || !errors.Is(err, demo.ErrNotEmpty)) {
		return fmt.Errorf("%w: name another one with --store, or say --force", err)
	}
	options.Progress = showProgress(progress, "telling a year")
	if err := demo.Fill(ctx, store, options); err != nil {
		return fmt.Errorf("fill the store: %w", err)
	}
	told := " --store …" // A MongoDB URL may hold a password.
	if location.Path != "" {
		told = " --store " + location.URL
	}
	fmt.Fprintf(out, "A year with %d incidents. Look at it with:\n  debrief serve%s\n  debrief incident list\n", f.incidents, told)
	return nil
}

// showProgress draws a bar for eyes, and nothing where no terminal is.
func showProgress(to io.Writer, description string) func(done, total int) {
	file, ok := to.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	var bar *progressbar.ProgressBar
	return func(done, total int) {
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(to), progressbar.OptionSetDescription(description),
				progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(50*time.Millisecond))
		}
		// A bar that can't be drawn is no reason to stop.
		_ = bar.Set(done)
	}
}
