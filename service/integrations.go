package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/intake/rules"
)

// Integrations implements IntegrationService.
type Integrations struct {
	debriefv1.UnimplementedIntegrationServiceServer
	*base
}

var integrationFields = withoutFields(fieldsOf(repository.IntegrationSchema, map[string]protoreflect.EnumDescriptor{
	"kind": debriefv1.Integration_Kind(0).Descriptor(),
}), "delete_time")

const (
	// defaultOverlap is how long the keys before a new one are taken where nothing else is said.
	defaultOverlap = 24 * time.Hour
	// maxKeys bounds how many keys an integration has at once.
	maxKeys = 10
)

// CreateIntegration adds an integration, and answers its key.
func (s *Integrations) CreateIntegration(ctx context.Context, request *debriefv1.CreateIntegrationRequest) (*debriefv1.IntegrationWithKey, error) {
	// A secret is not part of what a repetition is known by: its hash would be kept.
	header, err := s.namedHeader(request.GetIntegrationId(), request.GetRequestId(), withoutSecret(request))
	if err != nil {
		return nil, err
	}
	integration := repository.Integration{Header: header, Kind: nameOf(request.GetIntegration().GetKind())}
	writeIntegration(&integration, request.GetIntegration())
	integration.SigningSecret = request.GetIntegration().GetSigningSecret()
	if err := checkIntegration(integration); err != nil {
		return nil, err
	}
	key, err := addKey(&integration, header.CreateTime, 0)
	if err != nil {
		return nil, err
	}
	integration, err = createNamed(ctx, s.base, repository.IntegrationSchema, s.repository.Integrations(), integration,
		integrationName(header.ID), "INTEGRATION_CREATED", request.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	answer := &debriefv1.IntegrationWithKey{Integration: s.integrationToProto(integration), Key: key}
	switch {
	case request.GetValidateOnly():
		answer.Key, answer.Integration.Etag, answer.Integration.Keys = "", "", nil
	case !hasKey(integration, key):
		answer.Key = "" // The call is a repetition, and its key was answered once.
	}
	return answer, nil
}

// hasKey says whether a key that was made was kept.
func hasKey(integration repository.Integration, key string) bool {
	return slices.ContainsFunc(integration.Keys, func(kept repository.IntegrationKey) bool { return kept.Hash == hashKey(key) })
}

func withoutSecret(request *debriefv1.CreateIntegrationRequest) *debriefv1.CreateIntegrationRequest {
	copied := &debriefv1.Integration{
		Title: request.GetIntegration().GetTitle(), Kind: request.GetIntegration().GetKind(), Disabled: request.GetIntegration().GetDisabled(),
		Labels: request.GetIntegration().GetLabels(), Severities: request.GetIntegration().GetSeverities(), Rules: request.GetIntegration().GetRules(),
		MaintenanceWindows: request.GetIntegration().GetMaintenanceWindows(), Mapping: request.GetIntegration().GetMapping(),
		KeepOpen: request.GetIntegration().GetKeepOpen(),
	}
	return &debriefv1.CreateIntegrationRequest{Integration: copied, IntegrationId: request.GetIntegrationId()}
}

// addKey gives an integration another key; those before it are taken as long as overlap says.
func addKey(integration *repository.Integration, now time.Time, overlap time.Duration) (string, error) {
	key, err := newKey(keyPrefix)
	if err != nil {
		return "", err
	}
	ends := now.Add(overlap)
	keys := slices.Clone(integration.Keys)
	for i := range keys {
		if keys[i].ExpireTime.IsZero() || keys[i].ExpireTime.After(ends) {
			keys[i].ExpireTime = ends
		}
	}
	integration.Keys = append(byExpiry(keys, now), repository.IntegrationKey{Hash: hashKey(key), Prefix: key[:shownKey], CreateTime: now})
	return key, nil
}

// checkIntegration answers what is wrong with an integration.
func checkIntegration(integration repository.Integration) error {
	var found []violation
	if integration.Title == "" {
		found = append(found, violation{"integration.title", "is required: a line of at most 120 characters"})
	}
	adapter, known := adapterOfKind(integration.Kind)
	switch {
	case integration.Kind == "":
		found = append(found, violation{"integration.kind", "is required: in whose form alerts arrive, such as KIND_ALERTMANAGER"})
	case !known:
		found = append(found, violation{"integration.kind", "is not one that this server has an intake for"})
	case integration.SigningSecret != "" && adapter.Verify == nil:
		found = append(found, violation{"integration.signing_secret", "is not for the kind " + integration.Kind + ", whose senders sign nothing: leave it out"})
	}
	if integration.Mapping != nil && integration.Kind != "GENERIC" && integration.Kind != "CLOUDEVENTS" {
		found = append(found, violation{"integration.mapping", "is for the kinds GENERIC and CLOUDEVENTS only"})
	}
	found = append(found, mappingViolations(integration)...)
	found = append(found, ruleViolations("integration", integration)...)
	if len(found) > 0 {
		return &invalidError{Violations: found}
	}
	return nil
}

// mappingViolations are what is wrong with an integration's mapping.
func mappingViolations(integration repository.Integration) []violation {
	if integration.Mapping == nil {
		return nil
	}
	_, err := intake.NewMapping(mappingSource(*integration.Mapping))
	if err == nil {
		return nil
	}
	problem, ok := errors.AsType[*intake.MappingError](err)
	if !ok {
		return []violation{{"integration.mapping", "can't be read: " + cut(err.Error(), maxProblem)}}
	}
	field := problem.Field
	if field == "url" {
		field = "link"
	}
	if problem.Line == 0 {
		return []violation{{"integration.mapping." + field, problem.Problem}}
	}
	return []violation{{"integration.mapping." + field, fmt.Sprintf("%d:%d: %s", problem.Line, problem.Column, problem.Problem)}}
}

// ruleViolations are what is wrong with an integration's rules and maintenance windows, each with its place.
func ruleViolations(prefix string, integration repository.Integration) []violation {
	_, err := rules.New(ruleSet(integration))
	if err == nil {
		return nil
	}
	compile, ok := errors.AsType[*rules.CompileError](err)
	if !ok {
		return []violation{{prefix + ".rules", "can't be read: " + cut(err.Error(), maxProblem)}}
	}
	found := make([]violation, len(compile.Problems))
	for i, problem := range compile.Problems {
		found[i] = violation{Field: prefixed(prefix, ruleField(problem)), Problem: problem.Message}
		if problem.Line > 0 {
			found[i].Problem = fmt.Sprintf("%d:%d: %s", problem.Line, problem.Column, problem.Message)
		}
	}
	return found
}

func prefixed(prefix, field string) string {
	if prefix == "" {
		return field
	}
	return prefix + "." + field
}

// ruleField is the place of a problem, as the API calls it.
func ruleField(problem rules.Problem) string {
	field := problem.List
	if field == "maintenance" {
		field = "maintenance_windows"
	}
	if problem.Index >= 0 {
		field += fmt.Sprintf("[%d]", problem.Index)
	}
	switch {
	case problem.Field == "":
		return field
	case problem.Field == "name":
		return field + ".title"
	case strings.HasPrefix(problem.Field, "set_labels"), strings.HasPrefix(problem.Field, "remove_labels"):
		return field + ".labels"
	default:
		return field + "." + problem.Field
	}
}

// GetIntegration reads an integration.
func (s *Integrations) GetIntegration(ctx context.Context, request *debriefv1.GetIntegrationRequest) (*debriefv1.Integration, error) {
	integration, err := get(ctx, s.repository.Integrations(), request.GetName())
	if err != nil {
		return nil, err
	}
	return s.integrationToProto(integration), nil
}

// ListIntegrations reads a page of integrations.
func (s *Integrations) ListIntegrations(ctx context.Context, request *debriefv1.ListIntegrationsRequest) (*debriefv1.ListIntegrationsResponse, error) {
	list := listing[repository.Integration]{
		schema: repository.IntegrationSchema, reader: s.repository.Integrations(), fields: integrationFields,
		orders: []string{"name"}, ascending: true, byID: "name",
	}
	integrations, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListIntegrationsResponse{Integrations: each(integrations, s.integrationToProto), NextPageToken: token}, nil
}

// UpdateIntegration changes the fields that the mask names.
func (s *Integrations) UpdateIntegration(ctx context.Context, request *debriefv1.UpdateIntegrationRequest) (*debriefv1.Integration, error) {
	asked := update{name: request.GetIntegration().GetName(), etag: request.GetIntegration().GetEtag()}
	secret := slices.Contains(request.GetUpdateMask().GetPaths(), "signing_secret") ||
		slices.Contains(request.GetUpdateMask().GetPaths(), "signingSecret") ||
		len(request.GetUpdateMask().GetPaths()) == 0 && request.GetIntegration().GetSigningSecret() != ""
	integration, err := applyMask(ctx, s.base, repository.IntegrationSchema, s.repository.Integrations(), asked, request.GetValidateOnly(),
		func(integration *repository.Integration, now time.Time) (repository.Effects, error) {
			before := s.integrationToProto(*integration)
			after, err := merge(before, request.GetIntegration(), request.GetUpdateMask())
			if err != nil {
				return repository.Effects{}, err
			}
			writeIntegration(integration, after)
			replaced := secret && integration.SigningSecret != request.GetIntegration().GetSigningSecret()
			if replaced {
				integration.SigningSecret = request.GetIntegration().GetSigningSecret()
			}
			if err := checkIntegration(*integration); err != nil {
				return repository.Effects{}, err
			}
			changes := changesBetween(before, s.integrationToProto(*integration))
			if len(changes) == 0 && !replaced {
				return repository.Effects{}, repository.ErrUnchanged
			}
			if replaced {
				changes = append(changes, repository.FieldChange{Field: "signing_secret"})
			}
			event := s.event(ctx, "INTEGRATION_UPDATED", asked.name, "", integration.Revision+1, now, changes)
			return repository.Effects{Events: []repository.Event{event}}, nil
		})
	if err != nil {
		return nil, err
	}
	return s.integrationToProto(integration), nil
}

// DeleteIntegration ends an integration.
func (s *Integrations) DeleteIntegration(ctx context.Context, request *debriefv1.DeleteIntegrationRequest) (*debriefv1.Integration, error) {
	told := deletion[repository.Integration]{prefix: "INTEGRATION", incident: func(*repository.Integration) string { return "" }}
	integration, err := setDeleted(ctx, s.base, repository.IntegrationSchema, s.repository.Integrations(),
		update{name: request.GetName(), etag: request.GetEtag()}, true, told)
	if err != nil {
		return nil, err
	}
	return s.integrationToProto(integration), nil
}

// RotateIntegrationKey makes another key.
func (s *Integrations) RotateIntegrationKey(ctx context.Context, request *debriefv1.RotateIntegrationKeyRequest) (*debriefv1.IntegrationWithKey, error) {
	overlap := defaultOverlap
	if request.GetOverlap() != nil {
		overlap = request.GetOverlap().AsDuration()
	}
	key := ""
	asked := update{name: request.GetName(), requestID: request.GetRequestId()}
	integration, err := apply(ctx, s.base, repository.IntegrationSchema, s.repository.Integrations(), asked,
		func(integration *repository.Integration, now time.Time) (repository.Effects, error) {
			var err error
			if key, err = addKey(integration, now, overlap); err != nil {
				return repository.Effects{}, err
			}
			if len(integration.Keys) > maxKeys {
				return repository.Effects{}, failedPrecondition("TOO_MANY_KEYS", "%s has %d keys that are still taken: wait, or rotate with an overlap of 0s",
					asked.name, maxKeys)
			}
			event := s.event(ctx, "INTEGRATION_KEY_ROTATED", asked.name, "", integration.Revision+1, now, nil)
			return repository.Effects{Events: []repository.Event{event}}, nil
		})
	if err != nil {
		return nil, err
	}
	if !hasKey(integration, key) {
		key = "" // The same request was faster, and its key was answered.
	}
	return &debriefv1.IntegrationWithKey{Integration: s.integrationToProto(integration), Key: key}, nil
}
