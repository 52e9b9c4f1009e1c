package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/sista-vm/sista/vm"
)

// signals is what the program does about signals while a machine runs:
//
//	SIGINT   interrupts Smalltalk; a second one ends the program at once
//	SIGTERM  shuts the image down; a second one ends the program at once
//	SIGQUIT  prints the stacks of all Smalltalk processes
type signals struct {
	machine    *vm.VM
	ch         chan os.Signal
	done       chan struct{}
	terminated chan struct{} // closed when the image was shut down

	mu          sync.Mutex
	idle        chan struct{} // closed by SIGINT while the program waits for a line; else nil
	interrupted time.Time     // of the SIGINT that is not dealt with so far
}

// patience is how long an image may take to shut down.
const patience = 10 * time.Second

// sameKey is the time in which several SIGINTs are one Ctrl-C that came by several ways.
const sameKey = 200 * time.Millisecond

func watchSignals(m *vm.VM) *signals {
	s := &signals{machine: m, ch: make(chan os.Signal, 4), done: make(chan struct{}), terminated: make(chan struct{})}
	signal.Notify(s.ch, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	go s.watch()
	return s
}

func (s *signals) stop() {
	signal.Stop(s.ch)
	close(s.done)
}

func (s *signals) watch() {
	terminating := false
	for {
		select {
		case <-s.done:
			return
		case sig := <-s.ch:
			switch sig {
			case os.Interrupt:
				if s.endIdle() {
					break
				}
				s.interrupt()
			case syscall.SIGTERM:
				if terminating {
					end("terminated a second time", exitTerminated)
				}
				terminating = true
				go s.terminate()
			default:
				go s.printStacks()
			}
		}
	}
}

// whileIdle answers a channel that SIGINT closes until the program is busy.
func (s *signals) whileIdle() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = make(chan struct{})
	return s.idle
}

func (s *signals) busy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = nil
}

func (s *signals) endIdle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle == nil {
		return false
	}
	close(s.idle)
	s.idle = nil
	return true
}

func (s *signals) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.interrupted.IsZero():
		s.interrupted = time.Now()
		go s.interruptOrEnd()
	case time.Since(s.interrupted) > sameKey:
		end("interrupted a second time", exitInterrupt)
	}
}

// interruptOrEnd interrupts the image, or ends it if it does not heed interrupts.
func (s *signals) interruptOrEnd() {
	switch ok, err := s.machine.Interruptible(); {
	case ok:
		s.machine.Interrupt()
	case err == nil:
		s.printStacks()
		end("interrupted", exitInterrupt)
	}
}

// dealtWith tells that what was interrupted has ended.
func (s *signals) dealtWith() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interrupted = time.Time{}
}

func (s *signals) terminate() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	time.AfterFunc(patience, func() { end("terminated: the image did not shut down in time", exitTerminated) })
	err := s.machine.ShutDown(ctx)
	if errors.Is(err, vm.ErrNoShutDown) {
		end("terminated: only images built from sista's kernel are shut down in order", exitTerminated)
	}
	if err != nil {
		end(fmt.Sprintf("terminated: %v", err), exitTerminated)
	}
	close(s.terminated)
}

func (s *signals) printStacks() {
	if stacks, err := s.machine.Stacks(); err == nil {
		fmt.Fprint(os.Stderr, stacks)
	}
}

// end ends the program from another goroutine than the main one.
func end(why string, code int) {
	fmt.Fprintf(os.Stderr, "sista: %s\n", why)
	os.Exit(code)
}
