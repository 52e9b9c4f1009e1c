package golden

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	a := parse("x", "about\n-- one --\n1\n2\n-- two --\n-- three --\n3\n")
	if !slices.Equal(a.Names(), []string{"one", "two", "three"}) {
		t.Fatalf("names %q", a.Names())
	}
	if a.comment != "about\n" || a.Section("one") != "1\n2\n" || a.Section("two") != "" || a.Section("three") != "3\n" {
		t.Errorf("archive %+v", a)
	}
}
