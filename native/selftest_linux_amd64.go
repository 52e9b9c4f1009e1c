package native

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"github.com/sista-vm/sista/host"
)

// What the handlers rely on is not promised: that a signal that comes while machine code runs
// is handled on another stack, that Go's handler takes such code for code that it cannot interrupt here,
// and that its pc is seen. So it is tried once in a process. That Go sends the signal when it wants to stop the
// world depends on its version alone, which the tests try, and on GODEBUG.

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
		i.done = true
		if i.err = preemptionOff(); i.err == nil {
			i.err = tryInterruption(memory)
		}
	}
	return i.err
}

// preemptionOff answers an error if Go was told not to interrupt goroutines.
func preemptionOff() error {
	settings, _ := syscall.Getenv("GODEBUG")
	value := ""
	for s := range strings.SplitSeq(settings, ",") {
		if v, ok := strings.CutPrefix(s, "asyncpreemptoff="); ok {
			value = v // the last one counts
		}
	}
	if value == "" || value == "0" {
		return nil
	}
	return fmt.Errorf("native: Go does not interrupt machine code: GODEBUG has asyncpreemptoff=%s", value)
}

// tryPolls is how often the code of the trial polls until interruption is given up: a fraction of a second.
const tryPolls = 30e6

// tryInterruption runs a polling loop that sends itself the signal by which Go interrupts.
func tryInterruption(memory host.Memory) (err error) {
	var c Context
	z, err := newZone(&c, memory, 0, 8*max(memory.PageSize(), 1<<pageBits), 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	code := spin(tryPolls)
	code.Bytes = append(sendSelf(syscall.SIGURG), code.Bytes...)
	p, err := z.Place(code)
	if err != nil {
		return err
	}
	stack := make([]uint64, 64)
	c.PC = p.Entry()
	c.SP = uint64(uintptr(unsafe.Pointer(&stack[len(stack)-1])))
	Enter(&c)
	runtime.KeepAlive(stack)
	if c.Exit != ExitPoll {
		return errors.New("native: a signal does not interrupt machine code")
	}
	return nil
}

// sendSelf is code that sends this thread a signal, which comes before the next instruction.
func sendSelf(s syscall.Signal) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte{0xB8}, syscall.SYS_TGKILL)         // mov eax, tgkill
	b = le.AppendUint32(append(b, 0xBF), uint32(syscall.Getpid())) // mov edi, process
	b = le.AppendUint32(append(b, 0xBE), uint32(syscall.Gettid())) // mov esi, thread
	b = le.AppendUint32(append(b, 0xBA), uint32(s))                // mov edx, signal
	return append(b, 0x0F, 0x05)                                   // syscall
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
