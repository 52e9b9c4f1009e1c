package native

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/sista-vm/sista/internal/wire"
)

// Code in one piece, as it is saved with an image and put in a zone at once. All numbers are little endian:
//
//	header  magic 8, version 4, units 4, bytes of text 4, words of data 4, cells 4, bytes of maps 4,
//	        bytes of names 4, sends 4, distance from the text to the data 8
//	units   16 numbers of 4 bytes each, see unitRecord
//	cells   selector 4, arguments and 1<<31 for a call 4
//	text    the code of each unit at a multiple of 64, joined with data that lie at the distance
//	data    words of each unit at a multiple of 64 bytes: literals and selectors as the owner
//	        names objects, cells lead to linkStub + number of a stub, or linkText + offset in the text
//	maps    of each unit, see encodeMaps: they are decoded when somebody looks
//	names   of the units, one behind the other
//	sends   what the cache of sends knew: selector or block 8, class 8, target as in a cell 8
const (
	flatMagic      = "SISTANAT"
	flatVersion    = 4
	flatHeaderSize = 48
	unitRecordSize = 64
	cellRecordSize = 8
	sendRecordSize = 24

	linkStub = 0
	linkText = 1 << 8 // offsets follow
)

// unitRecord is what installing a unit needs to know.
type unitRecord struct {
	text, size          uint32 // place and length of the code in the text
	entry, checkedEntry int32
	slow, frameSlots    uint32
	data                uint32 // number of the first data word
	literals, cells     uint32
	raw                 uint32
	maps, mapsSize      uint32
	name                uint32 // place among the names
	nameSize            uint16
	kind                uint8 // 1 OSR, 2 template
	features            Features
	detail              uint32 // words of OSR code; flags of a template
	copied              uint32 // copied values of a template
}

const (
	kindOSR      = 1
	kindTemplate = 2
)

// ErrFlat says that saved code is damaged.
var ErrFlat = errors.New("native: saved code is damaged")

// Export answers code in one piece. Oop translates a word of the data that is an object to what it is called
// where it is saved; code with an object that has no name there is left out, and kept tells which
// was not.
func (z *Zone) Export(list []*Placed, oop func(uint64) (uint64, bool)) (flat []byte, kept []bool) {
	x := &exporter{zone: z, oop: oop, base: map[*Placed]uint32{}, distance: int64(z.distance)}
	kept = make([]bool, len(list))
	text, data := uint64(0), uint64(0)
	for i, p := range list {
		if kept[i] = x.named(p); kept[i] {
			x.base[p] = uint32(text)
			text += roundUp(uint64(len(p.code.Bytes))+1, granule)
			x.data = append(x.data, data)
			data += roundUp(max(8*uint64(p.code.dataWords()), 1), granule)
			x.list = append(x.list, p)
		}
	}
	x.text = make([]byte, text)
	fill(x.text, trap)
	x.words = make([]uint64, data/8)
	for i, p := range x.list {
		x.unit(p, x.data[i])
	}
	x.knownSends()
	return x.bytes(), kept
}

type exporter struct {
	zone     *Zone
	oop      func(uint64) (uint64, bool)
	distance int64
	list     []*Placed
	base     map[*Placed]uint32
	data     []uint64 // where the data of each begin, in bytes
	text     []byte
	words    []uint64
	units    wire.Writer
	cells    wire.Writer
	maps     wire.Writer
	names    wire.Writer
	sends    wire.Writer
}

// named tells whether all objects that code refers to have names.
func (x *exporter) named(p *Placed) bool {
	c := p.Code()
	words := p.words()
	for _, w := range words[:len(c.Literals)] {
		if _, ok := x.oop(w); !ok {
			return false
		}
	}
	for i := range c.Cells {
		if _, ok := x.oop(words[len(c.Literals)+ICWords*i+2]); !ok {
			return false
		}
	}
	return true
}

func (x *exporter) unit(p *Placed, data uint64) {
	c := p.code
	base := x.base[p]
	copy(x.text[base:], c.Bytes)
	copy(x.text[base:], bytesAt(p.Text(), uint64(len(c.Bytes))))
	delta := x.distance + int64(data) - int64(base) - int64(p.Data()-p.Text())
	relocate(x.text[base:], c.Relocs, delta)
	words := x.words[data/8:]
	for i, w := range p.words() {
		words[i] = w
	}
	for i := range c.Literals {
		words[i], _ = x.oop(words[i])
	}
	for i, cell := range c.Cells {
		w := words[len(c.Literals)+ICWords*i:]
		w[1] = x.link(w[1], cell)
		w[2], _ = x.oop(w[2])
		if w[1] < linkText && w[1] != linkStub+uint64(ExitValue) {
			w[0] = NoClass
		}
		selector, argc := uint32(0), uint32(cell.Argc)
		if c.Template != nil {
			selector = uint32(cell.Selector)
		}
		if cell.Call {
			argc |= 1 << 31
		}
		x.cells.Half(selector)
		x.cells.Half(argc)
	}
	maps := encodeMaps(c)
	r := unitRecord{text: base, size: uint32(len(c.Bytes)), entry: int32(c.Entry), checkedEntry: int32(c.CheckedEntry),
		slow: uint32(c.Slow), frameSlots: uint32(c.FrameSlots), data: uint32(data / 8), literals: uint32(len(c.Literals)),
		cells: uint32(len(c.Cells)), raw: uint32(len(c.Raw)), maps: uint32(len(x.maps.Bytes)), mapsSize: uint32(len(maps)),
		name: uint32(len(x.names.Bytes)), nameSize: uint16(min(len(c.Name), math.MaxUint16)), features: c.Features, detail: uint32(c.OSRWords)}
	if c.OSR {
		r.kind |= kindOSR
	}
	if t := c.Template; t != nil {
		r.kind |= kindTemplate
		r.detail, r.copied = uint32(t.Flags), uint32(t.Copied)
	}
	x.maps.Bytes = append(x.maps.Bytes, maps...)
	x.names.Bytes = append(x.names.Bytes, c.Name[:r.nameSize]...)
	for _, n := range []uint32{r.text, r.size, uint32(r.entry), uint32(r.checkedEntry), r.slow, r.frameSlots, r.data, r.literals,
		r.cells, r.raw, r.maps, r.mapsSize, r.name, uint32(r.nameSize) | uint32(r.kind)<<16 | uint32(r.features)<<24, r.detail, r.copied} {
		x.units.Half(n)
	}
}

// link names the target of a cell.
func (x *exporter) link(entry uint64, cell Cell) uint64 {
	if at, ok := x.place(entry); ok {
		return at
	}
	stub := ExitSend
	switch {
	case entry == x.zone.c.Stubs[ExitValue]:
		stub = ExitValue
	case cell.Call:
		stub = ExitCall
	}
	return linkStub + uint64(stub)
}

// place names an address in the text.
func (x *exporter) place(entry uint64) (uint64, bool) {
	if p := x.zone.Find(entry); p != nil {
		if base, ok := x.base[p]; ok {
			return linkText + uint64(base) + entry - p.Text(), true
		}
	}
	return 0, false
}

// knownSends writes the entries of the cache of sends that lead to saved code.
func (x *exporter) knownSends() {
	cache := x.zone.c.sends
	if cache == nil {
		return
	}
	for i := range cache {
		e := &cache[i]
		if e.Selector == 0 {
			continue
		}
		selector, ok := x.oop(e.Selector)
		link, there := x.place(e.Entry)
		if ok && there {
			x.sends.Word(selector)
			x.sends.Word(e.Class)
			x.sends.Word(link)
		}
	}
}

func (x *exporter) bytes() []byte {
	var w wire.Writer
	w.Bytes = append(w.Bytes, flatMagic...)
	for _, n := range []int{flatVersion, len(x.list), len(x.text), len(x.words), len(x.cells.Bytes) / cellRecordSize, len(x.maps.Bytes), len(x.names.Bytes), len(x.sends.Bytes) / sendRecordSize} {
		w.Half(uint32(n))
	}
	w.Word(uint64(x.distance))
	w.Bytes = append(w.Bytes, x.units.Bytes...)
	w.Bytes = append(w.Bytes, x.cells.Bytes...)
	w.Bytes = append(w.Bytes, x.text...)
	for _, n := range x.words {
		w.Word(n)
	}
	w.Bytes = append(w.Bytes, x.maps.Bytes...)
	w.Bytes = append(w.Bytes, x.names.Bytes...)
	w.Bytes = append(w.Bytes, x.sends.Bytes...)
	return w.Bytes
}

// relocate adds to the displacements of code.
func relocate(text []byte, relocs []Reloc, delta int64) {
	if delta == 0 {
		return
	}
	for _, r := range relocs {
		field := text[r.Offset : r.Offset+4]
		binary.LittleEndian.PutUint32(field, binary.LittleEndian.Uint32(field)+uint32(delta))
	}
}

// words answers the data of code.
func (p *Placed) words() []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Add(nil, uintptr(p.Data()))), p.code.dataWords())
}

// flat is code in one piece, looked over.
type flat struct {
	units, cells, text, data, maps, names, sends []byte
	numUnits, numCells                           int
	distance                                     int64
}

func half(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }

func parseFlat(b []byte) (*flat, error) {
	if len(b) < flatHeaderSize || string(b[:len(flatMagic)]) != flatMagic {
		return nil, fmt.Errorf("%w: it does not begin with %s", ErrFlat, flatMagic)
	}
	if v := half(b, 2); v != flatVersion {
		return nil, fmt.Errorf("native: saved code is of format version %d, not %d", v, flatVersion)
	}
	f := &flat{numUnits: int(half(b, 3)), numCells: int(half(b, 6)), distance: int64(binary.LittleEndian.Uint64(b[40:]))}
	rest := b[flatHeaderSize:]
	for _, part := range []struct {
		to   *[]byte
		size uint64
	}{
		{&f.units, uint64(f.numUnits) * unitRecordSize}, {&f.cells, uint64(f.numCells) * cellRecordSize}, {&f.text, uint64(half(b, 4))},
		{&f.data, 8 * uint64(half(b, 5))}, {&f.maps, uint64(half(b, 7))}, {&f.names, uint64(half(b, 8))},
		{&f.sends, uint64(half(b, 9)) * sendRecordSize},
	} {
		if part.size > uint64(len(rest)) {
			return nil, fmt.Errorf("%w: %d bytes are missing", ErrFlat, part.size-uint64(len(rest)))
		}
		*part.to, rest = rest[:part.size:part.size], rest[part.size:]
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", ErrFlat, len(rest))
	}
	return f, nil
}

func (f *flat) unit(i int) unitRecord {
	b := f.units[i*unitRecordSize : (i+1)*unitRecordSize]
	return unitRecord{half(b, 0), half(b, 1), int32(half(b, 2)), int32(half(b, 3)), half(b, 4), half(b, 5), half(b, 6), half(b, 7),
		half(b, 8), half(b, 9), half(b, 10), half(b, 11), half(b, 12), uint16(half(b, 13)), uint8(half(b, 13) >> 16), Features(half(b, 13) >> 24), half(b, 14), half(b, 15)}
}

// features answers what any unit needs of the processor.
func (f *flat) features() (all Features) {
	for i := range f.numUnits {
		all |= f.unit(i).features
	}
	return all
}

// check finds what would make installing go wrong. Text and data of the units are to lie as they are said to.
func (f *flat) check() error {
	text, data, cells := uint64(0), uint64(0), uint64(0)
	for i := range f.numUnits {
		u := f.unit(i)
		words := uint64(u.literals) + ICWords*uint64(u.cells) + uint64(u.raw)
		switch {
		case uint64(u.text) != text, u.size == 0, text+roundUp(uint64(u.size)+1, granule) > uint64(len(f.text)):
			return fmt.Errorf("%w: the text of unit %d is at %d with %d bytes", ErrFlat, i, u.text, u.size)
		case uint64(u.data)*8 != data, data+roundUp(max(8*words, 1), granule) > uint64(len(f.data)):
			return fmt.Errorf("%w: the data of unit %d are at word %d with %d words", ErrFlat, i, u.data, words)
		case u.entry < 0 || uint32(u.entry) >= u.size || u.checkedEntry < -1 || u.checkedEntry >= int32(u.size):
			return fmt.Errorf("%w: the entries of unit %d are at %d and %d", ErrFlat, i, u.entry, u.checkedEntry)
		case uint64(u.maps)+uint64(u.mapsSize) > uint64(len(f.maps)), uint64(u.name)+uint64(u.nameSize) > uint64(len(f.names)):
			return fmt.Errorf("%w: the maps or the name of unit %d", ErrFlat, i)
		case u.kind&kindTemplate != 0 && u.literals != 0 && u.literals <= FlagsLiteral:
			return fmt.Errorf("%w: the template of unit %d has %d literals", ErrFlat, i, u.literals)
		case u.features&^allFeatures != 0:
			return fmt.Errorf("%w: unit %d uses features %#x", ErrFlat, i, u.features)
		}
		text += roundUp(uint64(u.size)+1, granule)
		data += roundUp(max(8*words, 1), granule)
		cells += uint64(u.cells)
	}
	if text != uint64(len(f.text)) || data != uint64(len(f.data)) || cells != uint64(f.numCells) {
		return fmt.Errorf("%w: its parts are larger than its units", ErrFlat)
	}
	return nil
}

// Install puts all code of a flat piece in the zone. Oop translates the names of objects, nil if
// they are the objects themselves. Features are those that code may use; code that calls each other is taken
// together or not at all. The piece is kept. Nothing is installed if there is an error.
func (z *Zone) Install(piece []byte, features Features, oop func(uint64) (uint64, bool)) ([]*Placed, error) {
	f, err := parseFlat(piece)
	if err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if lacking := f.features() &^ features; lacking != 0 {
		return nil, &FeatureError{Uses: f.features(), Lacking: lacking}
	}
	if z.writable == 0 {
		return nil, errors.New("native: the zone is closed")
	}
	if uint64(len(f.text)) > z.text.size-z.text.top || uint64(len(f.data)) > z.data.size-z.data.top {
		return nil, ErrZoneFull
	}
	in := &installer{flat: f, zone: z, oop: oop, text: z.text.top, data: z.data.top}
	if err := in.words(); err != nil {
		return nil, err
	}
	if err := in.cache(); err != nil {
		return nil, err
	}
	if !z.published {
		if err := publish(z); err != nil {
			return nil, err
		}
		z.published = true
	}
	if z.text.top < z.text.touched {
		z.c.serialize = 1
	}
	list := in.units()
	for _, p := range list {
		if p.damaged != nil { // its relocations are not known
			for _, p := range list {
				z.Free(p)
			}
			return nil, p.damaged
		}
	}
	return list, nil
}

type installer struct {
	*flat
	zone       *Zone
	oop        func(uint64) (uint64, bool)
	text, data uint64 // where they go, in the arenas
}

// words fills the data. What it leaves in the zone on an error is in nobody's way.
func (in *installer) words() error {
	z := in.zone
	at := z.start + z.distance + in.data
	words := unsafe.Slice((*uint64)(unsafe.Add(nil, uintptr(at))), len(in.flat.data)/8)
	copy(bytesAt(at, uint64(len(in.flat.data))), in.flat.data)
	base := z.start + in.text - linkText
	for i := range in.numUnits {
		u := in.unit(i)
		w := words[u.data:]
		if in.oop != nil {
			for j := range w[:u.literals] {
				if err := in.translate(&w[j]); err != nil {
					return err
				}
			}
		}
		w = w[u.literals:]
		for range u.cells {
			switch link := w[1]; {
			case link < uint64(NumExits):
				w[1] = z.c.Stubs[link]
			case link-linkText < uint64(len(in.flat.text)) && link >= linkText:
				w[1] = base + link
			default:
				return fmt.Errorf("%w: a cell of unit %d leads to %#x", ErrFlat, i, link)
			}
			if in.oop != nil {
				if err := in.translate(&w[2]); err != nil {
					return err
				}
			}
			w = w[ICWords:]
		}
	}
	return nil
}

// cache fills the cache of sends.
func (in *installer) cache() error {
	cache := in.zone.c.sends
	for b := in.sends; cache != nil && len(b) > 0; b = b[sendRecordSize:] {
		selector, class, link := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])
		if in.oop != nil {
			if err := in.translate(&selector); err != nil {
				clear(cache[:])
				return err
			}
		}
		if link < linkText || link-linkText >= uint64(len(in.flat.text)) {
			clear(cache[:])
			return fmt.Errorf("%w: a send leads to %#x", ErrFlat, link)
		}
		cache[SendPlace(selector, class)] = SendTarget{Selector: selector, Class: class, Entry: in.zone.start + in.text + link - linkText}
	}
	return nil
}

func (in *installer) translate(w *uint64) error {
	n, ok := in.oop(*w)
	if !ok {
		return fmt.Errorf("%w: there is no object %#x", ErrFlat, *w)
	}
	*w = n
	return nil
}

// units makes the code of a zone of what was checked.
func (in *installer) units() []*Placed {
	z, n := in.zone, in.numUnits
	codes, placed, blocks := make([]Code, n), make([]Placed, n), make([]block, 2*n)
	templates, packed := make([]Template, n), make([]packedMaps, n)
	list := make([]*Placed, n)
	cells, cell, literals := make([]Cell, in.numCells), 0, 0
	for i := range n {
		literals = max(literals, int(in.unit(i).literals))
	}
	none := make([]int64, literals) // handles of nobody
	names := string(in.names)
	copy(bytesAt(z.writable+in.text, uint64(len(in.flat.text))), in.flat.text)
	delta := int64(z.distance+in.data) - int64(in.text) - in.distance
	for i := range n {
		u, c, p := in.unit(i), &codes[i], &placed[i]
		first := cell
		for range u.cells {
			argc := half(in.cells, 2*cell+1)
			cells[cell] = Cell{int64(int32(half(in.cells, 2*cell))), int(argc &^ (1 << 31)), argc>>31 != 0}
			cell++
		}
		text, data := &blocks[2*i], &blocks[2*i+1]
		z.text.append(text, uint64(u.size)+1)
		words := uint64(u.literals) + ICWords*uint64(u.cells) + uint64(u.raw)
		z.data.append(data, 8*words)
		text.placed, data.placed = p, p
		*p = Placed{code: c, zone: z, text: text, data: data, maps: &packed[i]}
		packed[i].all = in.maps[u.maps:][:u.mapsSize:u.mapsSize]
		z.cover(text)
		*c = Code{Name: names[u.name:][:u.nameSize], Bytes: bytesAt(p.Text(), uint64(u.size)), Entry: int(u.entry),
			CheckedEntry: int(u.checkedEntry), FrameSlots: int(u.frameSlots), Slow: int(u.slow), OSR: u.kind&kindOSR != 0, Features: u.features,
			Literals: none[:u.literals:u.literals], Cells: cells[first:cell:cell]}
		if u.raw > 0 {
			c.Raw = unsafe.Slice((*uint64)(unsafe.Add(nil, uintptr(p.Data()+8*(words-uint64(u.raw))))), u.raw)
		}
		if u.kind&kindTemplate != 0 {
			c.Template = &templates[i]
			c.Template.Flags, c.Template.Copied = int(u.detail), int(u.copied)
		} else {
			c.OSRWords = int(u.detail)
		}
		list[i] = p
		if delta != 0 {
			p.Code()
			relocate(z.write(text), c.Relocs, delta)
		}
		if z.OnPlace != nil {
			z.OnPlace(p)
		}
	}
	return list
}
