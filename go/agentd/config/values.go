package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// reader takes a decoded TOML value, or says what is allowed instead.
type reader func(v any) error

// badValue says what a key takes. The value itself is added by the caller, unless it is a secret.
type badValue struct {
	allowed string
	secret  bool
}

func (e *badValue) Error() string { return "allowed: " + e.allowed }

func allowed(format string, args ...any) error {
	return &badValue{allowed: fmt.Sprintf(format, args...)}
}

func text(to *string) reader {
	return func(v any) error {
		s, ok := v.(string)
		if !ok {
			return allowed("a string in quotes")
		}
		*to = s
		return nil
	}
}

func secret(to *Secret) reader {
	return func(v any) error {
		s, ok := v.(string)
		if !ok {
			return &badValue{"a string in quotes", true}
		}
		*to = Secret(s)
		return nil
	}
}

func flag(to *bool) reader {
	return func(v any) error {
		b, ok := v.(bool)
		if !ok {
			return allowed("true or false, without quotes")
		}
		*to = b
		return nil
	}
}

func number(to *int, least, most int) reader {
	return func(v any) error {
		n, ok := v.(int64)
		if !ok || n < int64(least) || n > int64(most) {
			return allowed("a number from %d to %d, without quotes", least, most)
		}
		*to = int(n)
		return nil
	}
}

func duration(to *time.Duration) reader {
	return func(v any) error {
		s, ok := v.(string)
		d, err := time.ParseDuration(s)
		if !ok || err != nil || d <= 0 {
			return allowed(`a duration above 0 in quotes, such as "10s", "1m0s", "1h30m"`)
		}
		*to = d
		return nil
	}
}

func directory(to *string) reader {
	return func(v any) error {
		s, ok := v.(string)
		if !ok || !filepath.IsAbs(s) {
			return allowed("a path that begins with /")
		}
		*to = filepath.Clean(s)
		return nil
	}
}

func list(to *[]string) reader {
	return func(v any) error {
		l, err := stringsOf(v)
		if s, ok := v.(string); ok {
			l, err = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }), nil
		}
		if err != nil {
			return allowed(`a list of strings, such as ["a", "b"]`)
		}
		*to = l
		return nil
	}
}

// command reads an argument vector: a list, or one string that is split as a shell would, without being one.
func command(to *[]string) reader {
	return func(v any) error {
		l, err := stringsOf(v)
		if s, ok := v.(string); ok {
			l, err = Split(s)
		}
		if err != nil {
			return allowed(`one string, or a list of strings such as ["systemctl", "start", "mysql"] (%v)`, err)
		}
		*to = l
		return nil
	}
}

func stringsOf(v any) ([]string, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, errors.New("not a list")
	}
	l := make([]string, len(items))
	for i, item := range items {
		if l[i], ok = item.(string); !ok {
			return nil, fmt.Errorf("item %d is no string", i+1)
		}
	}
	return l, nil
}

func level(to *slog.Level) reader {
	names := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "warning": slog.LevelWarn,
		"error": slog.LevelError, "notice": slog.LevelInfo, "fatal": slog.LevelError, "critical": slog.LevelError, "panic": slog.LevelError, "trace": slog.LevelDebug}
	return func(v any) error {
		s, _ := v.(string)
		l, ok := names[strings.ToLower(s)]
		if !ok {
			return allowed("debug, info, warn, error")
		}
		*to = l
		return nil
	}
}

func httpURL(to *string) reader {
	return func(v any) error {
		s, ok := v.(string)
		if ok && !strings.Contains(s, "://") {
			s = "http://" + s
		}
		u, err := url.Parse(s)
		if !ok || err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			return allowed(`an address such as "http://orchestrator" or "https://orchestrator:3001"`)
		}
		*to = strings.TrimRight(s, "/")
		return nil
	}
}

var headerToken = regexp.MustCompile(`^[A-Za-z0-9-]*$`)

func headerName(to *string) reader {
	return func(v any) error {
		s, ok := v.(string)
		if !ok || !headerToken.MatchString(s) {
			return allowed("the name of an HTTP header: letters, digits and -")
		}
		*to = s
		return nil
	}
}

var bandwidthText = regexp.MustCompile(`^(\d{1,15}) ?([KMG]?)(i?B(/s)?)?$`)

func bandwidth(to *int64) reader {
	return func(v any) error {
		if n, ok := v.(int64); ok && n >= 0 {
			*to = n
			return nil
		}
		s, _ := v.(string)
		p := bandwidthText.FindStringSubmatch(s)
		if p == nil {
			return allowed(`bytes a second as a number, or with a unit such as "50M" (1024 based); 0 is no bound`)
		}
		n, err := strconv.ParseInt(p[1], 10, 64)
		shift := map[string]uint{"": 0, "K": 10, "M": 20, "G": 30}[p[2]]
		if err != nil || n > (1<<62)>>shift {
			return allowed("a smaller number")
		}
		*to = n << shift
		return nil
	}
}
