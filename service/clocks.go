package service

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/clock"
)

// Clocks implements ClockService.
type Clocks struct {
	debriefv1.UnimplementedClockServiceServer
	*base
}

// severities are those that a policy can be for, the one that nobody has judged yet last.
var severities = [...]debriefv1.Severity{
	debriefv1.Severity_SEVERITY_SEV1, debriefv1.Severity_SEVERITY_SEV2, debriefv1.Severity_SEVERITY_SEV3,
	debriefv1.Severity_SEVERITY_SEV4, debriefv1.Severity_SEVERITY_SEV5, debriefv1.Severity_SEVERITY_UNSPECIFIED,
}

// ListClockPolicies reads the policies, those of the review clock first.
func (s *Clocks) ListClockPolicies(context.Context, *debriefv1.ListClockPoliciesRequest) (*debriefv1.ListClockPoliciesResponse, error) {
	answer := &debriefv1.ListClockPoliciesResponse{}
	for _, kind := range clockKinds {
		for _, severity := range severities {
			answer.ClockPolicies = append(answer.ClockPolicies, policyToProto(kind, severity, s.policies.For(kind, nameOf(severity))))
		}
	}
	return answer, nil
}

func policyToProto(kind clock.Kind, severity debriefv1.Severity, policy clock.Policy) *debriefv1.ClockPolicy {
	shown := &debriefv1.ClockPolicy{
		ClockType: valueOf[debriefv1.ClockType](kind.String()),
		Severity:  severity,
		Disabled:  policy.Off,
	}
	if !policy.Off {
		shown.Length = durationpb.New(policy.Length)
		shown.Anchor = valueOf[debriefv1.ClockPolicy_Anchor](policy.Anchor.String())
		shown.AtRiskShare = policy.AtRisk
	}
	return shown
}
