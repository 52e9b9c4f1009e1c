package passes

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// A Policy holds the thresholds of the passes. Names for Set are the fields' with
// hyphens: max-scalar-slots.
type Policy struct {
	MaxScalarSlots  int `help:"most fields of an object that is replaced by values"`
	MaxScalarRounds int `help:"depth of objects in objects that are replaced"`
	MaxRotated      int `help:"most values at the head of a loop that are copied before it"`
	MaxPeeled       int `help:"most values of a loop whose first round is copied before it"`
	WidenAfter      int `help:"visits of a parameter before its range is widened"`
	MaxFacts        int `help:"most locations whose value is known at one place"`

	// LeaveAnyway says that a test may leave code at guards that hold, so states must not
	// say what is so only because the guard failed. It is no threshold.
	LeaveAnyway bool
}

// DefaultPolicy answers the thresholds that are used when nobody sets others.
func DefaultPolicy() *Policy {
	return &Policy{MaxScalarSlots: 32, MaxScalarRounds: 5, MaxRotated: 24, MaxPeeled: 80, WidenAfter: 3, MaxFacts: 256}
}

// Set gives the threshold of that name a value, as a flag of a command line does.
func (p *Policy) Set(name, value string) error {
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Type.Kind() != reflect.Int || hyphened(f.Name) != name {
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("passes: %s: %q is no number from 0", name, value)
		}
		v.Field(i).SetInt(int64(n))
		return nil
	}
	return fmt.Errorf("passes: no threshold %q", name)
}

// Each calls f with every threshold: its name for Set, its value, what it is.
func (p *Policy) Each(f func(name, value, help string)) {
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Type.Kind() != reflect.Int {
			continue
		}
		f(hyphened(field.Name), fmt.Sprint(v.Field(i)), field.Tag.Get("help"))
	}
}

// hyphened writes MaxFacts as max-facts.
func hyphened(field string) string {
	var w strings.Builder
	for i, r := range field {
		if i > 0 && unicode.IsUpper(r) {
			w.WriteByte('-')
		}
		w.WriteRune(unicode.ToLower(r))
	}
	return w.String()
}
