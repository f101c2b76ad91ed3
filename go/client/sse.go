package client

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// maxEventLine bounds one line of a stream in bytes; an agent with thousands of schemas fits.
const maxEventLine = 64 << 20

// errStop is how a reader of a stream says that it has seen enough.
var errStop = errors.New("stop")

// streamReader takes server-sent events apart (lines end with \n or \r\n). line is called for every line that came,
// comments too; event for every event with data; retry for every waiting time the server asks for.
type streamReader struct {
	line  func()
	retry func(time.Duration)
	event func(seedapi.Event) error // errStop ends the reading
}

// read returns io.EOF when the stream ended, else what event or the reading said. An event whose data is not JSON is an
// error; one whose stream ends before its blank line is dropped.
func (s streamReader) read(r io.Reader) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 64<<10), maxEventLine)
	var e seedapi.Event
	var data bytes.Buffer
	for sc.Scan() {
		s.line()
		line := sc.Text()
		if line == "" {
			if data.Len() > 0 {
				if err := s.dispatch(e, data.Bytes()); err != nil {
					return err
				}
			}
			e, data = seedapi.Event{}, bytes.Buffer{}
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			e.Kind = value
		case "data":
			if data.Len() > 0 {
				data.WriteByte('\n')
			}
			data.WriteString(value)
		case "id":
			if id, err := strconv.ParseInt(value, 10, 64); err == nil && id >= 0 {
				e.ID = id
			}
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
				s.retry(time.Duration(ms) * time.Millisecond)
			}
		}
	}
	if err := sc.Err(); err != nil {
		return err
	}
	return io.EOF
}

func (s streamReader) dispatch(e seedapi.Event, data []byte) error {
	if !json.Valid(data) {
		return errors.New("an event holds something else than JSON")
	}
	e.Data = json.RawMessage(bytes.Clone(data))
	return s.event(e)
}
