package counters

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// A Method names a method or block, for whoever owns the table. 0 names none.
type Method uint64

// A Class names a class, for whoever owns the table.
type Class uint32

// A Site is a bytecode.
type Site struct {
	Method Method
	PC     uint32
}

// A Path is a site, the site that called its method, and the one that called that;
// those not known are zero. It starts with the innermost.
type Path [LimitDepth]Site

// MakePath answers the path of one to three sites.
func MakePath(sites ...Site) Path {
	var p Path
	copy(p[:], sites)
	return p
}

// Len answers the number of sites. The first always counts.
func (p Path) Len() int {
	n := 1
	for n < len(p) && p[n] != (Site{}) {
		n++
	}
	return n
}

// Prefix answers the path of the n innermost sites.
func (p Path) Prefix(n int) Path { return MakePath(p[:n]...) }

func comparePaths(p, q Path) int {
	for i := range p {
		if c := cmp.Or(cmp.Compare(p[i].Method, q[i].Method), cmp.Compare(p[i].PC, q[i].PC)); c != 0 {
			return c
		}
	}
	return 0
}

// A Table is the feedback of one program.
type Table struct {
	policy      Policy
	sends       map[Path]*Send
	evaluations map[Path]*Evaluation
	branches    map[Path]*Branch
	loops       map[Path]*Loop
	allocations map[Path]*Allocation
	failures    map[Path]*Failure
	depth       map[Site]int // of sites that were split

	changes        uint64 // of where records are, and 1
	recentSends    recent[Send]
	recentBranches recent[Branch]
	recentLoops    recent[Loop]
}

// New answers an empty table.
func New(p Policy) *Table {
	return &Table{policy: p, changes: 1, sends: map[Path]*Send{}, evaluations: map[Path]*Evaluation{}, branches: map[Path]*Branch{}, loops: map[Path]*Loop{},
		allocations: map[Path]*Allocation{}, failures: map[Path]*Failure{}, depth: map[Site]int{}}
}

// Policy answers the thresholds of the table.
func (t *Table) Policy() Policy { return t.policy }

// Len answers the number of paths that have feedback, each kind counted.
func (t *Table) Len() int {
	return len(t.sends) + len(t.evaluations) + len(t.branches) + len(t.loops) + len(t.allocations) + len(t.failures)
}

// Depth answers how many sites of a path feedback of a site is kept under.
func (t *Table) Depth(s Site) int { return max(t.depth[s], 1) }

// place answers the path under which something that happened is kept.
func (t *Table) place(p Path) Path { return p.Prefix(min(t.Depth(p[0]), p.Len())) }

func get[T any](m map[Path]*T, p Path) *T {
	r := m[p]
	if r == nil {
		r = new(T)
		m[p] = r
	}
	return r
}

// CountSend counts a send to an object of a class that found a method. Too many
// classes at one path split the site.
func (t *Table) CountSend(p Path, c Class, target Method) {
	s := recall(t, &t.recentSends, t.sends, &p)
	s.add(Case{c, target, 1}, t.policy.MaxCases)
	t.split(p, s.degree())
}

// CountEvaluation counts a send that evaluated a block. Too many blocks at one path split
// the site.
func (t *Table) CountEvaluation(p Path, block Method) {
	e := get(t.evaluations, t.place(p))
	e.add(BlockCase{block, 1}, t.policy.MaxCases)
	t.split(p, len(e.Cases))
}

// split has a polluted site be counted by its caller, too.
func (t *Table) split(p Path, cases int) {
	if cases < t.policy.PollutedCases {
		return
	}
	if d := t.Depth(p[0]); d < t.policy.MaxDepth && t.Len() < t.policy.MaxPaths {
		if p.Len() > d {
			t.depth[p[0]] = d + 1
			t.changes++
		}
	}
}

// CountBranch counts a conditional jump.
func (t *Table) CountBranch(p Path, taken bool) {
	b := recall(t, &t.recentBranches, t.branches, &p)
	add(&b.Reached, 1)
	if taken {
		add(&b.Taken, 1)
	}
}

// CountLoop counts back edges.
func (t *Table) CountLoop(p Path, n uint64) {
	add(&recall(t, &t.recentLoops, t.loops, &p).BackEdges, n)
}

// CountAllocation counts an object.
func (t *Table) CountAllocation(p Path, c Class, elements uint64) {
	get(t.allocations, t.place(p)).add(AllocationCase{c, 1, elements}, t.policy.MaxCases)
}

// CountFailure counts a primitive that failed with a code.
func (t *Table) CountFailure(p Path, code uint8) {
	f := get(t.failures, t.place(p))
	f.add(FailureCase{code, 1})
}

// find answers the longest prefix of a path that has enough samples, else the one
// with most.
func find[T any, R interface {
	*T
	Samples() uint64
}](m map[Path]*T, p Path, enough uint64) (best R, depth int) {
	for n := p.Len(); n > 0; n-- {
		r := R(m[p.Prefix(n)])
		if r == nil {
			continue
		}
		if r.Samples() >= enough {
			return r, n
		}
		if best == nil || r.Samples() > best.Samples() {
			best, depth = r, n
		}
	}
	return best, depth
}

// Send answers the feedback of a send and the length of the path it is kept under;
// nil if there is none.
func (t *Table) Send(p Path) (*Send, int) { return find(t.sends, p, t.policy.MinSamples) }

// Evaluation answers which blocks a send evaluates, as Send does.
func (t *Table) Evaluation(p Path) (*Evaluation, int) {
	return find(t.evaluations, p, t.policy.MinSamples)
}

// Branch answers the feedback of a conditional jump, as Send does.
func (t *Table) Branch(p Path) (*Branch, int) { return find(t.branches, p, t.policy.MinSamples) }

// Loop answers the feedback of a back edge, as Send does.
func (t *Table) Loop(p Path) (*Loop, int) { return find(t.loops, p, t.policy.MinSamples) }

// Allocation answers the feedback of an allocation, as Send does.
func (t *Table) Allocation(p Path) (*Allocation, int) {
	return find(t.allocations, p, t.policy.MinSamples)
}

// Failure answers the feedback of a primitive at a send, as Send does.
func (t *Table) Failure(p Path) (*Failure, int) { return find(t.failures, p, t.policy.MinSamples) }

// add adds without overflow.
func add(count *uint64, n uint64) {
	if *count > math.MaxUint64-n {
		*count = math.MaxUint64
		return
	}
	*count += n
}

// sorted answers the paths of a map in order.
func sorted[T any](m map[Path]*T) []Path { return slices.SortedFunc(maps.Keys(m), comparePaths) }
