package service

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"go.einride.tech/aip/ordering"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/debriefhq/debrief/repository"
)

const (
	defaultPageSize = 50
	maxPageSize     = 500
)

// listRequest is what the requests of all list methods have.
type listRequest interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// listing is a list method: what may be asked, and what is read.
type listing[T any] struct {
	schema repository.Schema[T]
	reader repository.Reader[T]
	fields filterFields
	// orders are the fields to order by; the first is the default one, descending unless ascending is set.
	orders    []string
	ascending bool
	// byID is the field whose order is that of the ids.
	byID string
	// now is when the list is asked for, where a field's values come with time.
	now time.Time
	// pageSize and maxPageSize are 50 and 500 where nothing else is said.
	pageSize, maxPageSize int
}

// maxTokenID bounds the id in a token.
const maxTokenID = 64

// pageToken is the position behind which a page begins, bound to the request that it was made for.
type pageToken struct {
	Request uint32 `json:"r"`
	Number  int64  `json:"n,omitempty"`
	ID      string `json:"i"`
}

// page reads one page, and makes the token of the next.
func (l listing[T]) page(ctx context.Context, request listRequest, parent string, extra repository.Condition) ([]T, string, error) {
	query, err := l.query(request, parent, extra)
	if err != nil {
		return nil, "", err
	}
	size := l.size(request.GetPageSize())
	query.Limit = size + 1
	resources, err := l.reader.List(ctx, query)
	if err != nil || len(resources) <= size {
		return resources, "", err
	}
	resources = resources[:size]
	token, err := tokenAfter(request, l.schema.Position(query, &resources[size-1]))
	return resources, token, err
}

// tokenAfter is the token of the page that begins behind the position.
func tokenAfter(request listRequest, position repository.Position) (string, error) {
	asked, err := fingerprint(request)
	if err != nil {
		return "", err
	}
	token, err := json.Marshal(pageToken{Request: asked, Number: position.Number, ID: position.ID})
	return base64.RawURLEncoding.EncodeToString(token), err
}

// beforeAll sorts before every id.
const beforeAll = "!"

// pageAfter is page for a list that begins with a resource that is built in, and not stored.
func (l listing[T]) pageAfter(ctx context.Context, request listRequest, builtIn T) ([]T, string, error) {
	stored, token, err := l.page(ctx, request, "", nil)
	if err != nil || request.GetPageToken() != "" {
		return stored, token, err
	}
	size := l.size(request.GetPageSize())
	if len(stored) < size {
		return append([]T{builtIn}, stored...), token, nil
	}
	position := repository.Position{ID: beforeAll}
	if size > 1 {
		position = l.schema.Position(repository.Query{}, &stored[size-2])
	}
	token, err = tokenAfter(request, position)
	return append([]T{builtIn}, stored[:size-1]...), token, err
}

func (l listing[T]) size(asked int32) int {
	size, most := l.pageSize, l.maxPageSize
	if size == 0 {
		size, most = defaultPageSize, maxPageSize
	}
	if asked > 0 {
		size = int(asked)
	}
	return min(size, most)
}

func (l listing[T]) query(request listRequest, parent string, extra repository.Condition) (repository.Query, error) {
	query := repository.Query{Parent: parent}
	if err := l.readOrder(request, &query); err != nil {
		return query, err
	}
	if filtered, ok := request.(interface{ GetFilter() string }); ok {
		condition, err := compileFilter(l.fields, filtered.GetFilter(), l.now)
		if err != nil {
			return query, err
		}
		query.Where = both(condition, extra)
	}
	if deletable, ok := request.(interface{ GetShowDeleted() bool }); ok && deletable.GetShowDeleted() {
		query.Visible = repository.Deleted
	}
	after, err := readToken(request)
	query.After = after
	return query, err
}

func both(left, right repository.Condition) repository.Condition {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	}
	return repository.And{left, right}
}

func (l listing[T]) readOrder(request listRequest, query *repository.Query) error {
	query.OrderBy, query.Descending = l.orders[0], !l.ascending
	if ordered, ok := request.(interface{ GetOrderBy() string }); ok && strings.TrimSpace(ordered.GetOrderBy()) != "" {
		var order ordering.OrderBy
		if err := order.UnmarshalString(ordered.GetOrderBy()); err != nil {
			return invalid("order_by", "%s", err)
		}
		path := snakeCase(order.Fields[0].Path)
		if len(order.Fields) > 1 || !slices.Contains(l.orders, path) {
			return invalid("order_by", "%q is not possible: order by one of %s, with \" desc\" behind it to turn it around",
				ordered.GetOrderBy(), strings.Join(l.orders, ", "))
		}
		query.OrderBy, query.Descending = path, order.Fields[0].Desc
	}
	if query.OrderBy == l.byID {
		query.OrderBy = ""
	}
	return nil
}

func readToken(request listRequest) (*repository.Position, error) {
	if request.GetPageToken() == "" {
		return nil, nil //nolint:nilnil // The first page begins nowhere.
	}
	var token pageToken
	raw, err := base64.RawURLEncoding.DecodeString(request.GetPageToken())
	if err == nil {
		err = json.Unmarshal(raw, &token)
	}
	if err != nil || len(token.ID) == 0 || len(token.ID) > maxTokenID {
		return nil, invalid("page_token", "is not one that this server made: take it from next_page_token as it is")
	}
	asked, err := fingerprint(request)
	if err != nil {
		return nil, err
	}
	if token.Request != asked {
		return nil, invalid("page_token", "was made for another request: keep the rest of the request as it was")
	}
	return &repository.Position{Number: token.Number, ID: token.ID}, nil
}

// fingerprint tells requests apart by all that they say, but for the page that they ask for (AIP-158).
func fingerprint(request listRequest) (uint32, error) {
	asked := proto.Clone(request).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_size", "page_token"} {
		asked.Clear(asked.Descriptor().Fields().ByName(name))
	}
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(asked.Interface())
	if err != nil {
		return 0, fmt.Errorf("tell a request from others: %w", err)
	}
	return crc32.ChecksumIEEE(append([]byte(asked.Descriptor().FullName()), text...)), nil
}
