package archive_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/cmd/debrief/archive"
	"github.com/debriefhq/debrief/repository"
)

var header = archive.Header{Time: time.Date(2026, time.November, 23, 13, 0, 0, 0, time.FixedZone("CET", 3600)), Program: "v1.4.0"}

var documents = []repository.Document{
	{Kind: "incidents", ID: "01A", Content: []byte(`{"id":"01A","title":"<Größe> &"}`)},
	{Kind: "incidents", ID: "01B", Content: []byte(`{"id":"01B"}`)},
	{Kind: "systems", ID: "shop", Content: []byte(`{"id":"shop"}`)},
}

func given(documents []repository.Document, err error) iter.Seq2[repository.Document, error] {
	return func(yield func(repository.Document, error) bool) {
		for _, document := range documents {
			if !yield(document, nil) {
				return
			}
		}
		if err != nil {
			yield(repository.Document{}, err)
		}
	}
}

// written is an archive of the documents.
func written(t *testing.T, documents ...repository.Document) string {
	t.Helper()
	var text strings.Builder
	if _, err := archive.Write(&text, header, given(documents, nil), nil); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestWrite(t *testing.T) {
	want := `{"format":"debrief-archive","version":1,"time":"2026-11-23T12:00:00Z","program":"v1.4.0"}
{"kind":"incidents","id":"01A","document":{"id":"01A","title":"<Größe> &"}}
{"kind":"incidents","id":"01B","document":{"id":"01B"}}
{"kind":"systems","id":"shop","document":{"id":"shop"}}
{"counts":{"incidents":2,"systems":1},"sha256":"HASH"}
`
	var told []int
	var text bytes.Buffer
	trailer, err := archive.Write(&text, header, given(documents, nil), func(count int) { told = append(told, count) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Replace(want, "HASH", trailer.SHA256, 1), text.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, told); diff != "" || trailer.Total() != 3 {
		t.Errorf("%d documents are told of: -want +got\n%s", trailer.Total(), diff)
	}
}

func TestReadWhatWasWritten(t *testing.T) {
	text := written(t, documents...)
	trailer, err := archive.Check(strings.NewReader(text))
	if err != nil || trailer.Total() != 3 {
		t.Errorf("Check = %+v, %v", trailer, err)
	}
	var got []repository.Document
	for document, err := range archive.Documents(strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, document)
	}
	if diff := cmp.Diff(documents, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestAnArchiveThatIsCutIsNoticed cuts it behind each byte.
func TestAnArchiveThatIsCutIsNoticed(t *testing.T) {
	text := written(t, documents...)
	for length := range len(text) {
		if _, err := archive.Check(strings.NewReader(text[:length])); !errors.Is(err, archive.ErrDamaged) {
			t.Fatalf("after %d of %d bytes: Check = %v", length, len(text), err)
		}
	}
}

func TestDamage(t *testing.T) {
	whole := written(t, documents...)
	lines := strings.SplitAfter(whole, "\n")
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "nothing is in it"},
		{"something else", "a,b,c\n", "does not say that it is a debrief-archive"},
		{"a newer one", strings.Replace(whole, `"version":1`, `"version":2`, 1), "its version is 2, and this program knows up to 1"},
		{"another text", strings.Replace(whole, "01B\"}", "01C\"}", 1), "the lines before have"},
		{"a line less", lines[0] + lines[1] + lines[3] + lines[4], "counts map[incidents:2 systems:1], and it has"},
		{"lines in another order", lines[0] + lines[2] + lines[1] + lines[3] + lines[4], "the lines before have"},
		{"more behind it", whole + "\n", "something follows"},
		{"a line of something else", lines[0] + `{"title":"x"}` + "\n", "line 2: "},
		{"a line without an id", lines[0] + `{"kind":"incidents","document":{}}` + "\n", "line 2: kind, id or document is missing"},
		{"an endless line", lines[0] + strings.Repeat("x", 129<<20), "line 2 is longer than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := archive.Check(strings.NewReader(test.text)); !errors.Is(err, archive.ErrDamaged) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Check = %v, want %q", err, test.want)
			}
		})
	}
}

func TestErrorsOfOthers(t *testing.T) {
	broken := errors.New("broken")
	if _, err := archive.Write(io.Discard, header, given(documents, broken), nil); !errors.Is(err, broken) {
		t.Errorf("of the documents: %v", err)
	}
	if _, err := archive.Write(failing{broken}, header, given(documents, nil), nil); !errors.Is(err, broken) {
		t.Errorf("of writing: %v", err)
	}
	from := io.MultiReader(strings.NewReader(written(t, documents...)[:120]), failing{broken})
	if _, err := archive.Check(from); !errors.Is(err, broken) || errors.Is(err, archive.ErrDamaged) {
		t.Errorf("of reading: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

// FuzzCheck expects that whatever is read is an archive, or damaged, and that an archive is the same when it is written again.
func FuzzCheck(f *testing.F) {
	var text strings.Builder
	if _, err := archive.Write(&text, header, given(documents, nil), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(text.String())
	f.Add(`{"format":"debrief-archive","version":1}` + "\n" + `{"counts":{},"sha256":""}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		trailer, err := archive.Check(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, archive.ErrDamaged) {
				t.Errorf("Check = %v", err)
			}
			return
		}
		if lines := strings.Count(text, "\n"); lines != trailer.Total()+2 {
			t.Errorf("%d documents are in %d lines", trailer.Total(), lines)
		}
	})
}
