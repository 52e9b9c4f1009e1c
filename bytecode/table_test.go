package bytecode

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sista-vm/sista/internal/golden"
)

// TestTables prints every byte value of both sets with operand bytes 1, 2, 3
// behind it: length, bytes, class, stack effect, meaning.
func TestTables(t *testing.T) {
	for _, set := range []*Set{SistaV1, V3PlusClosures} {
		golden.Run(t, "testdata/"+set.Name()+".table", func(t *testing.T, a *golden.Archive) {
			var out bytes.Buffer
			m := &Method{Header: MethodHeader{SistaV1: set == SistaV1}}
			for code := range 256 {
				if op := set.Op(byte(code)); op == ExtendA || op == ExtendB {
					fmt.Fprintf(&out, "%3d %d %v\n", code, set.Length(byte(code)), op)
					continue
				}
				in, err := set.Decode([]byte{byte(code), 1, 2, 3}, 0)
				if err != nil {
					t.Fatalf("%d: %v", code, err)
				}
				if in.Size != set.Length(byte(code)) {
					t.Errorf("%d: size %d, length %d", code, in.Size, set.Length(byte(code)))
				}
				pops, pushes := in.Effect()
				if pops < 0 || pushes < 0 {
					t.Errorf("%d: effect %d, %d", code, pops, pushes)
				}
				fmt.Fprintf(&out, "%3d %d %-9v -%d +%d %s\n", code, in.Size, in.Op.Class(), pops, pushes, m.Describe(in))
			}
			a.Check(t, "table", out.String(), "")
		})
	}
}

// TestLengths holds the tables against the rules by which VMs skip bytecodes.
func TestLengths(t *testing.T) {
	for code := range 256 {
		want := 1
		if code >= 248 {
			want = 3
		} else if code >= 224 {
			want = 2
		}
		if got := SistaV1.Length(byte(code)); got != want {
			t.Errorf("SistaV1 %d: length %d, want %d", code, got, want)
		}
		want = 1
		switch {
		case code == 143:
			want = 4
		case code == 132, code >= 139 && code <= 142:
			want = 3
		case code >= 128 && code <= 134, code == 138, code >= 160 && code <= 175:
			want = 2
		}
		if got := V3PlusClosures.Length(byte(code)); got != want {
			t.Errorf("V3PlusClosures %d: length %d, want %d", code, got, want)
		}
	}
}

func TestEveryOpHasARow(t *testing.T) {
	for op := range numOps {
		if opTable[op].name == "" {
			t.Errorf("operation %d has no row", op)
		}
	}
	if numOps.String() != "unknown" || numOps.Class() != ClassNone {
		t.Errorf("an operation beyond the table: %v %v", numOps, numOps.Class())
	}
}

func TestExtensions(t *testing.T) {
	for _, test := range []struct {
		code []byte
		op   Op
		want int // Index, or Value of pushed constants
	}{
		{[]byte{224, 1, 228, 2}, PushLiteral, 258},
		{[]byte{224, 1, 224, 2, 228, 3}, PushLiteral, 1<<16 + 2<<8 + 3},
		{[]byte{225, 255, 232, 255}, PushInteger, -1},
		{[]byte{225, 127, 232, 255}, PushInteger, 32767},
		{[]byte{225, 128, 232, 0}, PushInteger, -32768},
		{[]byte{225, 0, 225, 128, 232, 0}, PushInteger, 32768},
		{[]byte{225, 255, 225, 128, 232, 0}, PushInteger, -32768}, // only the first byte has a sign
		{[]byte{225, 254, 225, 0, 232, 1}, PushInteger, -131071},
		{[]byte{225, 1, 233, 0}, PushCharacter, 256},
		{[]byte{225, 255, 233, 0}, Unassigned, 0},
		{[]byte{225, 1, 82}, PushThisProcess, 0},
		{[]byte{225, 2, 82}, Unassigned, 0},
		{[]byte{225, 64, 235, 8}, SendDirectedSuper, 1},
		{[]byte{224, 1, 225, 1, 234, 8 + 2}, Send, 33},
		{[]byte{224, 9, 76}, PushReceiver, 0},
	} {
		in, err := SistaV1.Decode(test.code, 0)
		if err != nil {
			t.Fatalf("% d: %v", test.code, err)
		}
		if got := in.Index + in.Value; in.Op != test.op || got != test.want || in.Size != len(test.code) {
			t.Errorf("% d: %+v, want %v %d", test.code, in, test.op, test.want)
		}
	}
	in, err := SistaV1.Decode([]byte{225, 65, 235, 10}, 0)
	if err != nil || in.Op != SendDirectedSuper || in.NumArgs != 10 {
		t.Errorf("directed super send with 10 arguments: %+v, %v", in, err)
	}
	in, err = SistaV1.Decode([]byte{225, 255, 237, 0}, 0)
	if err != nil || in.Target != 4-256 {
		t.Errorf("backward jump: %+v, %v", in, err)
	}
	in, err = SistaV1.Decode([]byte{224, 0x23, 250, 0x49, 5}, 0)
	if err != nil || in.NumArgs != 1+8*3 || in.NumCopied != 1+8*2 || in.Target != 10 {
		t.Errorf("closure with extension: %+v, %v", in, err)
	}
}

func TestTruncated(t *testing.T) {
	for _, set := range []*Set{SistaV1, V3PlusClosures} {
		for code := range 256 {
			for n := range set.Length(byte(code)) {
				if _, err := set.Decode([]byte{byte(code), 0, 0, 0}[:n], 0); err == nil {
					t.Errorf("%v %d: %d bytes are enough", set, code, n)
				}
			}
		}
	}
	if _, err := SistaV1.Decode([]byte{224, 1}, 0); err == nil {
		t.Error("an extension with nothing behind it is an instruction")
	}
	if _, err := SistaV1.Decode([]byte{76}, -1); err == nil {
		t.Error("an instruction at pc -1")
	}
	if _, err := SistaV1.Decode(append(bytes.Repeat([]byte{224, 255}, 10), 228, 0), 0); err == nil {
		t.Error("an extension of 80 bits")
	}
}

func TestInlinedPrimitives(t *testing.T) {
	for _, test := range []struct {
		code []byte
		want InlinedPrimitive
	}{
		{[]byte{248, 1000 & 255, 128 | 1000>>8}, InlinedPrimitive{Number: 1000, Name: "rawClass", Pops: 1, Pushes: 1}},
		{[]byte{248, 2000 & 255, 128 | 2000>>8}, InlinedPrimitive{Number: 2000, Name: "smiAdd", Pops: 2, Pushes: 1}},
		{[]byte{248, 3001 & 255, 128 | 3001>>8}, InlinedPrimitive{Number: 3001, Name: "storeCheckPointerAt:put:", Pops: 3, Pushes: 1}},
		{[]byte{248, 6000 & 255, 128 | 6000>>8}, InlinedPrimitive{Number: 6000, Name: "backjumpNoInterrupt", Pops: 1, Jumps: true, Always: true}},
		{[]byte{248, 8000 & 255, 128 | 8000>>8}, InlinedPrimitive{Number: 8000, Name: "jumpIfInstanceOf", Pops: 3, Jumps: true}},
		{[]byte{236, 50}, InlinedPrimitive{Number: 50, Name: "ensureEnoughSlots", Pops: 1, Pushes: 1, Mapped: true}},
	} {
		in, err := SistaV1.Decode(test.code, 0)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := in.Inlined(); !ok || p != test.want {
			t.Errorf("% d: %+v, %v, want %+v", test.code, p, ok, test.want)
		}
	}
	in, _ := SistaV1.Decode([]byte{248, 1000 & 255, 128 | 1<<5 | 1000>>8}, 0)
	if _, ok := in.Inlined(); ok || in.OperationSet != 1 || in.Index != 1000 {
		t.Errorf("operation set 1: %+v", in)
	}
}
