// Package openapi embeds the OpenAPI document of Debrief's REST API, for the
// server to serve and for clients to be generated from.
package openapi

import _ "embed"

// JSON is the whole document, OpenAPI 2.0 (https://spec.openapis.org/oas/v2.0.html)
// encoded as JSON. It is generated from the proto files of debrief.v1 and
// covers all their services. Callers must not change its bytes.
//
//go:embed debrief.swagger.json
var JSON []byte
