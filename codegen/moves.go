package codegen

// sequence orders moves that happen at once into moves one after another. Where they
// go in a circle, a value waits in a register that is never allocated; moves from
// memory to memory go over the stack, so they do not need it.
func sequence(moves []move) []move {
	out := make([]move, 0, len(moves)+2)
	pending := make([]move, 0, len(moves))
	for _, m := range moves {
		if m.from.kind != oNone || m.src != m.to {
			pending = append(pending, m)
		}
	}
	for len(pending) > 0 {
		progress := false
		for i := 0; i < len(pending); i++ {
			if reader(pending, i) >= 0 {
				continue
			}
			out = append(out, pending[i])
			pending = append(pending[:i], pending[i+1:]...)
			progress = true
			i--
		}
		if progress {
			continue
		}
		// All targets are still to be read: circles. Who reads the first target
		// reads a copy instead.
		saved := pending[0].to
		r := pending[reader(pending, 0)]
		temp := locReg(rTmp)
		if r.class == xmm {
			temp = locReg(rTmpX)
		}
		out = append(out, move{to: temp, src: saved, of: r.of, v: r.of, class: r.class})
		for i := range pending {
			if pending[i].from.kind == oNone && pending[i].src == saved {
				pending[i].src = temp
			}
		}
	}
	return out
}

// reader answers a move that still has to read the target of one, or -1.
func reader(pending []move, i int) int {
	for j, m := range pending {
		if j != i && m.from.kind == oNone && m.src == pending[i].to {
			return j
		}
	}
	return -1
}
