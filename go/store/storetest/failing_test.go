package storetest_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

func TestEveryCallOfAFailingStoreFails(t *testing.T) {
	failing := reflect.ValueOf(storetest.NewFailing(nil))
	calls := reflect.TypeFor[storetest.Inner]()
	for i := range calls.NumMethod() {
		name := calls.Method(i).Name
		method := failing.MethodByName(name)
		var args []reflect.Value
		for j := range method.Type().NumIn() {
			args = append(args, reflect.Zero(method.Type().In(j)))
		}
		results := method.Call(args)
		err, _ := results[len(results)-1].Interface().(error)
		if !errors.Is(err, storetest.ErrFailing) {
			t.Errorf("%s answers %v", name, err)
		}
	}
}

func TestFailingStoreLetsThroughWhatItIsTold(t *testing.T) {
	inner, err := store.Open(t.Context(), store.Options{Dialect: "sqlite3", Path: filepath.Join(t.TempDir(), "seed.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	s := storetest.NewFailing(inner)
	s.FailWhen(func(call string) bool { return call == "WorkSeeds" })
	made, err := s.CreateSeed(t.Context(), agent.Fence{}, storetest.NewSeed("tgt", "src"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.WorkSeeds(t.Context()); !errors.Is(err, storetest.ErrFailing) {
		t.Fatalf("got %v", err)
	}
	s.FailWhen(nil)
	work, err := s.WorkSeeds(t.Context())
	if err != nil || len(work) != 1 || work[0].ID != made.ID {
		t.Fatalf("got %v, %v", work, err)
	}
}
