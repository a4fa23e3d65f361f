package service

import (
	"cmp"
	"context"
	"errors"
	"time"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/template"
)

// defaultTemplate is the name of the built-in template.
const defaultTemplate = templatesCollection + "/" + builtInID

// builtInTemplate is the built-in template, as if it were stored.
func builtInTemplate() repository.PostMortemTemplate {
	builtIn := template.Default()
	return repository.PostMortemTemplate{
		Header: repository.Header{ID: builtInID, Revision: 1}, Title: builtIn.Title,
		Sections: each(builtIn.Sections, func(s template.Section) repository.TemplateSection { return repository.TemplateSection(s) }),
	}
}

// template reads a template by its name, a deleted one included.
func (b *base) template(ctx context.Context, name string) (repository.PostMortemTemplate, error) {
	if lastID(name) == builtInID {
		return builtInTemplate(), nil
	}
	return get(ctx, b.repository.PostMortemTemplates(), name)
}

// applied is the template as a post-mortem keeps it.
func applied(chosen repository.PostMortemTemplate) repository.AppliedTemplate {
	return repository.AppliedTemplate{
		Template: templateName(chosen.ID), Revision: chosen.Revision, Sections: chosen.Sections, LanguagePolicy: chosen.LanguagePolicy,
	}
}

// CreatePostMortemTemplate adds a template.
func (s *Practice) CreatePostMortemTemplate(ctx context.Context, request *debriefv1.CreatePostMortemTemplateRequest) (*debriefv1.PostMortemTemplate, error) {
	header, err := s.namedHeader(request.GetPostMortemTemplateId(), request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	created := repository.PostMortemTemplate{Header: header}
	writeTemplate(&created, request.GetPostMortemTemplate())
	if err := cmp.Or(checkTemplate(created), newOfItsOwn(templateName(header.ID))); err != nil {
		return nil, err
	}
	created, err = createNamed(ctx, s.base, repository.PostMortemTemplateSchema, s.repository.PostMortemTemplates(), created,
		templateName(header.ID), "POST_MORTEM_TEMPLATE_CREATED", request.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	answer := s.templateToProto(created)
	if request.GetValidateOnly() {
		answer.Etag = ""
	}
	return answer, nil
}

// checkTemplate holds a template against what templates are.
func checkTemplate(checked repository.PostMortemTemplate) error {
	err := template.Template{Title: checked.Title, Sections: templateSections(checked.Sections)}.Validate()
	var found *template.InvalidError
	if !errors.As(err, &found) {
		return err
	}
	return problemsOf("post_mortem_template", found.Problems, func(p template.Problem) (string, string) { return p.Field, p.Text })
}

func templateSections(sections []repository.TemplateSection) []template.Section {
	return each(sections, func(s repository.TemplateSection) template.Section { return template.Section(s) })
}

// GetPostMortemTemplate reads one.
func (s *Practice) GetPostMortemTemplate(ctx context.Context, request *debriefv1.GetPostMortemTemplateRequest) (*debriefv1.PostMortemTemplate, error) {
	found, err := s.template(ctx, request.GetName())
	if err != nil {
		return nil, err
	}
	return s.templateToProto(found), nil
}

// ListPostMortemTemplates reads a page of them, the built-in one first.
func (s *Practice) ListPostMortemTemplates(ctx context.Context, request *debriefv1.ListPostMortemTemplatesRequest) (*debriefv1.ListPostMortemTemplatesResponse, error) {
	list := listing[repository.PostMortemTemplate]{
		schema: repository.PostMortemTemplateSchema, reader: s.repository.PostMortemTemplates(), orders: []string{"name"}, ascending: true, byID: "name",
	}
	templates, token, err := list.pageAfter(ctx, request, builtInTemplate())
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListPostMortemTemplatesResponse{PostMortemTemplates: each(templates, s.templateToProto), NextPageToken: token}, nil
}

// UpdatePostMortemTemplate changes the fields that the mask names.
func (s *Practice) UpdatePostMortemTemplate(ctx context.Context, request *debriefv1.UpdatePostMortemTemplateRequest) (*debriefv1.PostMortemTemplate, error) {
	asked := update{name: request.GetPostMortemTemplate().GetName(), etag: request.GetPostMortemTemplate().GetEtag()}
	if err := changeable(asked.name); err != nil {
		return nil, err
	}
	changed, err := applyMask(ctx, s.base, repository.PostMortemTemplateSchema, s.repository.PostMortemTemplates(), asked, request.GetValidateOnly(),
		func(changed *repository.PostMortemTemplate, now time.Time) (repository.Effects, error) {
			before := s.templateToProto(*changed)
			after, err := merge(before, request.GetPostMortemTemplate(), request.GetUpdateMask())
			if err != nil {
				return repository.Effects{}, err
			}
			writeTemplate(changed, after)
			if err := checkTemplate(*changed); err != nil {
				return repository.Effects{}, err
			}
			return s.updated(ctx, "POST_MORTEM_TEMPLATE_UPDATED", asked.name, "", changed.Revision+1, now, before, s.templateToProto(*changed))
		})
	if err != nil {
		return nil, err
	}
	return s.templateToProto(changed), nil
}

// DeletePostMortemTemplate hides it.
func (s *Practice) DeletePostMortemTemplate(ctx context.Context, request *debriefv1.DeletePostMortemTemplateRequest) (*debriefv1.PostMortemTemplate, error) {
	if err := changeable(request.GetName()); err != nil {
		return nil, err
	}
	told := deletion[repository.PostMortemTemplate]{
		prefix: "POST_MORTEM_TEMPLATE", incident: func(*repository.PostMortemTemplate) string { return "" },
	}
	deleted, err := setDeleted(ctx, s.base, repository.PostMortemTemplateSchema, s.repository.PostMortemTemplates(),
		update{name: request.GetName(), etag: request.GetEtag()}, true, told)
	if err != nil {
		return nil, err
	}
	return s.templateToProto(deleted), nil
}
