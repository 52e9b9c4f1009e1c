package bitblt

// rule combines a word of the source with one of the destination.
type rule func(b *blt, src, dst uint32) uint32

// rules are the combination rules by number.
var rules = [42]rule{
	0:  func(_ *blt, _, _ uint32) uint32 { return 0 },
	1:  func(_ *blt, s, d uint32) uint32 { return s & d },
	2:  func(_ *blt, s, d uint32) uint32 { return s &^ d },
	3:  func(_ *blt, s, _ uint32) uint32 { return s },
	4:  func(_ *blt, s, d uint32) uint32 { return d &^ s },
	5:  keep,
	6:  func(_ *blt, s, d uint32) uint32 { return s ^ d },
	7:  func(_ *blt, s, d uint32) uint32 { return s | d },
	8:  func(_ *blt, s, d uint32) uint32 { return ^(s | d) },
	9:  func(_ *blt, s, d uint32) uint32 { return ^s ^ d },
	10: func(_ *blt, _, d uint32) uint32 { return ^d },
	11: func(_ *blt, s, d uint32) uint32 { return s | ^d },
	12: func(_ *blt, s, _ uint32) uint32 { return ^s },
	13: func(_ *blt, s, d uint32) uint32 { return ^s | d },
	14: func(_ *blt, s, d uint32) uint32 { return ^(s & d) },
	15: keep,
	// 16 and 17 were painting and masking, now 25 and 26.
	18: func(_ *blt, s, d uint32) uint32 { return s + d },
	19: func(_ *blt, s, d uint32) uint32 { return s - d },
	20: components(func(s, d, top uint32) uint32 { return min(s+d, top) }),
	21: components(func(s, d, _ uint32) uint32 { return max(s, d) - min(s, d) }),
	22: oldRGBDiff,
	23: oldTally,
	24: alphaBlend,
	25: pixels(func(s, d, _ uint32) uint32 {
		if s == 0 {
			return d
		}
		return s
	}),
	26: pixels(func(s, d, _ uint32) uint32 {
		if s == 0 {
			return d
		}
		return 0
	}),
	27: components(func(s, d, _ uint32) uint32 { return max(s, d) }),
	28: components(func(s, d, _ uint32) uint32 { return min(s, d) }),
	29: components(func(s, d, top uint32) uint32 { return min(top-s, d) }),
	30: func(b *blt, s, d uint32) uint32 { return b.blendConst(s, d, false) },
	31: func(b *blt, s, d uint32) uint32 { return b.blendConst(s, d, true) },
	32: rgbDiff,
	33: func(b *blt, _, d uint32) uint32 { return b.tally(d, b.destMask) },
	34: blendScaled,
	35: blendScaled,
	36: blendScaled,
	37: components(func(s, d, top uint32) uint32 { return ((s+1)*(d+1) - 1) / (top + 1) }),
	38: swapPixels,
	39: pixels(func(s, d, _ uint32) uint32 {
		if s == d {
			return 0
		}
		return d
	}),
	40: fixAlpha,
	41: componentAlpha,
}

func keep(_ *blt, _, d uint32) uint32 { return d }

// fields combines n fields of some bits each, from the lowest.
func fields(src, dst uint32, bits, n int, f func(s, d, top uint32) uint32) uint32 {
	top := uint32(1<<bits - 1)
	var v uint32
	for i := 0; i < n*bits; i += bits {
		v |= f(src>>i&top, dst>>i&top, top) << i
	}
	return v
}

// pixels makes a rule of what happens to each pixel.
func pixels(f func(s, d, top uint32) uint32) rule {
	return func(b *blt, src, dst uint32) uint32 {
		return fields(src, dst, b.dest.depth, 32/b.dest.depth, f)
	}
}

// components makes a rule of what happens to each color of a pixel: four of 8 bits
// at depth 32, three of 5 bits at depth 16, else the whole pixel.
func components(f func(s, d, top uint32) uint32) rule {
	return func(b *blt, src, dst uint32) uint32 {
		switch b.dest.depth {
		case 32:
			return fields(src, dst, 8, 4, f)
		case 16:
			return fields(src, dst, 5, 3, f) | fields(src>>16, dst>>16, 5, 3, f)<<16
		}
		return fields(src, dst, b.dest.depth, 32/b.dest.depth, f)
	}
}

// difference answers the sum of the differences of the three colors of two pixels.
func difference(s, d uint32, bits int) int {
	sum := 0
	for i := range 3 {
		top := uint32(1<<bits - 1)
		x, y := s>>(i*bits)&top, d>>(i*bits)&top
		sum += int(max(x, y) - min(x, y))
	}
	return sum
}

// rgbDiff changes nothing and adds the differences of the pixels in the rectangle.
func rgbDiff(b *blt, src, dst uint32) uint32 {
	b.count(src, dst, b.destMask)
	return dst
}

// oldRGBDiff takes whole words, also where the rectangle ends inside one.
func oldRGBDiff(b *blt, src, dst uint32) uint32 {
	b.count(src, dst, ^uint32(0))
	return dst
}

func (b *blt) count(src, dst, within uint32) {
	depth := b.dest.depth
	top := b.dest.mask()
	for i := 0; i < 32; i += depth {
		if within>>i&top == 0 {
			continue
		}
		s, d := src>>i&top, dst>>i&top
		switch depth {
		case 32:
			b.bitCount += difference(s, d, 8)
		case 16:
			b.bitCount += difference(s, d, 5)
		default:
			if s != d {
				b.bitCount++
			}
		}
	}
}

func oldTally(b *blt, _, dst uint32) uint32 { return b.tally(dst, ^uint32(0)) }

// tally changes nothing and counts the pixels of the destination in the color map.
func (b *blt) tally(dst, within uint32) uint32 {
	m := &b.colors
	if !m.present || m.lookup == nil {
		return dst
	}
	top := b.dest.mask()
	for i := 0; i < 32; i += b.dest.depth {
		if within>>i&top == 0 {
			continue
		}
		p := dst >> i & top
		switch b.dest.depth {
		case 32:
			p = rgbMap(p, 8, m.bitsPerColor)
		case 16:
			p = rgbMap(p, 5, m.bitsPerColor)
		}
		m.lookup[p&m.indexMask]++
	}
	return dst
}

// swapPixels turns the order of the pixels in each word around.
func swapPixels(b *blt, _, dst uint32) uint32 {
	depth := b.dest.depth
	var v uint32
	for i := 0; i < 32; i += depth {
		v |= dst >> i & b.dest.mask() << (32 - depth - i)
	}
	return v
}

// fixAlpha gives pixels that have a color but no alpha that of the source.
func fixAlpha(b *blt, src, dst uint32) uint32 {
	if b.dest.depth != 32 || dst == 0 || dst>>24 != 0 {
		return dst
	}
	return dst | src&0xFF000000
}
