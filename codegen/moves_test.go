package codegen

import (
	"math/rand/v2"
	"testing"
)

// TestSequence executes random moves one after the other, and expects what they do at once.
func TestSequence(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	places := []loc{locReg(0), locReg(1), locReg(2), locReg(6), locSlot(0), locSlot(1), locSlot(2), locArg(0)}
	for range 20000 {
		before := map[loc]int{}
		for i, p := range places {
			before[p] = i + 1
		}
		want := map[loc]int{}
		var moves []move
		for _, i := range r.Perm(len(places))[:r.IntN(len(places)+1)] {
			m := move{to: places[i], src: places[r.IntN(len(places))]}
			want[m.to] = before[m.src]
			if r.IntN(6) == 0 {
				m = move{to: places[i], src: locNone, from: imm(100)}
				want[m.to] = 100
			}
			moves = append(moves, m)
		}
		now := map[loc]int{}
		for p, x := range before {
			now[p] = x
		}
		for _, m := range sequence(moves) {
			if now[m.to] = 100; m.from.kind == oNone {
				now[m.to] = now[m.src]
			}
		}
		for _, p := range places {
			x, ok := want[p]
			if !ok {
				x = before[p]
			}
			if now[p] != x {
				t.Fatalf("%v: %v holds %d, not %d", moves, p, now[p], x)
			}
		}
	}
}
