package bytecode

// A Method describes a unit of compiled code, a method or a full block, to
// those who print or check it.
type Method struct {
	Header   MethodHeader
	Code     []byte   // the bytes behind the literals; a trailer may follow the code
	Literals Literals // nil: unknown
	IsBlock  bool     // the code of a full block

	// NumInstVars bounds receiver variable indices; UnknownInstVars means that
	// nothing is known about the receiver.
	NumInstVars int
}

// UnknownInstVars is the NumInstVars of code whose receiver is unknown.
const UnknownInstVars = -1

// Literals answers what is known about literal index, counted from 0, of a
// method. It is asked only for indices below the header's NumLiterals.
type Literals interface {
	Literal(index int) Literal
}

// A LiteralKind says what a literal may be used for.
type LiteralKind uint8

// The kinds of literal.
const (
	UnknownLiteral  LiteralKind = iota // may be anything
	ConstantLiteral                    // none of the following
	SymbolLiteral                      // a selector
	BindingLiteral                     // a global or class variable
	BlockLiteral                       // the code of a full block
	MethodLiteral                      // compiled code that is called directly, or encloses
)

// A Literal is what is known about one literal.
type Literal struct {
	Kind    LiteralKind
	Text    string  // as a listing shows it; of a binding its name
	NumArgs int     // arguments of a selector, block or method; UnknownArgs
	Block   *Method // of a block, if known
}

// UnknownArgs is the NumArgs of a literal that may take any number.
const UnknownArgs = -1

// A LiteralList is the simplest Literals.
type LiteralList []Literal

// Literal answers the literal at index.
func (l LiteralList) Literal(index int) Literal {
	if index < 0 || index >= len(l) {
		return Literal{NumArgs: UnknownArgs}
	}
	return l[index]
}

// literal answers what is known about the literal at index, nothing for
// indices the method does not have.
func (m *Method) literal(index int) Literal {
	if m.Literals == nil || index < 0 || index >= m.Header.NumLiterals {
		return Literal{NumArgs: UnknownArgs}
	}
	return m.Literals.Literal(index)
}

// Set answers the bytecode set of the method.
func (m *Method) Set() *Set { return m.Header.Set() }

// End answers where the bytecodes of the method end and a trailer may begin.
func (m *Method) End() int { return m.Set().CodeEnd(m.Code) }
