package cli

import "io"

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish." complete:"enum"`
}

// Help implements kong.HelpProvider.
func (*completionCmd) Help() string {
	return lesson("Prints a script that makes a shell complete commands and flags, and through the service also hosts, seeds and "+
		"clusters. Put its output where the shell looks for such scripts, or read it at the shell's start.", `
		source <(orchestrator-seed completion bash)
		orchestrator-seed completion zsh > "${fpath[1]}/_orchestrator-seed"
		orchestrator-seed completion fish > ~/.config/fish/completions/orchestrator-seed.fish`, ExitOK, ExitError)
}

// Run implements the command.
func (c *completionCmd) Run(s *session) error {
	_, err := io.WriteString(s.Stdout, completionScripts[c.Shell])
	return err
}

// completionScripts ask this program what fits: completeWord, then the words up to the cursor. It answers one word a line.
var completionScripts = map[string]string{
	"bash": `_orchestrator_seed() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" ` + completeWord + ` "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _orchestrator_seed orchestrator-seed
`,
	"zsh": `#compdef orchestrator-seed
_orchestrator_seed() {
    local -a found
    found=("${(@f)$("${words[1]}" ` + completeWord + ` "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
}
if [[ "${funcstack[1]}" = _orchestrator-seed ]]; then _orchestrator_seed; else compdef _orchestrator_seed orchestrator-seed; fi
`,
	"fish": `function __orchestrator_seed_complete
    set -l typed (commandline -opc)
    set -e typed[1]
    orchestrator-seed ` + completeWord + ` $typed (commandline -ct) 2>/dev/null
end
complete -c orchestrator-seed -f -a '(__orchestrator_seed_complete)'
`,
}
