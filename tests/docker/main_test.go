package docker

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
)

var imagesFlag = flag.String("images", "", "images of servers, separated by blanks, each as NAME:TAG or NAME:TAG=METHOD,METHOD; needed")

// engine is the one that all tests use.
var engine *host

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	flag.Parse()
	ctx := context.Background()
	var err error
	if engine, err = newHost(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := engine.close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	return m.Run()
}
