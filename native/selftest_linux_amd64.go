package native

import (
	"encoding/binary"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/sista-vm/sista/host"
)

// What the handlers rely on is not promised by Go: that it interrupts by SIGURG, with
// handlers on their own stack that take machine code for code that cannot be interrupted here. So
// it is tried once in a process.

var interruption struct {
	sync.Mutex
	done bool
	err  error
}

// checkInterruption answers why code cannot be interrupted; nil if it can.
func checkInterruption(memory host.Memory) error {
	i := &interruption
	i.Lock()
	defer i.Unlock()
	if !i.done {
		i.done, i.err = true, tryInterruption(memory)
	}
	return i.err
}

// Rounds and polls of a round until interruption is given up, for a fraction of a second in all.
const (
	tryRounds = 10
	tryPolls  = 30e6
)

// tryInterruption runs a polling loop until Go stops the world.
func tryInterruption(memory host.Memory) (err error) {
	var c Context
	z, err := newZone(&c, memory, 0, 8*max(memory.PageSize(), 1<<pageBits), 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	p, err := z.Place(spin(tryPolls))
	if err != nil {
		return err
	}
	stack := make([]uint64, 64)

	var stop atomic.Bool
	started, stopped := make(chan bool), make(chan bool)
	go func() {
		close(started)
		for !stop.Load() {
			runtime.ReadMemStats(new(runtime.MemStats)) // stops the world
		}
		close(stopped)
	}()
	<-started
	for i := 0; i < tryRounds && c.Exit != ExitPoll; i++ {
		runtime.Gosched() // the other one may not have come far on a busy machine
		c.PC = p.Entry()
		c.SP = uint64(uintptr(unsafe.Pointer(&stack[len(stack)-1])))
		Enter(&c)
	}
	stop.Store(true)
	<-stopped
	runtime.KeepAlive(stack)
	if c.Exit != ExitPoll {
		return errors.New("native: Go does not interrupt machine code; GODEBUG=asyncpreemptoff=1 does that, for one")
	}
	return nil
}

// spin is code that polls n times and then leaves by ExitDeopt.
func spin(n uint32) *Code {
	code := []byte{0xB9} // mov ecx, n
	code = binary.LittleEndian.AppendUint32(code, n)
	code = append(code,
		0x49, 0x3B, 0x67, byte(OffStackLimit), // loop: cmp rsp, [r15+OffStackLimit]
		0x72, 0x0B, // jb poll
		0xFF, 0xC9, // dec ecx
		0x75, 0xF6, // jnz loop
		0x41, 0xFF, 0x97) // call [r15+...]
	code = binary.LittleEndian.AppendUint32(code, uint32(OffStub(ExitDeopt)))
	code = append(code, 0x41, 0xFF, 0x97) // poll: call [r15+...]
	code = binary.LittleEndian.AppendUint32(code, uint32(OffStub(ExitPoll)))
	return &Code{Name: "spin", Bytes: code, CheckedEntry: -1}
}
