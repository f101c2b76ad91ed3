// Package client speaks to the service's API, as scripts do: one function for each path, typed answers, typed errors, and
// the stream of events.
//
// A path is a value: client.Agents(filter) says what is asked, and its Do(ctx, c) asks it of a service. Fetch returns the
// answer's own JSON beside the typed value, for those who pass it on unchanged. Calls that change something are POST and
// are never repeated by this package; the others may be repeated by the caller at will.
//
// Errors are of two kinds. *Error is the service's own answer: it was reached and says no. *UnreachableError means that
// no answer of this service came: nobody listens, the time is over, a proxy answered instead, none of several nodes leads.
// Neither ever holds a credential.
//
// It imports agentapi, seedapi and the standard library only.
package client
