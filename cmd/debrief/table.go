package main

import (
	"io"
	"strings"
)

// gap is the space between two columns.
const gap = "  "

// widestFlexible is how wide a flexible column may become where no terminal says how much room there is.
const widestFlexible = 100

// narrowestFlexible is how narrow a flexible column may become before lines are left to wrap.
const narrowestFlexible = 20

// cell is a text in a table.
type cell struct {
	text  string
	style style
}

// heading is the top of a column. A flexible column takes the room that is left, and its texts are cut to fit.
type heading struct {
	text     string
	flexible bool
}

// table writes rows in aligned columns. Columns only ever grow, so that a table can be written bit by bit.
type table struct {
	out      io.Writer
	headings []heading
	// columns is how many the terminal has; 0 where there is none.
	columns int
	colored bool
	widths  []int
}

// write writes rows, and above the first ones the headings.
func (t *table) write(rows [][]cell) error {
	if t.widths == nil {
		t.widths = make([]int, len(t.headings))
		rows = append([][]cell{t.head()}, rows...)
	}
	t.fit(rows)
	for _, row := range rows {
		if _, err := io.WriteString(t.out, t.line(row)); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) head() []cell {
	cells := make([]cell, len(t.headings))
	for i, heading := range t.headings {
		cells[i] = cell{heading.text, faint}
	}
	return cells
}

// fit widens the columns to what the rows need, the flexible ones only as far as there is room.
func (t *table) fit(rows [][]cell) {
	taken := len(gap) * (len(t.headings) - 1)
	flexible := 0
	for i, heading := range t.headings {
		for _, row := range rows {
			t.widths[i] = max(t.widths[i], display.StringWidth(line(row[i].text)))
		}
		if heading.flexible {
			flexible++
		} else {
			taken += t.widths[i]
		}
	}
	for i, heading := range t.headings {
		if heading.flexible {
			t.widths[i] = min(t.widths[i], t.room(taken, flexible))
		}
	}
}

// room is how wide each of some flexible columns may become.
func (t *table) room(taken, flexible int) int {
	if t.columns == 0 {
		return widestFlexible
	}
	return max(narrowestFlexible, (t.columns-taken)/flexible)
}

func (t *table) line(row []cell) string {
	var written strings.Builder
	for i, cell := range row {
		text := line(cell.text)
		if t.headings[i].flexible {
			text = shorten(text, t.widths[i])
		}
		padding := strings.Repeat(" ", max(0, t.widths[i]-display.StringWidth(text)))
		if t.colored {
			text = cell.style.paint(text)
		}
		written.WriteString(text)
		if i < len(row)-1 {
			written.WriteString(padding + gap)
		}
	}
	return strings.TrimRight(written.String(), " ") + "\n"
}

// writeTable writes a table that is known as a whole.
func (a *application) writeTable(headings []heading, rows [][]cell) error {
	written := table{out: a.out, headings: headings, columns: a.environment.width, colored: a.colored()}
	return written.write(rows)
}
