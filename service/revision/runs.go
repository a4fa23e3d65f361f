package revision

import "slices"

// Runs are both texts of a section in pieces: those that are equal or deleted put together are the lines before, those that
// are equal or inserted the lines after, which are handed in as after. Each line ends with a line break.
func (d SectionDiff) Runs(after string) []Run {
	var w runWriter
	rest := lines(after)
	at := 0 // of the lines after, how many were written
	for _, hunk := range d.Hunks {
		for ; at < hunk.AfterLine-1; at++ {
			w.add(Equal, rest[at]+"\n")
		}
		for i := 0; i < len(hunk.Lines); {
			if hunk.Lines[i].Kind == Equal {
				w.add(Equal, hunk.Lines[i].Text()+"\n")
				i, at = i+1, at+1
				continue
			}
			deleted := ofKind(hunk.Lines[i:], Delete)
			inserted := ofKind(hunk.Lines[i+len(deleted):], Insert)
			w.replace(deleted, inserted)
			i, at = i+len(deleted)+len(inserted), at+len(inserted)
		}
	}
	for ; at < len(rest); at++ {
		w.add(Equal, rest[at]+"\n")
	}
	return w.runs
}

// ofKind are the lines of one kind with which lines begin.
func ofKind(lines []Line, kind Kind) []Line {
	end := slices.IndexFunc(lines, func(l Line) bool { return l.Kind != kind })
	if end < 0 {
		return lines
	}
	return lines[:end]
}

type runWriter struct{ runs []Run }

func (w *runWriter) add(kind Kind, text string) {
	if text == "" {
		return
	}
	if last := len(w.runs) - 1; last >= 0 && w.runs[last].Kind == kind {
		w.runs[last].Text += text
		return
	}
	w.runs = append(w.runs, Run{kind, text})
}

// replace writes lines that took the place of others: word by word where each has one in its place that shares words with
// it, and else one after the other.
func (w *runWriter) replace(deleted, inserted []Line) {
	paired := len(deleted) == len(inserted)
	for i := 0; paired && i < len(deleted); i++ {
		paired = slices.ContainsFunc(deleted[i].Runs, isEqual) && slices.ContainsFunc(inserted[i].Runs, isEqual)
	}
	if paired {
		for i := range deleted {
			w.interleave(deleted[i].Runs, inserted[i].Runs)
			w.add(Equal, "\n")
		}
		return
	}
	for _, line := range deleted {
		w.add(Delete, line.Text()+"\n")
	}
	for _, line := range inserted {
		w.add(Insert, line.Text()+"\n")
	}
}

func isEqual(run Run) bool { return run.Kind == Equal }

// interleave writes two lines whose equal runs are the same, these once.
func (w *runWriter) interleave(deleted, inserted []Run) {
	for len(deleted)+len(inserted) > 0 {
		switch {
		case len(deleted) > 0 && deleted[0].Kind == Delete:
			w.add(Delete, deleted[0].Text)
			deleted = deleted[1:]
		case len(inserted) > 0 && inserted[0].Kind == Insert:
			w.add(Insert, inserted[0].Text)
			inserted = inserted[1:]
		default: // An equal run, which stands in both.
			w.add(Equal, deleted[0].Text)
			deleted, inserted = deleted[1:], inserted[1:]
		}
	}
}
