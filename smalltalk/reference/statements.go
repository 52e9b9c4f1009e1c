package reference

import (
	"fmt"
	"strings"
)

// statements writes statements until the budget of the method is spent.
func (g *generator) statements() {
	for g.budget > 0 {
		g.statement()
	}
}

// statementOf makes a statement of an expression with an integer value.
func (g *generator) statementOf(e string) string {
	if v, ok := g.pick(anInteger, true); ok && g.chance(60) {
		return v + " := " + e + "."
	}
	return "self note: (" + e + ")."
}

// statement writes one statement.
func (g *generator) statement() {
	g.budget--
	nested := g.budget > 0 && g.indent < 4
	for {
		switch g.IntN(25) {
		case 0, 1, 2:
			if v, ok := g.pick(anInteger, true); ok {
				g.line("%s := %s.", v, g.tamed(g.integer(3)))
				return
			}
		case 3:
			if v, ok := g.pick(aFloat, true); ok {
				g.line("%s := %s.", v, g.float(3))
				return
			}
		case 4:
			if v, ok := g.pick(aBoolean, true); ok {
				g.line("%s := %s.", v, g.boolean(3))
				return
			}
		case 5:
			if v, ok := g.pick(perhaps, true); ok {
				g.line("%s ifNil: [%s := %s].", v, v, g.integer(2))
				return
			}
		case 6:
			g.line("self note: %s.", g.value([]kind{anInteger, anInteger, aBoolean, aFloat}[g.IntN(4)], 2))
			return
		case 7:
			g.line("%s note: %s; note: %s; yourself.", []string{"self", "self", "other", "super"}[g.noter()], g.integer(1), g.integer(2))
			return
		case 8:
			if v, ok := g.pick(anArray, false); ok {
				g.line("%s at: %s put: %s.", v, g.index(), g.tamed(g.integer(2)))
				return
			}
		case 9:
			if v, ok := g.pick(aList, false); ok {
				g.line("%s size < 20 ifTrue: [%s add: %s; addFirst: %s].", v, v, g.integer(2), g.integer(1))
				return
			}
		case 10:
			if nested {
				g.conditional()
				return
			}
		case 11, 12, 13:
			if nested && g.loops < 2 {
				g.loop()
				return
			}
		case 14:
			if g.mayReturn {
				g.line("%s ifTrue: [^%s].", g.boolean(2), g.integer(2))
				return
			}
		case 15:
			if v, ok := g.pick(aBlocks, false); ok {
				g.blocks(v)
				return
			}
		case 16:
			if v, ok := g.pick(aBlock, true); ok {
				g.line("%s := %s.", v, g.block(2))
				return
			}
		case 17:
			if nested {
				g.line("[%s] ensure: [self note: %d].", g.body(nil, true), g.IntN(100))
				return
			}
		case 18:
			g.line("%s", g.statementOf(g.guarded()))
			return
		case 19:
			if nested {
				g.line("self each: [:%s |%s].", "e", g.body([]name{{"e", anInteger, true}}, true))
				return
			}
		case 20:
			if v, ok := g.pick(perhaps, false); ok && nested {
				n := g.fresh("n")
				g.line("%s ifNotNil: [:%s |%s].", v, n, g.body([]name{{n, anInteger, true}}, true))
				return
			}
		case 21:
			if g.chance(6) {
				g.line("%s", g.mistake())
				return
			}
		case 22:
			if g.chance(30) {
				g.line("%s.", g.become())
				return
			}
		case 23:
			if len(g.redefinitions) > 0 && g.loops < 2 && g.chance(40) {
				g.line("%s.", g.redefine())
				return
			}
		case 24:
			if nested && g.loops < 2 && g.chance(50) {
				k := g.fresh("k")
				g.line("kin do: [:%s | %s].", k, strings.TrimSuffix(g.statementOf("("+k+" tell: "+g.integer(1)+")"), "."))
				return
			}
		}
	}
}

// become writes a statement by which objects become others of the same size.
func (g *generator) become() string {
	if l, ok := g.pick(aList, false); ok && g.chance(30) {
		m, _ := g.pick(aList, false)
		return l + " become: " + m
	}
	if a, ok := g.pick(anArray, false); ok && g.chance(50) {
		if b, _ := g.pick(anArray, false); g.chance(50) {
			return a + " become: " + b
		}
		return a + " become: " + g.array(1)
	}
	if g.chance(50) {
		return "self become: (self class new start; yourself)"
	}
	i, j := 1+g.IntN(kinSize-1), 1+g.IntN(kinSize-1)
	return fmt.Sprintf("(kin at: %d) become: (kin at: %d)", i, j)
}

// redefine writes a statement by which a method becomes another, or what it was.
func (g *generator) redefine() string {
	r := &g.redefinitions[g.IntN(len(g.redefinitions))]
	if r.original != "" && g.chance(40) {
		return r.compile(r.original)
	}
	return r.compile(r.source)
}

// noter chooses who takes a note: super only where it has that method.
func (g *generator) noter() int {
	if g.class > 0 {
		return g.IntN(4)
	}
	return g.IntN(2)
}

// mistake writes a statement that is an error, often.
func (g *generator) mistake() string {
	return g.oneOf(
		func() string { return "self zorkAt: " + g.integer(1) + "." },
		func() string { return g.integer(1) + " ifTrue: [self note: 1]." },
		func() string { return "array at: " + g.integer(2) + "." },
		func() string { return "self note: " + g.integer(1) + " // (" + g.integer(1) + " bitAnd: 1)." },
		func() string { return "[:x | x] value." },
		func() string { return "other " + g.call(g.callee(), func() string { return g.integer(1) }) + "." },
		func() string { return "(self leaving: " + g.integer(1) + ") value: " + g.integer(1) + "." },
	)
}

// conditional writes a control structure that chooses.
func (g *generator) conditional() {
	condition := g.boolean(3)
	switch g.IntN(5) {
	case 0:
		g.line("%s ifTrue: [%s].", condition, g.body(nil, true))
	case 1:
		g.line("%s ifFalse: [%s].", condition, g.body(nil, true))
	case 2:
		g.line("%s\n%sifTrue: [%s]\n%sifFalse: [%s].", condition, g.tabs(2), g.body(nil, true), g.tabs(2), g.body(nil, true))
	case 3:
		g.line("(%s and: [%s]) ifTrue: [%s].", condition, g.boolean(2), g.body(nil, true))
	case 4:
		g.line("(%s or: [%s]) ifFalse: [%s].", condition, g.boolean(2), g.body(nil, true))
	}
}

func (g *generator) tabs(n int) string { return strings.Repeat("\t", g.indent+n) }

// limit writes a small number of rounds.
func (g *generator) limit() string {
	if g.chance(60) {
		return fmt.Sprint(g.IntN(6))
	}
	return "(" + g.integer(1) + ` \\ 5)`
}

// loop writes a loop with a bounded number of rounds.
func (g *generator) loop() {
	g.loops++
	defer func() { g.loops-- }()
	i := g.fresh("i")
	counter := []name{{i, anInteger, true}}
	switch g.IntN(9) {
	case 0, 1:
		g.line("%d to: %s do: [:%s |%s].", g.IntN(3), g.limit(), i, g.body(counter, true))
	case 2:
		g.line("%s to: %d by: %d do: [:%s |%s].", g.limit(), -g.IntN(3), -1-g.IntN(2), i, g.body(counter, true))
	case 3:
		g.line("%s timesRepeat: [%s].", g.limit(), g.body(nil, true))
	case 4, 5:
		g.while()
	case 6:
		if v, ok := g.pick(anArray, false); ok {
			g.line("%s do: [:%s |%s].", v, i, g.body(counter, true))
			return
		}
		fallthrough
	case 7:
		// A block in a variable: the loop is a real send.
		g.line("%d to: %s do: %s.", g.IntN(2), g.limit(), g.block(2))
	case 8:
		g.line("self upTo: %s do: [:%s |%s].", g.limit(), i, g.body(counter, true))
	}
}

// while writes a loop with a counter that nothing else assigns, in a scope of
// its own: a block, a round of a loop, or the branch of a conditional.
func (g *generator) while() {
	k := g.fresh("k")
	opening := []string{"#(1) do: [:" + g.fresh("e") + " | ", "1 to: 2 do: [:" + g.fresh("e") + " | ", "true ifTrue: ["}
	g.line("%s| %s |", opening[g.IntN(len(opening))], k)
	g.indent++
	g.line("%s := %s.", k, g.limit())
	test, message := k+" > 0", "whileTrue:"
	if g.chance(40) {
		test, message = k+" <= 0", "whileFalse:"
	}
	if g.chance(40) {
		test += map[string]string{"whileTrue:": " and: [", "whileFalse:": " or: ["}[message] + g.boolean(2) + "]"
	}
	if g.chance(20) {
		test = "self note: " + k + ". " + test
	}
	g.line("[%s] %s [%s", test, message, g.body([]name{{k, anInteger, true}}, true))
	g.line("\t%s := %s - 1]].", k, k)
	g.indent--
}

// blocks writes statements that collect closures and evaluate them later.
func (g *generator) blocks(v string) {
	i := g.fresh("i")
	switch g.IntN(3) {
	case 0:
		g.line("%s size < 8 ifTrue: [%s add: [%s]].", v, v, g.integer(2))
	case 1:
		// Closures that share a variable of the round they were made in.
		t := g.fresh("t")
		g.line("1 to: 3 do: [:%s | | %s | %s := %s. %s size < 8 ifTrue: [%s add: [%s := %s + %s. %s]]].",
			i, t, t, g.integer(1), v, v, t, t, i, t)
	case 2:
		g.line("%s do: [:%s | self note: %s value].", v, i, i)
	}
}
