package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// leaderCheckTimeout is what one of several nodes gets to say whether it leads.
const leaderCheckTimeout = 5 * time.Second

// parseAPI returns the base URLs in s, each ending with /api. Its errors do not repeat what could be a password.
func parseAPI(s string) ([]string, error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
	var bases []string
	for _, w := range words {
		base, err := parseBase(w)
		if err != nil {
			return nil, err
		}
		bases = append(bases, base)
	}
	if len(bases) == 0 {
		return nil, errors.New("no URL of the service is given")
	}
	return bases, nil
}

func parseBase(w string) (string, error) {
	if !strings.Contains(w, "://") {
		w = "http://" + w
	}
	u, err := url.Parse(w)
	switch {
	case err != nil && strings.Contains(w, "@"):
		return "", errors.New("the service's URL can't be read; it must not hold a user or a password")
	case err != nil:
		return "", fmt.Errorf("the service's URL %q can't be read: write it as http://host:3000", w)
	case u.User != nil:
		return "", errors.New("the service's URL must not hold a user or a password: give them on their own")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("the service's URL begins with %q: it has to be http or https", u.Scheme+"://")
	case u.Host == "":
		return "", fmt.Errorf("the service's URL %q has no host: write it as http://host:3000", w)
	case u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("the service's URL must end with its path, but has more after %q", u.Host+u.Path)
	}
	base := strings.TrimRight(u.String(), "/")
	if !strings.HasSuffix(base, "/api") {
		base += "/api"
	}
	return base, nil
}

// base returns the URL to use: the only one, or the leader's of several.
func (c *Client) base(ctx context.Context) (string, error) {
	if len(c.bases) == 1 {
		return c.bases[0], nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chosen != "" {
		return c.chosen, nil
	}
	var why []string
	var denied *Error
	for _, base := range c.bases {
		err := c.leads(ctx, base)
		if err == nil {
			c.chosen = base
			return base, nil
		}
		var e *Error
		switch {
		case errors.As(err, &e) && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden):
			denied = e
		case errors.As(err, &e):
			why = append(why, fmt.Sprintf("%s is not the leader (%d)", base, e.Status))
			continue
		}
		why = append(why, err.Error())
	}
	if denied != nil {
		return "", denied
	}
	return "", &UnreachableError{API: strings.Join(c.bases, ", "), Err: fmt.Errorf("none of them leads: %s", strings.Join(why, "; "))}
}

func (c *Client) leads(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, leaderCheckTimeout, fmt.Errorf("it took longer than %s", leaderCheckTimeout))
	defer cancel()
	_, err := c.roundTrip(ctx, base, LeaderCheck().request)
	return err
}

// forget makes the next call look for the leader again.
func (c *Client) forget() {
	c.mu.Lock()
	c.chosen = ""
	c.mu.Unlock()
}
