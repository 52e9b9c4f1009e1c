package bytecode

import "fmt"

// A Label is a place in the code of an Assembler.
type Label int

// An Assembler puts SistaV1 code together. Jumps name labels; Assemble finds
// the shortest form of each.
type Assembler struct {
	items  []asmItem
	labels []int // index of the item behind the label, -1: not placed
}

type asmItem struct {
	in    Instruction
	label Label // of a jump
	size  int
}

// Emit adds an instruction that does not jump and answers its index.
func (a *Assembler) Emit(in Instruction) int {
	a.items = append(a.items, asmItem{in: in, label: -1})
	return len(a.items) - 1
}

// Jump adds a jump or branch to a label and answers its index.
func (a *Assembler) Jump(op Op, to Label) int {
	a.items = append(a.items, asmItem{in: Instruction{Op: op}, label: to, size: 1})
	return len(a.items) - 1
}

// NewLabel answers a label that is not placed yet.
func (a *Assembler) NewLabel() Label {
	a.labels = append(a.labels, -1)
	return Label(len(a.labels) - 1)
}

// Place puts a label where the next instruction will be. If the instruction
// before is an unconditional jump to the label it is removed.
func (a *Assembler) Place(l Label) {
	n := len(a.items)
	if n > 0 && a.items[n-1].label == l && a.items[n-1].in.Op == Jump {
		a.items = a.items[:n-1]
		for i, at := range a.labels {
			if at == n {
				a.labels[i] = n - 1
			}
		}
	}
	a.labels[l] = len(a.items)
}

// Here answers a label placed where the next instruction will be.
func (a *Assembler) Here() Label {
	l := a.NewLabel()
	a.Place(l)
	return l
}

// Len answers the number of instructions so far.
func (a *Assembler) Len() int { return len(a.items) }

// Assemble answers the code and the pc of every instruction by its index.
func (a *Assembler) Assemble() (code []byte, pcs []int, err error) {
	for i := range a.items {
		it := &a.items[i]
		if it.label >= 0 {
			if int(it.label) >= len(a.labels) || a.labels[it.label] < 0 {
				return nil, nil, fmt.Errorf("bytecode: instruction %d jumps to a label that has no place", i)
			}
			continue
		}
		b, err := Append(nil, it.in)
		if err != nil {
			return nil, nil, err
		}
		it.size = len(b)
	}
	// Jumps begin short and only ever grow, so this ends with the shortest
	// forms that agree with each other.
	pcs = make([]int, len(a.items)+1)
	for grown := true; grown; {
		grown = false
		for i, it := range a.items {
			pcs[i+1] = pcs[i] + it.size
		}
		for i := range a.items {
			it := &a.items[i]
			if it.label < 0 {
				continue
			}
			if n := jumpSize(pcs[a.labels[it.label]] - pcs[i+1]); n > it.size {
				it.size = n
				grown = true
			}
		}
	}
	for i := range a.items {
		it := &a.items[i]
		it.in.PC = pcs[i]
		if it.label < 0 {
			code, err = Append(code, it.in)
		} else {
			it.in.Target = pcs[a.labels[it.label]]
			e := encoder{in: &it.in, dst: code}
			e.jump(it.size)
			code, err = e.dst, e.err
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return code, pcs[:len(a.items)], nil
}

// ThreadJumps lets every jump that leads to an unconditional jump forward go
// where that one leads. Jumps back stay what they are, so that a loop keeps
// one way back to its top.
func (a *Assembler) ThreadJumps() {
	for i := range a.items {
		it := &a.items[i]
		for it.label >= 0 {
			to := a.labels[it.label]
			if to < 0 || to <= i || to >= len(a.items) {
				break
			}
			next := &a.items[to]
			if next.label < 0 || next.in.Op != Jump || a.labels[next.label] <= to {
				break
			}
			it.label = next.label
		}
	}
}
