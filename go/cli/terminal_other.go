//go:build !unix

package cli

// terminalWidth knows no terminals here: everything is written as into a file.
func terminalWidth(any) (int, bool) { return 0, false }
