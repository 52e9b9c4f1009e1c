package bytecode

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestRoundTrip decodes every byte value with many operands and extensions,
// encodes what it got and decodes that again.
func TestRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	extensions := [][]byte{nil, {224, 0}, {224, 1}, {224, 127}, {225, 0}, {225, 1}, {225, 2}, {225, 64}, {225, 127},
		{225, 255}, {225, 128}, {225, 0, 225, 200}, {225, 254, 225, 3}, {224, 3, 225, 2}, {225, 66, 224, 5}}
	encoded := 0
	for code := range 256 {
		if op := SistaV1.Op(byte(code)); op == ExtendA || op == ExtendB {
			continue
		}
		for _, ext := range extensions {
			for range 200 {
				b := append(bytes.Clone(ext), byte(code), byte(random.IntN(256)), byte(random.IntN(256)))
				in, err := SistaV1.Decode(b, 0)
				if err != nil {
					t.Fatal(err)
				}
				if in.Op == Unassigned {
					if _, err := Append(nil, in); err == nil {
						t.Fatalf("% d: unassigned, yet encoded", b)
					}
					continue
				}
				got, err := Append(nil, in)
				if err != nil {
					// Only these hold more than an encoder may emit.
					switch in.Op {
					case PushLiteral, PushLiteralVariable, PopIntoLiteralVariable, StoreLiteralVariable,
						Send, SendSuper, SendDirectedSuper, Jump, PushFullClosure, PushClosure, JumpIfTrue, JumpIfFalse:
						continue
					}
					t.Fatalf("% d: %+v: %v", b, in, err)
				}
				encoded++
				if len(got) > in.Size {
					t.Fatalf("% d: encoded as % d, which is longer", b, got)
				}
				again, err := SistaV1.Decode(got, 0)
				if err != nil {
					t.Fatalf("% d: encoded as % d: %v", b, got, err)
				}
				// A shorter form is as good, and jumps count from its end.
				again.Size = in.Size
				if again != in {
					t.Fatalf("% d: %+v, encoded as % d: %+v", b, in, got, again)
				}
			}
		}
	}
	if encoded < 400000 {
		t.Errorf("only %d instructions came back", encoded)
	}
}

func TestEncoderLimits(t *testing.T) {
	for _, in := range []Instruction{
		{Op: PushTemp, Index: 256},
		{Op: PushTemp, Index: -1},
		{Op: Send, Index: 1, NumArgs: -1},
		{Op: Send, Index: -1},
		{Op: PushLiteral, Index: MaxLiterals + 1},
		{Op: PushNewArray, Index: 128},
		{Op: PushFullClosure, NumCopied: 64},
		{Op: Jump, Target: 1 << 20},
		{Op: JumpIfFalse, Target: -10},
		{Op: PushCharacter, Value: -1},
		{Op: ExtendA},
		{Op: Unassigned},
		{Op: SendSpecial, Index: 32},
		{Op: CallPrimitive, Index: 1 << 15},
	} {
		if b, err := Append(nil, in); err == nil {
			t.Errorf("%+v: encoded as % d", in, b)
		}
	}
}

func TestAssembler(t *testing.T) {
	// A loop around a body of n one-byte instructions: jumps of every size.
	for _, n := range []int{0, 1, 5, 6, 7, 8, 9, 250, 251, 252, 253, 254, 255, 256, 257, 300, 32000} {
		var a Assembler
		top := a.Here()
		out := a.NewLabel()
		a.Emit(Instruction{Op: PushTrue})
		branch := a.Jump(JumpIfFalse, out)
		for range n {
			a.Emit(Instruction{Op: Nop})
		}
		back := a.Jump(Jump, top)
		a.Place(out)
		end := a.Emit(Instruction{Op: ReturnReceiver})
		code, pcs, err := a.Assemble()
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		in, err := SistaV1.Decode(code, pcs[branch])
		if err != nil || in.Op != JumpIfFalse || in.Target != pcs[end] {
			t.Errorf("%d: branch %+v, %v, want target %d", n, in, err, pcs[end])
		}
		if want := jumpSize(in.Target - in.Next()); in.Size != want {
			t.Errorf("%d: branch of %d bytes, want %d", n, in.Size, want)
		}
		in, err = SistaV1.Decode(code, pcs[back])
		if err != nil || in.Op != Jump || in.Target != 0 {
			t.Errorf("%d: back jump %+v, %v", n, in, err)
		}
		m := &Method{Header: MethodHeader{SistaV1: true}, Code: code}
		if err := Verify(m); err != nil {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestAssemblerErrors(t *testing.T) {
	var a Assembler
	a.Jump(Jump, a.NewLabel())
	if _, _, err := a.Assemble(); err == nil {
		t.Error("a jump to a label without a place was assembled")
	}
	var b Assembler
	top := b.Here()
	for range 40000 {
		b.Emit(Instruction{Op: Nop})
	}
	b.Jump(Jump, top)
	if _, _, err := b.Assemble(); err == nil {
		t.Error("a jump over 40000 bytes was assembled")
	}
}

func TestHeader(t *testing.T) {
	for _, h := range []MethodHeader{
		{},
		{SistaV1: true},
		{NumLiterals: 7, NumTemps: 5, NumArgs: 2, HasPrimitive: true},
		{NumLiterals: MaxLiterals, NumTemps: MaxTemps, NumArgs: MaxArgs, HasPrimitive: true, LargeFrame: true,
			Optimised: true, UserFlag: true, FreeFlag: true, SistaV1: true},
	} {
		value, err := h.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if h.SistaV1 != (value < 0) || value < -1<<60 || value >= 1<<60 {
			t.Errorf("%+v: header %d", h, value)
		}
		if got := DecodeHeader(value); got != h {
			t.Errorf("%+v became %+v", h, got)
		}
	}
	h := MethodHeader{NumLiterals: 3, NumTemps: 2, NumArgs: 1, LargeFrame: true}
	if v, _ := h.Encode(); v != 1<<24|2<<18|1<<17|3 {
		t.Errorf("layout: %#x", v)
	}
	if h.StartPC() != 33 || h.FrameSize() != 56 || h.Set() != V3PlusClosures {
		t.Errorf("StartPC %d, FrameSize %d, set %v", h.StartPC(), h.FrameSize(), h.Set())
	}
	for _, h := range []MethodHeader{{NumLiterals: 1 << 15}, {NumTemps: 64}, {NumTemps: 20, NumArgs: 16}, {NumArgs: 1}, {NumLiterals: -1}} {
		if _, err := h.Encode(); err == nil {
			t.Errorf("%+v was encoded", h)
		}
	}
}
