package http

import (
	"net/http"
	"slices"
	"strings"
)

// Route is one path of a listener.
type Route struct {
	Path    string   // with {parts}, as http.ServeMux takes it
	Methods []string // GET stands for HEAD too, unless the route changes something
	Name    string   // for metrics and logs
	Changes bool     // changes something: guarded against other sites and ReadOnly
	Open    bool     // answers without authentication
	// Detached goes on when its caller leaves: what has begun to change is not cut off in the middle.
	Detached bool
	serve    http.HandlerFunc
}

// answerer makes the value that is sent as JSON.
type answerer func(r *http.Request) (any, error)

func read(path string, f answerer) Route {
	return Route{Path: "/api/" + path, Methods: []string{http.MethodGet}, Name: routeName(path), serve: answer(f)}
}

// change answers to GET, which is what callers use today, and to POST.
func change(path string, f answerer) Route {
	return Route{Path: "/api/" + path, Methods: []string{http.MethodGet, http.MethodPost}, Name: routeName(path), Changes: true, Detached: true, serve: answer(f)}
}

func routeName(path string) string {
	name, _, _ := strings.Cut(path, "/{")
	return name
}

// answer sends what f returns as JSON.
func answer(f answerer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := f(r)
		if err != nil {
			writeError(w, r, err)
			return
		}
		writeJSON(w, r, http.StatusOK, v)
	}
}

// methods refuses what the route does not answer to. A HEAD that changes something would do so unseen.
func methods(rt Route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(rt.Methods, r.Method) ||
			r.Method == http.MethodHead && !rt.Changes && slices.Contains(rt.Methods, http.MethodGet) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(rt.Methods, ", "))
		writeError(w, r, &httpError{status: http.StatusMethodNotAllowed,
			message: "This path answers to " + strings.Join(rt.Methods, " and ") + " only."})
	})
}

// slashless takes one slash off the end of a path: callers of orchestrator may write one.
func slashless(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; len(p) > 1 && strings.HasSuffix(p, "/") && !strings.HasSuffix(p, "//") && strings.Contains(p, "/api/") {
			r2 := *r
			u := *r.URL
			u.Path, u.RawPath = p[:len(p)-1], strings.TrimSuffix(u.RawPath, "/")
			r2.URL = &u
			r = &r2
		}
		next.ServeHTTP(w, r)
	})
}
