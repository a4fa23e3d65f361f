package picture

import (
	"fmt"
)

const (
	legendHeight = 70
	legendSample = 54
)

// legendEntry is how wide an entry of the legend is; two stand in a row.
func (d *drawing) legendEntry() float64 {
	width := 0.0
	for _, s := range statuses {
		width = max(width, widthOf(s.symbol+" "+s.word+": "+s.meaning, textSize, false))
	}
	return width + legendSample + 28
}

func (d *drawing) legendWidth() float64 { return 2 * d.legendEntry() }

// legend says what the lines mean, below the graph.
func (d *drawing) legend() {
	top := d.height - legendHeight
	fmt.Fprintf(d, `<path d="M%d %sH%s" stroke="#c9ced6"/>`+"\n", margin, number(top), number(d.width-margin))
	for i, s := range statuses {
		x, y := margin+float64(i%2)*d.legendEntry(), top+22+float64(i/2)*24
		fmt.Fprintf(d, `<rect x="%s" y="%s" width="18" height="14" rx="3" fill="%s" %s/>`+"\n", number(x), number(y-9), s.fill, s.strokeAttributes())
		fmt.Fprintf(d, `<path d="M%s %sh26" %s/>`+"\n", number(x+24), number(y-2), s.strokeAttributes())
		d.write(s.symbol+" "+s.word+": "+s.meaning, x+legendSample+4, y+2, fmt.Sprintf(`fill=%q`, s.stroke))
	}
}
