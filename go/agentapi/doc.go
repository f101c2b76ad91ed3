// Package agentapi holds what the service and the agents say to each other: paths' words, JSON shapes and the names in
// them, exactly as the "v2" agents speak them. It has no logic but parsing of names, and imports the standard library only.
//
// Rules for every type here: unknown JSON fields are ignored, fields are added but never taken away, misspellings that are
// on the wire stay on the wire.
package agentapi
