package bytecode

import (
	"errors"
	"strings"
	"testing"
)

// sista and v3 make methods with 2 temps (1 argument), 3 literals (a constant,
// a selector with one argument, a binding) and 2 instance variables.
func sista(code ...byte) *Method {
	return &Method{
		Header: MethodHeader{NumLiterals: 3, NumTemps: 2, NumArgs: 1, SistaV1: true},
		Code:   code,
		Literals: LiteralList{
			{Kind: ConstantLiteral, Text: "'abc'"},
			{Kind: SymbolLiteral, Text: "foo:", NumArgs: 1},
			{Kind: BindingLiteral, Text: "Object"},
		},
		NumInstVars: 2,
	}
}

func v3(code ...byte) *Method {
	m := sista(code...)
	m.Header.SistaV1 = false
	return m
}

func edit(m *Method, f func(*Method)) *Method {
	f(m)
	return m
}

func primitiveMethod(m *Method) *Method {
	return edit(m, func(m *Method) { m.Header.HasPrimitive = true })
}

func block(m *Method) *Method { return edit(m, func(m *Method) { m.IsBlock = true }) }

// withBlock gives a method a fourth literal: the block.
func withBlock(m, b *Method) *Method {
	return edit(m, func(m *Method) {
		m.Header.NumLiterals = 4
		m.Literals = append(m.Literals.(LiteralList), Literal{Kind: BlockLiteral, Text: "[]", Block: b})
	})
}

func TestVerifyAccepts(t *testing.T) {
	for name, m := range map[string]*Method{
		"return self":             sista(88),
		"trailer behind the code": sista(88, 84, 255, 4),
		"trailer in an extension": sista(76, 92, 224),
		"send":                    sista(76, 64, 0x91, 92),
		"branches join":           sista(64, 193, 77, 92, 78, 92),
		"value of a branch":       sista(64, 193, 77, 176, 78, 92),
		"loop":                    sista(64, 192+4, 95, 225, 255, 237, 256-7, 88),
		"endless loop":            sista(95, 225, 255, 237, 256-5),
		"dead code":               sista(177, 77, 216, 88),
		"primitive":               primitiveMethod(sista(248, 60, 0, 88)),
		"primitive error code":    primitiveMethod(sista(248, 60, 0, 245, 1, 65, 92)),
		"V3 primitive error code": primitiveMethod(v3(139, 60, 0, 129, 0x41, 17, 124)),
		"inlined primitive":       sista(64, 80, 248, 2000&255, 128|2000>>8, 92),
		"inlined jump":            sista(64, 81, 248, 7016&255, 128|7016>>8, 95, 88),
		"brace":                   sista(80, 81, 231, 130, 92),
		"vector":                  sista(231, 1, 209, 80, 253, 0, 1, 251, 0, 1, 92),
		"full block":              withBlock(sista(249, 3, 0, 92), block(sista(93))),
		"block returns":           block(sista(64, 94)),
		"non-local return":        block(sista(64, 92)),
		"V3 block":                v3(143, 0x01, 0, 2, 16, 125, 124),
		"V3 block with a temp":    v3(16, 143, 0x11, 0, 5, 115, 16, 106, 18, 125, 124),
		"V3 nested blocks":        v3(143, 0x00, 0, 8, 143, 0x00, 0, 2, 112, 125, 136, 125, 124),
		"V3 loop":                 v3(16, 152+3, 112, 135, 163, 256-6, 120),
		"trapped method":          sista(217, 217, 217, 88),
	} {
		if err := Verify(m); err != nil {
			t.Errorf("%s: %v\n%s", name, err, List(m))
		}
	}
}

func TestVerifyRejects(t *testing.T) {
	deep := make([]byte, 0, 80)
	for range 15 {
		deep = append(deep, 80)
	}
	deep = append(deep, 92)
	for _, test := range []struct {
		m      *Method
		reason string
	}{
		{sista(), "no code"},
		{sista(76), "runs off the end"},
		{sista(76, 216), "runs off the end"},
		{sista(92), "takes 1 values from a stack of 0"},
		{sista(76, 0x91, 92), "takes 2 values from a stack of 1"},
		{sista(84, 88), "no meaning"},
		{sista(225, 2, 82, 92), "no meaning"},
		{sista(64, 192, 77, 78, 92), "slots in use"},
		{sista(64, 192, 77, 95, 92), "slots in use"},
		{sista(80, 225, 255, 237, 256-5), "slots in use"}, // pushes for ever
		{sista(64, 239, 200, 88), "leaves the code"},
		{sista(225, 255, 237, 0), "leaves the code"},
		{sista(176, 224, 1, 228, 2, 92), "literal 258 of 3"},
		{sista(64, 192+1, 224, 0, 228, 0, 92), "lands inside an instruction"},
		{sista(66, 92), "temp 2 of 2"},
		{sista(251, 0, 2, 92), "temp 2 of 2"},
		{sista(2, 92), "receiver variable 2 of 2"},
		{sista(35, 92), "literal 3 of 3"},
		{sista(16, 92), "does not fit"},
		{sista(76, 0x82, 92), "does not fit"},
		{sista(249, 0, 0, 92), "does not fit"},
		{sista(76, 0x81, 92), "foo: with 0 arguments"},
		{sista(248, 60, 0, 88), "only for the start"},
		{primitiveMethod(sista(95, 248, 60, 0, 88)), "header announces a primitive"},
		{primitiveMethod(sista(248, 60, 0, 245, 2, 88)), "temp 2 of 2"},
		{sista(77, 94), "outside of blocks"},
		{block(sista(77, 224, 1, 94)), "enclosing"},
		{sista(236, 7, 88), "no inlined primitive"},
		{sista(64, 248, 6000&255, 128|6000>>8, 88), "distance is not a constant"},
		{sista(64, 81, 65, 192, 81, 248, 7016&255, 128|7016>>8, 88), "constant operand"},
		{sista(81, 236, 200, 92), "no known method"},
		{sista(deep...), "needs 17 slots and has 16"},
		{edit(sista(88), func(m *Method) { m.Header.NumArgs = 3 }), "3 arguments among 2 temps"},
		{withBlock(sista(249, 3, 2, 92), block(sista(93))), "takes 2 values"},
		{withBlock(sista(80, 81, 249, 3, 2, 92), block(sista(93))), "2 copied values for a block of 2"},
		{withBlock(sista(249, 3, 0, 92), block(sista(76))), "block in literal 3: pc 33: control runs off"},
		{withBlock(sista(249, 3, 0, 92), sista(88)), "not that of a block"},
		{withBlock(sista(249, 3, 0, 92), block(v3(120))), "other bytecode set"},
		{v3(143, 0x00, 0, 0, 124), "without a body"},
		{v3(143, 0x00, 0, 1, 112, 124), "runs off the end"},
		{v3(143, 0x00, 0, 9, 112, 125, 124), "goes on to the end"},
		{v3(143, 0x00, 0, 2, 112, 128, 0, 124), "ends inside an instruction"},
		{v3(143, 0x00, 0, 9, 143, 0x00, 0, 20, 112, 125, 112, 125, 124, 124), "goes on to the end"},
		{v3(143, 0x00, 0, 3, 145, 112, 125, 120), "crosses the edge"},
		{v3(143, 0x00, 0, 2, 16, 125, 124), "temp 0 of 0"},
		{v3(129, 0x80, 120), "no meaning"},
		{v3(16, 125), "outside of blocks"},
		{v3(137, 160, 0, 120), "leaves the code"},
	} {
		err := Verify(test.m)
		if err == nil {
			t.Errorf("% X: accepted, want %q\n%s", test.m.Code, test.reason, List(test.m))
			continue
		}
		if !strings.Contains(err.Error(), test.reason) {
			t.Errorf("% X: %v, want %q", test.m.Code, err, test.reason)
		}
		var e *VerifyError
		if !errors.As(err, &e) {
			t.Errorf("% X: error of type %T", test.m.Code, err)
		}
	}
}

func TestFrameUse(t *testing.T) {
	for _, test := range []struct {
		m    *Method
		want int
	}{
		{sista(88), 2},
		{sista(80, 81, 231, 130, 92), 4},
		{v3(143, 0x02, 0, 5, 112, 112, 135, 112, 125, 124), 4}, // a closure's own activation counts too
	} {
		got, err := FrameUse(test.m)
		if err != nil || got != test.want {
			t.Errorf("% d: %d, %v, want %d", test.m.Code, got, err, test.want)
		}
	}
}

// FuzzVerify holds the promise that no bytes make the package panic or hang,
// and that accepted code decodes and lists.
func FuzzVerify(f *testing.F) {
	f.Add([]byte{88}, true)
	f.Add([]byte{143, 0x01, 0, 2, 16, 125, 124}, false)
	f.Add([]byte{249, 3, 0, 92}, true)
	f.Fuzz(func(t *testing.T, code []byte, isSista bool) {
		m := sista(code...)
		m.Header.SistaV1 = isSista
		m = withBlock(m, block(sista(64, 94)))
		err := Verify(m)
		text := List(m)
		if err == nil && text == "" {
			t.Errorf("% X: verified code without listing", code)
		}
	})
}
