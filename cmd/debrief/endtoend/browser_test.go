package endtoend_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
)

// browser is a real browser that keeps what goes wrong in it.
type browser struct {
	context.Context //nolint:containedctx // What chromedp calls a browser is a context.

	mutex sync.Mutex
	// problems are exceptions, errors on the console, dialogs, and addresses beside the server's that were asked for.
	problems []string
}

// openBrowser starts a browser without a window, which may speak to the origin alone.
func openBrowser(t *testing.T, origin string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium: install Debian's package of that name")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(time.Minute))...)
	t.Cleanup(cancel)
	b := &browser{}
	b.Context, cancel = chromedp.NewContext(allocator, chromedp.WithListener(func(event any) { b.watch(event, origin) }))
	t.Cleanup(cancel)
	t.Cleanup(func() {
		if err := chromedp.Cancel(b.Context); err != nil {
			t.Errorf("close the browser: %v", err)
		}
	})
	return b
}

func (b *browser) watch(event any, origin string) {
	switch event := event.(type) {
	case *cdpruntime.EventExceptionThrown:
		b.add("exception: " + event.ExceptionDetails.Text)
	case *cdpruntime.EventConsoleAPICalled:
		if event.Type == cdpruntime.ConsoleAPICalledTypeError {
			b.add("the console has an error")
		}
	case *page.EventJavascriptDialogOpening:
		b.add("dialog: " + event.Message)
	case *network.EventRequestWillBeSent:
		if url := event.Request.URL; !strings.HasPrefix(url, origin) && !strings.HasPrefix(url, "data:") {
			b.add("asked for " + url)
		}
	}
}

func (b *browser) add(problem string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.problems = append(b.problems, problem)
}

func (b *browser) found() []string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.problems
}

func TestTheAPIPageIsReadInABrowser(t *testing.T) {
	d := serve(t, "sqlite:"+t.TempDir()+"/debrief.db")
	b := openBrowser(t, "http://"+d.httpAddress+"/")
	const operation, body = ".opblock-summary-control", ".opblock-body"
	if err := chromedp.Do(b, chromedp.Navigate("http://"+d.httpAddress+"/"),
		chromedp.WaitVisible(operation), chromedp.Click(operation), chromedp.WaitVisible(body)); err != nil {
		t.Fatal(err)
	}
	operations, err := chromedp.Run(b, chromedp.Evaluate[[]string](`Array.from(document.querySelectorAll(".opblock-summary-path"), e => e.innerText.replaceAll("\u200b", ""))`))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(operations, " "), "/v1/incidents/{incident}:resolve") {
		t.Errorf("the page shows %q", operations)
	}
	if problems := b.found(); len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
}

func TestAnExportedPageRunsNothing(t *testing.T) {
	d := serve(t, "sqlite:"+t.TempDir()+"/debrief.db")
	const hostile = `x"><img src=http://evil.invalid/a.png onerror=alert(1)><script>alert(2)</script> [link](javascript:alert(3)) ![](http://evil.invalid/b.png)`
	incident, err := d.incidents.CreateIncident(t.Context(), &debriefv1.CreateIncidentRequest{Incident: &debriefv1.Incident{Title: hostile, Summary: hostile}})
	if err != nil {
		t.Fatal(err)
	}
	created, err := d.postMortems.CreatePostMortem(t.Context(), &debriefv1.CreatePostMortemRequest{PostMortem: &debriefv1.PostMortem{
		Incidents: []string{incident.GetName()}, OpenQuestions: hostile,
	}})
	if err != nil {
		t.Fatal(err)
	}
	exported, err := d.postMortems.ExportPostMortem(t.Context(), &debriefv1.ExportPostMortemRequest{Name: created.GetName(), Format: debriefv1.ExportFormat_EXPORT_FORMAT_HTML})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", exported.GetContentType())
		_, _ = answer.Write(exported.GetData())
	}))
	t.Cleanup(site.Close)
	b := openBrowser(t, site.URL)
	if err := chromedp.Do(b, chromedp.Navigate(site.URL)); err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(b, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		t.Fatal(err)
	}
	active, err := chromedp.Run(b, chromedp.Evaluate[int](`document.scripts.length + document.images.length`))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "<script>alert(2)</script>") || active > 0 {
		t.Errorf("%d scripts and images, and the text\n%s", active, text)
	}
	if problems := b.found(); len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
}
