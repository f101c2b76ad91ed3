package http

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// console is the built pages: one index.html for every address, and the files that it names.
type console struct {
	index string // with noncePlace still in it; "" when the console was not built
	files fs.FS
	cache sync.Map // file name -> func() (*consoleFile, error)
}

type consoleFile struct {
	kind          string
	plain, packed []byte // packed is gzip
}

// What the built index.html holds in places that only the service can fill.
const (
	prefixPlace = "__PREFIX__"
	noncePlace  = "__NONCE__"
)

// newConsole reads the built console of dist; a dist without index.html is one that was not built.
func newConsole(dist fs.FS, prefix string) (*console, error) {
	c := &console{files: dist}
	text, err := fs.ReadFile(dist, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the console: %w", err)
	}
	escaped := html.EscapeString(prefix)
	c.index = strings.NewReplacer(prefixPlace, escaped, `="./`, `="`+escaped+`/web/`).Replace(string(text))
	return c, nil
}

// page answers every address of the console with the same page, which finds out by itself what to show.
func (c *console) page(w http.ResponseWriter, r *http.Request) {
	if c.index == "" {
		writeError(w, r, &httpError{status: http.StatusNotImplemented, code: "no-console",
			message: "This program was built without the console.", hint: "build it with script/build; API and command line work without"})
		return
	}
	var word [16]byte
	rand.Read(word[:]) // never fails
	nonce := base64.RawURLEncoding.EncodeToString(word[:])
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	// The library of components writes some <style>, which needs the nonce; no script but our files is run.
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; img-src 'self'; "+
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	send(w, r, http.StatusOK, []byte(strings.ReplaceAll(c.index, noncePlace, nonce)))
}

// file answers with a file of the console, packed for those who take it so. Names of files in assets hold a hash of what is
// in them, so a browser may keep these.
func (c *console) file(w http.ResponseWriter, r *http.Request, name string) {
	load, _ := c.cache.LoadOrStore(name, sync.OnceValues(func() (*consoleFile, error) { return c.load(name) }))
	f, err := load.(func() (*consoleFile, error))()
	if err != nil {
		c.cache.Delete(name) // names that do not exist are not kept
		writeError(w, r, notFound("There is no such file."))
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if f.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		send(w, r, http.StatusOK, f.packed)
		return
	}
	send(w, r, http.StatusOK, f.plain)
}

func (c *console) load(name string) (*consoleFile, error) {
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" || !fs.ValidPath(name) {
		return nil, fs.ErrNotExist
	}
	text, err := fs.ReadFile(c.files, name)
	if err != nil {
		return nil, err
	}
	f := &consoleFile{kind: kind, plain: text}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if packed.Len() < len(text) {
		f.packed = packed.Bytes()
	}
	return f, nil
}
