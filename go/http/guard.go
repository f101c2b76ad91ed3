package http

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// changeTime bounds what a request may set going.
const changeTime = 170 * time.Second

// guardChange lets a request through to a route that changes something: not from another site's page, not when the service
// is read-only, and only for those who may.
func (s *Server) guardChange(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case foreign(r):
			writeError(w, r, forbidden("A page of another site may not change anything here.", ""))
		case s.ReadOnly:
			writeError(w, r, forbidden("The service is read-only.", "ReadOnly is true in its configuration"))
		case !infoOf(r).who.mayChange:
			writeError(w, r, forbidden("This user may read, but not change anything.", "ask as a user who may"))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// foreign says whether a browser sends the request for a page of another site. Programs send neither of the headers.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	}
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !sameHost(u.Host, r) {
			return true
		}
	}
	return false
}

// sameHost compares with the host as the browser knows it; a proxy in front may say that in X-Forwarded-Host, which a page
// cannot set.
func sameHost(host string, r *http.Request) bool {
	forwarded, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Host"), ",")
	return strings.EqualFold(host, r.Host) || strings.EqualFold(host, strings.TrimSpace(forwarded))
}

// detached lets a handler go on when its caller leaves, until the server is closed or changeTime has passed.
func (s *Server) detached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), changeTime)
		defer cancel()
		defer context.AfterFunc(s.life, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
