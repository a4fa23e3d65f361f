package main

import (
	"fmt"
	"io"
)

// writeStorms puts storms side by side, and below them what lists took meanwhile.
func writeStorms(to io.Writer, storms []performed[storm]) error {
	table := newTable(to)
	fmt.Fprintln(table, "\nalerts\tincidents\tacknowledged s\ta second\tfloor\tratio\tp50 ms\tp99 ms\t503\tworked off s\tper CPU s\tbefore\tat most\t  storm")
	for _, one := range storms {
		told := one.Median
		fmt.Fprintf(table, "%d\t%d\t%.1f\t%.0f\t%.0f\t%.2f\t%.0f\t%.0f\t%d\t%.1f\t%.0f\t%s\t%s\t  %s\n", told.Alerts, told.Incidents, told.Acknowledged,
			told.PerSecond, told.Floor, told.Ratio, told.P50, told.P99, told.Refused, told.WorkedOff, told.PerProcessorSecond,
			megabytes(told.MemoryBefore), megabytes(told.MemoryAtMost), one.Name)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	lists := newTable(to)
	fmt.Fprintln(lists, "\nbefore: p50 ms\tp99 ms\tmeanwhile: reads\tp50 ms\tp99 ms\tmax ms\t  list of 50")
	for _, one := range storms {
		for _, list := range one.Median.Lists {
			fmt.Fprintf(lists, "%.2f\t%.2f\t%d\t%.2f\t%.2f\t%.2f\t  %s: %s\n", list.Quiet.P50, list.Quiet.P99,
				list.Storm.Reads, list.Storm.P50, list.Storm.P99, list.Storm.Most, one.Name, list.Name)
		}
	}
	return lists.Flush()
}

// writeFanOuts puts fan-outs side by side.
func writeFanOuts(to io.Writer, fanOuts []performed[fanOut]) error {
	table := newTable(to)
	fmt.Fprintln(table, "\nevents\twritten a second\treceived a second\tfloor\tratio\tp50 ms\tp99 ms\tmax ms\tper CPU s\tat most\t  fan-out")
	for _, one := range fanOuts {
		told := one.Median
		fmt.Fprintf(table, "%d\t%.0f\t%.0f\t%.0f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f\t%s\t  %s\n", told.Events, told.Written, told.PerSecond, told.Floor,
			told.Ratio, told.P50, told.P99, told.Most, told.PerProcessorSecond, megabytes(told.MemoryAtMost), one.Name)
	}
	return table.Flush()
}
