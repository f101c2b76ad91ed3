package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

// session is one run of one command.
type session struct {
	Options
	globals *globals
	api     *client.Client // nil until service asks for it
}

// service returns the client of the service; it does not connect yet.
func (s *session) service() (*client.Client, error) {
	if s.api != nil {
		return s.api, nil
	}
	c, err := s.globals.connect(s.Version)
	if err != nil {
		return nil, err
	}
	s.api = c
	return c, nil
}

func (s *session) close() {
	if s.api != nil {
		s.api.Close()
	}
}

// colors says whether a stream gets colours.
func (s *session) colors(stream io.Writer) bool {
	if s.globals.NoColor || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	_, ok := s.Terminal(stream)
	return ok
}

// page begins something for a person to read on that stream.
func (s *session) page(stream io.Writer) *page {
	width, _ := s.Terminal(stream)
	return &page{color: s.colors(stream), width: width, now: s.Now(), loc: s.Location}
}

// say writes a line to standard error.
func (s *session) say(format string, args ...any) {
	fmt.Fprintln(s.Stderr, plain(fmt.Sprintf(format, args...)))
}

// answer writes an answer to standard output in the format asked for.
func (s *session) answer(raw json.RawMessage, people func(p *page)) error {
	switch s.globals.Output {
	case "json":
		_, err := fmt.Fprintf(s.Stdout, "%s\n", raw)
		return err
	case "yaml":
		return writeYAML(s.Stdout, raw)
	}
	p := s.page(s.Stdout)
	people(p)
	return p.writeTo(s.Stdout)
}

// show asks the service and writes what it answers; people writes it for a person.
func show[T any](ctx context.Context, s *session, call client.Call[T], people func(p *page, v T)) error {
	_, err := fetch(ctx, s, call, people)
	return err
}

// fetch is show that also returns the answer.
func fetch[T any](ctx context.Context, s *session, call client.Call[T], people func(p *page, v T)) (T, error) {
	c, err := s.service()
	if err != nil {
		var zero T
		return zero, err
	}
	v, raw, err := call.Fetch(ctx, c)
	if err != nil {
		return v, err
	}
	return v, s.answer(raw, func(p *page) { people(p, v) })
}

// words shows a list of names, one a line.
func words(p *page, v []string) { p.list(v) }

// text shows a text as it is, without what could harm a terminal.
func text(p *page, v string) {
	v = plainLines(v)
	p.b.WriteString(v)
	if v != "" && !strings.HasSuffix(v, "\n") {
		p.b.WriteByte('\n')
	}
}
