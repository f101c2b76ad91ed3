// Package seedapi holds the JSON shapes of the service's own API, as its callers (pages, command line, scripts) see them.
// It imports agentapi and the standard library only, and has no logic. docs/openapi.yaml describes the same shapes; the
// contract test in go/http holds the two together.
package seedapi
