package vm_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
)

// kennel is a program whose code depends on methods, on a global, and on the shape of a class.
const (
	kennel = "Object subclass: #Animal instanceVariableNames: 'age' classVariableNames: '' package: 'T'. " +
		"Animal subclass: #Dog instanceVariableNames: 'tail' classVariableNames: '' package: 'T'. " +
		"Animal compile: 'age: x age := x'. Animal compile: 'legs ^ 4'. Animal compile: 'wag ^ age + self legs'. " +
		"Smalltalk at: #Limit put: 7. Object subclass: #Kennel instanceVariableNames: '' classVariableNames: '' package: 'T'. " +
		"Kennel class compile: 'walk | s d | s := 0. 1 to: 3000 do: [:i | d := Dog new. d age: i. s := s + d wag + Limit]. ^ s'"
	walk = "((1 to: 50) collect: [:i | Kennel walk]) last"
)

// TestStaleness changes a program that was started from a warmed image: what depends on the change is
// thrown away, and nothing else.
func TestStaleness(t *testing.T) {
	path, _, saved := saveWarm(t, vm.Config{Compile: jit.Sync}, kennel, walk)
	if saved.Manifest.Methods == 0 {
		t.Fatal("nothing was saved")
	}
	for _, c := range []struct{ name, change, want string }{
		{"a method is replaced", "Dog compile: 'legs ^ 3'", "another method for #legs in Dog"},
		{"a method of a superclass is replaced", "Animal compile: 'wag ^ age * 2'", "another method for #wag in Dog"},
		{"a global is stored", "Limit := 8", "the value of Limit"},
		{"a shape changes", "Animal subclass: #Dog instanceVariableNames: 'tail fur' classVariableNames: '' package: 'T'", "the shape of Dog"},
		{"the code itself is replaced", "Kennel class compile: 'walk ^ 5'", "-"},
		{"another method comes", "Dog compile: 'bark ^ 1'", ""},
		{"another class comes", "Object subclass: #Cat instanceVariableNames: 'claws' classVariableNames: '' package: 'T'", ""},
		{"the same value is stored", "Limit := 7", ""},
		{"a collection comes between", "Smalltalk garbageCollect. Dog compile: 'legs ^ 3'. Smalltalk garbageCollect", "another method for #legs in Dog"},
	} {
		for _, use := range []vm.Use{vm.UseNone, vm.UsePortable, vm.UseNative} {
			t.Run(c.name+"/"+use.String(), func(t *testing.T) {
				cold := openVM(t, vm.Config{Image: path, Use: vm.UseNone})
				evalString(t, cold, c.change)
				want := evalString(t, cold, walk)
				var gone []string
				m := openVM(t, vm.Config{Image: path, Compile: jit.Sync, Trust: believer, Use: use, Trace: vm.Trace{Deopt: func(s string) {
					if strings.HasPrefix(s, "invalidated Kennel class>>walk") {
						gone = append(gone, s)
					}
				}}})
				evalString(t, m, c.change)
				if use != vm.UseNone && c.want != "-" {
					if (len(gone) > 0) != (c.want != "") || len(gone) > 0 && !strings.HasSuffix(gone[0], c.want) {
						t.Errorf("thrown away: %q, want %q", gone, c.want)
					}
				}
				if got := evalString(t, m, walk); got != want {
					t.Errorf("answered %s, interpreted it is %s", got, want)
				}
				if got := evalString(t, m, walk); got != want {
					t.Errorf("answered %s the second time, interpreted it is %s", got, want)
				}
			})
		}
	}
}

// TestSavedWhileServing saves an image between calls, before and after a call has waited, once more what was started
// from it, and again. Calls that wait end as they should, and started for itself the image does what it is told.
func TestSavedWhileServing(t *testing.T) {
	for _, waits := range []bool{false, true} {
		path := ""
		for n := range 3 {
			m := openVM(t, vm.Config{Image: path, Compile: jit.Sync})
			if waits {
				evalString(t, m, "Processor yield. (Delay forMilliseconds: 1) wait")
			}
			if got := evalString(t, m, "6 * 7"); got != "42" {
				t.Errorf("saved %d times: %s", n, got)
			}
			path = filepath.Join(t.TempDir(), "served.image")
			if _, err := m.SaveOptimized(context.Background(), path, vm.SaveOptions{}); err != nil {
				t.Fatal(err)
			}
			m.Close()
			m = openVM(t, vm.Config{Image: path, Compile: jit.Sync, Trust: believer})
			for range 3 {
				if got := evalString(t, m, "Processor yield. (Delay forMilliseconds: 1) wait. Object subclass: #Dog instanceVariableNames: 'tail fur' classVariableNames: '' package: 'T'. 3"); got != "3" {
					t.Errorf("saved %d times: %s", n+1, got)
				}
			}
			m.Close()
			var out strings.Builder
			m = openVM(t, vm.Config{Image: path, Args: []string{"eval", "(Delay forMilliseconds: 1) wait. 3 + 4"}, Stdout: &out})
			if code, err := m.Run(context.Background()); code != 0 || err != nil || out.String() != "7\n" {
				t.Errorf("run it ends with %d, %v, and printed %q", code, err, out.String())
			}
			// Without a command it goes on where it was before it served: it has nothing to do, and says what it could.
			out.Reset()
			m = openVM(t, vm.Config{Image: path, Stdout: &out})
			if code, err := m.Run(context.Background()); code != 0 || err != nil || !strings.Contains(out.String(), "arguments: eval") {
				t.Errorf("run without a command it ends with %d, %v, and printed %q", code, err, out.String())
			}
		}
	}
}

// TestAddressesTaken starts two machines from one file: the second cannot have the addresses that the
// file was saved for.
func TestAddressesTaken(t *testing.T) {
	path, want, _ := saveWarm(t, vm.Config{Compile: jit.Sync}, kennel, walk)
	first := openVM(t, vm.Config{Image: path, Compile: jit.Sync, Trust: believer})
	for _, use := range []vm.Use{vm.UseFeedback, vm.UsePortable, vm.UseNative} {
		m := openVM(t, vm.Config{Image: path, Compile: jit.Sync, Trust: believer, Use: use, Verify: true})
		if r := m.StartReport(); r.Used != use || r.Why != "" {
			t.Errorf("start: %v", r)
		}
		if got := evalString(t, m, walk); got != want {
			t.Errorf("%v: answered %s, not %s", use, got, want)
		}
		evalString(t, m, "Smalltalk garbageCollect. Dog compile: 'legs ^ 3'")
		if got := evalString(t, m, walk); got == want {
			t.Errorf("%v: answered %s after a change", use, got)
		}
	}
	if got := evalString(t, first, walk); got != want {
		t.Errorf("answered %s, not %s", got, want)
	}
}

// TestDamagedSections damages one section after the other: the best of the rest is used.
func TestDamagedSections(t *testing.T) {
	path, want, saved := saveWarm(t, vm.Config{Compile: jit.Sync}, kennel, walk)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := map[snapshot.Kind]vm.Use{snapshot.KindNative: vm.UsePortable, snapshot.KindPortable: vm.UseFeedback, snapshot.KindFeedback: vm.UseNone}
	for _, kind := range []snapshot.Kind{snapshot.KindNative, snapshot.KindPortable, snapshot.KindFeedback} {
		for _, s := range saved.Sections {
			if s.Kind == kind {
				data[s.Offset+s.Length/2] ^= 16
			}
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		m := openVM(t, vm.Config{Image: path, Compile: jit.Sync, Trust: believer})
		r := m.StartReport()
		if t.Log(r); r.Used != used[kind] || !strings.Contains(r.Why, kind.String()) {
			t.Errorf("with the %v section damaged: %s", kind, r)
		}
		if got := evalString(t, m, walk); got != want {
			t.Errorf("answered %s, not %s", got, want)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestUntrusted uses the feedback alone of a file that nobody believes in.
func TestUntrusted(t *testing.T) {
	path, want, _ := saveWarm(t, vm.Config{Compile: jit.Sync}, kennel, walk)
	m := openVM(t, vm.Config{Image: path, Compile: jit.Sync})
	if r := m.StartReport(); r.Used != vm.UseFeedback || r.Why == "" {
		t.Errorf("start: %v", r)
	}
	if got := evalString(t, m, walk); got != want {
		t.Errorf("answered %s, not %s", got, want)
	}
}

// codeless is memory that cannot be executed.
type codeless struct{ host.Memory }

// TestNoMachineCode opens optimized images where nothing is compiled: the report says why, on one line.
func TestNoMachineCode(t *testing.T) {
	path, want, _ := saveWarm(t, vm.Config{Compile: jit.Sync}, kennel, walk)
	for why, c := range map[string]vm.Config{
		"nothing is compiled: compiling is off":                                {Compile: jit.Off},
		"nothing is compiled: native: the host has no memory for machine code": {Compile: jit.Sync, Memory: codeless{hostos.Memory()}},
	} {
		c.Image, c.Trust = path, believer
		m := openVM(t, c)
		if r := m.StartReport(); r.Used != vm.UseNone || r.Why != why || !strings.HasSuffix(r.String(), "; "+why) {
			t.Errorf("start: %v, not %s", r, why)
		}
		if got := evalString(t, m, walk); got != want {
			t.Errorf("%s: answered %s, not %s", why, got, want)
		}
	}
}

// TestRunningProcesses saves an image with processes in the middle of machine code, one of them in a loop
// that was entered. They go on in the file as they do here.
func TestRunningProcesses(t *testing.T) {
	m := openVM(t, vm.Config{Compile: jit.Sync})
	evalString(t, m, kennel)
	evalString(t, m, "Smalltalk at: #Steps put: 0; at: #Worker put: ([| n | n := 0. "+
		"[n < 40000000] whileTrue: [n := n + 1. (n \\\\ 100000) = 0 ifTrue: [Smalltalk at: #Steps put: n. Processor yield]]. Smalltalk at: #Steps put: #over] newProcess priority: 30; yourself)")
	evalString(t, m, "(Smalltalk at: #Worker) resume. [(Smalltalk at: #Steps) < 2000000] whileTrue: [(Delay forMilliseconds: 1) wait]. 0")
	path := t.TempDir() + "/running.image"
	r, err := m.SaveOptimized(context.Background(), path, vm.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Manifest.Methods+r.Manifest.Loops == 0 {
		t.Errorf("no code was saved: %+v", r.Manifest)
	}
	const finish = "[(Smalltalk at: #Steps) == #over] whileFalse: [(Delay forMilliseconds: 1) wait]. Smalltalk at: #Steps"
	if got := evalString(t, m, finish); got != "#over" {
		t.Errorf("here: %s", got)
	}
	m.Close()
	for _, use := range []vm.Use{vm.UseNone, vm.UsePortable, vm.UseNative} {
		entered := 0
		m := openVM(t, vm.Config{Image: path, Compile: jit.Sync, Trust: believer, Use: use, Trace: vm.Trace{OSR: func(string) { entered++ }}})
		if got := evalString(t, m, "(Smalltalk at: #Steps) < 40000000"); got != "true" {
			t.Errorf("%v: %s", use, got)
		}
		if got := evalString(t, m, finish); got != "#over" {
			t.Errorf("%v: %s", use, got)
		}
		if use >= vm.UsePortable && r.Manifest.Loops > 0 && entered == 0 {
			t.Errorf("%v: no loop was entered", use)
		}
		m.Close()
	}
}
