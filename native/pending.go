package native

// Placeholders until zone.go and enter.go are there: delete this file then. The
// interpreter uses these names.

type Zone struct{}

// Find answers the code that holds an address, nil for none.
func (z *Zone) Find(pc uint64) *Placed { return nil }

// Free gives the memory of code back.
func (z *Zone) Free(p *Placed) {}

type Placed struct{ code *Code }

// Code answers what was placed.
func (p *Placed) Code() *Code { return p.code }

// Text answers the address of the first byte, Data that of the first data word.
func (p *Placed) Text() uint64 { return 0 }
func (p *Placed) Data() uint64 { return 0 }

// Safepoint answers that at a return address, nil if there is none.
func (p *Placed) Safepoint(pc uint64) *Safepoint { return nil }
