// Package resources holds the pages that the service serves. It imports the standard library only.
package resources

import "embed"

// Web is the first pages: web/seeds.html is a template that takes Prefix, the rest are plain files.
//
//go:embed web
var Web embed.FS
