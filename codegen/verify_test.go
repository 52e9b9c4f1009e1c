package codegen

import (
	"slices"
	"testing"

	"github.com/sista-vm/sista/optimizer/ir"
)

// busy has a loop with everything: a send, a poll, an allocation, guards and values of
// all classes that live over them.
const busy = `
func "m" {
	class #51 "Array" format 2 fixed 0
	class #100 "Point" format 1 fixed 2
	method "m" $100
b0(v0:oop, v1:oop, v2:oop):
	v3:smi = guardsmi v1 !notSmallInteger {reexecute "m" @0 self v0 temps [v1 v2] stack []}
	v4:int = untag v3
	v5:int = constint 1
	v6:obj = guardclass #100 v2 !wrongClass {reexecute "m" @1 self v0 temps [v1 v2] stack []}
	v7:oop = loadslot #0 v6
	v8:float = constfloat 0.5
	jump b1(v5, v7, v8)
b1(v10:int, v11:oop, v12:float):
	v13:bool = ile v10, v4
	branch v13, b2(), b3()
b2():
	v14:float = fadd v12, v8
	v15:oop = send "foo" $7 v11, v6 !invalidated {resume "m" @2 self v0 temps [v1 v2 v10 v14] stack []}
	v16:obj = new #100 v15, v11 !noMemory {reexecute "m" @3 self v0 temps [v1 v2 v10 v14 v15] stack []}
	storeslot #1 v6, v16
	v17:int = iaddo v10, v5 !overflow {reexecute "m" @4 self v0 temps [v1 v2 v10 v14 v16] stack []}
	poll !request {reexecute "m" @5 self v0 temps [v1 v2 v17 v14 v16] stack []}
	jump b1(v17, v16, v14)
b3():
	v20:oop = boxfloat v12 !noMemory {reexecute "m" @6 self v0 temps [v1 v2 v10 v12 v11] stack []}
	v21:obj = new #51 v20, v11 !noMemory {reexecute "m" @7 self v0 temps [v1 v2 v10 v12 v11] stack []}
	return v21
}`

func plan0(t *testing.T, text string) *plan {
	t.Helper()
	f, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Verify(); err != nil {
		t.Fatal(err)
	}
	p, err := build(f, Options{Method: 100, Temps: 3})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestVerifier spoils allocated code in every way there is, and expects that most ways
// are noticed: what is not stored again, loaded again, moved or mapped.
func TestVerifier(t *testing.T) {
	if err := plan0(t, busy).verify(); err != nil {
		t.Fatal(err)
	}
	caught, tried := map[string]int{}, map[string]int{}
	spoil := func(name string, change func(p *plan, n int) bool) {
		for n := 0; ; n++ {
			p := plan0(t, busy)
			if !change(p, n) {
				break
			}
			tried[name]++
			if p.verify() != nil {
				caught[name]++
			}
		}
		if tried[name] == 0 || caught[name] == 0 {
			t.Errorf("%s: tried %d times, noticed %d times", name, tried[name], caught[name])
		}
	}
	keys := func(p *plan) (ks []int32) {
		for k := range p.points {
			ks = append(ks, k)
		}
		slices.Sort(ks)
		return ks
	}
	at := func(count func(*point) int, change func(pt *point, i int)) func(p *plan, n int) bool {
		return func(p *plan, n int) bool {
			for _, k := range keys(p) {
				if c := count(p.points[k]); n >= c {
					n -= c
					continue
				}
				change(p.points[k], n)
				return true
			}
			return false
		}
	}
	saves := func(pt *point) int { return len(pt.saves) }
	oops := func(pt *point) int { return len(pt.oops) }
	spoil("no reload", at(saves, func(pt *point, i int) { pt.saves[i].reload = false }))
	spoil("no save", at(saves, func(pt *point, i int) { pt.saves[i].store = false }))
	spoil("not in a map", at(oops, func(pt *point, i int) { pt.oops = slices.Delete(pt.oops, i, i+1) }))
	spoil("wrong slot in a map", at(oops, func(pt *point, i int) { pt.oops[i]++ }))
	spoil("no move on an edge", func(p *plan, n int) bool {
		for i, list := range p.out {
			if n < len(list) {
				p.out[i] = slices.Delete(list, n, n+1)
				return true
			}
			n -= len(list)
		}
		return false
	})
	spoil("no store of a definition", func(p *plan, n int) bool {
		var ks []int32
		for k := range p.after {
			ks = append(ks, k)
		}
		slices.Sort(ks)
		if n < len(ks) {
			delete(p.after, ks[n])
		}
		return n < len(ks)
	})
	spoil("another register", func(p *plan, n int) bool {
		for _, q := range p.pieces {
			for ; q != nil; q = q.next {
				if q.reg == noReg {
					continue
				}
				if n == 0 {
					if q.reg++; q.reg == rTmp {
						q.reg++
					}
					return true
				}
				n--
			}
		}
		return false
	})
	t.Logf("noticed %v of %v", caught, tried)
}
