package server

import (
	"cmp"
	"encoding/json"
	"net/http"

	"github.com/debriefhq/debrief/service/oidc"
)

// resourceMetadata tells those who want to log in who issues tokens.
func resourceMetadata(config Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		w.Header().Set("Content-Type", jsonType)
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(oidc.Resource{ // Who asked and is gone does not need the answer.
			Resource:             cmp.Or(config.PublicURL, scheme+"://"+r.Host),
			AuthorizationServers: []string{config.OIDC.Issuer},
			ScopesSupported:      config.OIDC.Scopes,
			BearerMethods:        []string{"header"},
			ResourceName:         "Debrief",
			ClientID:             config.OIDC.ClientID,
		})
	})
}
