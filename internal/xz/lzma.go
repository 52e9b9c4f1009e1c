package xz

// Probabilities are of 11 bits, and move by a 32nd part of the way.
const (
	bitModel = 11
	evens    = 1 << (bitModel - 1)
	move     = 5
	top      = 1 << 24
)

// Numbers of the format.
const (
	states       = 12
	literalState = 7 // states below follow a literal
	maxPosBits   = 4
	lenStates    = 4
	slotBits     = 6
	firstModel   = 4  // distance slots below are the distance
	endModel     = 14 // those from here have bits that are all alike
	alignBits    = 4
	literalSize  = 0x300
	minMatch     = 2
	fullDistance = 128
)

// lengths are the probabilities of a length.
type lengths struct {
	choice, choice2 uint16
	low, mid        [1 << maxPosBits][8]uint16
	high            [256]uint16
}

func even(p []uint16) {
	for i := range p {
		p[i] = evens
	}
}

func (l *lengths) reset() {
	l.choice, l.choice2 = evens, evens
	for i := range l.low {
		even(l.low[i][:])
		even(l.mid[i][:])
	}
	even(l.high[:])
}

// lzma is the state that packed chunks go on with.
type lzma struct {
	position uint32 // since everything was forgotten

	lc, lp, pb uint
	state      uint
	rep        [4]uint32 // the last distances, less one

	isMatch, isRep0Long              [states << maxPosBits]uint16
	isRep, isRepG0, isRepG1, isRepG2 [states]uint16
	slots                            [lenStates][1 << slotBits]uint16
	special                          [1 + fullDistance - endModel]uint16
	align                            [1 << alignBits]uint16
	match, repeat                    lengths
	literals                         []uint16

	// The range decoder.
	in         []byte
	at         int
	span, code uint32
}

func (d *lzma) setProperties(b byte) bool {
	if b >= 9*5*5 {
		return false
	}
	d.lc, d.lp, d.pb = uint(b%9), uint(b/9%5), uint(b/45)
	if d.lc+d.lp > 4 {
		return false
	}
	d.literals = make([]uint16, literalSize<<(d.lc+d.lp))
	return true
}

func (d *lzma) reset() {
	d.state, d.rep = 0, [4]uint32{}
	for _, p := range [][]uint16{d.isMatch[:], d.isRep0Long[:], d.isRep[:], d.isRepG0[:], d.isRepG1[:], d.isRepG2[:],
		d.special[:], d.align[:], d.literals} {
		even(p)
	}
	for i := range d.slots {
		even(d.slots[i][:])
	}
	d.match.reset()
	d.repeat.reset()
}

// next answers 0 behind the end; unpack looks at where it got to.
func (d *lzma) next() uint32 {
	b := uint32(0)
	if d.at < len(d.in) {
		b = uint32(d.in[d.at])
	}
	d.at++
	return b
}

func (d *lzma) bit(p *uint16) uint32 {
	bound := d.span >> bitModel * uint32(*p)
	var b uint32
	if d.code < bound {
		d.span = bound
		*p += (1<<bitModel - *p) >> move
	} else {
		d.span -= bound
		d.code -= bound
		*p -= *p >> move
		b = 1
	}
	if d.span < top {
		d.span <<= 8
		d.code = d.code<<8 | d.next()
	}
	return b
}

func (d *lzma) tree(p []uint16, bits int) uint32 {
	n := uint32(1)
	for range bits {
		n = n<<1 | d.bit(&p[n])
	}
	return n - 1<<bits
}

func (d *lzma) reverseTree(p []uint16, bits int) uint32 {
	n, v := uint32(1), uint32(0)
	for i := range bits {
		b := d.bit(&p[n])
		n = n<<1 | b
		v |= b << i
	}
	return v
}

func (d *lzma) direct(bits int) uint32 {
	v := uint32(0)
	for range bits {
		d.span >>= 1
		b := uint32(0)
		if d.code >= d.span {
			d.code -= d.span
			b = 1
		}
		v = v<<1 | b
		if d.span < top {
			d.span <<= 8
			d.code = d.code<<8 | d.next()
		}
	}
	return v
}

func (d *lzma) length(l *lengths, pos uint32) uint32 {
	switch {
	case d.bit(&l.choice) == 0:
		return d.tree(l.low[pos][:], 3)
	case d.bit(&l.choice2) == 0:
		return 8 + d.tree(l.mid[pos][:], 3)
	}
	return 16 + d.tree(l.high[:], 8)
}

func (d *lzma) distance(length uint32) uint32 {
	slot := d.tree(d.slots[min(length, lenStates-1)][:], slotBits)
	if slot < firstModel {
		return slot
	}
	bits := int(slot>>1) - 1
	v := (2 | slot&1) << bits
	if slot < endModel {
		return v + d.reverseTree(d.special[v-slot:], bits)
	}
	return v + d.direct(bits-alignBits)<<alignBits + d.reverseTree(d.align[:], alignBits)
}

func (d *lzma) literal(before, matched byte) byte {
	p := d.literals[literalSize*((uint(d.position)&(1<<d.lp-1))<<d.lc+uint(before)>>(8-d.lc)):][:literalSize]
	n := uint32(1)
	if d.state >= literalState {
		for m := uint32(matched); n < 0x100; m <<= 1 {
			expected := m >> 7 & 1
			b := d.bit(&p[(1+expected)<<8+n])
			n = n<<1 | b
			if b != expected {
				break
			}
		}
	}
	for n < 0x100 {
		n = n<<1 | d.bit(&p[n])
	}
	return byte(n)
}

func after(state, literal, match uint) uint {
	if state < literalState {
		return literal
	}
	return match
}

// unpack fills out from n on; what is before is what matches may copy.
func (d *lzma) unpack(in, out []byte, n int) bool {
	if len(in) < 5 || in[0] != 0 {
		return false
	}
	d.in, d.at, d.span, d.code = in, 1, ^uint32(0), 0
	for range 4 {
		d.code = d.code<<8 | d.next()
	}
	for n < len(out) {
		if d.at > len(in) {
			return false
		}
		pos := d.position & (1<<d.pb - 1)
		s := d.state
		if d.bit(&d.isMatch[s<<maxPosBits+uint(pos)]) == 0 {
			var before, matched byte
			if n > 0 {
				before = out[n-1]
			}
			if s >= literalState {
				if uint64(d.rep[0]) >= uint64(n) {
					return false
				}
				matched = out[n-1-int(d.rep[0])]
			}
			out[n] = d.literal(before, matched)
			n++
			d.position++
			switch {
			case s < 4:
				d.state = 0
			case s < 10:
				d.state = s - 3
			default:
				d.state = s - 6
			}
			continue
		}
		var length uint32
		if d.bit(&d.isRep[s]) == 0 {
			length = d.length(&d.match, pos)
			d.rep = [4]uint32{d.distance(length), d.rep[0], d.rep[1], d.rep[2]}
			length += minMatch
			d.state = after(s, 7, 10)
		} else if short := d.repeated(s, pos); short {
			length = 1
			d.state = after(s, 9, 11)
		} else {
			length = minMatch + d.length(&d.repeat, pos)
			d.state = after(s, 8, 11)
		}
		if uint64(d.rep[0]) >= uint64(n) || uint64(length) > uint64(len(out)-n) {
			return false
		}
		from := n - 1 - int(d.rep[0])
		for range length { // the two may overlap
			out[n] = out[from]
			n++
			from++
		}
		d.position += length
	}
	return d.at == len(in) && d.code == 0
}

// repeated puts the distance that is repeated first; short: of one byte.
func (d *lzma) repeated(s uint, pos uint32) (short bool) {
	switch {
	case d.bit(&d.isRepG0[s]) == 0:
		return d.bit(&d.isRep0Long[s<<maxPosBits+uint(pos)]) == 0
	case d.bit(&d.isRepG1[s]) == 0:
		d.rep = [4]uint32{d.rep[1], d.rep[0], d.rep[2], d.rep[3]}
	case d.bit(&d.isRepG2[s]) == 0:
		d.rep = [4]uint32{d.rep[2], d.rep[0], d.rep[1], d.rep[3]}
	default:
		d.rep = [4]uint32{d.rep[3], d.rep[0], d.rep[1], d.rep[2]}
	}
	return false
}
