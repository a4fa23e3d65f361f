// Package hostile has tests only: they send what nobody in good faith would.
//
// TestEveryRouteBearsAnything walks the OpenAPI document and sends, to each of its routes, requests that are drawn at random:
// honest ones, and ones that are wrong in one way or in two. RAPID_SEED, or the flag -rapid.seed, says which; -rapid.checks how many
// for each route:
//
//	go test ./cmd/debrief/hostile -run Bears -rapid.checks=5000
//
// TestEveryRouteBearsAnythingOfAnAdministrator sends some to a server that asks who calls and keeps an audit trail.
//
// TestNoTextBreaksOut writes marks into every text of every request of a scenario, which takes one of everything as far as it
// goes, and reads what is made of them as browsers, calendars, mail programs and others do.
package hostile
