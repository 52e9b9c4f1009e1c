package debian

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestFetch(t *testing.T) {
	good := []byte("the package")
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch r.URL.EscapedPath() {
		case "/new/pool/a%2bb_1_amd64.deb":
			w.Write([]byte("another version"))
		case "/old/pool/a%2bb_1_amd64.deb":
			w.Write(good)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	a := &Archive{Folder: filepath.Join(t.TempDir(), "packages"), Mirrors: []Mirror{
		func(p string) string { return server.URL + "/gone/" + p },
		func(p string) string { return server.URL + "/new/" + p },
		func(p string) string { return server.URL + "/old/" + p },
	}}
	p := Package{Path: "pool/a%2bb_1_amd64.deb", Sum: sum(good)}
	for range 2 {
		name, err := a.Fetch(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(name); err != nil || !bytes.Equal(b, good) {
			t.Errorf("%q, %v", b, err)
		}
	}
	if asked != 3 {
		t.Errorf("mirrors were asked %d times", asked)
	}
	p.Sum = sum([]byte("what nobody has"))
	if _, err := a.Fetch(context.Background(), p); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// testdata/small.deb has a text, a link and a folder.
func TestUnpack(t *testing.T) {
	got := ""
	f := func(h *tar.Header, r io.Reader) error {
		b, err := io.ReadAll(r)
		got += fmt.Sprintf("%c %s %s %s\n", h.Typeflag, h.Name, h.Linkname, b)
		return err
	}
	if err := Unpack("testdata/small.deb", f); err != nil {
		t.Fatal(err)
	}
	if want := "5   \n5 d/  \n0 d/text  hello\n\n2 link d/text \n"; got != want {
		t.Errorf("%q", got)
	}
	b, err := os.ReadFile("testdata/small.deb")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 5, 8, 40, 70, 150, len(b) / 2} {
		name := filepath.Join(t.TempDir(), "cut")
		if err := os.WriteFile(name, b[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		if err := Unpack(name, f); err == nil {
			t.Errorf("%d bytes are a package", n)
		}
	}
}
