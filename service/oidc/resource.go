package oidc

// ResourcePath is where a resource that wants tokens tells of itself (RFC 9728, section 3).
const ResourcePath = "/.well-known/oauth-protected-resource"

// Resource is the metadata of a resource that wants tokens (RFC 9728, section 2).
type Resource struct {
	// Resource is the URL of the resource.
	Resource string `json:"resource"`
	// AuthorizationServers are the issuers whose tokens are taken; Debrief takes those of one.
	AuthorizationServers []string `json:"authorization_servers"`
	// ScopesSupported are what to ask the issuer for.
	ScopesSupported []string `json:"scopes_supported,omitempty"`
	// BearerMethods are the ways in which tokens are taken (RFC 6750, section 2).
	BearerMethods []string `json:"bearer_methods_supported,omitempty"`
	// ResourceName is what people call the resource.
	ResourceName string `json:"resource_name,omitempty"`
	// ClientID is the client as which a command line asks the issuer. It is an extension of Debrief's.
	ClientID string `json:"debrief_client_id,omitempty"`
}
