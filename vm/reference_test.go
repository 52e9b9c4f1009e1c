package vm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/reference"
	"github.com/sista-vm/sista/vm"
)

// TestReference runs random programs in the kernel image and compares what they
// come to with what the reference evaluator says. SISTA_REFERENCE_SEEDS sets how
// many there are.
func TestReference(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 4
	}
	if s := os.Getenv("SISTA_REFERENCE_SEEDS"); s != "" {
		var err error
		if seeds, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []struct {
		name   string
		config vm.Config
		seeds  uint64
	}{
		{"plain", vm.Config{}, seeds},
		{"few stack pages", vm.Config{StackPages: 4}, seeds / 4},
		{"collecting at every allocation", vm.Config{StressGC: true}, seeds / 20},
	} {
		t.Run(mode.name, func(t *testing.T) {
			mode.config.CacheDir = t.TempDir()
			m, err := vm.Open(mode.config)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			for seed := range mode.seeds {
				p, want := reference.Generate(seed)
				if want.Kind == reference.Unspecified {
					continue
				}
				p = p.Rename(func(name string) string { return fmt.Sprintf("%sx%d", name, seed) })
				got := outcome(t.Context(), m, p)
				if got = strings.ReplaceAll(got, fmt.Sprintf("x%d", seed), ""); got != want.String() {
					t.Fatalf("seed %d: %s, want %v\n%s", seed, got, want, p)
				}
			}
		})
	}
}

// outcome runs a program and answers its outcome as the reference writes it.
func outcome(ctx context.Context, m *vm.VM, p *reference.Program) string {
	var load strings.Builder
	for _, c := range p.Classes {
		fmt.Fprintf(&load, "%s subclass: #%s instanceVariableNames: '%s' classVariableNames: '' package: 'Generated'.\n",
			c.Superclass, c.Name, strings.Join(c.InstVars, " "))
		for _, method := range c.Methods {
			fmt.Fprintf(&load, "(Smalltalk at: #%s) compile: %s.\n", c.Name, ast.Quote(method))
		}
		if _, err := m.Eval(ctx, load.String()); err != nil {
			return "loading " + c.Name + ": " + err.Error()
		}
		load.Reset()
	}
	v, err := m.Eval(ctx, p.Expression)
	var e *vm.Error
	switch {
	case errors.As(err, &e):
		return reference.Outcome{Kind: reference.Error, Text: e.Class}.String()
	case err != nil:
		return err.Error()
	}
	text, err := canonical(ctx, v)
	if err != nil {
		return err.Error()
	}
	return text
}

// canonical writes a value as reference.Canonical does.
func canonical(ctx context.Context, v *vm.Value) (string, error) {
	defer v.Release()
	switch class := v.Class(); class {
	case "UndefinedObject":
		return "nil", nil
	case "True", "False":
		return strings.ToLower(class), nil
	case "SmallInteger", "LargePositiveInteger", "LargeNegativeInteger":
		i, err := v.BigInt()
		return fmt.Sprint(i), err
	case "SmallFloat64", "BoxedFloat64":
		f, err := v.Float()
		return reference.FormatFloat(f), err
	case "ByteString", "WideString":
		s, err := v.Text()
		return ast.Quote(s), err
	case "ByteSymbol", "WideSymbol":
		s, err := v.Text()
		return "#" + s, err
	case "Character":
		s, err := v.Text()
		return "$" + s, err
	case "FullBlockClosure":
		return "a BlockClosure", nil
	case "OrderedCollection":
		array, err := v.Send(ctx, "asArray")
		if err != nil {
			return "", err
		}
		return canonical(ctx, array)
	case "Array":
		list, err := v.Elements()
		if err != nil {
			return "", err
		}
		parts := make([]string, len(list))
		for i, e := range list {
			if parts[i], err = canonical(ctx, e); err != nil {
				return "", err
			}
		}
		return "(" + strings.Join(parts, " ") + ")", nil
	default:
		if name, ok := strings.CutSuffix(class, " class"); ok {
			return name, nil
		}
		return "a " + class, nil
	}
}
