// Package resources holds the console that the service serves. It imports the standard library only.
package resources

import "embed"

// Console is the built console: script/build puts it into webui/dist, which is not committed. Without that it holds no
// webui/dist/index.html, and the service says so in its place.
//
//go:embed all:webui/dist
var Console embed.FS
