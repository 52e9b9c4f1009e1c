package native

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"unsafe"

	"github.com/sista-vm/sista/host"
)

// A Zone is the memory of the machine code of one virtual machine:
//
//	Start  +----------------------+
//	       | text, not writable   |  3/4    (writable elsewhere)
//	       +----------------------+
//	       | data, not executable |  1/4
//	       +----------------------+
//
// One goroutine at a time may use it, that of the virtual machine.
type Zone struct {
	c        *Context
	memory   host.Memory
	code     host.CodeMemory
	start    uint64
	reserved uint64 // bytes to release in the end
	distance uint64 // from text to data
	writable uint64 // text, once more
	text     arena
	data     arena

	// index has for each page of the text up to its top the block that the page's first
	// byte is in.
	index []*block

	published bool // signal handlers know it

	// OnPlace is told of all code that is placed; may be nil.
	OnPlace func(*Placed)
}

// Placed is code in a zone.
type Placed struct {
	code       *Code
	zone       *Zone
	text, data *block
	maps       *packedMaps // of saved code, until all is decoded
	damaged    error       // what is wrong with them
}

const (
	pageBits = 12

	// maxZone keeps text and data within reach of 32-bit displacements.
	maxZone = 1 << 30
)

// ErrZoneFull says that code must be freed before more can be placed.
var ErrZoneFull = errors.New("no room for machine code")

// NewZone makes a zone of at most size bytes at start, which is reserved already, or
// anywhere if start is 0. Of these, most are used, 0 for all: what lies where does not depend on it,
// so that saved code finds the distance from text to data that it was saved with.
// The error tells why there can be no machine code here.
func NewZone(c *Context, memory host.Memory, start, size, most uint64) (*Zone, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	z, err := newZone(c, memory, start, size, most)
	if err != nil {
		return nil, err
	}
	if m, ok := memory.(host.InterruptedCode); ok && m.InterruptsCode() {
		return z, nil
	}
	if err := checkInterruption(memory); err != nil {
		return nil, errors.Join(err, z.Close())
	}
	return z, nil
}

func newZone(c *Context, memory host.Memory, start, size, most uint64) (*Zone, error) {
	code, ok := memory.(host.CodeMemory)
	if !ok {
		return nil, errors.New("native: the host has no memory for machine code")
	}
	page := max(memory.PageSize(), 1<<pageBits)
	size = zoneSize(size, page)
	if size == 0 {
		return nil, fmt.Errorf("native: a code zone has at least %d bytes", 4*page)
	}
	z := &Zone{c: c, memory: memory, code: code, start: start}
	if start == 0 {
		var err error
		if z.start, err = memory.Reserve(0, size); err != nil {
			return nil, fmt.Errorf("native: %w", err)
		}
		z.reserved = size
	}
	z.distance = textOf(size)
	if most = zoneSize(most, page); most == 0 || most > size {
		most = size
	}
	z.text.size, z.data.size = textOf(most), most-textOf(most)
	var err error
	if z.writable, err = code.CommitCode(z.start, z.text.size); err == nil {
		if err = memory.Commit(z.start+z.distance, z.data.size); err == nil {
			c.InitStubs()
			return z, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("native: %w", err), z.unmap())
}

// zoneSize answers how much of so much memory a zone takes, textOf how much of that is text.
func zoneSize(size, page uint64) uint64 { return min(size, maxZone) / (4 * page) * (4 * page) }
func textOf(size uint64) uint64         { return size / 4 * 3 }

// TextMax answers how much code fits into a zone that is made in so much memory.
func TextMax(size uint64) uint64 { return textOf(zoneSize(size, 1<<pageBits)) }

// Close ends the zone and all code in it.
func (z *Zone) Close() error {
	if z.published {
		z.published = false
		unpublish(z)
	}
	err := z.unmap()
	z.index, z.text, z.data = nil, arena{}, arena{}
	return err
}

func (z *Zone) unmap() error {
	var errs []error
	textSize, dataSize := z.text.size, z.data.size
	if z.writable != 0 {
		errs = append(errs, z.code.DecommitCode(z.start, z.writable, textSize))
		z.writable = 0
	}
	if z.reserved != 0 {
		errs = append(errs, z.memory.Release(z.start, z.reserved))
		z.reserved = 0
	} else if dataSize != 0 {
		errs = append(errs, z.memory.Decommit(z.start+z.distance, dataSize))
	}
	return errors.Join(errs...)
}

// Stats are sizes in bytes: text and data in use, and what there is of them at most.
type Stats struct {
	Text    uint64 `json:"text"`
	TextMax uint64 `json:"textMax"`
	Data    uint64 `json:"data"`
	DataMax uint64 `json:"dataMax"`
}

// Stats tells how full the zone is.
func (z *Zone) Stats() Stats {
	return Stats{z.text.used, z.text.size, z.data.used, z.data.size}
}

// Place copies code to the zone and joins it with its data: literals are 0 and the owner's
// to fill in, cells lead to the stub that looks the target up. The error is ErrZoneFull if there is no room.
func (z *Zone) Place(code *Code) (*Placed, error) {
	if err := code.check(); err != nil {
		return nil, err
	}
	if z.writable == 0 {
		return nil, errors.New("native: the zone is closed")
	}
	// One byte more than there are: the last instruction may be a call, and its return
	// address has to be in this code.
	text, fresh := z.text.take(uint64(len(code.Bytes)) + 1)
	if text == nil {
		return nil, ErrZoneFull
	}
	data, _ := z.data.take(8 * uint64(code.dataWords()))
	if data == nil {
		z.text.give(text)
		return nil, ErrZoneFull
	}
	if !z.published {
		if err := publish(z); err != nil {
			z.data.give(data)
			z.text.give(text)
			return nil, err
		}
		z.published = true
	}
	p := &Placed{code: code, zone: z, text: text, data: data}
	text.placed, data.placed = p, p
	z.cover(text)
	if text.next != nil {
		z.cover(text.next) // what it was cut from
	}
	p.fillData()
	p.fillText()
	if !fresh {
		z.c.serialize = 1
	}
	if z.OnPlace != nil {
		z.OnPlace(p)
	}
	return p, nil
}

// Free gives the room of code back. No frame, cell or return address may name it any more.
func (z *Zone) Free(p *Placed) {
	if p.zone != z || p.text == nil {
		return
	}
	fill(z.write(p.text), trap)
	if b := z.text.give(p.text); b != nil {
		z.cover(b)
	} else {
		pages := roundUp(z.text.top, 1<<pageBits) >> pageBits
		clear(z.index[pages:])
		z.index = z.index[:pages]
	}
	z.data.give(p.data)
	p.text, p.data, p.zone = nil, nil, nil
}

// cover notes a block in the index.
func (z *Zone) cover(b *block) {
	first := roundUp(b.at, 1<<pageBits) >> pageBits
	for i := first; i<<pageBits < b.at+b.size; i++ {
		if i == uint64(len(z.index)) {
			z.index = append(z.index, b)
		}
		z.index[i] = b
	}
}

// Find answers the code that holds an address; nil if none does.
func (z *Zone) Find(pc uint64) *Placed {
	at := pc - z.start
	if at >= z.text.top {
		return nil
	}
	b := z.index[at>>pageBits]
	for at >= b.at+b.size {
		b = b.next
	}
	return b.placed
}

// write answers the writable bytes of a block of text.
func (z *Zone) write(b *block) []byte { return bytesAt(z.writable+b.at, b.size) }

func bytesAt(addr, size uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), size)
}

// trap is INT3, which fills what is no code.
const trap = 0xCC

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

// Code answers what was placed.
func (p *Placed) Code() *Code {
	if p.maps != nil && p.safepoints() {
		p.decoded(p.maps.everything(p.code))
		p.maps = nil
	}
	return p.code
}

// Head answers the code without what only those need who look into it: safepoints, states, lines,
// relocations, and the lists of a template may be missing.
func (p *Placed) Head() *Code { return p.code }

// State answers a state of a safepoint; nil if the maps are damaged.
func (p *Placed) State(i int) *State {
	if p.maps != nil && (!p.safepoints() || !p.decoded(p.maps.state(p.code, i))) {
		return nil
	}
	if i >= len(p.code.States) {
		return nil // they were damaged
	}
	return &p.code.States[i]
}

// safepoints decodes those of saved code, and tells whether there is more to be decoded.
func (p *Placed) safepoints() bool {
	return p.maps.all == nil || p.decoded(p.maps.safepoints(p.code))
}

// decoded notes an error. Without maps, which happens only to a file that was tampered with, there are no
// safepoints.
func (p *Placed) decoded(err error) bool {
	if err != nil {
		p.damaged, p.maps = err, nil
	}
	return err == nil
}

// Damaged answers what is wrong with the maps of saved code that was looked at.
func (p *Placed) Damaged() error { return p.damaged }

// Text answers the address of the first byte of the code.
func (p *Placed) Text() uint64 { return p.zone.start + p.text.at }

// Data answers the address of the first data word.
func (p *Placed) Data() uint64 { return p.zone.start + p.zone.distance + p.data.at }

// Entry answers where the code is called.
func (p *Placed) Entry() uint64 { return p.Text() + uint64(p.code.Entry) }

// CheckedEntry answers where a cell calls it; 0 if there is no such entry.
func (p *Placed) CheckedEntry() uint64 {
	if p.code.CheckedEntry < 0 {
		return 0
	}
	return p.Text() + uint64(p.code.CheckedEntry)
}

// Safepoint answers that of a return address; nil if there is none.
func (p *Placed) Safepoint(pc uint64) *Safepoint {
	if p.maps != nil {
		p.safepoints()
	}
	list := p.code.Safepoints
	at := int(pc - p.Text())
	i := sort.Search(len(list), func(i int) bool { return list[i].PC >= at })
	if i == len(list) || list[i].PC != at {
		return nil
	}
	return &list[i]
}

// Value answers which value of the IR the code at an address is for; -1 if it is not known.
func (p *Placed) Value(pc uint64) int32 {
	list := p.Code().Lines
	at := int(pc - p.Text())
	i := sort.Search(len(list), func(i int) bool { return list[i].Offset > at })
	if i == 0 {
		return -1
	}
	return list[i-1].Value
}

func (p *Placed) fillData() {
	b := p.data
	at := p.Data()
	words := unsafe.Slice((*uint64)(unsafe.Add(nil, uintptr(at))), b.size/8)
	clear(words)
	words = words[len(p.code.Literals):]
	for _, cell := range p.code.Cells {
		stub := ExitSend
		if cell.Call {
			stub = ExitCall
		}
		words[0], words[1], words[3] = NoClass, p.zone.c.Stubs[stub], uint64(cell.Argc)
		words = words[ICWords:]
	}
	copy(words, p.code.Raw)
}

func (p *Placed) fillText() {
	b := p.zone.write(p.text)
	n := copy(b, p.code.Bytes)
	fill(b[n:], trap)
	distance := int64(p.Data() - p.Text())
	for _, r := range p.code.Relocs {
		field := b[r.Offset : r.Offset+4]
		d := int64(int32(binary.LittleEndian.Uint32(field))) + distance + 8*int64(r.Word) - int64(r.Offset) - 4
		binary.LittleEndian.PutUint32(field, uint32(d))
	}
}

func (c *Code) dataWords() int { return len(c.Literals) + ICWords*len(c.Cells) + len(c.Raw) }

// check finds what would make placing the code go wrong.
func (c *Code) check() error {
	n := len(c.Bytes)
	bad := func(what string, v int) error {
		return fmt.Errorf("native: code of %s (%d bytes): %s %d", c.Name, n, what, v)
	}
	switch {
	case n == 0 || n > math.MaxInt32/4:
		return bad("size is", n)
	case c.Entry < 0 || c.Entry >= n:
		return bad("entry is at", c.Entry)
	case c.CheckedEntry < -1 || c.CheckedEntry >= n:
		return bad("checked entry is at", c.CheckedEntry)
	case !slices.IsSortedFunc(c.Safepoints, func(a, b Safepoint) int { return a.PC - b.PC }):
		return bad("not ascending: safepoints, number", len(c.Safepoints))
	}
	for _, r := range c.Relocs {
		if r.Offset < 0 || r.Offset+4 > n {
			return bad("relocation at", r.Offset)
		}
		if r.Word < 0 || r.Word >= c.dataWords() {
			return bad("relocation to data word", r.Word)
		}
	}
	for _, s := range c.Safepoints {
		if s.PC <= 0 || s.PC > n {
			return bad("safepoint at", s.PC)
		}
		if s.State < -1 || s.State >= len(c.States) {
			return bad("safepoint with state", s.State)
		}
	}
	return nil
}
