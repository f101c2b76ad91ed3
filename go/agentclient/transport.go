package agentclient

import (
	"crypto/tls"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	// idleTime is for how long an unused connection is kept: longer than the wait between two looks at a running stage, and
	// shorter than that between two calls of an agent which calls back by itself.
	idleTime = 4 * time.Second

	// idleMost and idleLeast bound the kept connections in all: those of 8,000 seeds, and of a few.
	idleMost  = 16384
	idleLeast = 64

	// A call and most answers are some hundred bytes; what is longer takes several reads. Thousands of kept connections
	// have a buffer of each kind.
	readBuffer  = 1 << 10
	writeBuffer = 1 << 10
)

func newTransport(cfg *tls.Config) *http.Transport {
	dialer := net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    15 * time.Second,
		MaxIdleConns:           idleConns(descriptors()),
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        idleTime,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         readBuffer,
		WriteBufferSize:        writeBuffer,
	}
	if cfg != nil {
		t.TLSClientConfig = cfg.Clone()
	}
	return t
}

// idleConns is how many connections are kept by a process that may have that many descriptors: no more than a half of them.
func idleConns(descriptors uint64) int {
	return int(min(max(descriptors/2, idleLeast), idleMost))
}

// descriptors is how many this process may have.
func descriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return limit.Cur
}
