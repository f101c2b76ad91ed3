// Package agentclient calls agents over HTTP: ours, and those of the "v2" line. It answers agent.AgentClient and keeps the
// differences between the two kinds to itself. It imports agent's domain types and agentapi, nothing else of ours.
//
// What holds for every call: one deadline covers connecting, waiting and the whole body; bodies are bounded; redirects are
// not followed; no proxy is used; an answer counts only when it is what the path promises. Errors are *agent.OpError and
// never contain a token.
package agentclient
