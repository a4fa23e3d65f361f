package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"
)

// maxPage is the most that a server puts in a page.
const maxPage = 500

// listFlags say which part of a list is wanted.
type listFlags struct {
	filter      string
	orderBy     string
	pageSize    int32
	pageToken   string
	limit       int32
	all         bool
	showDeleted bool
}

func (f *listFlags) add(command *cobra.Command, limit int32) {
	flags := command.Flags()
	flags.Int32Var(&f.limit, "limit", limit, "show at most this many")
	flags.BoolVar(&f.all, "all", false, "show all, page by page")
	flags.Int32Var(&f.pageSize, "page-size", 0, "ask for this many at a time, at most 500")
	flags.StringVar(&f.pageToken, "page-token", "", "go on where a list ended")
	command.MarkFlagsMutuallyExclusive("all", "limit")
}

func (f *listFlags) addFilter(command *cobra.Command, fields string) {
	command.Flags().StringVar(&f.filter, "filter", "", "only those for which this holds, after AIP-160; "+fields)
}

func (f *listFlags) addOrder(command *cobra.Command, orders string) {
	command.Flags().StringVar(&f.orderBy, "order-by", "", "how to sort: "+orders)
}

func (f *listFlags) addShowDeleted(command *cobra.Command) {
	command.Flags().BoolVar(&f.showDeleted, "show-deleted", false, "show deleted ones too")
}

func (f *listFlags) check() error {
	if f.limit <= 0 {
		return usagef("--limit %d: it must be at least 1", f.limit)
	}
	if f.pageSize < 0 || f.pageSize > maxPage {
		return usagef("--page-size %d: it must be between 1 and %d", f.pageSize, maxPage)
	}
	return nil
}

// next is how many to ask for when so many were shown; 0 when it is enough.
func (f *listFlags) next(shown int32) int32 {
	size := cmp.Or(f.pageSize, maxPage)
	if f.all {
		return size
	}
	return min(size, f.limit-shown)
}

// listing is a list of resources of one type.
type listing[R proto.Message] struct {
	// field is what the API's JSON calls the list.
	field    string
	headings []heading
	row      func(R) []cell
	// page reads one page.
	page func(ctx context.Context, size int32, token string) (resources []R, next string, err error)
}

// show writes the part of the list that the flags ask for, page by page.
func (l listing[R]) show(ctx context.Context, a *application, flags *listFlags) error {
	if err := flags.check(); err != nil {
		return err
	}
	out := rowsFor(a, l)
	token, shown := flags.pageToken, int32(0)
	for {
		size := flags.next(shown)
		if size <= 0 {
			return out.end(token)
		}
		resources, next, err := l.page(ctx, size, token)
		if err != nil {
			return err
		}
		if err := out.write(resources); err != nil {
			return err
		}
		if err := a.out.Flush(); err != nil {
			return err
		}
		token, shown = next, shown+int32(len(resources))
		if token == "" {
			return out.end("")
		}
	}
}
