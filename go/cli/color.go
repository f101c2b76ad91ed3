package cli

import "github.com/orchestrator-seed/orchestrator-seed/go/agentapi"

// style is how a piece of text looks on a terminal with colours.
type style string

const (
	normal style = ""
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// paint wraps text in a style if on is set.
func paint(on bool, s style, text string) string {
	if !on || s == normal || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// words that have a colour wherever they stand.
var wordStyles = map[string]style{
	string(agentapi.Running):   cyan,
	string(agentapi.Completed): green,
	string(agentapi.Error):     yellow,
	string(agentapi.Aborting):  yellow,
	string(agentapi.Failed):    red,
	"Active":                   green,
	"Inactive":                 red,
	"pass":                     green,
	"warn":                     yellow,
	"fail":                     red,
	"given up":                 red,
}
