package service

import (
	"context"
	"sync"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/service/blameless"
)

// LanguageOptions say how the blameless check reads texts, and what publication does about what it finds.
type LanguageOptions struct {
	// Reading are a team's own rules, words and names. Its zero value: the built-in rules, as they are.
	Reading blameless.Options
	// Policy holds for post-mortems whose template does not say another. Default: WARN.
	Policy debriefv1.LanguagePolicy
}

// language reads texts, as a server is set.
type language struct {
	checker *blameless.Checker
	policy  debriefv1.LanguagePolicy
}

// builtInChecker is the checker of who has no rules of their own.
var builtInChecker = sync.OnceValues(func() (*blameless.Checker, error) { return blameless.New(blameless.Options{}) })

func newLanguage(options LanguageOptions) (language, error) {
	l := language{policy: options.Policy}
	if l.policy == debriefv1.LanguagePolicy_LANGUAGE_POLICY_UNSPECIFIED {
		l.policy = debriefv1.LanguagePolicy_LANGUAGE_POLICY_WARN
	}
	own := options.Reading
	var err error
	if len(own.Rules)+len(own.Allow)+len(own.Severities)+len(own.Off)+len(own.People)+len(own.Systems) == 0 {
		l.checker, err = builtInChecker()
	} else {
		l.checker, err = blameless.New(own)
	}
	return l, err
}

// Language implements LanguageService.
type Language struct {
	debriefv1.UnimplementedLanguageServiceServer
	*base
}

// CheckLanguage reads a text.
func (s *Language) CheckLanguage(_ context.Context, request *debriefv1.CheckLanguageRequest) (*debriefv1.CheckLanguageResponse, error) {
	read := s.language.checker.CheckAll
	if request.GetFormat() == debriefv1.CheckLanguageRequest_FORMAT_PLAIN {
		read = s.language.checker.CheckPlainAll
	}
	findings, further := read(request.GetText())
	return &debriefv1.CheckLanguageResponse{
		Findings:        each(findings, func(f blameless.Finding) *debriefv1.LanguageFinding { return findingToProto("", f) }),
		FurtherFindings: int32(further),
	}, nil
}

// ListLanguageRules reads the rules that texts are read by.
func (s *Language) ListLanguageRules(context.Context, *debriefv1.ListLanguageRulesRequest) (*debriefv1.ListLanguageRulesResponse, error) {
	rules := each(s.language.checker.Rules(), func(rule blameless.RuleDescription) *debriefv1.LanguageRule {
		return &debriefv1.LanguageRule{Id: rule.ID, Severity: severityToProto(rule.Severity), Why: rule.Why, Example: rule.Example}
	})
	return &debriefv1.ListLanguageRulesResponse{LanguageRules: rules}, nil
}

func findingToProto(field string, f blameless.Finding) *debriefv1.LanguageFinding {
	return &debriefv1.LanguageFinding{
		Field: field, Rule: f.Rule, Severity: severityToProto(f.Severity),
		StartOffset: int32(f.Start), EndOffset: int32(f.End), Line: int32(f.Line), Column: int32(f.Column),
		Excerpt: f.Excerpt, Why: f.Why, Suggestion: f.Suggestion, Question: f.Question,
	}
}

func severityToProto(severity blameless.Severity) debriefv1.FindingSeverity {
	return valueOf[debriefv1.FindingSeverity](severity.String())
}
