package methodtest

import (
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// Exec runs statements on one connection with the administrator's account.
func (w *World) Exec(s *sandbox.Server, statements ...string) {
	w.T.Helper()
	db := s.Open("")
	defer db.Close()
	conn, err := db.Conn(w.T.Context())
	if err != nil {
		w.T.Fatal(err)
	}
	defer conn.Close()
	for _, q := range statements {
		if _, err := conn.ExecContext(w.T.Context(), q); err != nil {
			w.T.Fatalf("%s: %v", q, err)
		}
	}
}

// Query reads a column of text.
func (w *World) Query(s *sandbox.Server, query string) []string {
	w.T.Helper()
	db := s.Open("")
	defer db.Close()
	rows, err := db.QueryContext(w.T.Context(), query)
	if err != nil {
		w.T.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			w.T.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		w.T.Fatal(err)
	}
	return out
}

// Count is the number of rows that "SELECT ... FROM from" gives.
func (w *World) Count(s *sandbox.Server, from string) (n int) {
	w.T.Helper()
	db := s.Open("")
	defer db.Close()
	if err := db.QueryRowContext(w.T.Context(), "SELECT COUNT(*) FROM "+from).Scan(&n); err != nil {
		w.T.Fatalf("%s: %v", from, err)
	}
	return n
}

// Fill fills the source.
func (w *World) Fill(o sandbox.FillOptions) {
	w.T.Helper()
	db := w.Source.Open("")
	defer db.Close()
	if err := sandbox.Fill(w.T.Context(), db, o); err != nil {
		w.T.Fatal(err)
	}
}

// Same fails the test unless the target holds what the source holds: schemas, objects, rows, accounts.
func (w *World) Same() {
	w.T.Helper()
	a, b := w.Source.Open(""), w.Target.Open("")
	defer a.Close()
	defer b.Close()
	diff, err := sandbox.Compare(w.T.Context(), a, b)
	if err != nil {
		w.T.Fatal(err)
	}
	for _, d := range diff {
		w.T.Errorf("%s", d)
	}
	if w.T.Failed() {
		w.T.Log(w.Run.Text())
	}
}
