package contract_test

import (
	"os"
	"strings"
	"testing"
)

func TestThePageShowsTheStandInAsItIs(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/write-a-method.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("copydir_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```go\n"+string(code)+"```\n") {
		t.Error("docs/write-a-method.md shows another copydir_test.go: put the file's text there")
	}
}
