package template

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/sista-vm/sista/codegen/asm"
)

// A snippet is a piece of machine code with holes for operands.
type snippet struct {
	code  []byte
	holes []hole
}

// A hole is 32 bits of a snippet, but for holeShort.
type hole struct {
	at   int
	kind holeKind
}

type holeKind uint8

const (
	holeOperand holeKind = 0               // operand number kind
	holeData    holeKind = 4               // the displacement of the data word that operand number kind - holeData names
	holeJump    holeKind = 8               // the displacement of target number kind - holeJump
	holeShort   holeKind = 12              // operand 0 in 16 bits
	numOperands          = int32(holeData) // of a snippet at most
	numJumps             = holeShort - 8   //
)

// Operands are assembled as numbers that are found again in the code.
const (
	operandMark = 0x5A5A5A00
	signedMark  = -operandMark // where a positive number would be assembled in another way
	shortMark   = 0x5B5A
)

func operand(i int32) int32 { return operandMark + i }

func signedOperand(i int64) int64 { return signedMark + i }

// An author assembles snippets, all in one go.
type author struct {
	*asm.Assembler
	far     [numJumps]asm.Label // what jumps out of snippets name
	current *draft
	drafts  []*draft
}

type draft struct {
	to         **snippet
	start, end asm.Label
	jumps      []outJump
}

type outJump struct {
	after asm.Label
	hole  holeKind
}

func newAuthor() *author {
	w := &author{Assembler: asm.New()}
	for i := range w.far {
		w.far[i] = w.NewLabel()
	}
	return w
}

// write assembles a snippet.
func (w *author) write(to **snippet, f func()) {
	w.current = &draft{to: to, start: w.Here()}
	f()
	w.current.end = w.Here()
	w.drafts = append(w.drafts, w.current)
}

// out jumps to target i if c.
func (w *author) out(c asm.Cond, i int) {
	w.Jcc(c, w.far[i])
	w.left(i)
}

// outAlways jumps to target i.
func (w *author) outAlways(i int) {
	w.Jmp(w.far[i])
	w.left(i)
}

func (w *author) left(i int) {
	w.current.jumps = append(w.current.jumps, outJump{w.Here(), holeJump + holeKind(i)})
}

// finish cuts the code into snippets.
func (w *author) finish() error {
	for range 2 * math.MaxInt8 { // so that no jump to far is short
		w.Trap()
	}
	for _, l := range w.far {
		w.Bind(l)
	}
	out, err := w.Assemble()
	if err != nil {
		return err
	}
	for _, d := range w.drafts {
		start, end := w.Offset(d.start), w.Offset(d.end)
		s := &snippet{code: out.Bytes[start:end:end]}
		for at := range s.code {
			if at+4 <= len(s.code) {
				for _, mark := range []int32{operandMark, signedMark} {
					if v := int32(binary.LittleEndian.Uint32(s.code[at:])) - mark; v >= 0 && v < numOperands {
						s.holes = append(s.holes, hole{at, holeKind(v)})
					}
				}
			}
			if at+2 <= len(s.code) && binary.LittleEndian.Uint16(s.code[at:]) == shortMark {
				s.holes = append(s.holes, hole{at, holeShort})
			}
		}
		for _, j := range d.jumps {
			s.holes = append(s.holes, hole{w.Offset(j.after) - 4 - start, j.hole})
		}
		for _, r := range out.Refs {
			if r.Offset >= start && r.Offset < end {
				if r.Word >= int(numOperands) {
					return fmt.Errorf("template: a snippet refers to data operand %d", r.Word)
				}
				s.holes = append(s.holes, hole{r.Offset - start, holeData + holeKind(r.Word)})
			}
		}
		*d.to = s
	}
	return nil
}
