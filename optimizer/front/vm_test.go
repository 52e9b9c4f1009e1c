package front_test

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/optimizer/ir"
	"github.com/sista-vm/sista/smalltalk/reference"
)

// Class indices of the machine of tests, those of Spur and some more.
const (
	classLargeNegative = 32
	classLargePositive = 33
	classBoxedFloat    = 34
	classContext       = 36
	classFullBlock     = 38
	classArray         = 51
	classByteString    = 52
	firstOwnClass      = 60
)

// object is a heap object. Which fields are used its class tells.
type object struct {
	class *class
	slots []ir.Oop
	raw   []byte
	float float64
	big   *big.Int
	hash  int64

	self       *class      // of a class
	method     *testMethod // of compiled code
	activation *activation // of a context, while it lives
	text       string      // of a Symbol
	readOnly   bool
}

// A machine is a small Smalltalk system: objects, an interpreter of bytecodes that
// gathers feedback, and compiled code that is entered in place of methods.
//
// Oops are n<<3|tag for SmallIntegers, Characters and small Floats, as in Spur, else
// the number of the object times 8.
type machine struct {
	objects   []*object
	classes   map[int64]*class
	byName    map[string]*class
	symbols   map[string]ir.Oop
	bindings  map[string]ir.Oop
	methods   map[counters.Method]*testMethod
	sources   map[source]*testMethod
	redefined map[slot]*testMethod // what they were
	stale     bool                 // some method is not what it was when code was compiled

	table      *counters.Table
	gathering  bool
	gatherTo   int // steps
	depth      int
	steps      int
	handlers   []*handler
	active     []*handler // whose blocks run
	hashes     int64
	changes    int // of what compiled code relies on
	immediates []ir.Oop

	// Compiled code, and how it is run.
	compiled map[*testMethod]*ir.Func
	osr      map[osrPlace]*ir.Func
	leave    func(*ir.Value) bool
	atPoll   func() bool
	atSend   func() bool
	entered  int
	left     map[ir.Reason]int
	leftAt   func(f *ir.Func, o *ir.Outcome)
}

// source is that of a method in a class.
type source struct {
	class *class
	text  string
}

type osrPlace struct {
	method *testMethod
	pc     int
}

type class struct {
	index   int64
	name    string
	super   *class
	format  uint8
	fields  []string
	methods map[ir.Oop]*testMethod
	meta    *class
	oop     ir.Oop
}

// testMethod is a method or block, or a native.
type testMethod struct {
	front.Method
	oop      ir.Oop
	literals []ir.Oop
	used     bool
	inside   int // blocks
	selector string
	owner    *class
	native   func(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error)
}

const (
	nilOop   = ir.Oop(8)
	trueOop  = ir.Oop(16)
	falseOop = ir.Oop(24)
)

func (m *machine) at(o ir.Oop) *object { return m.objects[o>>3] }

func (m *machine) add(o *object) ir.Oop {
	m.objects = append(m.objects, o)
	return ir.Oop(len(m.objects)-1) << 3
}

func (m *machine) classOf(o ir.Oop) *class {
	if o&7 != 0 {
		return m.classes[int64(o&7)]
	}
	return m.at(o).class
}

func (m *machine) lookup(c *class, selector ir.Oop) *testMethod {
	for ; c != nil; c = c.super {
		if x := c.methods[selector]; x != nil {
			return x
		}
	}
	return nil
}

func (m *machine) symbol(s string) ir.Oop {
	o, ok := m.symbols[s]
	if !ok {
		o = m.add(&object{class: m.byName["Symbol"], text: s, raw: []byte(s)})
		m.symbols[s] = o
	}
	return o
}

func (m *machine) boolean(b bool) ir.Oop {
	if b {
		return trueOop
	}
	return falseOop
}

// What follows makes it an ir.Machine.

func (m *machine) Literal(h ir.Handle) (ir.Oop, error) {
	if h >= immediateHandles {
		return m.immediates[h-immediateHandles], nil
	}
	if h <= 0 || int(h) >= len(m.objects) {
		return 0, fmt.Errorf("no literal %v", h)
	}
	return ir.Oop(h) << 3, nil
}

func (m *machine) Integer(n int64) ir.Oop { return ir.Oop(n<<3 | 1) }

func (m *machine) IntegerValue(o ir.Oop) (int64, bool) { return int64(o) >> 3, o&7 == 1 }

func (m *machine) Character(n int64) ir.Oop { return ir.Oop(n<<3 | 2) }

func (m *machine) CharacterValue(o ir.Oop) (int64, bool) { return int64(o >> 3), o&7 == 2 }

func (m *machine) LargeInteger(n int64) (ir.Oop, error) { return m.integer(big.NewInt(n)), nil }

// integer answers the Integer of a value.
func (m *machine) integer(n *big.Int) ir.Oop {
	if n.IsInt64() && ir.FitsSmallInteger(n.Int64()) {
		return m.Integer(n.Int64())
	}
	c := classLargePositive
	if n.Sign() < 0 {
		c = classLargeNegative
	}
	return m.add(&object{class: m.classes[int64(c)], big: n, raw: n.Bytes()})
}

func (m *machine) bigValue(o ir.Oop) *big.Int {
	if n, ok := m.IntegerValue(o); ok {
		return big.NewInt(n)
	}
	if o&7 == 0 {
		return m.at(o).big
	}
	return nil
}

func (m *machine) Float(f float64) (ir.Oop, error) {
	if o, ok := heap.FromSmallFloat(f); ok {
		return ir.Oop(o), nil
	}
	return m.add(&object{class: m.classes[classBoxedFloat], float: f, raw: make([]byte, 8)}), nil
}

func (m *machine) float(f float64) ir.Oop {
	o, _ := m.Float(f)
	return o
}

func (m *machine) FloatValue(o ir.Oop) (float64, bool) {
	switch {
	case o&7 == 4:
		return heap.Oop(o).SmallFloat(), true
	case o&7 == 0 && m.at(o).class.index == classBoxedFloat:
		return m.at(o).float, true
	}
	return 0, false
}

func (m *machine) IsObject(o ir.Oop) bool { return o&7 == 0 && int(o>>3) < len(m.objects) && o != 0 }

func (m *machine) ClassIndex(o ir.Oop) int64 { return m.classOf(o).index }

var errAccess = errors.New("access outside the object")

func (m *machine) Size(o ir.Oop, width int64) (int64, error) {
	if width == 0 {
		return int64(len(m.at(o).slots)), nil
	}
	return int64(len(m.at(o).raw)) / width, nil
}

func (m *machine) ClassOf(o ir.Oop) ir.Oop { return m.classOf(o).oop }

func (m *machine) HasBytes(o ir.Oop) bool {
	return m.IsObject(o) && m.at(o).class.format >= 16 && m.at(o).class.format < 24
}

func (m *machine) IsArray(o ir.Oop) bool { return m.IsObject(o) && m.at(o).class.format == 2 }

func (m *machine) Writable(o ir.Oop) bool { return !m.at(o).readOnly }

func (m *machine) Slot(o ir.Oop, i int64) (ir.Oop, error) {
	if !m.IsObject(o) || i < 0 || i >= int64(len(m.at(o).slots)) || m.at(o).class.index == classContext {
		return 0, errAccess
	}
	return m.at(o).slots[i], nil
}

func (m *machine) SetSlot(o ir.Oop, i int64, v ir.Oop) error {
	if _, err := m.Slot(o, i); err != nil {
		return err
	}
	m.at(o).slots[i] = v
	return nil
}

func (m *machine) Element(o ir.Oop, i int64) (ir.Oop, error)    { return m.Slot(o, i) }
func (m *machine) SetElement(o ir.Oop, i int64, v ir.Oop) error { return m.SetSlot(o, i, v) }

func (m *machine) Raw(o ir.Oop, i, width int64) (n int64, err error) {
	raw := m.at(o).raw
	if i < 0 || (i+1)*width > int64(len(raw)) {
		return 0, errAccess
	}
	for k := width - 1; k >= 0; k-- {
		n = n<<8 | int64(raw[i*width+k])
	}
	return n, nil
}

func (m *machine) SetRaw(o ir.Oop, i, width, v int64) error {
	raw := m.at(o).raw
	if i < 0 || (i+1)*width > int64(len(raw)) {
		return errAccess
	}
	for k := range width {
		raw[i*width+k] = byte(v >> (8 * k))
	}
	return nil
}

const maxObjectSize = 1 << 16

func (m *machine) New(class int64, slots []ir.Oop) (ir.Oop, error) {
	c := m.classes[class]
	if c == nil || len(slots) < len(c.fields) {
		return 0, fmt.Errorf("new of class %d with %d slots", class, len(slots))
	}
	return m.add(&object{class: c, slots: append([]ir.Oop(nil), slots...)}), nil
}

func (m *machine) NewArray(class, size int64) (ir.Oop, error) {
	if size < 0 || size > maxObjectSize {
		return 0, errAccess
	}
	o := &object{class: m.classes[class], slots: make([]ir.Oop, size)}
	for i := range o.slots {
		o.slots[i] = nilOop
	}
	return m.add(o), nil
}

func (m *machine) NewRaw(class, size int64) (ir.Oop, error) {
	unit := ir.Class{Format: m.classes[class].format}.Unit()
	if size < 0 || size > maxObjectSize || unit == 0 {
		return 0, errAccess
	}
	return m.add(&object{class: m.classes[class], raw: make([]byte, size*unit)}), nil
}

func (m *machine) IdentityHash(o ir.Oop) (int64, error) {
	x := m.at(o)
	if x.hash == 0 {
		m.hashes++
		x.hash = m.hashes
	}
	return x.hash, nil
}

// NewContext makes the context of an activation in compiled code.
func (m *machine) NewContext(f ir.Frame) (ir.Oop, error) {
	a := &activation{home: f.Closure == nilOop}
	if !a.home {
		a.closure = f.Closure
	}
	o := m.add(&object{class: m.classes[classContext], activation: a})
	a.context = o
	return o, nil
}

func (m *machine) Widow(context ir.Oop) error {
	x := m.at(context)
	if x.activation == nil {
		return errors.New("a context is widowed twice")
	}
	x.activation.over, x.activation = true, nil
	return nil
}

func (m *machine) Poll() (bool, error) { return m.atPoll != nil && m.atPoll(), nil }

// leaveAfter is the error of a send after which the code is left.
type leaveAfter struct{}

func (leaveAfter) Error() string { return "code is left" }
func (leaveAfter) Leaves() bool  { return true }

// answer sends on behalf of compiled code, which is left if objects became others or methods were redefined
// meanwhile, and where a test wants it to be.
func (m *machine) answer(send func() (ir.Oop, error)) (ir.Oop, error) {
	changes := m.changes
	v, err := send()
	if err == nil && (m.changes != changes || m.atSend != nil && m.atSend()) {
		return v, leaveAfter{}
	}
	return v, err
}

func (m *machine) Send(selector string, args []ir.Oop) (ir.Oop, error) {
	return m.answer(func() (ir.Oop, error) {
		return m.send(nil, m.classOf(args[0]), m.symbol(selector), args[0], args[1:])
	})
}

func (m *machine) Call(method string, args []ir.Oop) (ir.Oop, error) {
	for _, x := range m.methods {
		if x.Name == method {
			return m.answer(func() (ir.Oop, error) { return m.invoke(nil, x, args[0], args[1:]) })
		}
	}
	return 0, fmt.Errorf("no method %q", method)
}

// canonical writes a value as the reference evaluator does.
func (m *machine) canonical(o ir.Oop, depth int) string {
	if depth > 20 {
		return "..."
	}
	switch {
	case o == nilOop:
		return "nil"
	case o == trueOop || o == falseOop:
		return fmt.Sprint(o == trueOop)
	case o&7 == 2:
		return "$" + string(rune(o>>3))
	}
	if f, ok := m.FloatValue(o); ok {
		return reference.FormatFloat(f)
	}
	if n := m.bigValue(o); n != nil {
		return n.String()
	}
	x := m.at(o)
	list := func(os []ir.Oop) string {
		s := "("
		for i, e := range os {
			if i > 0 {
				s += " "
			}
			s += m.canonical(e, depth+1)
		}
		return s + ")"
	}
	switch {
	case x.self != nil:
		return x.self.name
	case x.class.index == classArray:
		return list(x.slots)
	case x.class.name == "OrderedCollection":
		first, _ := m.IntegerValue(x.slots[1])
		last, _ := m.IntegerValue(x.slots[2])
		return list(m.at(x.slots[0]).slots[first-1 : last])
	case x.class.name == "Symbol":
		return "#" + x.text
	case x.class.index == classByteString:
		return "'" + string(x.raw) + "'"
	case x.class.index == classFullBlock:
		return "a BlockClosure"
	}
	return "a " + x.class.name
}
