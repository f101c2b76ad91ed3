package cli

import (
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// page is what a person gets to see: tables and lines, written at the end.
type page struct {
	b     strings.Builder
	color bool
	width int // columns of the terminal, for tables to fit; 0: no terminal, rows stay on one line
	now   time.Time
	loc   *time.Location
}

// column is the head of a column; right aligns numbers.
type column struct {
	name  string
	right bool
}

func columns(names ...string) []column {
	out := make([]column, len(names))
	for i, n := range names {
		out[i] = column{name: strings.TrimPrefix(n, ">"), right: strings.HasPrefix(n, ">")}
	}
	return out
}

// table adds aligned rows under their heads; heads that begin with ">" are of numbers. An empty cell is shown as "-".
// Words with a meaning have their colour.
func (p *page) table(heads []string, rows [][]string) {
	cols := columns(heads...)
	width := make([]int, len(cols))
	for i, c := range cols {
		width[i] = utf8.RuneCountInString(c.name)
	}
	for _, r := range rows {
		for i := range r {
			r[i] = strings.TrimSpace(plain(r[i]))
			if r[i] == "" {
				r[i] = none
			}
			width[i] = max(width[i], utf8.RuneCountInString(r[i]))
		}
	}
	fit(width, p.width)
	head := make([]string, len(cols))
	for i, c := range cols {
		head[i] = strings.ToUpper(c.name)
	}
	p.row(cols, width, head, func(string) style { return bold })
	for _, r := range rows {
		p.row(cols, width, r, func(s string) style { return wordStyles[s] })
	}
}

// row adds a row, on as many lines as its longest cell needs.
func (p *page) row(cols []column, width []int, cells []string, look func(string) style) {
	wrapped, lines := make([][]string, len(cells)), 1
	for i, text := range cells {
		wrapped[i] = []string{text}
		if utf8.RuneCountInString(text) > width[i] {
			wrapped[i] = wrap(text, width[i])
		}
		lines = max(lines, len(wrapped[i]))
	}
	for n := range lines {
		line := make([]string, len(cells))
		for i, w := range wrapped {
			if n < len(w) {
				line[i] = w[n]
			}
		}
		p.rowLine(cols, width, line, look)
	}
}

func (p *page) rowLine(cols []column, width []int, cells []string, look func(string) style) {
	var b strings.Builder
	for i, text := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(text))
		switch {
		case cols[i].right:
			b.WriteString(pad + paint(p.color, look(text), text))
		case i == len(cells)-1:
			b.WriteString(paint(p.color, look(text), text))
		default:
			b.WriteString(paint(p.color, look(text), text) + pad)
		}
	}
	p.b.WriteString(strings.TrimRight(b.String(), " ") + "\n")
}

// pairs adds names and values; a value that is empty is left out with its name.
func (p *page) pairs(rows [][2]string) {
	width := 0
	for _, r := range rows {
		if r[1] != "" && r[1] != none {
			width = max(width, utf8.RuneCountInString(r[0]))
		}
	}
	for _, r := range rows {
		text := strings.TrimSpace(plain(r[1]))
		if text == "" || text == none {
			continue
		}
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(r[0]))
		p.b.WriteString(paint(p.color, bold, r[0]) + pad + "  " + paint(p.color, wordStyles[text], text) + "\n")
	}
}

// line adds a line of harmless text.
func (p *page) line(s style, text string) {
	p.b.WriteString(paint(p.color, s, strings.TrimRight(plain(text), " ")) + "\n")
}

// list adds one word a line.
func (p *page) list(words []string) {
	for _, w := range words {
		p.b.WriteString(plain(w) + "\n")
	}
}

// left is how long it is until t.
func (p *page) left(t time.Time) string { return formatDuration(max(t.Sub(p.now), 0)) }

func (p *page) time(t time.Time) string { return formatTime(t, p.now, p.loc) }

func (p *page) writeTo(w io.Writer) error {
	_, err := io.WriteString(w, p.b.String())
	return err
}
