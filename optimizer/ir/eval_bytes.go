package ir

// bytes executes what is done to many elements at once.
func (x *evaluation) bytes(v *Value, a []datum) (datum, error) {
	m := x.Machine
	var n int64
	var err error
	switch v.Op {
	case OpReplaceBytes:
		n, err = x.replace(a, m.HasBytes, 1, func(to, i, from, j Oop) error {
			b, err := m.Raw(from, int64(j), 1)
			if err == nil {
				err = m.SetRaw(to, int64(i), 1, b)
			}
			return err
		})
	case OpReplaceOops:
		n, err = x.replace(a, m.IsArray, 0, func(to, i, from, j Oop) error {
			o, err := m.Element(from, int64(j))
			if err == nil {
				err = m.SetElement(to, int64(i), o)
			}
			return err
		})
	case OpCompareBytes:
		n, err = x.compareBytes(oops(a))
	case OpHashBytes:
		if !m.HasBytes(Oop(a[0])) {
			return datum(1<<64 - 1), nil
		}
		var bytes []byte
		bytes, err = x.bytesOf(Oop(a[0]))
		n = HashBytes(bytes, int64(a[1]))
	}
	return datum(n), err
}

// HashBytes works bytes into a hash, as the string hash of the images of this family does.
func HashBytes(bytes []byte, from int64) int64 {
	h := uint32(from)
	for _, b := range bytes {
		h = (h + uint32(b)) * 1664525
	}
	return int64(h & 0xFFFFFFF)
}

// replace copies units of a width, of a kind of objects, one after the other.
func (x *evaluation) replace(a []datum, kind func(Oop) bool, width int64, copy func(to, i, from, j Oop) error) (int64, error) {
	m := x.Machine
	to, start, stop, from, first := Oop(a[0]), int64(a[1]), int64(a[2]), Oop(a[3]), int64(a[4])
	if !kind(to) || !kind(from) {
		return 0, nil
	}
	if stop < start {
		return 1, nil
	}
	size, err := m.Size(to, width)
	if err != nil {
		return 0, err
	}
	most, err := m.Size(from, width)
	if err != nil {
		return 0, err
	}
	if !m.Writable(to) || start < 1 || stop > size || first < 1 || first-1 > most-(stop-start+1) {
		return 0, nil
	}
	for i := range stop - start + 1 {
		if err := copy(to, Oop(start-1+i), from, Oop(first-1+i)); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

func (x *evaluation) bytesOf(o Oop) ([]byte, error) {
	n, err := x.Machine.Size(o, 1)
	if err != nil {
		return nil, err
	}
	bytes := make([]byte, n)
	for i := range bytes {
		b, err := x.Machine.Raw(o, int64(i), 1)
		if err != nil {
			return nil, err
		}
		bytes[i] = byte(b)
	}
	return bytes, nil
}

func (x *evaluation) compareBytes(os []Oop) (int64, error) {
	var all [3][]byte
	for i, o := range os {
		if !x.Machine.HasBytes(o) {
			return 0, nil
		}
		b, err := x.bytesOf(o)
		if err != nil {
			return 0, err
		}
		all[i] = b
	}
	a, b, order := all[0], all[1], all[2]
	if len(order) < 256 {
		return 0, nil
	}
	for i := range min(len(a), len(b)) {
		if x, y := order[a[i]], order[b[i]]; x < y {
			return 1, nil
		} else if x > y {
			return 3, nil
		}
	}
	switch {
	case len(a) < len(b):
		return 1, nil
	case len(a) > len(b):
		return 3, nil
	}
	return 2, nil
}
