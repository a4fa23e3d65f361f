package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTelemetryIsSentOutWhereTheStandardVariablesAskForIt(t *testing.T) {
	const endpoint = "http://127.0.0.1:4318"
	for name, test := range map[string]struct {
		variables map[string]string
		want      bool
	}{
		"nobody asks":                       {nil, false},
		"an endpoint for all signals":       {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, true},
		"an endpoint for this signal":       {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint}, true},
		"an endpoint for another signal":    {map[string]string{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": endpoint}, false},
		"an exporter":                       {map[string]string{"OTEL_TRACES_EXPORTER": "console"}, true},
		"no exporter, whatever the rest":    {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, false},
		"everything is switched off":        {map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, false},
		"a variable that has nothing to do": {map[string]string{"OTEL_SERVICE_NAME": "debrief"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{
				"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
			} {
				t.Setenv(variable, test.variables[variable])
			}
			if got := exported("TRACES"); got != test.want {
				t.Errorf("exported is %v, want %v", got, test.want)
			}
		})
	}
}

func TestAnExporterThatDoesNotExistIsAnError(t *testing.T) {
	for _, signal := range []string{"TRACES", "METRICS", "LOGS"} {
		t.Run(signal, func(t *testing.T) {
			t.Setenv("OTEL_"+signal+"_EXPORTER", "pigeons")
			_, err := Start(t.Context(), testConfig(t))
			if !errors.As(err, new(*SettingsError)) || !strings.Contains(err.Error(), "pigeons") {
				t.Errorf("error is %v, want one of the settings that names the exporter", err)
			}
		})
	}
}

func TestStoppingSucceedsThoughTheLastTelemetryCannotBeSent(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+free(t))
	server := start(t, nil)
	server.send(t, http.MethodGet, "/v1/incidents", "")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := server.Stop(ctx); err != nil {
		t.Errorf("Stop: %v, want no error", err)
	}
	// Of spans, OpenTelemetry tells its error handler.
	for _, signal := range []string{"metrics", "logs"} {
		if want := `"msg":"telemetry: the last of it could not be sent","signal":"` + signal + `"`; !strings.Contains(server.log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, server.log)
		}
	}
}
