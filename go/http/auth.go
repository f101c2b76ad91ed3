package http

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// Auth is how people and scripts say who they are, as in orchestrator.
type Auth struct {
	Method     string // "", "basic", "multi" or "proxy"
	User       string // basic and multi
	Password   string
	Header     string   // proxy: the header that names the user
	PowerUsers []string // proxy: who may change things; "*" is everyone
}

// readonlyUser may read with any password where Auth.Method is "multi".
const readonlyUser = "readonly"

// identity is who a request comes from.
type identity struct {
	name      string
	mayChange bool
}

// authenticator finds out who asks; ok is false when that is not known and nothing may be answered.
type authenticator func(r *http.Request) (who identity, ok bool)

func newAuthenticator(a Auth) (authenticator, error) {
	switch strings.ToLower(a.Method) {
	case "":
		return func(r *http.Request) (identity, bool) { return identity{anonymous(r), true}, true }, nil
	case "basic", "multi":
		if a.User == "" || a.Password == "" {
			return nil, fmt.Errorf("authentication method %q needs a user and a password", a.Method)
		}
		return basic(a.User, a.Password, strings.EqualFold(a.Method, "multi")), nil
	case "proxy":
		if a.Header == "" {
			return nil, errors.New(`authentication method "proxy" needs the name of a header`)
		}
		return proxy(a.Header, slices.Clone(a.PowerUsers)), nil
	case "token":
		return nil, errors.New(`authentication method "token" is not supported yet; use "basic", "multi" or "proxy"`)
	}
	return nil, fmt.Errorf("authentication method %q is not known", a.Method)
}

func basic(user, password string, multi bool) authenticator {
	return func(r *http.Request) (identity, bool) {
		name, pass, ok := r.BasicAuth()
		if !ok {
			return identity{}, false
		}
		if multi && name == readonlyUser {
			return identity{name: readonlyUser}, true
		}
		// Both are compared, whatever the first says.
		sameUser, samePass := equal(name, user), equal(pass, password)
		return identity{user, true}, sameUser && samePass
	}
}

// equal takes the same time whatever the texts are, their lengths included.
func equal(a, b string) bool {
	ha, hb := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(ha[:], hb[:]) == 1
}

// proxy believes the header of the proxy in front. A request that carries it twice has been tampered with.
func proxy(header string, power []string) authenticator {
	everyone := slices.Contains(power, "*")
	return func(r *http.Request) (identity, bool) {
		name := ""
		if values := r.Header.Values(header); len(values) == 1 {
			name = strings.TrimSpace(values[0])
		}
		may := everyone || name != "" && slices.Contains(power, name)
		if name == "" {
			name = anonymous(r)
		}
		return identity{name, may}, true
	}
}

func anonymous(r *http.Request) string {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "anonymous"
	}
	return "anonymous@" + ip
}

// authenticate answers 401 to those who are not known, and remembers who the others are.
func (s *Server) authenticate(_ Route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := s.auth(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="orchestrator-seed", charset="UTF-8"`)
			writeError(w, r, unauthorized("A user and a password are needed."))
			return
		}
		infoOf(r).who = who
		next.ServeHTTP(w, r)
	})
}

// user is who a request comes from, for the audit.
func user(r *http.Request) string { return infoOf(r).who.name }
