package passes

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sista-vm/sista/internal/golden"
	"github.com/sista-vm/sista/optimizer/internal/toy"
	"github.com/sista-vm/sista/optimizer/ir"
)

// TestGolden runs each pass over the functions in the file of its name: what
// section X becomes is in section X, after.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, a *golden.Archive) {
		pass, ok := Find(filepath.Base(t.Name()))
		if !ok {
			t.Fatal("no such pass")
		}
		for _, name := range a.Names() {
			if strings.HasSuffix(name, ", after") {
				continue
			}
			f, err := ir.Parse(a.Section(name))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := f.Verify(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			pass.Run(f, DefaultPolicy())
			if err := f.Verify(); err != nil {
				t.Errorf("%s, after: %v", name, err)
			}
			a.Check(t, name+", after", f.String(), name)
		}
	})
}

// TestEveryPassHasGoldens holds that a pass without a file of examples is noticed.
func TestEveryPassHasGoldens(t *testing.T) {
	for _, p := range Table {
		name := strings.TrimRight(p.Name, "0123456789")
		if files, _ := filepath.Glob("testdata/" + name + ".txtar"); len(files) == 0 {
			t.Errorf("no testdata/%s.txtar", name)
		}
	}
}

// TestBrokenPasses checks that the comparison finds passes that are wrong.
func TestBrokenPasses(t *testing.T) {
	each := func(change func(*ir.Block, *ir.Value)) func(*ir.Func) {
		return func(f *ir.Func) {
			for _, b := range f.Blocks {
				for _, v := range b.Values {
					change(b, v)
				}
			}
		}
	}
	escaped := 1 + slices.IndexFunc(Table, func(p Pass) bool { return p.Name == "escape" })
	for name, broken := range map[string]func(*ir.Func){
		"swaps operands": each(func(_ *ir.Block, v *ir.Value) {
			if v.Op == ir.OpISubO {
				v.Args[0], v.Args[1] = v.Args[1], v.Args[0]
			}
		}),
		"drops overflow checks": each(func(_ *ir.Block, v *ir.Value) {
			if v.Op == ir.OpIMulO {
				v.Op, v.Reason, v.State = ir.OpIMul, ir.ReasonNone, nil
			}
		}),
		"loses temporaries": each(func(_ *ir.Block, v *ir.Value) {
			if v.State != nil {
				v.State = v.State.Clone()
				v.State.Levels[0].Temps[5] = ir.Ref{}
			}
		}),
		"resumes one bytecode late": each(func(_ *ir.Block, v *ir.Value) {
			if v.Op.Info().Guard {
				v.State = v.State.Clone()
				v.State.Levels[0].PC++
			}
		}),
		"copies removed objects": each(func(_ *ir.Block, v *ir.Value) {
			if v.State != nil && len(v.State.Virtuals) > 0 {
				v.State = v.State.Clone()
				n := 0
				v.State.Refs(func(r *ir.Ref) {
					if r.Virtual != nil {
						if n++; n > 1 {
							c := *r.Virtual
							v.State.Virtuals = append(v.State.Virtuals, &c)
							r.Virtual = &c
						}
					}
				})
			}
		}),
		"ignores sends when forwarding": func(f *ir.Func) {
			for _, b := range f.Blocks {
				known := map[ir.Location]*ir.Value{}
				s := f.NewSubstitution()
				for _, v := range b.Values {
					if l, ok := v.Location(); ok && v.Op == ir.OpLoadSlot {
						if w := known[l]; w != nil {
							s.Replace(v, w)
						} else {
							known[l] = v
						}
					}
				}
				s.Apply()
			}
		},
	} {
		found := false
		for seed := uint64(0); seed < 400 && !found; seed++ {
			p := toy.Random(seed)
			f := toy.Translate(p, toy.RandomShape(seed))
			if err := Run(f, Options{Fuel: escaped}); err != nil {
				t.Fatal(err)
			}
			if name == "ignores sends when forwarding" {
				f = toy.Translate(p, toy.Shape{})
				ValueNumbers(f, DefaultPolicy())
			}
			broken(f)
			found = toy.Compare(p, f, seed) != nil
		}
		if !found {
			t.Errorf("a pass that %s is not found", name)
		}
	}
}
