// Package xenstore talks to Xen's store of configuration: a tree of small values that the
// toolstack and the domains share.
//
// What it promises:
//   - Client works over any stream of bytes; the guest's is the kernel's ring.
//   - Calls may be made by several goroutines at once. Each waits for its answer, but not
//     for ever; when the stream ends, all of them fail.
//   - What comes from the other side is checked: a message that is too long ends the stream.
package xenstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Types of messages.
const (
	typeDirectory  = 1
	typeRead       = 2
	typeWatch      = 4
	typeUnwatch    = 5
	typeWrite      = 11
	typeRemove     = 13
	typeWatchEvent = 15
	typeError      = 16
)

// A message is a header and a payload:
//
//	0  type (4)   4  number of the request (4)   8  transaction (4)   12  length of the payload (4)
const (
	headerSize = 16
	maxPayload = 4096
)

// Error is what the store refuses, by the name of the error: "ENOENT", "EACCES"...
type Error struct{ Op, Path, Name string }

func (e *Error) Error() string { return fmt.Sprintf("xenstore: %s %s: %s", e.Op, e.Path, e.Name) }

// IsMissing tells whether an error says that there is no such path.
func IsMissing(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Name == "ENOENT"
}

// Patience is how long an answer may take.
const Patience = 30 * time.Second

// ErrSlow is an answer that did not come in time.
var ErrSlow = errors.New("no answer in time")

// Client is a connection.
type Client struct {
	// Patience is how long an answer may take; Patience the constant, if nobody says otherwise.
	Patience time.Duration

	writing sync.Mutex
	w       io.Writer

	mu      sync.Mutex
	last    uint32
	waiting map[uint32]chan reply
	watches map[string]func(path string) // by token
	err     error                        // why nothing works any more
}

type reply struct {
	kind    uint32
	payload []byte
	err     error
}

// New answers a client of a stream, which it reads from now on.
func New(stream io.ReadWriter) *Client {
	c := &Client{Patience: Patience, w: stream, waiting: map[uint32]chan reply{}, watches: map[string]func(string){}}
	go c.receive(stream)
	return c
}

// Read answers the value at a path. Relative paths start at the domain's own folder.
func (c *Client) Read(path string) (string, error) {
	v, err := c.ask("read", typeRead, path)
	return string(v), err
}

// List answers the names below a path.
func (c *Client) List(path string) ([]string, error) {
	v, err := c.ask("list", typeDirectory, path)
	if err != nil || len(v) == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(v), "\x00"), "\x00"), nil
}

// Write sets the value at a path.
func (c *Client) Write(path, value string) error {
	_, err := c.request("write", path, typeWrite, []byte(path+"\x00"+value))
	return err
}

// Remove removes a path and all below it.
func (c *Client) Remove(path string) error {
	_, err := c.ask("remove", typeRemove, path)
	return err
}

// Watch calls f, on a goroutine of its own, for each change at a path or below, and once now.
func (c *Client) Watch(path string, f func(path string)) (cancel func() error, err error) {
	c.mu.Lock()
	c.last++
	token := fmt.Sprint("w", c.last)
	c.watches[token] = f
	c.mu.Unlock()
	payload := []byte(path + "\x00" + token + "\x00")
	forget := func() {
		c.mu.Lock()
		delete(c.watches, token)
		c.mu.Unlock()
	}
	if _, err := c.request("watch", path, typeWatch, payload); err != nil {
		forget()
		return nil, err
	}
	return func() error {
		forget()
		_, err := c.request("unwatch", path, typeUnwatch, payload)
		return err
	}, nil
}

func (c *Client) ask(op string, kind uint32, path string) ([]byte, error) {
	return c.request(op, path, kind, []byte(path+"\x00"))
}

func (c *Client) request(op, path string, kind uint32, payload []byte) ([]byte, error) {
	if len(payload) > maxPayload {
		return nil, &Error{op, path, "E2BIG"}
	}
	answer := make(chan reply, 1)
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return nil, c.err
	}
	c.last++
	number := c.last
	c.waiting[number] = answer
	c.mu.Unlock()

	message := make([]byte, headerSize, headerSize+len(payload))
	binary.LittleEndian.PutUint32(message[0:], kind)
	binary.LittleEndian.PutUint32(message[4:], number)
	binary.LittleEndian.PutUint32(message[12:], uint32(len(payload)))
	c.writing.Lock()
	_, err := c.w.Write(append(message, payload...))
	c.writing.Unlock()
	if err != nil {
		c.fail(fmt.Errorf("xenstore: %w", err))
	}
	var r reply
	timer := time.NewTimer(c.Patience)
	defer timer.Stop()
	select {
	case r = <-answer:
	case <-timer.C:
		c.mu.Lock()
		delete(c.waiting, number) // an answer that still comes is nobody's
		c.mu.Unlock()
		return nil, fmt.Errorf("xenstore: %s %s: %w", op, path, ErrSlow)
	}
	switch {
	case r.err != nil:
		return nil, r.err
	case r.kind == typeError:
		return nil, &Error{op, path, string(bytes.TrimRight(r.payload, "\x00"))}
	case r.kind != kind:
		return nil, fmt.Errorf("xenstore: %s %s: an answer of type %d", op, path, r.kind)
	}
	return r.payload, nil
}

// fail ends everything that waits.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	for n, w := range c.waiting {
		w <- reply{err: c.err}
		delete(c.waiting, n)
	}
}

var errTooLong = errors.New("xenstore: a message is too long")

func (c *Client) receive(r io.Reader) {
	var header [headerSize]byte
	for {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			c.fail(fmt.Errorf("xenstore: %w", err))
			return
		}
		n := binary.LittleEndian.Uint32(header[12:])
		if n > maxPayload {
			c.fail(errTooLong)
			return
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(r, payload); err != nil {
			c.fail(fmt.Errorf("xenstore: %w", err))
			return
		}
		c.dispatch(binary.LittleEndian.Uint32(header[0:]), binary.LittleEndian.Uint32(header[4:]), payload)
	}
}

func (c *Client) dispatch(kind, number uint32, payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind == typeWatchEvent {
		path, rest, _ := strings.Cut(string(payload), "\x00")
		token, _, _ := strings.Cut(rest, "\x00")
		if f := c.watches[token]; f != nil {
			go f(path)
		}
		return
	}
	if w := c.waiting[number]; w != nil {
		delete(c.waiting, number)
		w <- reply{kind: kind, payload: payload}
	}
}
