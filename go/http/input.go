package http

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const (
	perPage     = 20
	recentSeeds = 10
	maxBody     = 1 << 20
	maxWord     = 255
	// bodyTime is how long a caller may take to send a body.
	bodyTime = 30 * time.Second
)

// host reads a part of the path as a host's name. IPv6 addresses may stand in brackets.
func host(r *http.Request, part string) (string, error) {
	name := r.PathValue(part)
	if strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") {
		name = name[1 : len(name)-1]
	}
	if !validHost(name) {
		return "", badInput(fmt.Sprintf("%q is not the name of a host.", short(name)))
	}
	return name, nil
}

func validHost(name string) bool {
	return name != "" && len(name) <= maxWord && !strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c == '/' || c == '\\' || c == unicode.ReplacementChar || !unicode.IsPrint(c)
	})
}

func short(s string) string {
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "..."
	}
	return s
}

func seedID(r *http.Request) (int64, error) {
	text := r.PathValue("seedId")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, badInput(fmt.Sprintf("%q is not the number of a seed.", short(text)))
	}
	return id, nil
}

// page reads the page number, which counts from 0; given is false when there is none.
func page(r *http.Request) (n int, given bool, err error) {
	text := r.URL.Query().Get("page")
	if text == "" {
		return 0, false, nil
	}
	n, err = strconv.Atoi(text)
	if err != nil || n < 0 || n > 1_000_000 {
		return 0, false, badInput(fmt.Sprintf("page is %q; it has to be a whole number from 0.", short(text)))
	}
	return n, true, nil
}

func seedStatus(text string) (agent.Status, error) {
	if text == "" {
		return "", nil
	}
	st, err := agentapi.ParseStatus(text)
	if err != nil {
		return "", badInput(fmt.Sprintf("%q is not a status of seeds; known are %v.", short(text), agentapi.Statuses))
	}
	return st, nil
}

func seedMethod(r *http.Request) (agent.Method, error) {
	text := r.PathValue("seedMethod")
	m, err := agentapi.ParseMethod(text)
	if err != nil {
		return "", badInput(fmt.Sprintf("%q is not a seed method; known are %v.", short(text), agentapi.Methods))
	}
	return m, nil
}

func boolean(r *http.Request, name string) (bool, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, badInput(fmt.Sprintf("%s is %q; it has to be true or false.", name, short(text)))
	}
	return b, nil
}

// body decodes a JSON object of at most maxBody bytes; unknown fields are ignored, the content type too: agents' and
// scripts' differ.
func body(r *http.Request, v any) error {
	err := json.NewDecoder(r.Body).Decode(v)
	var tooBig *http.MaxBytesError
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooBig):
		return err
	case errors.Is(err, io.EOF):
		return badInput("The request has no body; a JSON object is needed.")
	case errors.As(err, &wrong) && wrong.Field != "":
		return badInput(fmt.Sprintf("The field %s of the request has a value of the wrong kind (%s).", wrong.Field, wrong.Value))
	}
	return badInput("The request's body is not the JSON object that is needed.")
}

// withPrefix keeps the words that begin so, in any case.
func withPrefix[T ~string](words []T, prefix string) []T {
	kept := []T{}
	for _, w := range words {
		if len(w) >= len(prefix) && strings.EqualFold(string(w[:len(prefix)]), prefix) {
			kept = append(kept, w)
		}
	}
	return kept
}
