package server

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/debriefhq/debrief/service"
)

//go:embed unsubscribe.html
var unsubscribePage string

var unsubscribeTemplate = template.Must(template.New("unsubscribe").Parse(unsubscribePage))

// unsubscribePolicy lets the page have its style and send its form back to this site.
const unsubscribePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// unsubscribing ends a subscription to e-mail for those who get it, at the address that each message has. GET asks first, since
// programs that look for harm in mail follow links; POST does it, from the page or from a mail program (RFC 8058).
type unsubscribing struct{ services *service.Services }

// ServeHTTP answers with a page for people.
func (u *unsubscribing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	act := u.services.Subscriptions.MayUnsubscribe
	done := r.Method == http.MethodPost
	if done {
		act = u.services.Subscriptions.Unsubscribe
	}
	id := r.PathValue("subscription")
	switch problem := status.Convert(u.services.ToStatus(r.Context(), act(r.Context(), id, tokenOf(r)))); problem.Code() {
	case codes.OK:
		u.answer(w, id, done)
	case codes.NotFound: // Whoever tries tokens is not told which subscriptions there are.
		notFound(w, r)
	default:
		writeStatus(w, runtime.HTTPStatusFromCode(problem.Code()), problem)
	}
}

// tokenKey is where a request's context holds the token that its address had.
type tokenKey struct{}

func tokenOf(r *http.Request) string {
	token, _ := r.Context().Value(tokenKey{}).(string)
	return token
}

// untokened takes the token from a request to unsubscribe before anything sees it that tells what it saw.
func untokened(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, found := strings.CutPrefix(r.URL.Path, service.UnsubscribePath); found {
			id, token, _ := strings.Cut(rest, "/")
			r = r.Clone(context.WithValue(r.Context(), tokenKey{}, token))
			r.URL.Path, r.URL.RawPath = service.UnsubscribePath+id, ""
			r.RequestURI = r.URL.RequestURI()
		}
		handler.ServeHTTP(w, r)
	})
}

func (u *unsubscribing) answer(w http.ResponseWriter, id string, done bool) {
	var page bytes.Buffer
	if err := unsubscribeTemplate.Execute(&page, struct {
		Subscription string
		Done         bool
	}{id, done}); err != nil {
		writeStatus(w, http.StatusInternalServerError, newStatus(codes.Internal, "INTERNAL", internalMessage))
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", unsubscribePolicy)
	header.Set("Cache-Control", "no-store")
	_, _ = w.Write(page.Bytes()) // Who asked and is gone does not need the answer.
}
