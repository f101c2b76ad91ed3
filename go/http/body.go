package http

import (
	"io"
	"net/http"
	"time"
)

// timedBody takes the deadline away when the body has been read: it must not end a handler that works longer.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		if derr := b.control.SetReadDeadline(time.Time{}); derr != nil && err == io.EOF {
			err = derr
		}
	}
	return n, err
}
