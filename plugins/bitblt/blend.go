package bitblt

import "github.com/sista-vm/sista/plugin"

// Two components of a 32-bit pixel at a time: bytes 0 and 2 of a word.
const pair = 0x00FF00FF

// by255 divides both 16-bit halves by 255, rounding as the image's own code does.
func by255(v uint32) uint32 { return (v + ((v-0x10001)>>8)&pair) >> 8 & pair }

// mix answers (s*alpha + d*(255-alpha)) / 255 for two components.
func mix(s, d, alpha uint32) uint32 { return by255(s*alpha + d*(255-alpha) + pair) }

// alphaBlend blends by the alpha of the source; the result's alpha is that of
// an opaque source over the destination.
func alphaBlend(_ *blt, src, dst uint32) uint32 {
	switch alpha := src >> 24; alpha {
	case 0:
		return dst
	case 255:
		return src
	default:
		return mix(src&pair, dst&pair, alpha) | mix((src>>8|0xFF0000)&pair, dst>>8&pair, alpha)<<8
	}
}

// blendScaled adds the source, whose colors are scaled by its alpha already, to
// what its alpha leaves of the destination.
func blendScaled(_ *blt, src, dst uint32) uint32 {
	rest := 255 - src>>24
	rb := dst&pair*rest>>8&pair + src&pair
	ag := dst>>8&pair*rest>>8&pair + src>>8&pair
	return saturate(rb) | saturate(ag)<<8
}

// saturate makes components that carried 255.
func saturate(v uint32) uint32 { return v&pair | v&0x01000100*0xFF>>8 }

// blendConst blends 16-bit and 32-bit pixels by the alpha given to copyBits. When
// painting, source pixels of 0 are transparent.
func (b *blt) blendConst(src, dst uint32, paint bool) uint32 {
	if b.dest.depth < 16 || paint && src == 0 {
		return dst
	}
	if b.dest.depth == 32 {
		return mix(src&pair, dst&pair, b.alpha) | mix(src>>8&pair, dst>>8&pair, b.alpha)<<8
	}
	v := dst
	for i := 0; i < 32; i += 16 {
		s := src >> i & 0xFFFF
		if b.destMask>>i&0xFFFF == 0 || paint && s == 0 {
			continue
		}
		p := fields(s, dst>>i&0xFFFF, 5, 3, func(s, d, top uint32) uint32 {
			return (s*b.alpha + d*(255-b.alpha) + 254) / 255 & top
		})
		v = v&^(0xFFFF<<i) | p<<i
	}
	return v
}

// component is what rule 41 is given: the color to paint with, and tables to and
// from linear light. The source says for each color how much of it is painted.
type component struct {
	color, alpha   uint32
	gamma, ungamma []byte
}

// load reads: color, or color, alpha and perhaps the tables.
func (m *component) load(c *plugin.Call) plugin.Failure {
	n := c.NumArgs()
	if n < 1 || n > 4 {
		return plugin.BadNumArgs
	}
	color, ok1 := c.Int(0)
	alpha, ok2 := int64(255), true
	if n > 1 {
		alpha, ok2 = c.Int(1)
	}
	if !ok1 || !ok2 {
		return plugin.BadArgument
	}
	*m = component{color: uint32(color), alpha: uint32(alpha) & 255}
	if n == 4 {
		for i, table := range []*[]byte{&m.gamma, &m.ungamma} {
			b, ok := c.Bytes(2 + i)
			if ok && len(b) < 256 {
				return plugin.BadArgument
			}
			*table = b
		}
	}
	return plugin.OK
}

// blend paints a 32-bit pixel.
func (m *component) blend(src, dst uint32) uint32 {
	if src == 0 {
		return dst
	}
	var v uint32
	for i := 0; i < 32; i += 8 {
		a := src >> i & 255
		if m.alpha != 255 {
			a = a * m.alpha >> 8
		}
		d, s := dst>>i&255, m.color>>i&255
		var x uint32
		if i == 24 {
			x = min(d*(255-a)>>8+a, 255)
		} else {
			if m.ungamma != nil {
				d, s = uint32(m.ungamma[d]), uint32(m.ungamma[s])
			}
			x = min(d*(255-a)>>8+s*a>>8, 255)
			if m.gamma != nil {
				x = uint32(m.gamma[x])
			}
		}
		v |= x << i
	}
	return v
}

// componentAlpha is rule 41 where source and destination have the same depth. Pixels
// that are no colors stay as they are.
func componentAlpha(b *blt, src, dst uint32) uint32 {
	switch b.dest.depth {
	case 32:
		return b.component.blend(src, dst)
	case 16:
		return fields(src, dst, 16, 2, func(s, d, _ uint32) uint32 {
			if s == 0 {
				return d
			}
			return rgbMap(b.component.blend(expand16(s), expand16(d))&0xFFFFFF, 8, 5)
		})
	}
	return dst
}

// expand16 makes an opaque 32-bit pixel of a 16-bit one.
func expand16(p uint32) uint32 { return rgbMap(p&0x7FFF, 5, 8) | 0xFF000000 }

// blendQuickly does rules 34 and 41 from a 32-bit source to another form: results
// for 16 and 8 bits are dithered. It is false for transfers it does not do.
func (b *blt) blendQuickly() bool {
	if b.noSource || b.rule != ruleBlendScaled && b.rule != ruleComponentAlpha || b.source.depth != 32 || b.source.bits == b.dest.bits {
		return false
	}
	switch b.dest.depth {
	case 32:
		b.eachPixel(b.blend32)
	case 16:
		b.eachPixel(b.blend16)
	case 8:
		if b.rule == ruleBlendScaled && !b.colors.present {
			return false
		}
		b.blend8()
	default:
		return false
	}
	return true
}

func (b *blt) eachPixel(f func(src uint32, x, y int)) {
	for i := range b.h {
		row := b.source.row(b.sy + i)[b.sx : b.sx+b.w]
		for j, src := range row {
			f(src, b.dx+j, b.dy+i)
		}
	}
}

// over answers the pixel of the rule over a 32-bit one.
func (b *blt) over(src, dst uint32) uint32 {
	if b.rule == ruleComponentAlpha {
		return b.component.blend(src, dst)
	}
	return blendScaled(b, src, dst)
}

func (b *blt) blend32(src uint32, x, y int) {
	w := &b.dest.words[y*b.dest.pitch+x]
	switch {
	case b.rule == ruleComponentAlpha && src&0xFFFFFF == 0, b.rule == ruleBlendScaled && src>>24 == 0:
	case b.rule == ruleBlendScaled && src>>24 == 255:
		*w = src
	default:
		*w = b.over(src, *w)
	}
}

// ditherMatrix is the threshold by row and column, each modulo 4.
var ditherMatrix = [16]uint32{0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5}

// ditherThresholds is by the three bits of a color that are lost.
var ditherThresholds = [8]uint32{0, 2, 4, 6, 8, 12, 14, 16}

// dither makes a 16-bit pixel of a 32-bit one, never the transparent one.
func dither(p, threshold uint32) uint32 {
	var v uint32
	for i := range 3 {
		c := p >> (8 * i) & 255
		d := uint32(max(int(c>>3)-1, 0))
		if threshold < ditherThresholds[c&7] {
			d++
		}
		v |= d << (5 * i)
	}
	return max(v, 1)
}

func (b *blt) blend16(src uint32, x, y int) {
	threshold := ditherMatrix[y&3*4+(b.sx+x-b.dx)&3]
	switch {
	case b.rule == ruleComponentAlpha && src&0xFFFFFF == 0, b.rule == ruleBlendScaled && src>>24 == 0:
		return
	case b.rule != ruleBlendScaled || src>>24 != 255:
		src = b.over(src, expand16(b.dest.pixel(x, y)))
	}
	b.dest.setPixel(x, y, dither(src, threshold))
}

// blend8 maps results to the palette through the color map. Components are raised
// by 31 at every other pixel of a chessboard to dither.
func (b *blt) blend8() {
	const raise = 0x1F1F1F1F
	adjust := uint32(b.dx&1) * raise
	if b.dy&1 == 0 {
		adjust ^= raise
	}
	for i := range b.h {
		adjust ^= raise
		for j, src := range b.source.row(b.sy + i)[b.sx : b.sx+b.w] {
			b.blend8Pixel(src&^adjust+adjust, b.dx+j, b.dy+i)
			adjust ^= raise
		}
	}
}

func (b *blt) blend8Pixel(src uint32, x, y int) {
	const transparent, opaque = 31, 224
	if b.rule == ruleComponentAlpha {
		coverage := (src>>16&255 + src>>8&255 + src&255) / 3
		if coverage <= transparent {
			return
		}
		if coverage > opaque {
			src = 0xFFFFFFFF
		}
	} else if src>>24 <= transparent {
		return
	}
	if b.rule == ruleComponentAlpha || src>>24 < opaque {
		src = b.over(src, palette[b.dest.pixel(x, y)])
	}
	b.dest.setPixel(x, y, b.colors.pixel(src))
}

// palette is the colors of 8-bit pixels.
var palette = func() (p [256]uint32) {
	copy(p[:], []uint32{0, 0xFF000001, 0xFFFFFFFF, 0xFF808080, 0xFFFF0000, 0xFF00FF00, 0xFF0000FF, 0xFF00FFFF, 0xFFFFFF00, 0xFFFF00FF})
	gray := func(n int) uint32 { return uint32((n*255+16)/32)*0x010101 | 0xFF000000 }
	i := 10
	for _, quarter := range []bool{true, false} { // first the multiples of 1/8, then those of 1/32
		for n := 1; n < 32; n++ {
			if (n%4 == 0) == quarter && n != 16 {
				p[i] = gray(n)
				i++
			}
		}
	}
	for r := range uint32(6) {
		for b := range uint32(6) {
			for g := range uint32(6) {
				p[i] = 0xFF000000 | r*0x330000 | g*0x3300 | b*0x33
				i++
			}
		}
	}
	p[40] = 0xFF000001
	return p
}()
