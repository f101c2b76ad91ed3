package http

import (
	"io/fs"
	"net/http"

	"github.com/orchestrator-seed/orchestrator-seed/resources"
)

// consoleFiles is what script/build made.
func consoleFiles() (fs.FS, error) { return fs.Sub(resources.Console, "webui/dist") }

// pageRoutes serves the console, which itself knows which of its addresses there are.
func (s *Server) pageRoutes() []Route {
	page := func(path string, serve http.HandlerFunc) Route {
		return Route{Path: path, Methods: []string{http.MethodGet}, Name: "web", serve: serve}
	}
	home := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URLPrefix+"/web/seeds", http.StatusFound)
	}
	c := s.console
	routes := []Route{
		page("/{$}", home), page("/web", home), page("/web/{$}", home), page("/web/{page...}", c.page),
		page("/web/assets/{file}", func(w http.ResponseWriter, r *http.Request) { c.file(w, r, "assets/"+r.PathValue("file")) }),
		page("/web/icon.svg", func(w http.ResponseWriter, r *http.Request) { c.file(w, r, "icon.svg") }),
	}
	if s.URLPrefix != "" {
		routes = append(routes, page("", home))
	}
	if s.Metrics != nil {
		routes = append(routes, Route{Path: "/metrics", Methods: []string{http.MethodGet}, Name: "metrics", serve: s.Metrics.ServeHTTP})
	}
	return routes
}
