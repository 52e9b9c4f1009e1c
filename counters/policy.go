package counters

import (
	"fmt"

	"github.com/sista-vm/sista/internal/threshold"
)

// Policy holds every threshold of feedback: of this package and of those that decide
// by it when to compile. Names for Set are the fields' with hyphens: max-cases.
type Policy struct {
	SampleEvery     uint64 `help:"calls and back edges between two samples of what runs, on average" from:"1" to:"0x40000000"`
	Window          uint64 `help:"calls and back edges for which feedback is gathered at a time, on average" from:"1" to:"0x40000000"`
	WindowDuty      uint64 `help:"one in so many calls and back edges is gathered at most, after the first windows" from:"1" to:"0x40000000"`
	GatherAfter     uint64 `help:"calls and back edges of a method before its feedback is gathered"`
	CompileAfter    uint64 `help:"calls and back edges of a method before it is compiled"`
	OSRAfter        uint64 `help:"back edges of one loop before it is entered compiled"`
	RecompileFactor uint64 `help:"lost bets that are borne grow by this with every compilation of the same"`
	Distrust        int    `help:"lost bets at a bytecode after which the bet is not made again; one is enough against what was never executed" from:"1" to:"0x40000000"`
	DistrustInlined int    `help:"times that somebody asks for an activation which was inlined after which it is not any more" from:"1" to:"0x40000000"`
	MaxDeopts       uint64 `help:"lost bets of one compilation after which there is another one"`
	LookEvery       uint64 `help:"microseconds between two looks at which machine code runs, as long as it matters" from:"100" to:"0x40000000"`
	LookDepth       uint64 `help:"activations of machine code that a look is at"`
	FullAfter       uint64 `help:"looks that find code running which inlines little, before it is compiled in full"`
	TemplateAfter   uint64 `help:"calls and back edges of a method before code is copied from templates for it; 0: never"`
	MaxCases        int    `help:"receiver classes told apart at a send, at most 4" from:"1" to:"4"`
	MaxDepth        int    `help:"longest call path, 1 to 3" from:"1" to:"3"`
	PollutedCases   int    `help:"receiver classes at a send that split it by caller" from:"1" to:"4"`
	MinSamples      uint64 `help:"counts at a path before it is believed rather than a shorter one"`
	ColdPermille    int    `help:"a branch taken in fewer of a thousand is taken to be never taken" from:"0" to:"1000"`
	MaxPaths        int    `help:"paths in a table; sites are not split beyond" from:"1" to:"0x40000000"`
	DecayShift      int    `help:"powers of two a decay divides counts by" from:"1" to:"63"`
}

// Limits that the format has; the tags of Policy repeat them.
const (
	LimitCases = 4
	LimitDepth = 3
)

// DefaultPolicy answers the thresholds used when nobody sets others.
func DefaultPolicy() Policy {
	return Policy{
		SampleEvery:     1000,
		Window:          400,
		WindowDuty:      10,
		GatherAfter:     30,
		CompileAfter:    1500,
		OSRAfter:        10000,
		RecompileFactor: 2,
		Distrust:        2,
		DistrustInlined: 30,
		MaxDeopts:       4,
		LookEvery:       1000,
		LookDepth:       4,
		FullAfter:       3,
		TemplateAfter:   1,
		MaxCases:        4,
		MaxDepth:        3,
		PollutedCases:   3,
		MinSamples:      16,
		ColdPermille:    1,
		MaxPaths:        1 << 18,
		DecayShift:      1,
	}
}

// Set gives the threshold of that name a value, as a flag of a command line does.
func (p *Policy) Set(name, value string) error {
	if err := threshold.Set(p, name, value); err != nil {
		return fmt.Errorf("counters: %w", err)
	}
	return nil
}

// Each calls f with every threshold: its name for Set, its value, what it is.
func (p *Policy) Each(f func(name, value, help string)) { threshold.Each(p, f) }
