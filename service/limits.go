package service

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/debriefhq/debrief/service/access"
	"github.com/debriefhq/debrief/service/ratelimit"
)

// LimitOptions bound what callers can ask for. Zero: there is no such limit.
type LimitOptions struct {
	// CallsPerSecond is how often each principal may call; after a rest five times as often at once. Calls of those whom nobody knows
	// are not counted.
	CallsPerSecond int
	// DeliveriesPerSecond is how often each integration may deliver; after a rest five times as often at once.
	DeliveriesPerSecond int
	// CallsAtOnce is how many calls are worked on at once. Deliveries of alerts, streams and what load balancers ask are not counted.
	CallsAtOnce int
}

// burst is how many seconds' worth may be done at once after a rest.
const burst = 5

// limits are what is known of what callers ask for.
type limits struct {
	calls, deliveries *ratelimit.Limiter
	// underWay has room for the calls that are worked on at once; nil: there is no limit.
	underWay chan struct{}
}

func newLimits(options LimitOptions) *limits {
	made := &limits{
		calls:      ratelimit.New(float64(options.CallsPerSecond), burst*options.CallsPerSecond),
		deliveries: ratelimit.New(float64(options.DeliveriesPerSecond), burst*options.DeliveriesPerSecond),
	}
	if options.CallsAtOnce > 0 {
		made.underWay = make(chan struct{}, options.CallsAtOnce)
	}
	return made
}

// shed sends calls away at once when too many are worked on: what is under way is to come to its end, and who is sent away can ask
// another replica.
func (s *Services) shed(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	room := s.base.limits.underWay
	if room == nil || permissions[info.FullMethod].open {
		return handler(ctx, request)
	}
	select {
	case room <- struct{}{}:
		defer func() { <-room }()
		return handler(ctx, request)
	default:
		return nil, overloaded("OVERLOADED", "too many calls are worked on: try again later, or another replica")
	}
}

// limitCalls says no where a principal calls too often.
func (b *base) limitCalls(principal access.Principal) error {
	if principal.Name == "" {
		return nil
	}
	return tooOften(b.limits.calls, principal.Name, b.now(), "calls")
}

// limitDeliveries says no where an integration delivers too often.
func (b *base) limitDeliveries(integration string) error {
	return tooOften(b.limits.deliveries, integration, b.now(), "delivers")
}

func tooOften(limiter *ratelimit.Limiter, name string, now time.Time, does string) error {
	wait, allowed := limiter.Allow(name, now)
	if allowed {
		return nil
	}
	return &stateError{
		Code: codes.ResourceExhausted, Reason: "RATE_LIMITED", Message: name + " " + does + " too often: wait for as long as is said",
		Retry: wait,
	}
}
