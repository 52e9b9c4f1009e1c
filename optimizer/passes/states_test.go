package passes

import (
	"testing"

	"github.com/sista-vm/sista/optimizer/ir"
)

// TestShareStates holds that equal states become one, and others do not: they differ in
// one place each.
func TestShareStates(t *testing.T) {
	f, err := ir.Parse(`func "T" {
b0(v0:oop, v1:oop):
	v2:smi = guardsmi v0 !notSmallInteger {reexecute "T" @1 self v0 context o1 temps [v1 _] stack [o0]; o0 = object 100 [o1 v0]; o1 = context []}
	v3:smi = guardsmi v1 !notSmallInteger {reexecute "T" @1 self v0 context o1 temps [v1 _] stack [o0]; o0 = object 100 [o1 v0]; o1 = context []}
	v4:oop = guardfloat v1 !notFloat {reexecute "T" @2 self v0 context o1 temps [v1 _] stack [o0]; o0 = object 100 [o1 v0]; o1 = context []}
	v5:oop = guardfloat v1 !notFloat {reexecute "T" @1 self v0 context o1 temps [_ v1] stack [o0]; o0 = object 100 [o1 v0]; o1 = context []}
	v6:oop = guardfloat v1 !notFloat {reexecute "T" @1 self v0 context o1 temps [v1 _] stack [o1]; o0 = object 100 [o1 v0]; o1 = context []}
	v7:oop = guardfloat v1 !notFloat {reexecute "T" @1 self v0 context o1 temps [v1 _] stack [o0]; o0 = object 101 [o1 v0]; o1 = context []}
	v8:oop = guardfloat v1 !notFloat {reexecute "T" @1 self v0 context o1 temps [v1 _] stack [o0]; o0 = object 100 [o1 o1]; o1 = context []}
	v9:oop = guardfloat v1 !notFloat {reexecute "T" @1 self v0 temps [v1 _] stack []}
	return v9
}`)
	if err != nil {
		t.Fatal(err)
	}
	before := f.String()
	shareStates(f)
	if f.String() != before {
		t.Errorf("the text changed:\n%s", f)
	}
	states := map[*ir.State]bool{}
	vs := f.Entry().Values
	for _, v := range vs {
		states[v.State] = true
	}
	if vs[0].State != vs[1].State || len(states) != 7 {
		t.Errorf("%d states, not 7", len(states))
	}
}
