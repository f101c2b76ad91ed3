package host

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// DefaultsFile writes an option file for client programs (--defaults-file=PATH, which must be their first argument) into
// dir: account, password and place of addr in the group [client]. The file has mode 0600 and a name of its own; the caller
// removes it (or the directory).
func (m *MySQL) DefaultsFile(dir string, addr Address) (path string, err error) {
	text, err := defaultsText(m.o.User, m.o.Password, addr)
	if err != nil {
		return "", fmt.Errorf("write option file: %w", err)
	}
	f, err := os.CreateTemp(dir, "client-*.cnf") // CreateTemp makes it 0600
	if err != nil {
		return "", fmt.Errorf("write option file: %w", err)
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.Name())
		return "", fmt.Errorf("write option file: %w", err)
	}
	return f.Name(), nil
}

func defaultsText(user, password string, addr Address) (string, error) {
	var b strings.Builder
	b.WriteString("[client]\n")
	options := [][2]string{{"user", user}, {"password", password}}
	if addr.Socket != "" {
		options = append(options, [2]string{"socket", addr.Socket}, [2]string{"protocol", "socket"})
	} else {
		options = append(options, [2]string{"host", addr.Host}, [2]string{"port", strconv.Itoa(addr.Port)}, [2]string{"protocol", "tcp"})
	}
	for _, o := range options {
		quoted, err := quoteOption(o[1])
		if err != nil {
			return "", fmt.Errorf("%s: %w", o[0], err)
		}
		b.WriteString(o[0] + " = " + quoted + "\n")
	}
	return b.String(), nil
}

// quoteOption writes a value as an option file's reader takes it: in double quotes, so that # and spaces at the ends count,
// with the escapes that it knows. All other bytes stand for themselves, whatever their encoding.
func quoteOption(s string) (string, error) {
	const longest = 3000 // the reader's line buffer has 4096 bytes
	if strings.ContainsRune(s, 0) {
		return "", fmt.Errorf("a zero byte cannot stand in an option file")
	}
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`)
	q := `"` + r.Replace(s) + `"`
	if len(q) > longest {
		return "", fmt.Errorf("longer than the %d bytes an option file's line can hold", longest)
	}
	return q, nil
}
