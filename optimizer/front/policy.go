package front

import (
	"fmt"

	"github.com/sista-vm/sista/internal/threshold"
)

// Policy holds the thresholds of inlining. Names for Set are the fields' with hyphens:
// max-depth.
type Policy struct {
	MaxMethod           int `help:"bytes of bytecode of a method that is compiled"`
	MaxBytecodes        int `help:"bytes of bytecode in one compilation, inlined ones counted each time"`
	EnoughBytecodes     int `help:"bytes of bytecode in one compilation from which on only blocks, what is given one, and the smallest methods are inlined"`
	MaxDepth            int `help:"activations inside each other"`
	MaxRecursion        int `help:"activations of one method inside each other"`
	SmallMethod         int `help:"bytes of a method that is small, for one inside itself"`
	MaxSmallRecursion   int `help:"activations of a small method inside each other"`
	AlwaysInline        int `help:"bytes of a method that is inlined wherever it is known"`
	MaxInlinedBytecodes int `help:"bytes of a method that is inlined where it is called now and then"`
	HotFactor           int `help:"MaxInlinedBytecodes grows by this where calls are many"`
	HotCount            int `help:"counts that make calls many"`
	BlockFactor         int `help:"MaxInlinedBytecodes grows by this for a method that is given a block"`
	MaxEarly            int `help:"bytes of the part of a method that returns early, and is inlined though the method is not"`
	EarlyPermille       int `help:"share of calls that return there from which on it is"`
	MinCount            int `help:"counts below which only the smallest methods are inlined"`
	MaxCases            int `help:"receiver classes told apart at a send"`
	MegamorphicPermille int `help:"share of a class at a send with too many classes that is told apart"`
	FailurePermille     int `help:"share of a primitive's failures from which on it is sent"`
	MinBranches         int `help:"times a branch was reached before the way never taken is left to the interpreter"`
	MaxNest             int `help:"bytes of a nest of loops entered in the middle, those of the entered ones counted each time, with which each gets a head of its own"`
	MaxElements         int `help:"elements of an object that is made without asking the interpreter"`
}

// DefaultPolicy answers the thresholds used when nobody sets others.
func DefaultPolicy() Policy {
	return Policy{
		MaxMethod:           6000,
		MaxBytecodes:        2000,
		EnoughBytecodes:     800,
		MaxDepth:            14,
		MaxRecursion:        2,
		SmallMethod:         24,
		MaxSmallRecursion:   4,
		AlwaysInline:        12,
		MaxInlinedBytecodes: 60,
		HotFactor:           2,
		HotCount:            500,
		BlockFactor:         3,
		MaxEarly:            20,
		EarlyPermille:       100,
		MinCount:            4,
		MaxCases:            4,
		MegamorphicPermille: 400,
		FailurePermille:     10,
		MinBranches:         8,
		MaxNest:             1000,
		MaxElements:         1 << 20,
	}
}

// QuickPolicy answers the thresholds for code that is to be there soon: it inlines what
// is nearest.
func QuickPolicy() Policy {
	p := DefaultPolicy()
	p.MaxBytecodes, p.EnoughBytecodes = 600, 200
	return p
}

// Set gives the threshold of that name a value, as a flag of a command line does.
func (p *Policy) Set(name, value string) error {
	if err := threshold.Set(p, name, value); err != nil {
		return fmt.Errorf("front: %w", err)
	}
	return nil
}

// Each calls f with every threshold: its name for Set, its value, what it is.
func (p *Policy) Each(f func(name, value, help string)) { threshold.Each(p, f) }
