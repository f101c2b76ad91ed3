package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// FreePort finds a port of host on which nothing listens now. It is below the range that the kernel gives to outgoing
// connections, so that it stays free until it is used.
func FreePort(host string) (int, error) {
	var last error
	for range 200 {
		port := 10000 + rand.IntN(20000)
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
		last = err
	}
	return 0, fmt.Errorf("find a free port on %s: %w", host, last)
}

// LoopbackHosts hands out n addresses of 127.0.0.0/8 that no other caller on this machine has, until release is called or
// the process ends. With an address of its own a server can have any port.
func LoopbackHosts(n int) (hosts []string, release func(), err error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("orchestrator-seed-hosts.%d", os.Geteuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, nil, fmt.Errorf("hand out loopback addresses: %w", err)
	}
	var locks []*os.File
	release = func() {
		for _, lock := range locks {
			_ = lock.Close() // the lock goes with it; the empty file stays, so that nobody locks a removed one
		}
		locks = nil
	}
	for tries := 0; len(hosts) < n; tries++ {
		if tries > 100+10*n {
			release()
			return nil, nil, errors.New("hand out loopback addresses: all that were tried are taken")
		}
		host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(15), rand.IntN(16), 2+rand.IntN(250))
		lock, err := lockFile(filepath.Join(dir, host), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			continue
		}
		if err != nil {
			release()
			return nil, nil, err
		}
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			_ = lock.Close()
			continue
		}
		_ = l.Close()
		locks = append(locks, lock)
		hosts = append(hosts, host)
	}
	return hosts, release, nil
}

// lockFile opens (or makes) a file and takes a flock on it, which is held until the file is closed.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}
