package export_test

import (
	"testing"
	"time"

	"github.com/debriefhq/debrief/service/export"
)

// BenchmarkDocument renders a document whose timeline has 5,000 entries.
func BenchmarkDocument(b *testing.B) {
	document := published()
	entries := document.Timeline
	for i := range 5_000 - len(entries) {
		entry := entries[i%len(entries)]
		entry.Time = entry.Time.Add(time.Duration(i) * time.Second)
		document.Timeline = append(document.Timeline, entry)
	}
	markdown := []byte(export.Markdown(document))
	b.Run("Markdown", func(b *testing.B) {
		b.SetBytes(int64(len(markdown)))
		b.ReportAllocs()
		for b.Loop() {
			export.Markdown(document)
		}
	})
	b.Run("HTML", func(b *testing.B) {
		b.SetBytes(int64(len(markdown)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := export.HTML(markdown, document.Title); err != nil {
				b.Fatal(err)
			}
		}
	})
}
