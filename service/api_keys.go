package service

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	debriefv1 "github.com/debriefhq/debrief/api/debrief/v1"
	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/access"
)

// Access implements AccessService.
type Access struct {
	debriefv1.UnimplementedAccessServiceServer
	*base
}

// apiKeyPrefix is how the secret of every API key begins.
const apiKeyPrefix = "dba_"

// The states of API keys, as the API names them.
const (
	keyActive  = debriefv1.ApiKey_STATE_ACTIVE
	keyExpired = debriefv1.ApiKey_STATE_EXPIRED
	keyRevoked = debriefv1.ApiKey_STATE_REVOKED
)

var apiKeyFields = fieldsOf(repository.APIKeySchema, map[string]protoreflect.EnumDescriptor{
	"role": debriefv1.Role(0).Descriptor(),
})

// stateOfKey is whether a key is taken at a time.
func stateOfKey(key repository.APIKey, now time.Time) debriefv1.ApiKey_State {
	switch {
	case !key.RevokeTime.IsZero():
		return keyRevoked
	case !key.ExpireTime.IsZero() && !now.Before(key.ExpireTime):
		return keyExpired
	default:
		return keyActive
	}
}

// GetCaller says who calls.
func (s *Access) GetCaller(ctx context.Context, _ *debriefv1.GetCallerRequest) (*debriefv1.Caller, error) {
	principal, _ := access.PrincipalOf(ctx)
	return &debriefv1.Caller{
		Principal: principal.Name, Role: valueOf[debriefv1.Role](string(principal.Role)), Teams: principal.Teams,
		Authentication: valueOf[debriefv1.Caller_Authentication](principal.By), Actor: actor(ctx),
	}, nil
}

// CreateApiKey adds a key, and answers its secret.
func (s *Access) CreateApiKey(ctx context.Context, request *debriefv1.CreateApiKeyRequest) (*debriefv1.ApiKeyWithSecret, error) {
	header, err := s.namedHeader(request.GetApiKeyId(), request.GetRequestId(), request)
	if err != nil {
		return nil, err
	}
	key := repository.APIKey{
		Header: header, Title: request.GetApiKey().GetTitle(), Role: nameOf(request.GetApiKey().GetRole()), Teams: slices.Sorted(slices.Values(request.GetApiKey().GetTeams())),
		ActsForOthers: request.GetApiKey().GetActsForOthers(), ExpireTime: timeFromProto(request.GetApiKey().GetExpireTime()),
	}
	if err := checkAPIKey(key, header.CreateTime); err != nil {
		return nil, err
	}
	if request.GetValidateOnly() {
		if _, err := s.repository.APIKeys().Get(ctx, key.ID); !errors.Is(err, repository.ErrNotFound) {
			return nil, cmp.Or(err, alreadyExists(apiKeyName(key.ID)))
		}
		return &debriefv1.ApiKeyWithSecret{ApiKey: s.apiKeyToProto(key)}, nil
	}
	secret, err := newKey(apiKeyPrefix)
	if err != nil {
		return nil, err
	}
	key.Hash, key.Prefix = hashKey(secret), secret[:shownKey]
	stored, existed, err := create(ctx, repository.APIKeySchema, s.repository.APIKeys(), key, repository.Effects{})
	if errors.Is(err, repository.ErrAlreadyExists) {
		return nil, alreadyExists(apiKeyName(key.ID))
	}
	if err != nil {
		return nil, err
	}
	if existed {
		secret = "" // The call is a repetition, and its secret was answered once.
	}
	return &debriefv1.ApiKeyWithSecret{ApiKey: s.apiKeyToProto(stored), Secret: secret}, nil
}

// checkAPIKey answers what is wrong with a key that is to be made.
func checkAPIKey(key repository.APIKey, now time.Time) error {
	if role := access.Role(key.Role); role == access.Integration {
		return invalid("api_key.role", "is INTEGRATION, which the keys of integrations have: create an integration instead")
	}
	if !key.ExpireTime.IsZero() && !key.ExpireTime.After(now) {
		return invalid("api_key.expire_time", "is in the past: give a later time, or leave it out for a key that does not expire")
	}
	return nil
}

// GetApiKey reads a key.
func (s *Access) GetApiKey(ctx context.Context, request *debriefv1.GetApiKeyRequest) (*debriefv1.ApiKey, error) {
	key, err := get(ctx, s.repository.APIKeys(), request.GetName())
	if err != nil {
		return nil, err
	}
	return s.apiKeyToProto(key), nil
}

// ListApiKeys reads a page of keys.
func (s *Access) ListApiKeys(ctx context.Context, request *debriefv1.ListApiKeysRequest) (*debriefv1.ListApiKeysResponse, error) {
	list := listing[repository.APIKey]{
		schema: repository.APIKeySchema, reader: s.repository.APIKeys(), fields: apiKeyFields,
		orders: []string{"name"}, ascending: true, byID: "name",
	}
	keys, token, err := list.page(ctx, request, "", nil)
	if err != nil {
		return nil, err
	}
	return &debriefv1.ListApiKeysResponse{ApiKeys: each(keys, s.apiKeyToProto), NextPageToken: token}, nil
}

// RevokeApiKey ends a key for good.
func (s *Access) RevokeApiKey(ctx context.Context, request *debriefv1.RevokeApiKeyRequest) (*debriefv1.ApiKey, error) {
	key, err := apply(ctx, s.base, repository.APIKeySchema, s.repository.APIKeys(), update{name: request.GetName()},
		func(key *repository.APIKey, now time.Time) (repository.Effects, error) {
			if !key.RevokeTime.IsZero() {
				return repository.Effects{}, repository.ErrUnchanged
			}
			key.RevokeTime = now
			return repository.Effects{}, nil
		})
	if err != nil {
		return nil, err
	}
	return s.apiKeyToProto(key), nil
}

// apiKeyToProto never tells the hash of the secret.
func (b *base) apiKeyToProto(key repository.APIKey) *debriefv1.ApiKey {
	return &debriefv1.ApiKey{
		Name:          apiKeyName(key.ID),
		Title:         key.Title,
		Role:          valueOf[debriefv1.Role](key.Role),
		Teams:         key.Teams,
		ActsForOthers: key.ActsForOthers,
		ExpireTime:    timeToProto(key.ExpireTime),
		State:         stateOfKey(key, b.present()),
		Prefix:        key.Prefix,
		LastUsedTime:  timeToProto(key.LastUsedTime),
		RevokeTime:    timeToProto(key.RevokeTime),
		CreateTime:    timeToProto(key.CreateTime),
	}
}
