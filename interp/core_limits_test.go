package interp_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/vm"
)

const limitsSetUp = `
Object subclass: #Deep instanceVariableNames: '' classVariableNames: '' package: 'Probes'.
#('down: n n = 0 ifTrue: [ ^ 0 ]. ^ (self down: n - 1) + 1'
'blocks: n n = 0 ifTrue: [ ^ 0 ]. ^ [ (self blocks: n - 1) + 1 ] value'
'ensures: n n = 0 ifTrue: [ ^ 0 ]. ^ [ (self ensures: n - 1) + 1 ] ensure: [ ]'
'forever ^ self forever + 1'
'foreverInBlocks ^ [ self foreverInBlocks + 1 ] value'
'hoard | list | list := OrderedCollection new. [ list add: (Array new: 1000) ] repeat') do: [ :each | Deep compile: each ].
Deep`

func TestDeepRecursion(t *testing.T) {
	m := open(t, vm.Config{})
	print(t, m, limitsSetUp, 10*time.Second)
	for _, s := range []snippet{
		{"methods", "Deep new down: 1000000", "1000000"},
		{"blocks", "Deep new blocks: 300000", "300000"},
		{"ensure blocks", "Deep new ensures: 100000", "100000"},
	} {
		if got := print(t, m, s.code, time.Minute); got != s.want {
			t.Errorf("%s: %s, want %s", s.name, got, s.want)
		}
	}
}

// What uses up the memory is told so, and the virtual machine goes on.
func TestOutOfMemory(t *testing.T) {
	for _, pages := range []int{0, 2} {
		m := open(t, vm.Config{MaxHeap: 60 << 20, StackPages: pages})
		print(t, m, limitsSetUp, 10*time.Second)
		for _, s := range []snippet{
			{"recursion", "[ Deep new forever ] on: OutOfMemory do: [ :ex | #caught ]", "#caught"},
			{"recursion in blocks", "[ Deep new foreverInBlocks ] on: OutOfMemory do: [ :ex | #caught ]", "#caught"},
			{"objects", "[ Deep new hoard ] on: OutOfMemory do: [ :ex | #caught ]", "#caught"},
			{"one big object", "[ Array new: 100000000 ] on: OutOfMemory do: [ :ex | #caught ]", "#caught"},
			{"afterwards", "Deep new down: 10000", "10000"},
		} {
			if got := print(t, m, s.code, time.Minute); got != s.want {
				t.Errorf("%s with %d stack pages: %s, want %s", s.name, pages, got, s.want)
			}
		}
		if got := print(t, m, "Deep new forever", time.Minute); !strings.HasPrefix(got, "OutOfMemory") {
			t.Errorf("recursion nobody catches: %s", got)
		}
	}
}

// A process that is lost to its call ends the call.
func TestCallsThatEndOtherwise(t *testing.T) {
	m := open(t, vm.Config{})
	for _, code := range []string{
		"Processor activeProcess terminate. 3",
		"| p | p := Processor activeProcess. [ p terminate ] fork. Processor yield. 3",
	} {
		if got := print(t, m, code, 10*time.Second); !strings.Contains(got, "terminated") {
			t.Errorf("%s: %s", code, got)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := m.Eval(ctx, "[ true ] whileTrue"); err == nil {
		t.Error("a call that was cancelled answers")
	}
	for _, s := range []snippet{
		{"waiting", "(Delay forMilliseconds: 5) wait. 4", "4"},
		{"", "3 + 4", "7"},
	} {
		if got := print(t, m, s.code, 10*time.Second); got != s.want {
			t.Errorf("%s: %s, want %s", s.code, got, s.want)
		}
	}
}

// An image saved with several processes, some deep, goes on with all of them.
func TestSnapshotOfProcesses(t *testing.T) {
	for _, pages := range []int{0, 2} {
		path := filepath.Join(t.TempDir(), "processes.image")
		m := open(t, vm.Config{StackPages: pages})
		print(t, m, limitsSetUp+`.
			Deep compile: 'down: n in: aBlock n = 0 ifTrue: [ ^ aBlock value ]. ^ (self down: n - 1 in: aBlock) + 1'.
			Smalltalk at: #Gate put: Semaphore new.
			Smalltalk at: #Results put: OrderedCollection new.
			Smalltalk at: #Mutual put: Mutex new`, 10*time.Second)
		start := `
			1 to: 4 do: [ :k |
				[ | r | r := [ Deep new down: k * 300 in: [ [ Gate wait. Processor yield. k ] ensure: [ Results add: 0 - k ] ] ] on: Error do: [ :ex | ex ].
				Results add: r ] fork ].
			[ Mutual critical: [ Gate wait. Results add: #mutual ] ] fork.
			[ Mutual critical: [ Results add: #second ] ] fork.
			[ (Delay forMilliseconds: 1) wait. Results add: #delay ] fork.
			Processor yield. (Delay forMilliseconds: 20) wait. Results asArray`
		if got := print(t, m, start, 10*time.Second); got != "#(#delay)" {
			t.Fatal(got)
		}
		if err := m.Save(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		finish := `5 timesRepeat: [ Gate signal ]. 20 timesRepeat: [ Processor yield ]. Results asArray`
		want := "#(#delay #mutual -1 301 -2 602 -3 903 -4 1204 #second)"
		first := print(t, m, finish, 10*time.Second)
		if first != want {
			t.Errorf("the image that was saved: %s", first)
		}
		for _, config := range []vm.Config{{}, {StackPages: 2}, {StressGC: true}} {
			config.Image, config.Verify = path, true
			r := open(t, config)
			if got := print(t, r, finish, 30*time.Second); got != want {
				t.Errorf("reloaded: %s", got)
			}
		}
	}
}

// A snapshot in the middle of a deep recursion continues in both images.
func TestSnapshotInRecursion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep.image")
	m := open(t, vm.Config{Snapshots: true})
	print(t, m, limitsSetUp+`.
		Deep compile: 'down: n in: aBlock n = 0 ifTrue: [ ^ aBlock value ]. ^ (self down: n - 1 in: aBlock) + 1'.
		Smalltalk at: #Result put: nil.
		Smalltalk at: #Gate put: Semaphore new`, 10*time.Second)
	got := print(t, m, `Result := nil. [ Result := [ Deep new down: 2000 in: [ (Smalltalk saveAs: '`+path+`') ifTrue: [ 1 ] ifFalse: [ 0 ] ] ] on: Error do: [ :ex | ex description ]. Result = 2001 ifTrue: [ Smalltalk exit: 42 ] ] fork. [ Result isNil ] whileTrue: [ (Delay forMilliseconds: 1) wait ]. Result`, 10*time.Second)
	if got != "2000" {
		t.Fatalf("the image that was saved: %s", got)
	}
	for _, config := range []vm.Config{{}, {StackPages: 2}, {StressGC: true}} {
		config.Image, config.Verify = path, true
		r := open(t, config)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		if code, err := r.Run(ctx); code != 42 || err != nil {
			t.Errorf("reloaded: exit code %d, %v", code, err)
		}
		cancel()
	}
}
