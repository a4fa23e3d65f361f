package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// report is what a benchmark has found. Times are in milliseconds, memory is in bytes.
type report struct {
	Machine  string              `json:"machine"`
	Store    string              `json:"store"`
	Clients  int                 `json:"clients"`
	Duration string              `json:"duration"`
	Runs     int                 `json:"runs"`
	Start    started             `json:"start"`
	Phases   []told              `json:"phases"`
	Storms   []performed[storm]  `json:"storms,omitempty"`
	FanOuts  []performed[fanOut] `json:"fan_outs,omitempty"`
	Growth   []growth            `json:"growth,omitempty"`
}

// started is the server of the phases.
type started struct {
	Incidents    int     `json:"incidents"`
	Ready        float64 `json:"ready_ms"`
	MemoryAtRest int64   `json:"memory_at_rest"`
	MemoryAtMost int64   `json:"memory_at_most"`
}

// measured is one run of a phase.
type measured struct {
	// PerSecond counts things: alerts, where a call delivers a hundred.
	PerSecond float64 `json:"per_second"`
	Calls     int     `json:"calls"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Most      float64 `json:"max_ms"`
	// Allocations are for each call, in the process that Where names.
	Allocations float64 `json:"allocations_per_call"`
	Where       string  `json:"allocations_in"`
	// Served and Load are how many processors the server and the load kept busy.
	Served float64 `json:"server_processors"`
	Load   float64 `json:"load_processors"`
	// PerProcessorSecond is how many things were done for each second of processor time that server and load took
	// together. It is what stays comparable on a machine that has other things to do.
	PerProcessorSecond float64 `json:"per_processor_second"`
	// Lag is how long after the last call the event feed had the last event.
	Lag time.Duration `json:"event_lag_ns,omitempty"`
	// Refused is how often a delivery was answered 503, and sent again, warm-up included.
	Refused int64 `json:"refused,omitempty"`
}

// told is a phase: all its runs, and the one in the middle.
type told struct {
	Name   string     `json:"name"`
	Median measured   `json:"median"`
	Floor  string     `json:"floor,omitempty"`
	Ratio  float64    `json:"ratio_to_floor,omitempty"`
	Runs   []measured `json:"runs"`
}

// growth is what lists took of a store of one size.
type growth struct {
	Incidents int `json:"incidents"`
	// Filled is how many seconds filling it took; 0 where it was there.
	Filled       float64     `json:"filled_s"`
	Ready        float64     `json:"ready_ms"`
	MemoryAtRest int64       `json:"memory_at_rest"`
	MemoryAtMost int64       `json:"memory_at_most"`
	Lists        []grownList `json:"lists"`
}

// grownList is one page of one list.
type grownList struct {
	Name      string  `json:"name"`
	Page      int     `json:"page"`
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func newMeasured(p phase, taken sample, before, after usage) measured {
	calls, used := len(taken.took), after.served-before.served+after.load-before.load
	result := measured{
		PerSecond: taken.perSecond() * float64(p.units), Calls: calls,
		P50: milliseconds(taken.percentile(0.5)), P99: milliseconds(taken.percentile(0.99)), Most: milliseconds(taken.percentile(1)),
		Allocations: (after.allocations - before.allocations) / float64(max(calls, 1)), Where: p.where,
		Served: (after.served - before.served).Seconds() / taken.wall.Seconds(),
		Load:   (after.load - before.load).Seconds() / taken.wall.Seconds(),
	}
	if used > 0 {
		result.PerProcessorSecond = float64(calls*p.units) / used.Seconds()
	}
	return result
}

// add keeps a run.
func (r *report) add(p phase, run measured) {
	i := slices.IndexFunc(r.Phases, func(t told) bool { return t.Name == p.name })
	if i < 0 {
		i = len(r.Phases)
		r.Phases = append(r.Phases, told{Name: p.name, Floor: p.floor})
	}
	r.Phases[i].Runs = append(r.Phases[i].Runs, run)
}

// finish finds the medians, and compares them.
func (r *report) finish(phases []phase) {
	medians := map[string]measured{}
	for i := range r.Phases {
		r.Phases[i].Median = median(r.Phases[i].Runs)
		medians[r.Phases[i].Name] = r.Phases[i].Median
	}
	for i, phase := range phases {
		if floor, ok := medians[phase.floor]; ok && floor.PerSecond > 0 {
			r.Phases[i].Ratio = r.Phases[i].Median.PerSecond / float64(max(phase.units, 1)) / floor.PerSecond
		}
	}
}

// median is the run in the middle by its rate; of an even number, the slower one.
func median(runs []measured) measured {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b measured) int { return cmp.Compare(a.PerSecond, b.PerSecond) })
	return sorted[(len(sorted)-1)/2]
}

func (r *report) writeJSON(to io.Writer) error {
	encoder := json.NewEncoder(to)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func (r *report) writeTables(to io.Writer) error {
	fmt.Fprintf(to, "%s on %s; %d clients, %s a phase, median of %d\n", r.Store, r.Machine, r.Clients, r.Duration, r.Runs)
	if len(r.Phases) > 0 {
		if err := r.writePhases(to); err != nil {
			return err
		}
		fmt.Fprintf(to, "\nserver with %d incidents: ready after %.0f ms, memory at rest %s, at most %s\n",
			r.Start.Incidents, r.Start.Ready, megabytes(r.Start.MemoryAtRest), megabytes(r.Start.MemoryAtMost))
	}
	if len(r.Storms) > 0 {
		if err := writeStorms(to, r.Storms); err != nil {
			return err
		}
	}
	if len(r.FanOuts) > 0 {
		if err := writeFanOuts(to, r.FanOuts); err != nil {
			return err
		}
	}
	for _, size := range r.Growth {
		fmt.Fprintf(to, "\n%d incidents: filled in %.0f s, ready after %.0f ms, memory at rest %s, at most %s\n",
			size.Incidents, size.Filled, size.Ready, megabytes(size.MemoryAtRest), megabytes(size.MemoryAtMost))
	}
	if len(r.Growth) > 0 {
		return r.writeGrowth(to)
	}
	return nil
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/1e6) }

func newTable(to io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
}

func (r *report) writePhases(to io.Writer) error {
	table := newTable(to)
	fmt.Fprintln(table, "\nper second\tp50 ms\tp99 ms\tallocations\tin\tserver CPU\tload CPU\tper CPU s\tevent lag\t503\tratio\t  phase")
	for _, p := range r.Phases {
		ratio, lag, refused := "", "", ""
		if p.Median.Refused > 0 {
			refused = strconv.FormatInt(p.Median.Refused, 10)
		}
		if p.Ratio > 0 {
			ratio = fmt.Sprintf("%.2f", p.Ratio)
		}
		if p.Median.Lag > 0 {
			lag = fmt.Sprintf("%.2f s", p.Median.Lag.Seconds())
		}
		fmt.Fprintf(table, "%.0f\t%.2f\t%.2f\t%.0f\t%s\t%.2f\t%.2f\t%.0f\t%s\t%s\t%s\t  %s\n", p.Median.PerSecond, p.Median.P50, p.Median.P99,
			p.Median.Allocations, p.Median.Where, p.Median.Served, p.Median.Load, p.Median.PerProcessorSecond, lag, refused, ratio, p.name())
	}
	return table.Flush()
}

// name is the phase and what it is compared to.
func (t told) name() string {
	if t.Ratio == 0 {
		return t.Name
	}
	return t.Name + " (to " + t.Floor + ")"
}

// writeGrowth puts the lists of all sizes side by side.
func (r *report) writeGrowth(to io.Writer) error {
	table := newTable(to)
	fmt.Fprint(table, "\n")
	for _, size := range r.Growth {
		fmt.Fprintf(table, "%d: page\tper second\tp50 ms\tp99 ms\t", size.Incidents)
	}
	fmt.Fprintln(table, "time\t  list")
	for i, list := range r.Growth[0].Lists {
		for _, size := range r.Growth {
			fmt.Fprintf(table, "%d\t%.0f\t%.2f\t%.2f\t", size.Lists[i].Page, size.Lists[i].PerSecond, size.Lists[i].P50, size.Lists[i].P99)
		}
		last := r.Growth[len(r.Growth)-1].Lists[i]
		ratio := ""
		if list.P50 > 0 {
			ratio = fmt.Sprintf("%.2f", last.P50/list.P50)
		}
		fmt.Fprintf(table, "%s\t  %s\n", ratio, list.Name)
	}
	return table.Flush()
}
