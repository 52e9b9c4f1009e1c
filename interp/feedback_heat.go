package interp

import (
	"maps"
	"slices"

	"github.com/sista-vm/sista/heap"
)

// MethodHeat is what is counted of a method or block, besides the feedback of its sites.
type MethodHeat struct {
	Method  heap.Oop
	Heat    uint64 // activations and back edges
	Windows int    // opened for it
	Entered uint64 // activations seen in windows
	Loops   []LoopHeat
}

// LoopHeat is what is counted of the loop with its head at PC.
type LoopHeat struct {
	PC   int
	Heat uint64
}

// Heats answers what is counted of all methods.
func (in *Interp) Heats() []MethodHeat {
	var all []MethodHeat
	for _, r := range in.feedback.methods.records {
		if r == nil || r.heat == 0 && r.entered == 0 {
			continue
		}
		h := MethodHeat{r.method, r.heat, r.windows, r.entered, nil}
		for _, pc := range slices.Sorted(maps.Keys(r.loops)) {
			h.Loops = append(h.Loops, LoopHeat{pc, r.loops[pc].heat})
		}
		all = append(all, h)
	}
	return all
}

// AddHeat adds what was counted of a method in another process.
func (in *Interp) AddHeat(h MethodHeat) {
	r := in.feedback.methods.record(h.Method)
	r.heat += h.Heat
	r.entered += h.Entered
	r.windows += h.Windows
	r.gatherAt = max(r.gatherAt, r.heat+r.heat/2)
	for _, l := range h.Loops {
		r.loop(l.PC).heat += l.Heat
	}
}
