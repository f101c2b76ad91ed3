package http

import (
	"fmt"
	"net/http"
)

func (s *Server) auditRoutes() []Route {
	return []Route{read("audit", s.auditPage)}
}

func (s *Server) auditPage(r *http.Request) (any, error) {
	n, _, err := page(r)
	if err != nil {
		return nil, err
	}
	rows, err := s.Data.AuditPage(r.Context(), n, perPage)
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	return views(rows, viewAudit), nil
}
