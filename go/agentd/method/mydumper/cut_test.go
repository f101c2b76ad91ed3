package mydumper

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFileOfRowsThatEndsInTheMiddleIsFound(t *testing.T) {
	const whole = "/*!40101 SET NAMES binary*/;\nINSERT INTO `t` VALUES\n(1,'a;\\n'),\n(2,'b');\n"
	for end := 1; end <= len(whole); end++ {
		for _, in := range []io.Reader{strings.NewReader(whole[:end]), iotest.OneByteReader(strings.NewReader(whole[:end]))} {
			_, err := countRows("a.t.sql", in)
			if cut := !strings.HasSuffix(whole[:end], ";\n"); cut != errors.Is(err, errCut) {
				t.Errorf("%q: %v", whole[:end], err)
			}
		}
	}
	if n, err := countRows("a.t.sql", strings.NewReader("")); n != 0 || err != nil {
		t.Errorf("an empty file has %d rows, %v", n, err)
	}
}

func TestLinesThatReportAnError(t *testing.T) {
	for line, want := range map[string]bool{
		"** (mydumper:1): CRITICAL **: 02:30:31.099: Could not write":                                                               true,
		"** Message: 02:30:31.099: Finished dump":                                                                                   false,
		"** (mydumper:1): WARNING **: 02:30:31.099: Using trx_consistency_only":                                                     false,
		"(mydumper:29697): GLib-WARNING **: 02:30:31.099: Accessing a sequence while it is being sorted or searched is not allowed": true,
		"option parsing failed: Unknown option --nosuch, try --help":                                                                true,
		"": false,
	} {
		if isError(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}
