package hostile_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// drawn is a request, and what must become of it.
type drawn struct {
	message

	// refused says that it must not be granted, since something of it has no meaning.
	refused bool
}

const (
	asJSON = "Content-Type: application/json"
	hurry  = "Grpc-Timeout: 1n"
)

// request draws a request for a route: an honest one, or one with a fault or two.
func (g *generator) request(t *rapid.T, r route) drawn {
	faults := pick(t, "faults", 0, 0, 1, 1, 1, 2)
	d := drawn{message: message{method: r.method, target: g.target(t, r)}}
	if at := slices.IndexFunc(r.parameters, func(p parameter) bool { return p.In == "body" }); at >= 0 {
		b := &body{T: t, of: g}
		if faults == 1 {
			b.spoil = pick(t, "spoil", sound, sound, unknownField, sameFieldTwice, notUTF8)
		}
		b.value(*r.parameters[at].Body, "", 0)
		d.headers, d.body, d.refused = []string{asJSON}, b.out.Bytes(), b.spoilt
	}
	if d.refused {
		return d
	}
	for range faults {
		pick(t, "fault", mischief...)(t, &d)
	}
	d.refused = d.refused && faults == 1
	return d
}

// target draws path and query.
func (g *generator) target(t *rapid.T, r route) string {
	target := g.path(t, r.path)
	query := url.Values{}
	for _, p := range r.parameters {
		if p.In == "query" && pick(t, "has "+p.Name, true, false, false) {
			if len(p.Enum) > 0 {
				query.Add(p.Name, pick(t, p.Name, append(p.Enum, "7", "")...))
			} else {
				query.Add(p.Name, g.scalar(t, p.schema, p.Name))
			}
		}
	}
	if len(query) == 0 {
		return target
	}
	return target + "?" + query.Encode()
}

// path fills a path with the names of what there is, or of what there is not.
func (g *generator) path(t *rapid.T, template string) string {
	if !strings.Contains(template, "{") {
		return template
	}
	if names := g.fitting(template); len(names) > 0 && !rarely(t, "strange name", 6) {
		return pick(t, "name", names...)
	}
	segments := strings.Split(template, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			_, verb, _ := strings.Cut(segment, "}")
			segments[i] = url.PathEscape(pick(t, "odd name", append(oddTexts, "01JD3V2Q6R8T0W2Y4A6C8E0G2J", "a-b-c", "-")...)) + verb
		}
	}
	return strings.Join(segments, "/")
}

// fitting are the paths that a template makes of the names that there are.
func (g *generator) fitting(template string) []string {
	end := strings.LastIndex(template, "}") + 1
	want := strings.Split(strings.TrimPrefix(template[:end], "/v1/"), "/")
	var paths []string
	for _, name := range g.names {
		segments := strings.Split(name, "/")
		fits := len(segments) == len(want)
		for i := 0; fits && i < len(want); i++ {
			fits = strings.HasPrefix(want[i], "{") || want[i] == segments[i]
		}
		if fits {
			paths = append(paths, "/v1/"+name+template[end:])
		}
	}
	return paths
}

// mischief is what can be wrong with a request beside the values in it.
var mischief = []func(*rapid.T, *drawn){
	func(t *rapid.T, d *drawn) { // A method.
		d.method = pick(t, "method", "GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X")
	},
	func(t *rapid.T, d *drawn) { // What the body is said to be.
		d.headers = slices.DeleteFunc(d.headers, func(header string) bool { return header == asJSON })
		if contentType := pick(t, "content type", contentTypes...); contentType != "" {
			d.headers = append(d.headers, "Content-Type: "+contentType)
		}
	},
	func(t *rapid.T, d *drawn) { // A header or two more.
		d.headers = append(d.headers, pick(t, "header", oddHeaders...))
	},
	func(t *rapid.T, d *drawn) { // A parameter that there is not.
		separator := "?"
		if strings.Contains(d.target, "?") {
			separator = "&"
		}
		d.target += separator + pick(t, "parameter", oddParameters...)
	},
	func(t *rapid.T, d *drawn) { // A body that ends before its end.
		if len(d.body) > 1 {
			d.kept = 1 + rapid.IntRange(0, len(d.body)-2).Draw(t, "kept")
			d.refused = true
		}
	},
	func(t *rapid.T, d *drawn) { // A body that is cut where it is said to end.
		if len(d.body) > 1 {
			d.body = d.body[:rapid.IntRange(1, len(d.body)-1).Draw(t, "cut at")]
		}
	},
	func(t *rapid.T, d *drawn) { // Another body, also where there is to be none.
		d.body = []byte(pick(t, "body", wrongValues...))
		if !slices.Contains(d.headers, asJSON) {
			d.headers = append(d.headers, asJSON)
		}
	},
	func(t *rapid.T, d *drawn) { // A byte that was turned around.
		if len(d.body) > 0 {
			at := rapid.IntRange(0, len(d.body)-1).Draw(t, "at")
			d.body = slices.Clone(d.body)
			d.body[at] ^= pick[byte](t, "bits", 1, 0x20, 0x80, 0xff)
		}
	},
	func(t *rapid.T, d *drawn) { // A path that leads elsewhere.
		path, query, asked := strings.Cut(d.target, "?")
		d.target = pick(t, "path", strangePaths...)(path)
		if asked {
			d.target += "?" + query
		}
	},
	func(t *rapid.T, d *drawn) { // No HTTP.
		d.malformed = true
		pick(t, "malformed", noHTTP...)(d)
	},
}

var contentTypes = []string{
	"", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/json; charset=utf-16", "application/json;;;",
	"APPLICATION/JSON", "application/json, text/html", "application/grpc", "application/x-protobuf", "*/*", "\xff", strings.Repeat("a", 5000),
}

var oddHeaders = []string{
	"Content-Encoding: gzip", "Content-Encoding: br, gzip", "Debrief-Actor: ana", "Debrief-Actor: " + strings.Repeat("a", 200), "Debrief-Actor: \xff\xfe",
	"Debrief-Actor: a\u202eb", "Debrief-Actor: apiKeys/root", "Debrief-Actor: ana\r\nDebrief-Actor: bo", "Authorization: Bearer dba_x",
	"Authorization: Basic Og==", "Authorization: Basic !!!", "Authorization: GenieKey x", "Authorization: Bearer a.b.c",
	"Authorization: Bearer " + strings.Repeat("x", 20_000), "Accept: text/html", "Accept-Encoding: gzip", "Accept-Encoding: *;q=0", "Range: bytes=0-0",
	"Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "X-HTTP-Method-Override: DELETE", "X-Forwarded-For: <script>",
	"X-Forwarded-Host: evil.example", "Forwarded: for=\"[::1]\"", hurry, "Grpc-Timeout: x", "Grpc-Metadata-debrief-actor: root",
	"Grpc-Status: 0", "Traceparent: 00-x-y-01", "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "Tracestate: a=b,,,=",
	"Baggage: a=%zz", "If-None-Match: *", "If-Match: \"x\"", "If-Modified-Since: yesterday", "Expect: 100-continue", "Upgrade: websocket\r\nConnection: upgrade",
	"Connection: close", "Cookie: " + strings.Repeat("a=b; ", 500), "Te: trailers", "Trailer: X", "Last-Event-ID: x", "User-Agent: \x80<b>",
	"Access-Control-Request-Method: PUT\r\nOrigin: https://evil.example", "Max-Forwards: 0", "Via: " + strings.Repeat("1.1 a, ", 500),
}

var oddParameters = []string{
	"x=1", "=", "=1", "&&&", "a;b=c", "%zz=1", "%ff=%fe", "a=%00", "filter=%ff", "pageSize=1&pageSize=2", "pageSize=", "page_size=3", "pageSize=1.5",
	"pageToken=%00", "pageToken=" + strings.Repeat("A", 9000), "orderBy=%F0%9F%A4%B7", "name=x", "incident.title=x", "incident[title]=x", "filter.a.b.c=1",
	"update_mask.paths=title", "updateMask=title", "callback=alert", "access_token=x", "alt=proto", "$alt=json", "prettyPrint=true", "fields=*",
	"view=FULL", "format=FORMAT_HTML", "etag=%22%22", "startTime=x", "requestId=" + strings.Repeat("r", 300), "validateOnly=maybe",
}

var strangePaths = []func(path string) string{
	func(path string) string { return path + "/" },
	func(path string) string { return "/" + path },
	func(path string) string { return path + "/../../../etc/passwd" },
	func(path string) string { return path + "/%2e%2e/%2e%2e/metrics" },
	func(path string) string { return strings.ReplaceAll(path, "/", "%2f") },
	func(path string) string { return strings.Replace(path, "/v1/", "/v1//", 1) },
	func(path string) string { return strings.Replace(path, "/v1/", "/V1/", 1) },
	func(path string) string { return strings.Replace(path, "/v1/", "/v1/./", 1) },
	func(path string) string { return path + "%00" },
	func(path string) string { return path + "%ff%fe" },
	func(path string) string { return path + ":" },
	func(path string) string { return path + ":noSuchVerb" },
	func(path string) string { return path + "%3Apublish" },
	func(path string) string { return path + ":publish:publish" },
	func(path string) string { return path + ";a=b" },
	func(path string) string { return path + strings.Repeat("/a", 3000) },
	func(path string) string { return path + strings.Repeat("%61", 8000) },
	func(path string) string { return strings.ToUpper(path) },
	func(path string) string { return "http://evil.example" + path },
	func(path string) string { return "/intake" + path },
	func(path string) string { return "/v2/alerts" + path },
	func(path string) string { return "/docs" + path },
	func(path string) string { return "/unsubscribe" + path },
	func(string) string { return "*" },
	func(string) string { return "//evil.example/%2f.." },
	func(string) string { return "/\\evil.example" },
}

var noHTTP = []func(*drawn){
	func(d *drawn) { d.headers = append(d.headers, "Transfer-Encoding: chunked", "Content-Length: 5") },
	func(d *drawn) {
		d.headers = append(d.headers, "Transfer-Encoding: chunked")
		d.body = []byte("zz\r\n{}\r\n0\r\n\r\n")
	},
	func(d *drawn) {
		d.headers = append(d.headers, "Transfer-Encoding: chunked")
		d.body = fmt.Appendf(nil, "%x;x=%s\r\n%s\r\n0\r\nX: y\r\n\r\n", len(d.body), strings.Repeat("y", 5000), d.body)
	},
	func(d *drawn) { d.headers = append(d.headers, "Transfer-Encoding: gzip, chunked") },
	func(d *drawn) { d.headers = append(d.headers, "Content-Length: -1") },
	func(d *drawn) { d.headers = append(d.headers, "Content-Length: 99999999999999999999") },
	func(d *drawn) { d.headers = append(d.headers, "Content-Length: 6000000") },
	func(d *drawn) { d.headers = append(d.headers, "Content-Length: 1", "Content-Length: 2") },
	func(d *drawn) { d.headers = append(d.headers, "Host: evil.example") },
	func(d *drawn) { d.headers = append(d.headers, "no colon") },
	func(d *drawn) { d.headers = append(d.headers, "X: a\x00b") },
	func(d *drawn) { d.headers = append(d.headers, "Authorization: \x01") },
	func(d *drawn) { d.headers = append(d.headers, "X: a\r\n folded") },
	func(d *drawn) { d.headers = append(d.headers, "X: "+strings.Repeat("y", 100_000)) },
	func(d *drawn) { d.headers = append(d.headers, strings.Repeat("X: y\r\n", 5000)+"Y: z") },
	func(d *drawn) { d.target += " HTTP/9.9\r\nX: y\r\n\r\nGET /" },
	func(d *drawn) { d.target += "\x00" },
	func(d *drawn) { d.target = "" },
	func(d *drawn) { d.method = "" },
	func(d *drawn) { d.method = "G\xffT" },
}
