package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// data says what the rows are like.
type data string

const (
	mixed  data = "mixed"
	random data = "random"
	text   data = "text"
)

func parseData(s string) (data, error) {
	if d := data(s); slices.Contains([]data{mixed, random, text}, d) {
		return d, nil
	}
	return "", fmt.Errorf("unknown data %q", s)
}

// values make a column of a thousand bytes.
var values = map[data]string{
	random: "RANDOM_BYTES(1000)",
	text:   "REPEAT(CONCAT('the same words again and again, ', RAND(), '; '), 15)",
}

// fill fills the schema sbtest.
func (b *bench) fill(ctx context.Context, s *sandbox.Server) error {
	db := s.Open("")
	defer db.Close()
	if b.data == mixed {
		return sandbox.Fill(ctx, db, sandbox.FillOptions{NoObjects: true, Bytes: b.bytes, Tables: b.tables})
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	statements := []string{"SET SESSION sql_log_bin = 0", "CREATE DATABASE sbtest"}
	rows := b.bytes / int64(b.tables) / 1100
	for i := range b.tables {
		t := fmt.Sprintf("sbtest.sbtest%d", i+1)
		statements = append(statements, "CREATE TABLE "+t+" (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL, pad VARBINARY(1100) NOT NULL, KEY k (k))",
			"INSERT INTO "+t+" (k, pad) VALUES (RAND() * 1000000, "+values[b.data]+")")
		for n := int64(1); n < rows; n *= 2 {
			statements = append(statements, fmt.Sprintf("INSERT INTO %s (k, pad) SELECT RAND() * 1000000, %s FROM %s LIMIT %d", t, values[b.data], t, rows-n))
		}
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
