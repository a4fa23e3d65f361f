package service

import (
	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
)

func participantToProto(participant repository.Participant) *debriefv1.Participant {
	return &debriefv1.Participant{Person: participant.Person, Role: participant.Role}
}

func participantFromProto(participant *debriefv1.Participant) repository.Participant {
	return repository.Participant{Person: participant.GetPerson(), Role: participant.GetRole()}
}

func rulesReadingToProto(reading repository.RulesReading) *debriefv1.RulesReading {
	if reading.ReadTime.IsZero() {
		return nil
	}
	return &debriefv1.RulesReading{
		Reader:        reading.Reader,
		ReadTime:      timeToProto(reading.ReadTime),
		Present:       reading.Present,
		GroundRuleSet: reading.GroundRuleSet,
		Rules:         each(reading.Rules, ruleToProto),
	}
}

func breachToProto(breach repository.GroundRuleBreach) *debriefv1.GroundRuleBreach {
	return &debriefv1.GroundRuleBreach{Rule: breach.Rule, Time: timeToProto(breach.Time)}
}

func appliedTemplateToProto(applied repository.AppliedTemplate) *debriefv1.AppliedTemplate {
	if applied.Template == "" {
		return nil
	}
	return &debriefv1.AppliedTemplate{
		Template:       applied.Template,
		Revision:       applied.Revision,
		Sections:       each(applied.Sections, templateSectionToProto),
		LanguagePolicy: valueOf[debriefv1.LanguagePolicy](applied.LanguagePolicy),
	}
}

func sectionToProto(section repository.FreeSection) *debriefv1.Section {
	return &debriefv1.Section{Id: section.ID, Title: section.Title, Text: section.Text}
}

func sectionFromProto(section *debriefv1.Section) repository.FreeSection {
	return repository.FreeSection{ID: section.GetId(), Title: section.GetTitle(), Text: section.GetText()}
}

func answerToProto(answer repository.QuestionAnswer) *debriefv1.QuestionAnswer {
	return &debriefv1.QuestionAnswer{
		QuestionId: answer.QuestionID,
		Question:   answer.Question,
		Answer:     answer.Answer,
		Section:    answer.Section,
		AnswerTime: timeToProto(answer.AnswerTime),
	}
}

func (b *base) groundRuleSetToProto(set repository.GroundRules) *debriefv1.GroundRuleSet {
	return &debriefv1.GroundRuleSet{
		Name:       groundRuleSetName(set.ID),
		Title:      set.Title,
		Rules:      each(set.Rules, ruleToProto),
		Etag:       etag(set.Header),
		CreateTime: timeToProto(set.CreateTime),
		UpdateTime: timeToProto(set.UpdateTime),
		DeleteTime: timeToProto(set.DeleteTime),
	}
}

func writeGroundRuleSet(set *repository.GroundRules, from *debriefv1.GroundRuleSet) {
	set.Title = from.GetTitle()
	set.Rules = each(from.GetRules(), func(rule *debriefv1.GroundRule) repository.GroundRule {
		return repository.GroundRule{ID: rule.GetId(), Title: rule.GetTitle(), Text: rule.GetText()}
	})
}

func ruleToProto(rule repository.GroundRule) *debriefv1.GroundRule {
	return &debriefv1.GroundRule{Id: rule.ID, Title: rule.Title, Text: rule.Text}
}

func (b *base) templateToProto(template repository.PostMortemTemplate) *debriefv1.PostMortemTemplate {
	return &debriefv1.PostMortemTemplate{
		Name:           templateName(template.ID),
		Title:          template.Title,
		Sections:       each(template.Sections, templateSectionToProto),
		LanguagePolicy: valueOf[debriefv1.LanguagePolicy](template.LanguagePolicy),
		Revision:       template.Revision,
		Etag:           etag(template.Header),
		CreateTime:     timeToProto(template.CreateTime),
		UpdateTime:     timeToProto(template.UpdateTime),
		DeleteTime:     timeToProto(template.DeleteTime),
	}
}

func writeTemplate(template *repository.PostMortemTemplate, from *debriefv1.PostMortemTemplate) {
	template.Title = from.GetTitle()
	template.LanguagePolicy = nameOf(from.GetLanguagePolicy())
	template.Sections = each(from.GetSections(), func(section *debriefv1.TemplateSection) repository.TemplateSection {
		return repository.TemplateSection{ID: section.GetId(), Title: section.GetTitle(), Help: section.GetHelp(), Required: section.GetRequired()}
	})
}

func templateSectionToProto(section repository.TemplateSection) *debriefv1.TemplateSection {
	return &debriefv1.TemplateSection{Id: section.ID, Title: section.Title, Help: section.Help, Required: section.Required}
}
