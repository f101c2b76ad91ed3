package sandbox

import (
	"os/exec"
	"path/filepath"
	"testing"
)

func TestClientsOfAKindReachItsServer(t *testing.T) {
	eachKind(t, func(t *testing.T, kind Kind) {
		s := StartT(t, Options{Kind: kind, Passwords: AwkwardPasswords()})
		bin, err := Bin(kind)
		if err != nil {
			t.Fatal(err)
		}
		file := clientFile(t, s)
		for _, argv := range [][]string{
			{"mysql", "--defaults-extra-file=" + file, "--execute=SELECT CURRENT_USER()"},
			{"mysqladmin", "--defaults-file=" + file, "status"},
		} {
			out, err := exec.Command(filepath.Join(bin, argv[0]), argv[1:]...).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", argv[0], err, out)
			}
		}
	})
}
