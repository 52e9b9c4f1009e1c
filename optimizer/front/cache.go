package front

import (
	"bytes"

	"github.com/sista-vm/sista/counters"
)

// A Cache keeps what was found out about the bytecodes of methods, by the methods'
// IDs. It is for translations one after another.
type Cache struct {
	entries map[counters.Method]*cached
	bytes   int // of bytecode in them
}

// cacheLimit is how many bytes of bytecode a cache knows before it forgets everything.
const cacheLimit = 1 << 18

// cached is what was found out about a method as it was.
type cached struct {
	method   Method
	controls *controls
	err      error
}

// NewCache answers an empty one.
func NewCache() *Cache { return &Cache{entries: map[counters.Method]*cached{}} }

// analyse answers the control flow of a method.
func (c *Cache) analyse(m *Method) (*controls, error) {
	if c == nil {
		return analyse(m)
	}
	e := c.entries[m.ID]
	if e == nil || !e.isOf(m) {
		if c.bytes > cacheLimit {
			clear(c.entries)
			c.bytes = 0
		}
		e = &cached{method: *m}
		e.method.Literals = make([]Handle, len(m.Literals)) // handles are the compilation's
		e.controls, e.err = analyse(m)
		c.entries[m.ID] = e
		c.bytes += len(m.Bytes)
	}
	return e.controls, e.err
}

// isOf tells whether what analyse looks at is as it was.
func (e *cached) isOf(m *Method) bool {
	x := &e.method
	return x.Sista == m.Sista && x.Temps == m.Temps && x.Primitive == m.Primitive && len(x.Literals) == len(m.Literals) &&
		x.Name == m.Name && bytes.Equal(x.Bytes, m.Bytes)
}
