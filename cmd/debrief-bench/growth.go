package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// list is a list whose time is measured as the store grows.
type list struct {
	name, filter, order string
	// pages are measured, where the list has so many.
	pages []int
}

// lists are the default order, filters of all types that match much or little, and other orders.
var lists = []list{
	{name: "newest first", pages: []int{1, deepPage, 10 * deepPage}},
	{name: "oldest first", order: "create_time", pages: []int{1}},
	{name: "one severity", filter: "severity = SEV4", pages: []int{1, deepPage}},
	{name: "a rare severity", filter: "severity = SEV1", pages: []int{1}},
	{name: "label and state", filter: `labels.team = "tracking" AND state = RESOLVED`, pages: []int{1, deepPage}},
	{name: "a rare label", filter: `labels.instance = "10.0.3.7:9100"`, pages: []int{1}},
	{name: "a label that nobody has", filter: `labels.team = "nobody"`, pages: []int{1}},
	{name: "word in the title", filter: `title:"certificates"`, pages: []int{1}},
	{name: "either of two, and not", filter: `(impact.services:"booking" OR impact.services:"pricing") AND NOT state = CLOSED`, pages: []int{1}},
	{name: "many customers", filter: "impact.customers_affected > 3000", pages: []int{1}},
	{name: "by start", order: "milestones.start_time desc", pages: []int{1, deepPage, 10 * deepPage}},
	{name: "by resolution", order: "milestones.resolve_time", pages: []int{1}},
	{name: "by severity", order: "severity", pages: []int{1, deepPage}},
	{name: "filtered and ordered", filter: listFilter, order: listOrder, pages: []int{1, deepPage}},
	{name: "rare label, by start", filter: `labels.instance = "10.0.3.7:9100"`, order: "milestones.start_time desc", pages: []int{1}},
}

// wantedLists are the lists whose names, with "growth: " before them, are wanted.
func (s settings) wantedLists() []list {
	return slices.DeleteFunc(slices.Clone(lists), func(l list) bool { return !s.wanted("growth: " + l.name) })
}

// measureGrowth reads the same lists from a store of the base and from one that has as many as are asked for.
func measureGrowth(ctx context.Context, s settings, in stores, progress io.Writer) ([]growth, error) {
	if len(s.wantedLists()) == 0 {
		return nil, nil
	}
	sizes := []int{s.base}
	if s.incidents > s.base {
		sizes = append(sizes, s.incidents)
	}
	var told []growth
	for _, size := range sizes {
		measured, err := measureSize(ctx, s, in, size, progress)
		if err != nil {
			return told, fmt.Errorf("growth, %d incidents: %w", size, err)
		}
		told = append(told, measured)
	}
	return told, nil
}

func measureSize(ctx context.Context, s settings, in stores, size int, progress io.Writer) (told growth, err error) {
	name := fmt.Sprintf("incidents_%d", size)
	told.Incidents = size
	if told.Filled, err = filled(ctx, s, in, name, size, progress); err != nil {
		return told, err
	}
	if !s.keep {
		closing := context.WithoutCancel(ctx)
		defer func() { err = errors.Join(err, in.remove(closing, name)) }()
	}
	var starts []time.Duration
	for range s.runs {
		server, err := startChild(ctx, s.serverLog, "server", "--store", in.url(name), "--cpu-profile", s.profile)
		if err != nil {
			return told, err
		}
		starts = append(starts, server.ready)
		if len(starts) == s.runs {
			err = told.measure(ctx, s, server, progress)
		}
		if err := errors.Join(err, server.stop()); err != nil {
			return told, err
		}
	}
	slices.Sort(starts)
	told.Ready = milliseconds(starts[len(starts)/2])
	return told, nil
}

// filled has a store with so many incidents; a whole one of that name is used as it is.
func filled(ctx context.Context, s settings, in stores, name string, size int, progress io.Writer) (seconds float64, err error) {
	if s.keep {
		if whole, err := in.finished(ctx, name); err != nil || whole {
			return 0, err
		}
	}
	took, err := fill(ctx, in, name, size, progress)
	if err != nil {
		return 0, err
	}
	return took.Seconds(), in.finish(ctx, name)
}

func (g *growth) measure(ctx context.Context, s settings, server *child, progress io.Writer) (err error) {
	b := &bench{settings: s, server: server}
	g.MemoryAtRest = b.resting(ctx)
	callers, err := dial(server.GRPC, s.clients)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, callers.close()) }()
	for _, list := range s.wantedLists() {
		for _, page := range list.pages {
			fmt.Fprintf(progress, "%d incidents: %s, page %d\n", g.Incidents, list.name, page)
			measured, err := list.measure(ctx, s, callers, page)
			if err != nil {
				return fmt.Errorf("%s, page %d: %w", list.name, page, err)
			}
			g.Lists = append(g.Lists, measured)
		}
	}
	_, g.MemoryAtMost = server.memory()
	return nil
}

// measure reads a page for a fifth of the duration of a phase: there are many lists.
func (l list) measure(ctx context.Context, s settings, callers grpcCallers, page int) (grownList, error) {
	call, reached, err := callers.listing(ctx, l.filter, l.order, page)
	if err != nil {
		return grownList{}, err
	}
	reading := load{clients: s.clients, duration: s.duration / 5, most: s.most}
	if _, err := (load{clients: s.clients, duration: s.duration / 25, most: s.most}).run(ctx, call); err != nil {
		return grownList{}, err
	}
	taken, err := reading.run(ctx, call)
	return grownList{
		Name: l.name, Page: reached, PerSecond: taken.perSecond(),
		P50: milliseconds(taken.percentile(0.5)), P99: milliseconds(taken.percentile(0.99)),
	}, err
}
