package sandbox

import (
	"context"
	"fmt"
	"time"
)

// AttachOptions name a server that somebody else started, in a container for example.
type AttachOptions struct {
	Host         string
	Port         int
	RootPassword string // of root, who must be let in from here
	// Passwords of the accounts that are made; those left empty have a plain default.
	Passwords Passwords
	// StartTimeout bounds the wait for the first answer; 0 is 60 s.
	StartTimeout time.Duration
}

// Attach waits until the server answers root, makes the accounts that Start makes, and returns it. Its kind is the one that
// it is most like. It has no directory, data directory or control programs of ours, so that Open, DSN and Close are all that
// it can do; Close only closes what Open returned.
func Attach(ctx context.Context, o AttachOptions) (*Server, error) {
	s := &Server{Host: o.Host, Port: o.Port, Passwords: o.Passwords.orDefaults(), timeout: o.StartTimeout}
	if s.timeout == 0 {
		s.timeout = time.Minute
	}
	c := s.config("root", "")
	c.Passwd = o.RootPassword
	root := s.open(c)
	defer root.Close()
	waiting, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := poll(waiting, 100*time.Millisecond, func() error {
		// A time of its own: an answer that comes in the last moment is better than a connection cut off by the clock.
		try, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return root.PingContext(try)
	})
	if err != nil {
		return nil, fmt.Errorf("attach to the server on %s: %w", s.Address(), err)
	}
	if s.Kind, err = kindOf(ctx, root); err != nil {
		return nil, fmt.Errorf("attach to the server on %s: %w", s.Address(), err)
	}
	s.AgentUser = s.Kind.agentUser()
	if err := createAccounts(ctx, root, s.Kind, s.Passwords, proxyToo()); err != nil {
		return nil, fmt.Errorf("make the accounts on %s: %w", s.Address(), err)
	}
	return s, nil
}
