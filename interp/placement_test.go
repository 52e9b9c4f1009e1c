package interp

import (
	"reflect"
	"runtime"
	"testing"
)

// One of the copies lies right in every build, this one included.
func TestLoopPlacement(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("functions are aligned to 32 bytes on amd64 only")
	}
	if at := reflect.ValueOf(placedLoop()).Pointer(); at%cacheLine != bestStart {
		t.Errorf("no copy of the loop starts at %d modulo %d: the best is at %#x", bestStart, cacheLine, at)
	}
}
