package compiler

import (
	"unicode"
	"unicode/utf8"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/smalltalk/ast"
)

// analysis is what the first pass finds out about a method.
type analysis struct {
	names envCache

	functions map[ast.Node]*function // by *ast.Method and *ast.Block that is not inlined
	scopes    map[*ast.Block]*scope  // of inlined blocks
	controls  map[*ast.Send]*control // the sends that are inlined
	// variables says what names in expressions mean, where that is a variable
	// of the method.
	variables map[*ast.Variable]*variable
	errorCode *variable // receives the failure code of the primitive
	errorSlot *variable // the temp where the VM leaves that

	fn        *function
	scope     *scope
	loopCount loop

	order []*function // outer ones first
}

// envCache keeps what the environment said, so that it is asked once for each
// name and reports are not repeated.
type envCache struct {
	instVars map[string]int
	bindings map[[2]string]*Binding
}

// analyse walks the method in the order of evaluation.
func (c *compilation) analyse() *function {
	c.functions = map[ast.Node]*function{}
	c.scopes = map[*ast.Block]*scope{}
	c.controls = map[*ast.Send]*control{}
	c.variables = map[*ast.Variable]*variable{}
	c.names.bindings = map[[2]string]*Binding{}
	c.names.instVars = map[string]int{}
	for i, name := range c.env.InstanceVariables() {
		c.names.instVars[name] = i
	}
	m := c.node
	fn := &function{node: m}
	c.functions[m] = fn
	c.enterFunction(fn)
	c.declareParams(m.Params)
	c.declareTemps(m.Body.Temps)
	if p := m.Primitive; p != nil && p.ErrorCode != nil {
		c.errorCode = c.declare(p.ErrorCode, temporary)
		c.errorCode.mentioned = true
	}
	c.statements(m.Body)
	c.leaveScope()
	return fn
}

// enterFunction makes fn and its outermost scope the current ones.
func (c *compilation) enterFunction(fn *function) {
	fn.outer = c.fn
	c.fn = fn
	c.order = append(c.order, fn)
	c.enterScope(true)
	fn.scope = c.scope
}

// enterScope opens a scope in the current function. owns: it has a vector of
// its own if it needs one.
func (c *compilation) enterScope(owns bool) *scope {
	s := &scope{outer: c.scope, fn: c.fn, inLoop: len(c.fn.loops) > 0,
		loopDepth: len(c.fn.loops), branches: c.fn.branches}
	if owns {
		s.vectorOwner = s
	} else {
		s.vectorOwner = c.scope.vectorOwner
	}
	c.fn.scopes = append(c.fn.scopes, s)
	c.scope = s
	return s
}

func (c *compilation) leaveScope() {
	for _, v := range c.scope.vars {
		if v.kind == temporary && !v.mentioned {
			c.warnf(Unused, &ast.Variable{Span: v.span, Name: v.name}, "the temporary %s is never used", v.name)
		}
	}
	if c.scope == c.fn.scope {
		c.fn = c.fn.outer
	}
	c.scope = c.scope.outer
}

func (c *compilation) declareParams(params []*ast.Variable) {
	if len(params) > bytecode.MaxArgs {
		c.errorf(params[bytecode.MaxArgs].Span, "%d arguments; the limit is %d", len(params), bytecode.MaxArgs)
	}
	for _, p := range params {
		v := c.declare(p, argument)
		c.fn.params = append(c.fn.params, v)
	}
}

func (c *compilation) declareTemps(temps []*ast.Variable) {
	for _, t := range temps {
		c.declare(t, temporary)
	}
}

// declare adds a variable to the current scope. A name that cannot be declared
// is reported and declared all the same, so that its uses make sense.
func (c *compilation) declare(n *ast.Variable, kind variableKind) *variable {
	if isReserved(n.Name) {
		c.errorf(n.Span, "%s cannot be declared", n.Name)
	}
	for _, v := range c.scope.vars {
		if v.name == n.Name {
			c.errorf(n.Span, "%s is declared twice", n.Name)
			return v
		}
	}
	if c.scope.outer.lookup(n.Name) != nil {
		c.warnf(Shadowing, n, "%s hides the %s of an outer scope", n.Name, n.Name)
	} else if _, ok := c.names.instVars[n.Name]; ok {
		c.warnf(Shadowing, n, "%s hides an instance variable", n.Name)
	}
	v := &variable{name: n.Name, span: n.Span, scope: c.scope, kind: kind}
	c.scope.vars = append(c.scope.vars, v)
	c.variables[n] = v
	return v
}

// hide adds a variable of the compiler's own to the current scope.
func (c *compilation) hide() *variable {
	v := &variable{scope: c.scope, kind: hidden}
	c.scope.vars = append(c.scope.vars, v)
	return v
}

func (c *compilation) statements(s *ast.Sequence) {
	for _, st := range s.Statements {
		if r, ok := st.(*ast.Return); ok {
			c.fn.returns = true
			c.expr(r.Value)
			continue
		}
		c.expr(st.(ast.Expr))
	}
}

func (c *compilation) exprs(list []ast.Expr) {
	for _, e := range list {
		c.expr(e)
	}
}

func (c *compilation) expr(e ast.Expr) {
	switch e := e.(type) {
	case *ast.Variable:
		c.use(e)
	case *ast.Assign:
		c.expr(e.Value)
		c.assign(e.Target)
	case *ast.Send:
		if ctl := c.inline(e); ctl != nil {
			c.controls[e] = ctl
			ctl.analyse(c)
			return
		}
		c.expr(e.Receiver)
		c.exprs(e.Message.Args)
		c.checkArgs(&e.Message)
	case *ast.Cascade:
		c.expr(e.Receiver)
		for _, m := range e.Messages {
			c.exprs(m.Args)
			c.checkArgs(m)
		}
	case *ast.Block:
		c.block(e)
	case *ast.Brace:
		c.exprs(e.Elements)
	case *ast.Binding:
		c.global(e.Variable)
	case *ast.LiteralArray:
		c.literal(e)
	}
}

func (c *compilation) checkArgs(m *ast.Message) {
	if n := len(m.Args); n > bytecode.MaxArgs {
		c.errorf(m.Span, "%d arguments; the limit is %d", n, bytecode.MaxArgs)
	}
}

// block analyses a block with an activation of its own.
func (c *compilation) block(b *ast.Block) {
	fn := &function{node: b}
	c.functions[b] = fn
	c.enterFunction(fn)
	c.declareParams(b.Params)
	c.declareTemps(b.Body.Temps)
	c.statements(b.Body)
	c.leaveScope()
	outer := c.fn
	outer.usesSelf = outer.usesSelf || fn.usesSelf
	outer.returns = outer.returns || fn.returns
	outer.usesContext = outer.usesContext || fn.usesContext
}

// inlinedBlock analyses a block that becomes part of the current function.
// owns: it is the body or condition of a loop. before runs in its scope.
func (c *compilation) inlinedBlock(b *ast.Block, owns bool, kind variableKind, before func(*scope)) {
	if b == nil {
		return
	}
	s := c.enterScope(owns)
	c.scopes[b] = s
	for _, p := range b.Params {
		c.declare(p, kind)
	}
	if before != nil {
		before(s)
	}
	c.declareTemps(b.Body.Temps)
	c.statements(b.Body)
	c.leaveScope()
}

// conditionally analyses a part that may not be evaluated.
func (c *compilation) conditionally(f func()) {
	c.fn.branches++
	f()
	c.fn.branches--
}

// looping analyses a part that is evaluated again and again.
func (c *compilation) looping(f func()) {
	c.loopCount++
	fn := c.fn
	fn.loops = append(fn.loops, c.loopCount)
	f()
	fn.loops = fn.loops[:len(fn.loops)-1]
}

// use notes that an expression reads a variable.
func (c *compilation) use(n *ast.Variable) {
	if n.Namespace == "" {
		switch n.Name {
		case "self", "super":
			c.fn.usesSelf = true
			return
		case "thisContext":
			c.fn.usesContext = true
			return
		}
		if v := c.scope.lookup(n.Name); v != nil {
			c.variables[n] = v
			c.mention(v, false)
			return
		}
		if _, ok := c.names.instVars[n.Name]; ok {
			c.fn.usesSelf = true
			return
		}
	}
	c.global(n)
}

// assign notes that a variable has been assigned.
func (c *compilation) assign(n *ast.Variable) {
	if n.Namespace == "" {
		if isReserved(n.Name) {
			c.errorf(n.Span, "%s cannot be assigned", n.Name)
			return
		}
		if v := c.scope.lookup(n.Name); v != nil {
			c.variables[n] = v
			if v.kind == argument {
				c.errorf(n.Span, "%s is an argument and cannot be assigned", n.Name)
				return
			}
			c.mention(v, true)
			return
		}
		if _, ok := c.names.instVars[n.Name]; ok {
			c.fn.usesSelf = true
			return
		}
	}
	if b := c.global(n); b.ReadOnly {
		c.errorf(n.Span, "%s cannot be assigned", n.Name)
	}
}

// mention notes a read or write of a variable in the order of evaluation.
func (c *compilation) mention(v *variable, write bool) {
	home := v.home()
	inside := c.fn != home
	if !v.mentioned {
		v.mentioned = true
		// A write outside of conditional parts that its scope goes through
		// first makes the value that the variable had before invisible.
		v.readFirst = !write || inside || home.branches != v.scope.branches || len(home.loops) != v.scope.loopDepth
	}
	// The outermost loop around this place that the variable lives longer than.
	var round loop
	if len(home.loops) > v.scope.loopDepth {
		round = home.loops[v.scope.loopDepth]
	}
	if inside {
		for fn := c.fn; fn != home; fn = fn.outer {
			fn.noteFree(v)
		}
		v.captured = true
		v.writtenInside = v.writtenInside || write
		if round != 0 {
			v.captureLoops = append(v.captureLoops, round)
		}
	} else if write {
		v.writtenAfter = v.writtenAfter || v.captured
		if round != 0 {
			v.writeLoops = append(v.writeLoops, round)
		}
	}
}

func (fn *function) noteFree(v *variable) {
	for _, f := range fn.free {
		if f == v {
			return
		}
	}
	fn.free = append(fn.free, v)
}

// global answers the binding that a name means outside of the method. Unknown
// names are reported and mean a global of their own.
func (c *compilation) global(n *ast.Variable) Binding {
	id := [2]string{n.Namespace, n.Name}
	if b := c.names.bindings[id]; b != nil {
		return *b
	}
	b, ok := c.env.Binding(n.Namespace, n.Name)
	if !ok {
		b = Binding{Name: n.Name, Undeclared: true}
		first, _ := utf8.DecodeRuneInString(n.Name)
		switch {
		case unicode.IsLower(first) || first == '_':
			c.errorf(n.Span, "%s is not declared", n.Name)
		case c.opt.UndeclaredIsError:
			c.errorf(n.Span, "%s is not known", n.Name)
		default:
			c.warnf(Undeclared, n, "%s is not known: it will be nil", n.Name)
		}
	}
	c.names.bindings[id] = &b
	return b
}
