// Package kernel is what stands under a Go program on a bare machine: it answers the
// program's system calls as Linux would, its page faults and interrupts, in ring 0 on one processor.
//
//	              the program: Go's runtime, the VM, drivers
//	--------------------------------------------------------------- doors_amd64.s
//	   SYSCALL               trap                interrupt
//	      |                    |                     |
//	  syscalls.go          traps.go             schedule.go
//	      |                    |                     |
//	  mem   thread   sig   clock   console   apic   xen   cpu
//
// What it promises:
//   - The program is an ordinary static Go binary for Linux. Package boot brings it here;
//     on Linux all of this sleeps, and Booted is false.
//   - The kernel runs with interrupts masked on a stack of its own, from a door until the program
//     goes on. It never waits, except where nothing at all can run.
//   - An end has a reason: the last line on the console is always "sista guest: exit N",
//     and a fatal error has one line before it that says what happened.
//
// Rules for all Go code that runs in here, and in the packages it uses: it must not allocate,
// defer, panic, make maps or interfaces, store Go pointers in memory, or start goroutines. The
// runtime's per-goroutine block is a fake one of zeros, with which every check for stack space passes.
// A test looks at the compiled code for calls that would break these rules.
package kernel
