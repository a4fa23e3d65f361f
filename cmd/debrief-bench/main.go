// Command debrief-bench measures Debrief beside what it is made of: each figure stands next to its floor, the same
// document with the same durability and as many callers, through the bare driver or through a bare gRPC call.
//
// The server runs as a process of its own, as `debrief serve` does, so that its memory and its processor time can be
// told from those of the load. docs/benchmark.md says how to read the figures.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run does what the arguments ask for and answers the exit code.
func run(ctx context.Context, arguments []string, in io.Reader, out, problems io.Writer) int {
	root := newCommand() //nolint:contextcheck // Commands get their context when they run.
	root.SetArgs(arguments)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(problems)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(problems, "debrief-bench:", err)
		return 1
	}
	return 0
}

// settings are what a benchmark is told.
type settings struct {
	store     string
	directory string
	serverLog string
	profile   string
	json      bool
	keep      bool
	duration  time.Duration
	rest      time.Duration
	clients   int
	runs      int
	// base is how many incidents the phases find in the store, and with which growth begins.
	base int
	// incidents is up to how many growth is measured.
	incidents int
	// most bounds the calls of a phase, whatever its duration.
	most int
	only []string
}

func newCommand() *cobra.Command {
	s := settings{store: "sqlite", duration: 10 * time.Second, rest: 5 * time.Second, clients: 16, runs: 3, base: 10_000, incidents: 10_000, most: 5_000_000}
	command := &cobra.Command{
		Use:           "debrief-bench",
		Short:         "Measure Debrief beside what it is made of",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			return benchmark(command.Context(), s, command.OutOrStdout(), command.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&s.store, "store", s.store, "what to measure: sqlite, or a mongodb:// `URL`, in which databases of the benchmark's own are made and dropped")
	flags.StringVar(&s.directory, "directory", "", "where files are made; its file system decides what durable means (default: a temporary directory)")
	flags.StringVar(&s.serverLog, "server-log", os.DevNull, "`file` for the server's log")
	flags.StringVar(&s.profile, "cpu-profile", "", "`file` for a profile of the server, for go tool pprof; of several servers that of the last one stays")
	flags.BoolVar(&s.json, "json", false, "print one JSON document instead of tables")
	flags.BoolVar(&s.keep, "keep", false, "keep the store of --incidents in --directory or MongoDB, and use one that is there")
	flags.DurationVar(&s.duration, "duration", s.duration, "how long each phase is, after a warm-up of a fifth of it")
	flags.DurationVar(&s.rest, "rest", s.rest, "how long a server is left alone before its memory is said to be that at rest")
	flags.IntVar(&s.clients, "clients", s.clients, "`number` of callers at a time")
	flags.IntVar(&s.runs, "runs", s.runs, "how often all phases are run, one after the other; the median is told")
	flags.IntVar(&s.base, "base", s.base, "`number` of incidents that the phases find in the store, and with which growth begins")
	flags.IntVar(&s.incidents, "incidents", s.incidents, "`number` of incidents up to which growth is measured")
	flags.IntVar(&s.most, "most", s.most, "`number` of calls at which a phase ends early")
	flags.StringArrayVar(&s.only, "only", nil, "run only the phases, and lists (growth: NAME), whose names begin with one of these `words`, with commas and no spaces between them")
	command.AddCommand(newServerCommand(), newEchoCommand())
	return command
}

func (s settings) check() error {
	var problems []error
	for _, bound := range []struct {
		name                 string
		value, least, atMost int
	}{
		{"clients", s.clients, 1, 1024},
		{"runs", s.runs, 1, 99},
		{"base", s.base, 500, 1_000_000},
		{"incidents", s.incidents, s.base, 10_000_000},
		{"most", s.most, 1, 100_000_000},
	} {
		if bound.value < bound.least || bound.value > bound.atMost {
			problems = append(problems, fmt.Errorf("%s is %d: want %d to %d", bound.name, bound.value, bound.least, bound.atMost))
		}
	}
	if s.duration <= 0 || s.duration > time.Hour {
		problems = append(problems, fmt.Errorf("duration is %v: want more than zero and at most an hour", s.duration))
	}
	if s.store != "sqlite" && !s.mongodb() {
		problems = append(problems, errors.New("store must be sqlite or a mongodb:// URL"))
	}
	return errors.Join(problems...)
}

func (s settings) mongodb() bool { return strings.HasPrefix(s.store, "mongodb") }

// wanted says whether a phase is to be run.
func (s settings) wanted(phase string) bool {
	begins := func(list string) bool {
		return slices.ContainsFunc(names(list), func(name string) bool { return strings.HasPrefix(phase, name) })
	}
	return len(s.only) == 0 || slices.ContainsFunc(s.only, begins)
}

// names are what is separated by commas. A comma before a space belongs to a name.
func names(list string) []string {
	var found []string
	for part := range strings.SplitSeq(list, ",") {
		if len(found) > 0 && strings.HasPrefix(part, " ") {
			found[len(found)-1] += "," + part
			continue
		}
		found = append(found, part)
	}
	return found
}

// machine says where the figures were made.
func machine() string {
	return fmt.Sprintf("%s %s/%s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
