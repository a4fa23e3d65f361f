package strength

// Plan is what the strengths of a plan's actions come to.
type Plan struct {
	// WeakerOnly says that there are actions and that each of them is a weaker one. An action whose strength nobody knows
	// leaves the matter open: then it is false.
	WeakerOnly bool
	// Explanation tells people what the flag means, in plain text; empty where the plan is not flagged.
	Explanation string
}

const weakerOnly = "Every action of this plan relies on people to remember: training, documentation, approvals, policies or more study. " +
	"Such actions fade, and the same thing can happen again. Is there one that makes the failure impossible or harmless, " +
	"or that helps people to notice and to recover? This is advice: the plan may stand as it is."

// ReviewPlan flags a plan that is made of weaker actions only. It forbids nothing.
func ReviewPlan(actions []Strength) Plan {
	for _, action := range actions {
		if action != Weaker {
			return Plan{}
		}
	}
	if len(actions) == 0 {
		return Plan{}
	}
	return Plan{WeakerOnly: true, Explanation: weakerOnly}
}
