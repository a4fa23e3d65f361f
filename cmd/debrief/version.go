package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// versionReport is what the version command tells.
type versionReport struct {
	// Version is that of this program, as the Go toolchain knows it.
	Version string `json:"version"`
	// Revision is the commit that it was built from; empty where that is not known.
	Revision string `json:"revision,omitempty"`
	// Modified says that the sources were not those of the commit.
	Modified bool `json:"modified,omitempty"`
	// Go is the version of the toolchain.
	Go string `json:"go"`
	// Platform is the operating system and the processor that it was built for.
	Platform string `json:"platform"`
	// Server is where the server was looked for; empty where it was not.
	Server string `json:"server,omitempty"`
	// ServerStatus is SERVING or NOT_SERVING, or why the server could not be asked.
	ServerStatus string `json:"serverStatus,omitempty"`
}

func (a *application) newVersionCommand() *cobra.Command {
	var clientOnly bool
	command := &cobra.Command{
		Use: "version", Short: "Show the version of this program, and whether the server can be reached", Args: takes,
	}
	command.Flags().BoolVar(&clientOnly, "client", false, "do not ask the server")
	command.RunE = a.onServer(func(command *cobra.Command, server *connection, _ []string) error {
		report := buildReport()
		if !clientOnly {
			report.Server = a.globals.server
			report.ServerStatus = a.serverStatus(command, server)
		}
		return a.showReport(report, report.Version, func() error { return a.showVersion(report) })
	})
	return command
}

func buildReport() versionReport {
	report := versionReport{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return report
	}
	if info.Main.Version != "" {
		report.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			report.Revision = setting.Value
		case "vcs.modified":
			report.Modified = setting.Value == "true"
		}
	}
	return report
}

// serverStatus asks the server by the standard health protocol. That it can't be asked is an answer too.
func (a *application) serverStatus(command *cobra.Command, server *connection) string {
	answer, err := server.health.Check(command.Context(), &healthpb.HealthCheckRequest{})
	if err == nil {
		return answer.GetStatus().String()
	}
	status, ok := statusOf(err)
	if !ok {
		return line(err.Error())
	}
	return fmt.Sprintf("%s: %s", status.Code(), cause(status.Message()))
}

// showReport writes what no server has answered: as JSON or YAML, by its name alone, or as table does.
func (a *application) showReport(report any, name string, table func() error) error {
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	switch a.globals.output.value {
	case "json":
		_, err = fmt.Fprintln(a.out, escapeJSON(string(text)))
		return err
	case "yaml":
		return writeYAML(a.out, string(text))
	case "name":
		_, err = fmt.Fprintln(a.out, name)
		return err
	}
	return table()
}

func (a *application) showVersion(report versionReport) error {
	s := a.newSheet("Debrief "+report.Version, joined(", ", report.Go, report.Platform))
	s.field("Revision", report.Revision)
	if report.Modified {
		s.field("", "with changes that are not committed")
	}
	s.field("Server", report.Server)
	s.field("Status", report.ServerStatus)
	return s.show()
}
