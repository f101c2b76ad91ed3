package xtrabackup

import (
	"fmt"
	"strconv"
	"syscall"
)

// backupArguments makes the argument list of the tool on the source. defaults is the option file with the account, dir a
// directory for what the tool wants to keep beside the stream.
func (t *tool) backupArguments(defaults, dir string, x *extra) []string {
	args := []string{"--defaults-file=" + defaults, "--backup", "--stream=xbstream", "--target-dir=" + dir, "--tmpdir=" + dir,
		"--parallel=" + strconv.Itoa(x.threads())}
	if n := openFiles(); n > 0 && t.has("open-files-limit") {
		args = append(args, "--open-files-limit="+strconv.FormatUint(n, 10))
	}
	for _, option := range []string{"no-version-check", "check-privileges"} { // some ask a server of their maker's for news
		if t.has(option) && !(t.maria && option == "no-version-check") {
			args = append(args, "--"+option)
		}
	}
	return append(args, x.backup...)
}

// unpackArguments makes the argument list of the program that unpacks the stream into dir.
func (t *tool) unpackArguments(dir string, x *extra) []string {
	args := []string{"-x", "-C", dir}
	if t.streamHas("parallel") {
		args = append(args, "--parallel="+strconv.Itoa(x.threads()))
	}
	if t.unpacksCompressed() {
		args = append(args, "--decompress")
		if t.streamHas("decompress-threads") {
			args = append(args, "--decompress-threads="+strconv.Itoa(x.threads()))
		}
	}
	return args
}

// unpacksCompressed: files that the tool has compressed are decompressed while they arrive.
func (t *tool) unpacksCompressed() bool { return !t.maria && t.streamHas("decompress") }

// decompressArguments is for what could not be decompressed on arrival.
func (t *tool) decompressArguments(dir string, x *extra) []string {
	args := []string{"--decompress", "--target-dir=" + dir, "--parallel=" + strconv.Itoa(x.threads())}
	if t.has("remove-original") {
		args = append(args, "--remove-original")
	}
	return args
}

// prepareArguments: without an option file the tool reads the one that came with the copy.
func (t *tool) prepareArguments(dir string, memory int64, x *extra) []string {
	args := []string{"--prepare", "--target-dir=" + dir}
	if !x.memory {
		args = append(args, fmt.Sprintf("--use-memory=%d", memory))
	}
	if n := openFiles(); n > 0 && t.has("open-files-limit") {
		args = append(args, "--open-files-limit="+strconv.FormatUint(n, 10))
	}
	return append(args, x.prepare...)
}

// openFiles is how many files a program of this agent's may open: the hard limit, which the tools would not ask for by
// themselves; 0 when it isn't known.
func openFiles() uint64 {
	const enough = 1 << 20
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return min(limit.Max, enough)
}
