package bitblt

// transfer copies the clipped rectangle, which is not empty.
func (p *painter) transfer() {
	b := &p.b
	if b.blendQuickly() {
		return
	}
	// Where the form is moved down inside itself, the last row goes first. Inside a row
	// no order matters: the source's row is fetched before the destination's is changed.
	first, step := 0, 1
	if !b.noSource && b.source.bits == b.dest.bits && b.dy > b.sy {
		first, step = b.h-1, -1
	}
	for i, n := first, 0; n < b.h; i, n = i+step, n+1 {
		p.row(i)
	}
}

// row combines one row of the rectangle.
func (p *painter) row(i int) {
	b := &p.b
	y := b.dy + i
	from, to := b.dx*b.dest.depth, (b.dx+b.w)*b.dest.depth // in bits
	first, last := from>>5, (to-1)>>5
	dest := b.dest.row(y)[first : last+1]
	halftone := b.halftoneAt(y)
	mask1 := b.dest.from(from & 31)
	mask2 := ^uint32(0)
	if end := to & 31; end != 0 {
		mask2 = ^b.dest.from(end)
	}
	if len(dest) == 1 {
		mask1 &= mask2
	}
	var src []uint32
	partial := ^uint32(0) // mask of the destination in words that are cut
	if !b.noSource {
		src = p.fetch(b.sy+i, from, first, len(dest))
		if b.converts() {
			partial = 0
		}
	}
	combine := rules[b.rule]
	for k, d := range dest {
		mask := ^uint32(0)
		switch k {
		case 0:
			mask = mask1
		case len(dest) - 1:
			mask = mask2
		}
		s := halftone
		if src != nil {
			s &= src[k]
		}
		b.destMask = mask
		if b.rule == ruleStore {
			dest[k] = s&mask | d&^mask
			continue
		}
		dest[k] = combine(b, s, d&(mask|partial))&mask | d&^mask
	}
}

// converts tells whether pixels of the source change on their way.
func (b *blt) converts() bool {
	return b.source.depth != b.dest.depth || b.source.msb != b.dest.msb || b.colors.present
}

// fetch answers the source of a row in n words that lie as those of the
// destination do, of which the first begins with bit first*32.
func (p *painter) fetch(y, from, first, n int) []uint32 {
	b := &p.b
	if cap(p.line) < n {
		p.line = make([]uint32, n)
	}
	line := p.line[:n]
	row := b.source.row(y)
	if b.converts() {
		b.convertRow(line, row)
		return line
	}
	// The same pixels, shifted.
	at := first*32 + b.sx*b.source.depth - from // bit of the source that comes first
	word, shift := at>>5, at&31
	get := func(i int) uint32 {
		if i < 0 || i >= len(row) {
			return 0 // outside the rectangle
		}
		return row[i]
	}
	next := get(word)
	for k := range line {
		this := next
		next = get(word + k + 1)
		if b.dest.msb {
			line[k] = this<<shift | next>>(32-shift)
		} else {
			line[k] = this>>shift | next<<(32-shift)
		}
	}
	return line
}

// convertRow fetches pixel by pixel.
func (b *blt) convertRow(line, row []uint32) {
	clear(line)
	base := b.dx * b.dest.depth >> 5
	srcMask, dstMask := b.source.mask(), b.dest.mask()
	for j := range b.w {
		x := b.sx + j
		v := b.colors.pixel(row[x*b.source.depth>>5] >> b.source.shift(x) & srcMask)
		x = b.dx + j
		line[x*b.dest.depth>>5-base] |= v & dstMask << b.dest.shift(x)
	}
}
