package server

import (
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/status"

	"github.com/debriefhq/debrief/service"
	"github.com/debriefhq/debrief/service/access"
)

// access says who may call.
func (c *Config) access() service.AccessOptions {
	return service.AccessOptions{
		Required:     c.RequireAuthentication,
		Tokens:       c.tokens,
		Certificates: c.certified,
		Audit:        c.Audit == AuditOn || c.Audit == AuditAuto && c.RequireAuthentication,
	}
}

// addressed notes where a request comes from, for the audit trail alone: see unnamed.
func addressed(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(access.WithAddress(r.Context(), r.RemoteAddr)))
	})
}

// permitted lets those through who have a role.
func permitted(services *service.Services, role access.Role, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := services.Authorize(r.Context(), r.Header.Get("Authorization"), r.URL.Path, role); err != nil {
			problem := status.Convert(services.ToStatus(r.Context(), err))
			writeStatus(w, runtime.HTTPStatusFromCode(problem.Code()), problem)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
