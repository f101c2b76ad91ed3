package http

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
)

// info is what is learnt of a request on its way, for the access log.
type info struct {
	id    string
	route string
	who   identity
	err   error
}

type infoKey struct{}

func infoOf(r *http.Request) *info {
	if i, ok := r.Context().Value(infoKey{}).(*info); ok {
		return i
	}
	return &info{}
}

func noteError(r *http.Request, err error) { infoOf(r).err = err }

func named(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		infoOf(r).route = name
		next.ServeHTTP(w, r)
	})
}

func (s *Server) middlewares(next http.Handler) http.Handler {
	return s.observe(headers(s.survivePanic(limitBody(next))))
}

var goodID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// observe numbers, counts and logs requests.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := &info{id: r.Header.Get("X-Request-Id")}
		if !goodID.MatchString(i.id) {
			i.id = newID()
		}
		w.Header().Set("X-Request-Id", i.id)
		begin := s.Now()
		c := &counter{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, i))
		defer func() {
			took := s.Now().Sub(begin)
			if i.route == "" {
				i.route = "unknown"
			}
			s.Meter.HTTPRequest(i.route, c.code(), took)
			s.logAccess(r, i, c, took)
		}()
		next.ServeHTTP(c, r)
	})
}

func (s *Server) logAccess(r *http.Request, i *info, c *counter, took time.Duration) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("id", i.id), slog.String("method", r.Method), slog.String("path", loggable(r.URL)),
		slog.Int("status", c.code()), slog.Int64("bytes", c.bytes), slog.Duration("took", took),
		slog.String("remote", r.RemoteAddr), slog.String("user", i.who.name),
	}
	if i.err != nil {
		attrs = append(attrs, slog.String("error", hideSecrets(i.err.Error())))
	}
	switch {
	case c.code() >= 500 && i.err != nil:
		level = slog.LevelWarn
	case i.route == "agent-ping" || i.route == "lb-check" || i.route == "leader-check" || i.route == "metrics":
		level = slog.LevelDebug
	}
	s.Log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attrs...)
}

// loggable is path and query without what is secret.
func loggable(u *url.URL) string {
	path := hideTokens(u.EscapedPath())
	if u.RawQuery == "" {
		return path
	}
	q := u.Query()
	for name := range q {
		if n := strings.ToLower(name); strings.Contains(n, "token") || strings.Contains(n, "password") || strings.Contains(n, "secret") {
			q[name] = []string{"..."}
		}
	}
	return path + "?" + hideTokens(q.Encode())
}

// counter remembers what was sent. Unwrap leads http.ResponseController to the connection.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *counter) WriteHeader(status int) {
	if c.status == 0 && status >= 200 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

func (c *counter) code() int {
	if c.status == 0 {
		return http.StatusOK
	}
	return c.status
}

// survivePanic ends the one request, not the service.
func (s *Server) survivePanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.Log.ErrorContext(r.Context(), "panic in a request", "id", infoOf(r).id, "path", loggable(r.URL),
				"panic", hideSecrets(fmt.Sprint(p)), "stack", string(debug.Stack()))
			if c, ok := w.(*counter); ok && c.status != 0 {
				panic(http.ErrAbortHandler) // half an answer must not look like a whole one
			}
			writeError(w, r, &httpError{status: http.StatusInternalServerError, code: "internal",
				message: "Something went wrong in the service; its log says more under the request " + infoOf(r).id + "."})
		}()
		next.ServeHTTP(w, r)
	})
}

// headers sets what holds for every answer. Pages load nothing from elsewhere and run no script but our files.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// limitBody bounds the size of a body and the time to send it.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 && r.Body != nil {
			control := http.NewResponseController(w)
			// Not every writer has deadlines (tests' have none); then there is nothing to bound.
			if err := control.SetReadDeadline(time.Now().Add(bodyTime)); err == nil {
				r.Body = &timedBody{ReadCloser: r.Body, control: control}
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		next.ServeHTTP(w, r)
	})
}

func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
