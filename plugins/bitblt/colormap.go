package bitblt

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// colorMap turns pixels of the source into pixels of the destination: parts of
// colors are moved by shift and mask, then the result is looked up in a table.
// Either step may be missing.
type colorMap struct {
	present  bool
	newStyle bool // a ColorMap object, not just a table
	fixed    bool // shifts and masks are used
	shifts   [4]int32
	masks    [4]uint32

	table        heap.Oop
	lookup       []uint32
	indexMask    uint32
	bitsPerColor int // of the index, 0 where it is no color
}

// identityMasks are those of a map that changes nothing.
var identityMasks = [4]uint32{0xFF0000, 0xFF00, 0xFF, 0xFF000000}

// loadColorMap reads the BitBlt's color map; it is false when that makes no sense.
func (b *blt) loadColorMap(c *plugin.Call, o heap.Oop) bool {
	m := &b.colors
	if o != c.Heap.Nil {
		m.present = true
		if !m.load(c, o) {
			return false
		}
	}
	// A plain table's index is made of the colors of a pixel.
	if !m.newStyle {
		b.setupMasks()
	}
	return true
}

func (m *colorMap) load(c *plugin.Call, o heap.Oop) bool {
	m.table = o
	if plugin.IsPointers(o) {
		if o.NumSlots() < 3 {
			return false
		}
		m.newStyle = true
		shifts, ok1 := quad(c, c.Field(o, 0))
		masks, ok2 := quad(c, c.Field(o, 1))
		if !ok1 || !ok2 {
			return false
		}
		if shifts != nil && masks != nil {
			for i := range m.shifts {
				m.shifts[i], m.masks[i] = int32(shifts[i]), masks[i]
			}
			m.fixed = m.shifts != [4]int32{} || m.masks != identityMasks
		}
		if m.table = c.Field(o, 2); m.table == c.Heap.Nil {
			return true
		}
	}
	m.lookup = plugin.Raw32(m.table)
	n := len(m.lookup)
	if !plugin.IsWords32(m.table) || n&(n-1) != 0 {
		return false
	}
	if n == 0 {
		m.lookup = nil
		return true
	}
	m.indexMask = uint32(n - 1)
	switch n {
	case 512:
		m.bitsPerColor = 3
	case 4096:
		m.bitsPerColor = 4
	case 32768:
		m.bitsPerColor = 5
	}
	return true
}

// quad answers four words, or nil for nil.
func quad(c *plugin.Call, o heap.Oop) ([]uint32, bool) {
	if o == c.Heap.Nil {
		return nil, true
	}
	w := plugin.Raw32(o)
	return w, len(w) == 4
}

// setupMasks chooses shifts and masks for the depths.
func (b *blt) setupMasks() {
	bits := map[int]int{16: 5, 32: 8}
	from, to := bits[b.source.depth], b.colors.bitsPerColor
	if to == 0 {
		to = bits[b.dest.depth]
	}
	if from != 0 && to != 0 {
		b.colors.convert(from, to)
	}
}

// convert makes the map change the number of bits of each color.
func (m *colorMap) convert(from, to int) {
	delta := to - from
	if delta == 0 {
		return
	}
	mask := uint32(1<<min(from, to) - 1)
	up := max(-delta, 0)
	m.masks = [4]uint32{mask << (2*from + up), mask << (from + up), mask << up, 0}
	m.shifts = [4]int32{int32(3 * delta), int32(2 * delta), int32(delta), 0}
	m.present, m.fixed = true, true
}

// pixel maps a pixel.
func (m *colorMap) pixel(p uint32) uint32 {
	if !m.present {
		return p
	}
	v := p
	if m.fixed {
		v = 0
		for i, s := range m.shifts {
			part := p & m.masks[i]
			if s < 0 {
				v |= part >> uint32(-s)
			} else {
				v |= part << uint32(s)
			}
		}
		if v == 0 && p != 0 {
			v = 1 // only what is transparent becomes transparent
		}
	}
	if m.lookup != nil {
		v = m.lookup[v&m.indexMask]
	}
	return v
}

// rgbMap changes the number of bits of each of three colors in a pixel.
func rgbMap(p uint32, from, to int) uint32 {
	switch {
	case to > from:
		var v uint32
		for i := range 3 {
			v |= p >> (i * from) & (1<<from - 1) << (i*to + to - from)
		}
		return v
	case to == from:
		return p & (1<<(3*from) - 1)
	case p == 0:
		return 0
	}
	var v uint32
	for i := range 3 {
		v |= p >> (i*from + from - to) & (1<<to - 1) << (i * to)
	}
	return max(v, 1)
}
