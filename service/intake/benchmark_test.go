package intake_test

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/debriefhq/debrief/service/intake"
)

// BenchmarkParseAlertmanager reads a delivery of 100 alerts of about 750 bytes each, and beside it the same body with
// encoding/json alone, which is what made the choice of a library.
func BenchmarkParseAlertmanager(b *testing.B) {
	body := storm(100)
	b.Run("ParseAlertmanager", func(b *testing.B) {
		measure(b, body, func() error {
			_, err := intake.ParseAlertmanager(body)
			return err
		})
	})
	b.Run("encoding/json", func(b *testing.B) {
		measure(b, body, func() error {
			var message struct {
				Alerts []struct {
					Status, GeneratorURL, Fingerprint string
					Labels, Annotations               map[string]string
					StartsAt, EndsAt                  time.Time
				}
			}
			return stdjson.Unmarshal(body, &message)
		})
	})
}

func measure(b *testing.B, body []byte, read func() error) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := read(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/alert")
}

func storm(alerts int) []byte {
	body := bytes.NewBufferString(`{"receiver":"debrief","status":"firing","version":"4","groupKey":"{}:{}","truncatedAlerts":0,"alerts":[`)
	for i := range alerts {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(body, `{"status":"firing","labels":{"alertname":"HighErrorRate","cluster":"eu-1","instance":"10.0.3.%d:8080",`+
			`"job":"checkout","namespace":"shop","pod":"checkout-6f7d9c5b8d-%05d","service":"checkout","severity":"critical"},`+
			`"annotations":{"description":"More than 5 %% of the requests fail for 10 minutes.\n\nLook at the **payments** dashboard.",`+
			`"runbook_url":"https://runbooks.example.com/checkout/errors","summary":"Checkout answers 7.4 %% of requests with 5xx"},`+
			`"startsAt":"2026-03-04T08:10:11.123Z","endsAt":"0001-01-01T00:00:00Z",`+
			`"generatorURL":"http://prometheus.example.com:9090/graph?g0.expr=job%%3Aerrors%%3Arate5m+%%3E+0.05\u0026g0.tab=1",`+
			`"fingerprint":"%016x"}`, i, i, i)
	}
	body.WriteString(`]}`)
	return body.Bytes()
}
