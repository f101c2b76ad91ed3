package fleet

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// deafDoor passes everything on to the service's agents' door but the agents' reports of their stages, to which it answers
// as a service does that has never heard of such a thing. The service only learns what it asks for.
func deafDoor(s *Service) (door *http.Server, port int, err error) {
	l, err := net.Listen("tcp", net.JoinHostPort(s.Host, "0"))
	if err != nil {
		return nil, 0, fmt.Errorf("open a deaf door: %w", err)
	}
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: net.JoinHostPort(s.Host, strconv.Itoa(s.DoorPort))})
	door = &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/seed-stage-state") {
				http.NotFound(w, r)
				return
			}
			behind.ServeHTTP(w, r)
		}),
	}
	go func() { _ = door.Serve(l) }() // it ends with Close
	return door, l.Addr().(*net.TCPAddr).Port, nil
}
