package sandbox

import (
	"context"
	"testing"
	"time"
)

func TestFillMakesEveryKindOfObjectAndBulkData(t *testing.T) {
	eachKind(t, func(t *testing.T, kind Kind) {
		s := StartT(t, Options{Kind: kind})
		db := s.Open("")
		began := time.Now()
		if err := Fill(context.Background(), db, FillOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Logf("objects in %s", time.Since(began))
		began = time.Now()
		if err := Fill(context.Background(), db, FillOptions{NoObjects: true, Bytes: 200 << 20}); err != nil {
			t.Fatal(err)
		}
		t.Logf("bulk in %s", time.Since(began))
	})
}
