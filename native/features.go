package native

import (
	"fmt"
	"strings"

	"golang.org/x/sys/cpu"
)

// Features are what code uses of a processor beyond the first level of x86-64, which every
// processor has.
type Features uint8

// The features. Each is in the third level, x86-64-v3; of what the second one adds code has no use.
const (
	// BMI2 has shifts by any register and rotations to another register.
	BMI2 Features = 1 << iota
	// AVX has operations on floats with three operands.
	AVX

	allFeatures Features = 1<<iota - 1
)

var featureNames = [...]string{"bmi2", "avx"}

// Names answers what the features are called.
func (f Features) Names() (names []string) {
	for i, name := range featureNames {
		if f>>i&1 != 0 {
			names = append(names, name)
		}
	}
	return names
}

func (f Features) String() string { return strings.Join(f.Names(), " and ") }

// Present answers what the processor and the operating system have.
func Present() (f Features) {
	if cpu.X86.HasBMI2 {
		f |= BMI2
	}
	if cpu.X86.HasAVX {
		f |= AVX
	}
	return f
}

// FeaturesOf answers what code may use that is to run on every processor of a level, and on this
// one: v1, v2, v3 (of x86-64), or native, which is all that this one has.
func FeaturesOf(level string) (Features, error) {
	switch level {
	case "v1", "v2":
		return 0, nil
	case "v3", "native":
		return Present(), nil
	}
	return 0, fmt.Errorf("no level of processors is called %q: it is v1, v2, v3 or native", level)
}

// FeatureError says that code is not installed since it needs more of the processor than it may use.
type FeatureError struct{ Uses, Lacking Features }

func (e *FeatureError) Error() string {
	return fmt.Sprintf("its machine code uses %v, and %v is not to be used here", e.Uses, e.Lacking)
}
