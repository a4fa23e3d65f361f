package export_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/export"
)

func modelled(mermaid string) export.Document {
	return export.Document{Title: "Review", Models: []export.Model{{
		HeldBy: "on-call", System: "shop", SystemRevision: 2, Description: "Drawn from *memory*.", Mermaid: mermaid, FurtherGaps: 1,
		Gaps: []export.Gap{
			{Kind: "MISSING_COMPONENT", Components: []string{"replica"}, Actual: "a database", Surprise: "FUNDAMENTAL", Updates: []string{"a | dashboard", "a talk"}},
			{Kind: "OTHER_FACT_VALUE", FactKey: "time zone", Believed: "<b>local</b>", Actual: "UTC", Resolved: true},
		},
	}}, FurtherModels: 2}
}

func TestModelsAreShownWithTheirGapsAndTheirPicture(t *testing.T) {
	t.Parallel()
	_, text, _ := strings.Cut(export.Markdown(modelled("flowchart LR\n  a --> b")), "## Mental models\n")
	text, _, _ = strings.Cut(text, "\n## ")
	want := `
### on-call of shop

Compared with revision 2 of the system.

Drawn from *memory*.

| Gap | Of | Believed | Actual | Surprise | What changed it |
| --- | --- | --- | --- | --- | --- |
| Missing component | replica |  | a database | Fundamental | a \| dashboard; a talk |
| Other fact value (not any more) | the whole system: time zone | \<b>local\</b> | UTC |  |  |

*One further gap is not shown here.*

` + "```mermaid\nflowchart LR\n  a --> b\n```" + `

*2 further mental models are not shown here.*
`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPicturesStandInThePlaceOfTheirFlowcharts(t *testing.T) {
	t.Parallel()
	const mermaid, drawing = "flowchart LR\n  a[\"```\"] --> b\n", `<svg xmlns="http://www.w3.org/2000/svg"><title>a &amp; b</title></svg>`
	document := modelled(mermaid)
	document.Summary = "```mermaid\nflowchart LR\n  other\n```"
	page, err := export.HTML([]byte(export.Markdown(document)), "Review", export.Picture{Source: export.PictureSource(mermaid), SVG: []byte(drawing)})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(page), `<div class="picture" tabindex="0">`); got != 1 || !strings.Contains(string(page), drawing) {
		t.Errorf("%d pictures in %s", got, page)
	}
	if strings.Contains(string(page), "--&gt; b") || !strings.Contains(string(page), "  other\n</code></pre>") {
		t.Errorf("the picture stands beside its flowchart, or in the place of another: %s", page)
	}
}
