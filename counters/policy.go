package counters

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// Policy holds every threshold of feedback: of this package and of those that decide
// by it when to compile. Names for Set are the fields' with hyphens: max-cases.
type Policy struct {
	SampleEvery     uint64 `help:"calls and back edges between two samples of what runs, on average"`
	Window          uint64 `help:"calls and back edges for which feedback is gathered at a time, on average"`
	WindowDuty      uint64 `help:"one in so many calls and back edges is gathered at most, after the first windows"`
	GatherAfter     uint64 `help:"calls and back edges of a method before its feedback is gathered"`
	CompileAfter    uint64 `help:"calls and back edges of a method before it is compiled"`
	OSRAfter        uint64 `help:"back edges of one loop before it is entered compiled"`
	RecompileFactor uint64 `help:"lost bets that are borne grow by this with every compilation of the same"`
	Distrust        int    `help:"lost bets at a bytecode after which the bet is not made again; one is enough against what was never executed"`
	DistrustInlined int    `help:"times that somebody asks for an activation which was inlined after which it is not any more"`
	MaxDeopts       uint64 `help:"lost bets of one compilation after which there is another one"`
	LookEvery       uint64 `help:"microseconds between two looks at which machine code runs, as long as it matters"`
	LookDepth       uint64 `help:"activations of machine code that a look is at"`
	FullAfter       uint64 `help:"looks that find code running which inlines little, before it is compiled in full"`
	TemplateAfter   uint64 `help:"calls and back edges of a method before code is copied from templates for it; 0: never"`
	MaxCases        int    `help:"receiver classes told apart at a send, at most 4"`
	MaxDepth        int    `help:"longest call path, 1 to 3"`
	PollutedCases   int    `help:"receiver classes at a send that split it by caller"`
	MinSamples      uint64 `help:"counts at a path before it is believed rather than a shorter one"`
	ColdPermille    int    `help:"a branch taken in fewer of a thousand is taken to be never taken"`
	MaxPaths        int    `help:"paths in a table; sites are not split beyond"`
	DecayShift      int    `help:"powers of two a decay divides counts by"`
}

// Limits that the format has.
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

// bounds are what a field may be set to, where it is not any number.
var bounds = map[string][2]int{
	"SampleEvery":     {1, 1 << 30},
	"Window":          {1, 1 << 30},
	"WindowDuty":      {1, 1 << 30},
	"Distrust":        {1, 1 << 30},
	"DistrustInlined": {1, 1 << 30},
	"LookEvery":       {100, 1 << 30},
	"MaxCases":        {1, LimitCases},
	"MaxDepth":        {1, LimitDepth},
	"PollutedCases":   {1, LimitCases},
	"ColdPermille":    {0, 1000},
	"MaxPaths":        {1, 1 << 30},
	"DecayShift":      {1, 63},
}

// Set gives the threshold of that name a value, as a flag of a command line does.
func (p *Policy) Set(name, value string) error {
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i).Name
		if hyphened(field) != name {
			continue
		}
		if v.Field(i).Kind() == reflect.Uint64 {
			n, err := strconv.ParseUint(value, 0, 64)
			if err != nil {
				return fmt.Errorf("counters: %s: %q is no number", name, value)
			}
			if b, ok := bounds[field]; ok && (n < uint64(b[0]) || n > uint64(b[1])) {
				return fmt.Errorf("counters: %s: %d is not from %d to %d", name, n, b[0], b[1])
			}
			v.Field(i).SetUint(n)
			return nil
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("counters: %s: %q is no number", name, value)
		}
		if b, ok := bounds[field]; ok && (n < b[0] || n > b[1]) {
			return fmt.Errorf("counters: %s: %d is not from %d to %d", name, n, b[0], b[1])
		}
		v.Field(i).SetInt(int64(n))
		return nil
	}
	return fmt.Errorf("counters: no threshold %q", name)
}

// Each calls f with every threshold: its name for Set, its value, what it is.
func (p *Policy) Each(f func(name, value, help string)) {
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		f(hyphened(field.Name), fmt.Sprint(v.Field(i)), field.Tag.Get("help"))
	}
}

// hyphened writes GatherAfter as gather-after, OSRAfter as osr-after.
func hyphened(field string) string {
	var w strings.Builder
	for i, r := range field {
		last := i > 0 && unicode.IsUpper(rune(field[i-1]))
		next := i+1 < len(field) && unicode.IsLower(rune(field[i+1]))
		if i > 0 && unicode.IsUpper(r) && (!last || next) {
			w.WriteByte('-')
		}
		w.WriteRune(unicode.ToLower(r))
	}
	return w.String()
}
