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
