package http

import (
	"html/template"
	"net/http"

	"github.com/orchestrator-seed/orchestrator-seed/resources"
)

func (s *Server) pageRoutes() []Route {
	page := template.Must(template.ParseFS(resources.Web, "web/seeds.html"))
	get := []string{http.MethodGet}
	show := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := page.Execute(w, struct{ Prefix string }{s.URLPrefix}); err != nil {
			noteError(r, err)
		}
	}
	home := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URLPrefix+"/web/seeds", http.StatusFound)
	}
	routes := []Route{
		{Path: "/{$}", Methods: get, Name: "web", serve: home},
		{Path: "/web", Methods: get, Name: "web", serve: home},
		{Path: "/web/{$}", Methods: get, Name: "web", serve: home},
		{Path: "/web/seeds", Methods: get, Name: "web", serve: show},
		{Path: "/web/seed-details/{seedId}", Methods: get, Name: "web", serve: show},
		{Path: "/web/static/{file}", Methods: get, Name: "web", serve: static},
	}
	if s.URLPrefix != "" {
		routes = append(routes, Route{Path: "", Methods: get, Name: "web", serve: home})
	}
	if s.Metrics != nil {
		routes = append(routes, Route{Path: "/metrics", Methods: get, Name: "metrics", serve: s.Metrics.ServeHTTP})
	}
	return routes
}

func static(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	kind, ok := map[string]string{
		"seeds.js":  "text/javascript; charset=utf-8",
		"seeds.css": "text/css; charset=utf-8",
		"icon.svg":  "image/svg+xml",
	}[name]
	if !ok {
		writeError(w, r, notFound("There is no such file."))
		return
	}
	content, err := resources.Web.ReadFile("web/" + name)
	if err != nil {
		writeError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	send(w, r, http.StatusOK, content)
}
