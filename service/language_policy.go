package service

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

const (
	// toldFindings is how many findings a refusal repeats.
	toldFindings = 3
	// toldExcerpt is how many characters of a finding's place it repeats.
	toldExcerpt = 60
)

// errReadAnew says that a document was changed between being checked and being published.
var errReadAnew = fmt.Errorf("%w: the document changed while it was checked", repository.ErrConflict)

// checkedLanguage is what the blameless check says of a document that is to be published.
type checkedLanguage struct {
	// revision is the one that was checked.
	revision int64
	policy   debriefv1.LanguagePolicy
	findings []*debriefv1.LanguageFinding
	// serious are the findings that publication is about: those that are more than a note.
	serious []*debriefv1.LanguageFinding
	// reason is why the document should be published all the same; empty: nobody says so.
	reason string
}

// forPublication checks a document by the policy of its template, or else by that of the server.
func (l language) forPublication(p *debriefv1.PostMortem, revision int64, reason string) checkedLanguage {
	checked := checkedLanguage{revision: revision, policy: p.GetAppliedTemplate().GetLanguagePolicy(), reason: strings.TrimSpace(reason)}
	if checked.policy == debriefv1.LanguagePolicy_LANGUAGE_POLICY_UNSPECIFIED {
		checked.policy = l.policy
	}
	if checked.policy == debriefv1.LanguagePolicy_LANGUAGE_POLICY_OFF {
		return checked
	}
	checked.findings = l.findings(postMortemTexts(p))
	for _, finding := range checked.findings {
		if finding.GetSeverity() >= debriefv1.FindingSeverity_FINDING_SEVERITY_CAUTION {
			checked.serious = append(checked.serious, finding)
		}
	}
	return checked
}

// overridden says whether somebody says why a document with findings should be published all the same.
func (c checkedLanguage) overridden() bool { return len(c.serious) > 0 && c.reason != "" }

// settle refuses the publication, or records that it takes place in spite of findings.
func (c checkedLanguage) settle(ctx context.Context, p *repository.PostMortem, now time.Time) error {
	if c.overridden() {
		p.LanguageOverrides = append(p.LanguageOverrides, repository.LanguageOverride{
			Revision: p.LatestRevision, Reason: c.reason, Actor: actor(ctx), Time: now, FindingCount: int32(len(c.serious)),
		})
		// Those that are left out stay in the revisions of their time.
		p.LanguageOverrides = p.LanguageOverrides[max(len(p.LanguageOverrides)-repository.MaxLanguageOverrides, 0):]
		return nil
	}
	if c.policy == debriefv1.LanguagePolicy_LANGUAGE_POLICY_BLOCK && len(c.serious) > 0 {
		return c.refusal(postMortemName(p.ID))
	}
	return nil
}

// tell has the event of a publication say why it took place in spite of findings.
func (c checkedLanguage) tell(events []repository.Event) {
	if !c.overridden() || len(c.reason) > maxChangeValue {
		return
	}
	for i := range events {
		for j := range events[i].Changes {
			if change := &events[i].Changes[j]; change.Field == "language_overrides" {
				change.After = c.reason
			}
		}
	}
}

func (c checkedLanguage) refusal(name string) error {
	var told []string
	for _, finding := range c.serious[:min(len(c.serious), toldFindings)] {
		told = append(told, fmt.Sprintf("%s:%d:%d %s %q", finding.GetField(), finding.GetLine(), finding.GetColumn(), finding.GetRule(), shortened(finding.GetExcerpt())))
	}
	more := ""
	if further := len(c.serious) - len(told); further > 0 {
		more = fmt.Sprintf("; and %d more", further)
	}
	return &stateError{
		Code: codes.FailedPrecondition, Reason: "LANGUAGE_FINDINGS",
		Message: fmt.Sprintf("the blameless check stands against publishing %s, by %d of its findings: %s%s. Say it about the system "+
			"(view=LANGUAGE shows how), or set language_override_reason to why it should be published as it is",
			name, len(c.serious), strings.Join(told, "; "), more),
		Metadata: map[string]string{
			"resource": name, "finding_count": strconv.Itoa(len(c.serious)), "findings": strings.Join(told, "\n"),
		},
	}
}

func shortened(text string) string {
	if runes := []rune(text); len(runes) > toldExcerpt {
		return string(runes[:toldExcerpt]) + "…"
	}
	return text
}
