package front

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/optimizer/ir"
)

// Options are for one translation.
type Options struct {
	Policy *Policy // nil for the default
	// OSR asks for code that is entered at OSRPC, a loop's head, from an interpreter
	// frame: the entry's parameters are the receiver, the closure of a block, all
	// temporaries and the operand stack there.
	OSR   bool
	OSRPC int
	// Cache keeps what is found out about bytecodes for other translations; may be nil.
	Cache *Cache
}

// Translate makes IR of a method or block. The error is a *Refusal if the method is
// not to be compiled; the report is there in any case.
func Translate(w World, m *Method, o Options) (f *ir.Func, r *Report, err error) {
	if o.Policy == nil {
		p := DefaultPolicy()
		o.Policy = &p
	}
	avoid := map[Handle]string{}
	for {
		t := &translator{world: newMemo(w), policy: o.Policy, cache: o.Cache, avoid: avoid, codes: map[Handle]*analysed{}, closures: map[*ir.Value]*closure{},
			facts: map[*ir.Value]fact{}, names: map[string]Handle{}, endings: map[*ir.Block][]*scope{}}
		r = &Report{Method: m.Name, PC: -1}
		if err = t.translate(m, o, r); err == nil {
			return t.fn, r, nil
		}
		refusal, ok := err.(*Refusal)
		if n := len(t.scopes); ok && n > 1 {
			// It lies in what was inlined, which is not inlined next time.
			avoid[t.scopes[n-1].method.Handle] = refusal.Reason
			continue
		}
		r.Reason = strings.TrimPrefix(err.Error(), "front: ")
		return nil, r, err
	}
}

func (t *translator) translate(m *Method, o Options, r *Report) (err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case *Refusal:
			err = x
		default:
			err = fmt.Errorf("front: %s: a mistake of the translation: %v\n%s", m.Name, x, debug.Stack())
		}
	}()
	c, err := t.codeOf(m)
	if err != nil {
		return err
	}
	if why := neverCompiled(m.Primitive); why != "" {
		return refuse(why, "%s has primitive %d", m.Name, m.Primitive)
	}
	if c.size > t.policy.MaxMethod {
		return refuse("too large", "%s has %d bytes of bytecode, the limit is %d", m.Name, c.size, t.policy.MaxMethod)
	}
	if m.Name == "" {
		return refuse("malformed code", "a method without a name")
	}
	name := m.Name
	if o.OSR {
		name = fmt.Sprintf("%s osr@%d", m.Name, o.OSRPC)
	}
	t.fn = ir.NewFunc(name)
	if err := t.root(c, o, r); err != nil {
		return err
	}
	t.finish()
	return nil
}

// neverCompiled tells why methods with a primitive are not compiled on their own:
// their code runs when the primitive failed, which the caller tries. Quick methods do
// the same in bytecodes.
func neverCompiled(primitive int) string {
	switch {
	case primitive == primEnsure || primitive == primHandler:
		return "unwinding"
	case primitive == 0 || primitive >= quickFirst && primitive <= quickLast:
		return ""
	}
	return "primitive"
}

// A translator makes one function.
type translator struct {
	world  *memo
	policy *Policy
	avoid  map[Handle]string // methods that are not inlined, and why
	fn     *ir.Func
	cur    *ir.Block // where values go; nil if it cannot be reached
	cache  *Cache    // may be nil
	codes  map[Handle]*analysed
	bytes  int // of bytecode so far

	closures map[*ir.Value]*closure // by the value that makes them
	facts    map[*ir.Value]fact
	levels   []madeLevel
	endings  map[*ir.Block][]*scope // activations that may have a context and return at its end, innermost first
	names    map[string]Handle      // of methods in states
	scopes   []*scope               // active ones, the outermost first
}

type analysed struct {
	code *code
	err  error
}

// codeOf answers the control flow of a method.
func (t *translator) codeOf(m *Method) (*code, error) {
	a := t.codes[m.Handle]
	if a == nil {
		a = &analysed{}
		c, err := t.cache.analyse(m)
		if a.err = err; err == nil {
			a.code = &code{c, m}
		}
		t.codes[m.Handle] = a
	}
	return a.code, a.err
}

// A scope is an activation in the code: that of the root, or an inlined one.
type scope struct {
	*translator
	method *Method
	code   *code
	level  int // number of activations around it
	caller *scope
	sites  []counters.Site // that called it, innermost first
	// home is the activation that ^ returns from: itself in a method. It is nil in
	// a block whose home is not in this code or has returned.
	home    *scope
	closure *ir.Value // of a block
	report  *Report

	// slots are what the activation holds where the translator is: the receiver, all
	// temporaries, the operand stack.
	slots []*ir.Value
	in    *bytecode.Instruction

	outer []*ir.Level // activations around it, which wait for its result

	order  *order
	blocks []join    // of each basic block, by index
	result join      // behind its return; its edges have the result as only slot
	early  *early    // if not nil, only this part is translated
	rest   *ir.Block // of such an activation: where the method is called instead

	context *ir.Value // if one was made
	// Where it is made: where the activation starts, and what it holds there.
	start      mark
	startPC    int
	startSlots []*ir.Value
}

// join is a place that several edges lead to.
type join struct {
	block *ir.Block
	edges []edge
	done  bool // translated
	// Of a loop's head, once it is translated: the block behind its joined entry.
	head *ir.Block
	loop *loop
}

// An edge leads from the end of a block with what an activation holds there.
type edge struct {
	from  *ir.Block
	succ  int
	slots []*ir.Value
}

// pass adds an argument to the edge.
func (e edge) pass(v *ir.Value) {
	to := &e.from.Succs[e.succ]
	to.Args = append(to.Args[:len(to.Args):len(to.Args)], v)
}

// slot numbers.
const selfSlot = 0

func tempSlot(i int) int { return 1 + i }

func (s *scope) self() *ir.Value { return s.slots[selfSlot] }

func (s *scope) temp(i int) *ir.Value { return s.slots[tempSlot(i)] }

func (s *scope) setTemp(i int, v *ir.Value) { s.slots[tempSlot(i)] = v }

func (s *scope) push(v *ir.Value) { s.slots = append(s.slots, v) }

// top answers the operand i under the top of the stack.
func (s *scope) top(i int) *ir.Value { return s.slots[len(s.slots)-1-i] }

func (s *scope) drop(n int) { s.slots = s.slots[:len(s.slots)-n] }

// refine replaces a value by what a guard answered for it.
func (s *scope) refine(v, refined *ir.Value) {
	for i, x := range s.slots {
		if x == v {
			s.slots[i] = refined
		}
	}
}

// path names the running bytecode for feedback.
func (s *scope) path() counters.Path {
	sites := append([]counters.Site{s.site()}, s.sites...)
	return counters.MakePath(sites[:min(len(sites), counters.LimitDepth)]...)
}

func (s *scope) site() counters.Site {
	return counters.Site{Method: s.method.ID, PC: uint32(s.in.PC)}
}

// trusts tells whether none of these bets was lost at the running bytecode.
func (s *scope) trusts(reasons ...ir.Reason) bool {
	for _, r := range reasons {
		if s.world.Distrusted(s.method.Handle, s.in.PC, uint8(r)) {
			return false
		}
	}
	return true
}

// newBlock starts a block.
func (t *translator) newBlock() *ir.Block {
	t.cur = t.fn.NewBlock()
	return t.cur
}

// root translates the outermost activation.
func (t *translator) root(c *code, o Options, r *Report) error {
	m := c.method
	entry := c.blockAt(c.start)
	if o.OSR {
		if entry = c.blockAt(o.OSRPC); entry == nil {
			return refuse("malformed code", "%s: no jump leads to pc %d, where it is to be entered", m.Name, o.OSRPC)
		}
		var flow *controls
		flow, entry = c.entered(entry, t.policy.MaxNest)
		c = &code{flow, m}
	}
	s := &scope{translator: t, method: m, code: c, report: r, blocks: make([]join, len(c.blocks))}
	if !m.Block {
		s.home = s
	}
	t.scopes = append(t.scopes, s)
	t.bytes += c.size
	s.order = c.from(entry)
	t.newBlock()
	param := func(typ ir.Type) *ir.Value { return t.cur.AddParam(typ) }
	switch {
	case o.OSR:
		s.push(param(ir.TypeOop))
		if m.Block {
			s.closure = param(ir.TypeOop)
		}
		for range m.Temps + entry.depth {
			s.push(param(ir.TypeOop))
		}
	case m.Block:
		s.closure = param(ir.TypeObj)
		s.push(t.cur.LoadSlot(s.closure, closureReceiver))
		for range m.Args {
			s.push(param(ir.TypeOop))
		}
		for i := range m.Copied {
			s.push(t.cur.LoadSlot(s.closure, closureCopied+int64(i)))
		}
		for i := m.Args + m.Copied; i < m.Temps; i++ {
			s.push(t.literal(Nil))
		}
	default:
		s.push(param(ir.TypeOop))
		for range m.Args {
			s.push(param(ir.TypeOop))
		}
		for i := m.Args; i < m.Temps; i++ {
			s.push(t.literal(Nil))
		}
	}
	if s.closure != nil {
		t.facts[s.closure] = fact{class: FullBlockClosureClass}
	}
	s.at(&entry.instrs[0])
	if !o.OSR {
		// The activation's context, if it has one, is made after this.
		t.cur.Poll(ir.ReasonRequest, s.stateOf(s.describe(ir.Reexecute, s.in.PC, s.slots)))
	}
	s.run(entry)
	return nil
}
