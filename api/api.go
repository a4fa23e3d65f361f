// Package api is Debrief's contract, for people who integrate with it: the
// proto files below debrief/v1 with the Go code generated beside them, and the
// OpenAPI document of the same services below openapi.
package api

//go:generate go -C ../tools run ./thirdparty thirdparty/proto
//go:generate go -C .. tool -modfile=tools/go.mod buf generate
//go:generate go -C ../tools run ./openapi ../api/openapi/debrief.swagger.json
