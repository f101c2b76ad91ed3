package client

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

func readAll(text string) (events []seedapi.Event, err error) {
	err = streamReader{
		line:  func() {},
		retry: func(time.Duration) {},
		event: func(e seedapi.Event) error { events = append(events, e); return nil },
	}.read(strings.NewReader(text))
	return events, err
}

const realStream = "retry: 2000\n\n: keep\n\nid: 4\nevent: seed\ndata: {\"SeedID\":7}\n\n" +
	"id:5\r\nevent:agent\r\ndata:{\"a\":\r\ndata:1}\r\n\r\nevent: end\ndata: {\"Reason\":\"stop\"}\n\nid: 6\nevent: seed\ndata: {\"cut\""

func TestAStreamIsTakenApartAsServersWriteIt(t *testing.T) {
	got, err := readAll(realStream)
	want := []seedapi.Event{
		{ID: 4, Kind: "seed", Data: []byte(`{"SeedID":7}`)},
		{ID: 5, Kind: "agent", Data: []byte("{\"a\":\n1}")},
		{ID: 0, Kind: "end", Data: []byte(`{"Reason":"stop"}`)},
	}
	if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, io.EOF) {
		t.Errorf("%v %s", err, diff)
	}
}

func TestAnEventThatIsNotJSONIsAnError(t *testing.T) {
	if _, err := readAll("data: <html>\n\n"); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

func FuzzStream(f *testing.F) {
	f.Add(realStream)
	f.Add("data: 1\nid: -3\nretry: 99999999999999999999\n\n")
	f.Add("\n\n\r\n:::\nid\ndata\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		events, err := readAll(text)
		if err == nil {
			t.Fatal("a stream that ended is not told as such")
		}
		for _, e := range events {
			if e.ID < 0 || len(e.Data) == 0 {
				t.Fatalf("event %+v", e)
			}
		}
	})
}
