package bytecode

// A Set is one of the two bytecode sets: a table of all 256 byte values.
type Set struct {
	name string
	rows [256]*row
}

// SistaV1 is the set of methods whose header is negative, V3PlusClosures that
// of all others.
var (
	SistaV1        = newSet("SistaV1", sistaV1Rows)
	V3PlusClosures = newSet("V3PlusClosures", v3Rows)
)

// A row says what the byte values first to last mean.
type row struct {
	first, last byte
	size        int
	op          Op
	operands    func(*Instruction, *operands) // nil: there are none
}

// operands is what a row finds its operands in.
//
//	[extensions ...] code b1 b2 b3
type operands struct {
	n          int // code - first: the operand inside the byte value
	b1, b2, b3 int
	a, b       int // the extensions, 0 where there were none
	next       int // pc of the instruction that follows
}

// newSet spreads rows over the byte values and gives the rest to unassigned
// rows of the length that its range has.
func newSet(name string, rows []row) *Set {
	s := &Set{name: name}
	for i := range rows {
		for code := int(rows[i].first); code <= int(rows[i].last); code++ {
			s.rows[code] = &rows[i]
		}
	}
	return s
}

// Name answers the name of the set.
func (s *Set) Name() string { return s.name }

func (s *Set) String() string { return s.name }

// Length answers the number of bytes of the instruction that begins with code,
// extension bytes before it not counted.
func (s *Set) Length(code byte) int { return s.rows[code].size }

// Op answers the operation that code begins when no extension precedes it.
// A few byte values mean another operation with certain operands; Decode tells.
func (s *Set) Op(code byte) Op { return s.rows[code].op }
