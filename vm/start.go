package vm

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/snapshot"
)

// Use says what of an optimized image is used, at most.
type Use uint8

// What may be used. Each includes those before it.
const (
	UseAll      Use = iota // UseNative
	UseNone                // the image alone
	UseFeedback            // what happened where: it is not gathered again
	UsePortable            // optimized functions: they are made machine code
	UseNative              // machine code, where it fits this VM and processor
)

var useNames = [...]string{"all", "none", "feedback", "portable", "native"}

func (u Use) String() string { return useNames[u] }

// ParseUse reads the name of a Use.
func ParseUse(name string) (Use, error) {
	for u, n := range useNames {
		if n == name {
			return Use(u), nil
		}
	}
	return UseAll, fmt.Errorf("vm: nothing to use is called %q: it is native, portable, feedback or none", name)
}

// StartReport says what of an optimized image is in use.
type StartReport struct {
	Used   Use
	Why    string // what more there was could not be used; empty if all is
	Time   time.Duration
	Report jit.Installed
}

func (r *StartReport) String() string {
	s := "optimized image: "
	switch r.Used {
	case UseNative:
		s += fmt.Sprintf("machine code of %d methods and %d loops (%d KiB, %d templates)", r.Report.Methods, r.Report.Loops, r.Report.CodeBytes>>10, r.Report.Templates)
	case UsePortable:
		s += fmt.Sprintf("%d methods and %d loops to be made machine code", r.Report.Methods, r.Report.Loops)
	case UseFeedback:
		s += "feedback only"
	default:
		s += "nothing of its code is used"
	}
	s += fmt.Sprintf(" in %v", r.Time.Round(time.Microsecond))
	if r.Why != "" {
		s += "; " + r.Why
	}
	return s
}

// StartReport answers what is used of the image's code; nil if it is a plain image.
func (v *VM) StartReport() *StartReport { return v.started }

// optimize puts to use what the image's file has besides the image.
func (v *VM) optimize() {
	f := v.file
	if f == nil || f.Problem == nil && len(f.Index()) == 0 {
		return
	}
	start := time.Now()
	r := &StartReport{Used: UseNone}
	v.started = r
	if err := v.useFile(f, r); err != nil {
		r.Why = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	r.Time = time.Since(start)
}

// useFile uses the best of the file, r says what. The error says why that is not all.
func (v *VM) useFile(f *snapshot.File, r *StartReport) error {
	most := v.config.Use
	if most == UseAll {
		most = UseNative
	}
	switch {
	case most == UseNone:
		return nil
	case f.Problem != nil:
		return f.Problem
	case v.broker == nil && v.noCode != nil:
		return fmt.Errorf("nothing is compiled: %w", v.noCode)
	case v.broker == nil:
		return errors.New("nothing is compiled: compiling is off")
	}
	if most >= UsePortable {
		v.supplying.Go(v.heap.Supply())
	}
	errs := v.useCode(f, most, r)
	if r.Used == UseNone {
		errs = append(errs, v.useFeedback(f, false, r))
	}
	return oneLine(errs)
}

// oneLine joins errors to one of a line.
func oneLine(errs []error) error {
	text := ""
	for _, err := range errs {
		if err != nil {
			text += "; " + err.Error()
		}
	}
	if text == "" {
		return nil
	}
	return errors.New(text[len("; "):])
}

// useCode uses machine code, or else functions, of a file that is trusted.
func (v *VM) useCode(f *snapshot.File, most Use, r *StartReport) (errs []error) {
	if most < UsePortable {
		return nil
	}
	if v.config.Trust == nil {
		return []error{errors.New("nobody says whose files to trust")}
	}
	t, err := v.config.Trust(f)
	if err != nil {
		return []error{err}
	}
	portable := func() ([]byte, error) { return t.Section(snapshot.KindPortable) }
	if most >= UseNative {
		err := v.useNative(t, portable, r)
		if err == nil {
			r.Used = UseNative
		}
		errs = append(errs, err)
	}
	if r.Used == UseNone {
		section, err := portable()
		if err == nil {
			if r.Report, err = v.broker.InstallPortable(section, v.namesInFile()); err == nil {
				r.Used = UsePortable
			}
		}
		errs = append(errs, err)
	}
	if r.Used != UseNone {
		errs = append(errs, v.useFeedback(t, true, r))
	}
	return errs
}

// useNative installs machine code if it fits.
func (v *VM) useNative(t snapshot.Trusted, portable func() ([]byte, error), r *StartReport) error {
	m, err := t.Manifest()
	switch {
	case err != nil:
		return err
	case m.Build != jit.Build:
		return fmt.Errorf("its machine code is of another build of the VM (%s, this is %s)", m.Build, jit.Build)
	case m.Arch != runtime.GOARCH:
		return fmt.Errorf("its machine code is for %s", m.Arch)
	}
	section, err := t.Section(snapshot.KindNative)
	if err != nil {
		return err
	}
	names := v.namesInFile()
	if v.placement.AtHome() {
		names.Load = nil
	}
	r.Report, err = v.broker.InstallNative(section, names, portable)
	return err
}

// sections are what can be asked of a file.
type sections interface {
	Section(snapshot.Kind) ([]byte, error)
}

// useFeedback seeds the counters: at once, or when somebody asks for what was counted.
func (v *VM) useFeedback(f sections, lazy bool, r *StartReport) error {
	section := func() ([]byte, error) { return f.Section(snapshot.KindFeedback) }
	err := v.broker.InstallFeedback(section, v.namesInFile(), lazy)
	if err == nil && !lazy {
		r.Used = UseFeedback
	}
	return err
}

// namesInFile translates addresses in the file to objects, as long as nothing has moved.
func (v *VM) namesInFile() jit.Names {
	return jit.Names{Load: func(name uint64) (heap.Oop, bool) {
		if o := heap.Oop(name); !o.IsObject() {
			return o, true
		}
		return v.placement.Object(name)
	}}
}
