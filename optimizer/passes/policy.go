package passes

import (
	"fmt"

	"github.com/sista-vm/sista/internal/threshold"
)

// A Policy holds the thresholds of the passes. Names for Set are the fields' with
// hyphens: max-scalar-slots.
type Policy struct {
	MaxScalarSlots  int `help:"most fields of an object that is replaced by values"`
	MaxScalarRounds int `help:"depth of objects in objects that are replaced"`
	MaxRotated      int `help:"most values at the head of a loop that are copied before it"`
	MaxPeeled       int `help:"most values of a loop whose first round is copied before it"`
	MaxTail         int `help:"most values on a way to a return that is copied because its tests are decided"`
	MaxTails        int `help:"most values of all ways that are copied like that"`
	WidenAfter      int `help:"visits of a parameter before its range is widened"`
	MaxFacts        int `help:"most locations whose value is known at one place"`
	MaxUnpolled     int `help:"most operations that a loop without a poll may execute"`

	// LeaveAnyway says that a test may leave code at guards that hold, so states must not
	// say what is so only because the guard failed. It is no threshold.
	LeaveAnyway bool
}

// DefaultPolicy answers the thresholds that are used when nobody sets others.
func DefaultPolicy() *Policy {
	return &Policy{MaxScalarSlots: 32, MaxScalarRounds: 5, MaxRotated: 24, MaxPeeled: 80, MaxTail: 128, MaxTails: 512, WidenAfter: 3, MaxFacts: 256,
		MaxUnpolled: 100000}
}

// Set gives the threshold of that name a value, as a flag of a command line does.
func (p *Policy) Set(name, value string) error {
	if err := threshold.Set(p, name, value); err != nil {
		return fmt.Errorf("passes: %w", err)
	}
	return nil
}

// Each calls f with every threshold: its name for Set, its value, what it is.
func (p *Policy) Each(f func(name, value, help string)) { threshold.Each(p, f) }
