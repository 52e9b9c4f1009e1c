package vm_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/reference"
)

// disturbed answers a program of reference.Generate that comes to the same, but whose method note:, which
// the others call all the time, does now and then what machine code must bear: methods that
// run are redefined (as what they are), overridden and not any more, classes get another shape with activations and
// instances around (variables come and go; those of subclasses move), objects become copies of themselves and of another class, receivers
// of what runs among them, the stack is looked at and printed, other processes run and are terminated,
// exceptions of all kinds are handled in all ways, activations are left from below.
func disturbed(p *reference.Program, seed uint64) *reference.Program {
	d := &reference.Program{Expression: p.Expression, Classes: append([]reference.Class(nil), p.Classes...)}
	c := &d.Classes[0]
	c.Methods = append([]string(nil), c.Methods...)
	own := len(c.Methods)
	for i, m := range c.Methods {
		if strings.HasPrefix(m, "note: x\n") {
			c.Methods[i] = strings.Replace(m, "note: x\n", "note: x\n\tself disturb.\n", 1)
		}
	}
	shape := func(c *reference.Class, variables ...string) string {
		return fmt.Sprintf("%s subclass: #%s instanceVariableNames: '%s' classVariableNames: '' package: 'Generated'",
			c.Superclass, c.Name, strings.Join(variables, " "))
	}
	vars, sub := c.InstVars, &d.Classes[1+seed%uint64(len(d.Classes)-1)]
	redefine := func(n uint64) string {
		for ; ; n++ {
			k := &d.Classes[n%uint64(len(d.Classes))]
			methods := k.Methods
			if n%uint64(len(d.Classes)) == 0 || len(methods) == 0 {
				k, methods = c, c.Methods[:own]
			}
			compile := fmt.Sprintf("%s compile: %s", k.Name, ast.Quote(methods[n/3%uint64(len(methods))]))
			if !strings.Contains(p.Expression, compile) { // else the program gives it other sources while it runs
				return compile
			}
		}
	}
	acts := []string{
		redefine(seed), redefine(seed / 5), redefine(seed / 11),
		shape(c, append(slices.Clone(vars), "extra")...), shape(c, vars...),
		shape(sub, append([]string{"more"}, sub.InstVars...)...), shape(sub, sub.InstVars...),
		fmt.Sprintf("%s compile: 'find: aBlock ^super find: aBlock'", sub.Name), sub.Name + " removeSelector: #find:",
		"array become: array copy",
		"array becomeForward: array copy",
		"self become: self copy",
		"self becomeForward: self copy",
		fmt.Sprintf("(self isMemberOf: %s) ifTrue: [%s adoptInstance: self. self deep: 3. %s adoptInstance: self]", d.Classes[3].Name, c.Name, d.Classes[3].Name),
		"self walk: thisContext",
		"self walk: thisContext sender",
		"thisContext sender printString",
		"Processor yield",
		"[ self walk: thisContext ] fork. Processor yield",
		"self exchange",
		"self resuming. self retrying. self passing",
		"self leaving; curtailed; terminating",
		"self outer. self failing. (self through: 7) = 7 ifFalse: [self zorkThrough]",
		"self deep: 300",
		"Smalltalk garbageCollect",
	}
	// A program that calls often is disturbed a thousand times now and then, else it would take hours.
	disturb := "disturb\n\t| n |\n\tarray isNil ifTrue: [^self].\n\tn := Smalltalk at: #Disturbances put: (Smalltalk at: #Disturbances ifAbsent: [0]) + 1.\n" +
		"\tn \\\\ 20000 > 1000 ifTrue: [^self].\n\tn := (n * 7919 + %d) \\\\ %d.\n"
	disturb = fmt.Sprintf(disturb, seed%1000, 5*len(acts))
	for i, a := range acts {
		disturb += fmt.Sprintf("\tn = %d ifTrue: [%s. ^self].\n", i, a)
	}
	c.Methods = append(c.Methods, disturb,
		"walk: aContext\n\t| c n |\n\tc := aContext.\n\tn := 0.\n\t[c isNil] whileFalse: [n := n + c method numTemps + c printString size. c := c sender].\n\t^n",
		"exchange\n\t| s n p |\n\tn := 0.\n\ts := Semaphore new.\n\tp := [1 to: 3 do: [:i | s wait. n := n + i. Processor yield]] fork.\n\t3 timesRepeat: [s signal. Processor yield].\n\tp terminate.\n\t^n",
		"resuming\n\t^1 to: 3 do: [:i | ([(Warning signal: 'w') + i] on: Warning do: [:e | e resume: i]) = (i + i) ifFalse: [self zorkResume]]",
		"retrying\n\t| k |\n\tk := 0.\n\t[k := k + 1. k < 4 ifTrue: [Error signal: 'again']] on: Error do: [:e | e retry].\n\tk = 4 ifFalse: [self zorkRetry].\n\t([nil zork] on: MessageNotUnderstood do: [:e | e retryUsing: [7]]) = 7 ifFalse: [self zorkRetryUsing]",
		"passing\n\t| k |\n\tk := 0.\n\t([[[Error signal: 'x'. 1] ensure: [k := k + 1]] on: Error do: [:e | e pass]] on: Error do: [:e | e return: 5]) = 5 ifFalse: [self zorkPass].\n\tk = 1 ifFalse: [self zorkEnsure]",
		"leaving\n\t#(1 2 3) do: [:e | [e = 2 ifTrue: [^self]] ensure: [self deep: e]]",
		"curtailed\n\t| k |\n\tk := 0.\n\t[[1 to: 5 do: [:i | i = 4 ifTrue: [Error signal]. k := k + 1]] ifCurtailed: [k := k + 100]] on: Error do: [:e | e return].\n\tk = 103 ifFalse: [self zorkCurtailed]",
		"terminating\n\t| p k |\n\tk := 0.\n\tp := [[#(1 2) do: [:e | Semaphore new wait]] ensure: [k := k + 1]] fork.\n\tProcessor yield.\n\tp terminate.\n\tk = 1 ifFalse: [self zorkTerminate]",
		"outer\n\t([[(Warning signal: 'w') * 10] on: Warning do: [:e | e outer + 1]] on: Warning do: [:e | e resume: 4]) = 5 ifFalse: [self zorkOuter].\n"+
			"\t([[nil zork] on: Error do: [:e | e resignalAs: Warning new]] on: Warning do: [:e | e return: 7]) = 7 ifFalse: [self zorkResignal].\n"+
			"\t([[Error signal] on: Error do: [:e | e signal]] on: Error do: [8]) = 8 ifFalse: [self zorkSignal]",
		"failing\n\t| k |\n\tk := 0.\n\t([[k := k + 1] ensure: [nil zork]] on: Error do: [:e | e return: 3]) = 3 ifFalse: [self zorkInEnsure].\n"+
			"\t([[nil zork] on: Error do: [:e | k // 0]] on: ZeroDivide do: [9]) = 9 ifFalse: [self zorkInHandler].\n"+
			"\t([[k // 0] ensure: [k := k + 1. [nil zork] on: Error do: [:e | k := k + 1]]] on: ZeroDivide do: [:e | e return]) isNil ifFalse: [self zorkReturn].\n"+
			"\tk = 3 ifFalse: [self zorkInUnwinding]",
		"through: n\n\t1 to: n do: [:i | [[[i = n ifTrue: [^n]] ensure: [self deep: 2]] ifCurtailed: [i + 1]] on: Error do: [:e | ^0]].\n\t^nil",
		"deep: n\n\t^n = 0 ifTrue: [thisContext sender printString size] ifFalse: [1 + (self deep: n - 1)]",
	)
	return d
}
