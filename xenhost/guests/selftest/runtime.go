//go:build linux && amd64

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func channels() error {
	var group sync.WaitGroup
	c := make(chan int)
	for range 200 {
		group.Go(func() {
			for i := range 50 {
				c <- i
			}
		})
	}
	go func() { group.Wait(); close(c) }()
	sum := 0
	for v := range c {
		sum += v
	}
	if sum != 200*1225 {
		return fmt.Errorf("the sum is %d", sum)
	}
	return nil
}

func sleep() error {
	start := time.Now()
	for range 20 {
		time.Sleep(time.Millisecond)
	}
	if d := time.Since(start); d < 20*time.Millisecond {
		return fmt.Errorf("20 ms took %v", d)
	}
	return nil
}

func tickers() error {
	t := time.NewTicker(2 * time.Millisecond)
	defer t.Stop()
	for range 5 {
		select {
		case <-t.C:
		case <-time.After(5 * time.Second):
			return errors.New("no tick in 5 s")
		}
	}
	return nil
}

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() int {
	if t == nil {
		return 0
	}
	return 1 + t.left.count() + t.right.count()
}

func garbage() error {
	keep := grow(14)
	for range 40 {
		grow(12)
	}
	runtime.GC()
	debug.FreeOSMemory()
	if n := keep.count(); n != 1<<15-1 {
		return fmt.Errorf("%d nodes are left", n)
	}
	return nil
}

// caught answers the run-time error of f, if its text has a part.
func caught(part string, f func()) (err error) {
	defer func() {
		r := recover()
		if e, ok := r.(runtime.Error); !ok || !strings.Contains(e.Error(), part) {
			err = fmt.Errorf("recovered %v", r)
		}
	}()
	f()
	return nil
}

//go:noinline
func divide(a, b int) int { return a / b }

var sink int

func nilPointers() error {
	return caught("nil pointer", func() {
		var t *tree
		t = t.left
		sink = t.count()
	})
}

func division() error { return caught("divide", func() { sink = divide(1, 0) }) }

func preemption() error {
	var stop atomic.Bool
	spins := 0
	for range 2 {
		go func() {
			for i := 0; !stop.Load(); i++ {
				spins = i
			}
		}()
	}
	time.Sleep(20 * time.Millisecond)
	runtime.GC() // stops all goroutines, or never returns
	stop.Store(true)
	sink = spins
	return nil
}

func lockedThreads() error {
	done := make(chan bool)
	for range 20 {
		go func() {
			runtime.LockOSThread() // the thread ends with the goroutine
			done <- true
		}()
		<-done
	}
	return nil
}

func manyThreads() error {
	var group sync.WaitGroup
	release := make(chan bool)
	for range 60 {
		group.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			<-release
		})
	}
	time.Sleep(5 * time.Millisecond)
	close(release)
	group.Wait()
	return nil
}

func clock() error {
	last := time.Now()
	if last.Year() < 2024 {
		return fmt.Errorf("it is %v", last)
	}
	for range 10_000 {
		now := time.Now()
		if now.Sub(last) < 0 {
			return fmt.Errorf("back by %v", last.Sub(now))
		}
		last = now
	}
	return nil
}

// registers lets threads interrupt each other while they calculate with floating point.
func registers() error {
	var group sync.WaitGroup
	results := make([]float64, 4)
	for i := range results {
		group.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			x := float64(i)
			for n := 1; n < 2_000_000; n++ {
				x += 1 / float64(n)
			}
			results[i] = x - float64(i)
		})
	}
	group.Wait()
	for _, r := range results {
		if d := r - results[0]; d > 1e-6 || d < -1e-6 {
			return fmt.Errorf("results differ: %v", results)
		}
	}
	return nil
}

func entropy() error {
	a, b := make([]byte, 32), make([]byte, 32)
	rand.Read(a)
	rand.Read(b)
	if string(a) == string(b) {
		return errors.New("the same bytes twice")
	}
	return nil
}
