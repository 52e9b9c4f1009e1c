package xenstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// store is a small xenstored: it answers on one connection.
type store struct {
	c      net.Conn
	values map[string]string
	tokens map[string]string
}

func (s *store) send(kind, number uint32, payload string) {
	b := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(b, kind)
	binary.LittleEndian.PutUint32(b[4:], number)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(payload)))
	s.c.Write(append(b, payload...))
}

func (s *store) serve() {
	var h [headerSize]byte
	for {
		if _, err := io.ReadFull(s.c, h[:]); err != nil {
			return
		}
		p := make([]byte, binary.LittleEndian.Uint32(h[12:]))
		io.ReadFull(s.c, p)
		kind, number := binary.LittleEndian.Uint32(h[:]), binary.LittleEndian.Uint32(h[4:])
		path, rest, _ := strings.Cut(string(p), "\x00")
		switch kind {
		case typeRead:
			if v, ok := s.values[path]; ok {
				s.send(kind, number, v)
			} else {
				s.send(typeError, number, "ENOENT\x00")
			}
		case typeWrite:
			s.values[path] = rest
			s.send(kind, number, "OK\x00")
			if t, ok := s.tokens[path]; ok {
				s.send(typeWatchEvent, 0, path+"\x00"+t+"\x00")
			}
		case typeWatch:
			s.tokens[path] = strings.TrimSuffix(rest, "\x00")
			s.send(kind, number, "OK\x00")
			s.send(typeWatchEvent, 0, path+"\x00"+s.tokens[path]+"\x00")
		case typeDirectory:
			s.send(kind, number, "a\x00b\x00")
		case typeRemove:
			s.send(typeWatch, number, "") // a wrong answer
		}
	}
}

func connect(t *testing.T) (*Client, *store) {
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	s := &store{b, map[string]string{"name": "guest"}, map[string]string{}}
	go s.serve()
	return New(a), s
}

func TestReadAndWrite(t *testing.T) {
	c, _ := connect(t)
	if v, err := c.Read("name"); v != "guest" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	var e *Error
	if _, err := c.Read("none"); !errors.As(err, &e) || e.Name != "ENOENT" {
		t.Errorf("%v", err)
	}
	if err := c.Write("data/x", "7"); err != nil {
		t.Error(err)
	}
	if v, err := c.Read("data/x"); v != "7" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if l, err := c.List("x"); len(l) != 2 || l[1] != "b" || err != nil {
		t.Errorf("%q, %v", l, err)
	}
	if err := c.Remove("x"); err == nil {
		t.Error("an answer of the wrong type is taken")
	}
	if err := c.Write("x", strings.Repeat("y", 5000)); !errors.As(err, &e) || e.Name != "E2BIG" {
		t.Errorf("%v", err)
	}
}

func TestWatch(t *testing.T) {
	c, _ := connect(t)
	seen := make(chan string, 4)
	if _, err := c.Watch("control/shutdown", func(path string) { seen <- path }); err != nil {
		t.Fatal(err)
	}
	<-seen
	if err := c.Write("control/shutdown", "poweroff"); err != nil {
		t.Fatal(err)
	}
	if p := <-seen; p != "control/shutdown" {
		t.Errorf("changed: %q", p)
	}
}

func TestBrokenStream(t *testing.T) {
	c, s := connect(t)
	s.send(typeRead, 99, "nobody asked") // is ignored
	if _, err := c.Read("name"); err != nil {
		t.Error(err)
	}
	header := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(header[12:], 1<<30)
	s.c.Write(header)
	if _, err := c.Read("name"); err == nil {
		t.Error("a message of 1 GiB is taken")
	}
	s.c.Close()
	if _, err := c.Read("name"); err == nil {
		t.Error("the stream has ended")
	}
}

// A store that does not answer holds nobody up for ever, and what it says too late does no harm.
func TestSlow(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	c := New(here)
	c.Patience = 20 * time.Millisecond
	got := make(chan uint32, 1)
	go func() {
		var h [headerSize]byte
		for range 2 {
			if _, err := io.ReadFull(there, h[:]); err != nil {
				return
			}
			io.CopyN(io.Discard, there, int64(binary.LittleEndian.Uint32(h[12:])))
			got <- binary.LittleEndian.Uint32(h[4:])
		}
	}()
	if _, err := c.Read("a"); !errors.Is(err, ErrSlow) {
		t.Errorf("%v", err)
	}
	first := <-got
	c.Patience = time.Minute
	s := &store{c: there}
	answer := make(chan string)
	go func() {
		v, err := c.Read("b")
		answer <- fmt.Sprint(v, err)
	}()
	second := <-got
	s.send(typeRead, first, "too late")
	s.send(typeRead, second, "in time")
	if v := <-answer; v != "in time<nil>" {
		t.Errorf("the answer is %s", v)
	}
}
