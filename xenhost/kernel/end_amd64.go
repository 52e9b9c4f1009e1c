package kernel

import (
	"github.com/sista-vm/sista/xenhost/console"
	"github.com/sista-vm/sista/xenhost/cpu"
)

// exitFatal is the exit code after a fatal error of the kernel.
const exitFatal = 70

// crashed is set by a fatal error, whatever the exit code.
var crashed bool

// ending is set when the end has begun: a failure in it ends it at once.
var ending bool

// fatal ends the guest with a message.
func fatal(what string, n uint64) {
	if ending {
		cpu.TripleFault()
	}
	crashed = true
	console.Print("\nsista guest: fatal: ")
	console.Print(what)
	console.Print(" ")
	console.PrintDecimal(n)
	console.Print("\n")
	endProgram(exitFatal)
}

// fatalTrap ends the guest because of a trap that nobody can serve.
func fatalTrap(vector, code, ip, sp, bp uint64) {
	if ending {
		cpu.TripleFault()
	}
	ending, crashed = true, true
	console.Print("\nsista guest: fatal: trap ")
	console.PrintDecimal(vector)
	console.Print(" code ")
	console.PrintHex(code)
	console.Print(" at ")
	console.PrintHex(ip)
	console.Print(" sp ")
	console.PrintHex(sp)
	if vector == trapPage {
		console.Print(" address ")
		console.PrintHex(cpu.FaultAddress())
	}
	console.Print(" called from")
	for range 8 { // frames are linked by BP
		if bp == 0 || bp%8 != 0 || !space.Readable(bp, 16) {
			break
		}
		console.Print(" ")
		console.PrintHex(load(bp + 8))
		bp = load(bp)
	}
	console.Print("\n")
	endProgram(exitFatal)
}

// printTicks prints how many ticks have passed since the entry, and of what moment that is if it is not
// the end. The ticks of printing are waiting too.
func printTicks(what []byte) {
	now := cpu.TSC()
	console.Print("sista guest: ticks ")
	console.PrintDecimal(now - startTSC)
	console.Print(" waited ")
	console.PrintDecimal(waitedTicks)
	if what != nil {
		console.Print(" ")
		console.Write(what)
	}
	console.Print("\n")
	waitedTicks += cpu.TSC() - now
}

// endProgram ends the guest.
func endProgram(code uint64) {
	ending = true
	if optionTicks {
		printTicks(nil)
	}
	console.Print("sista guest: exit ")
	console.PrintDecimal(code & 0xff)
	console.Print("\n")
	if onXen {
		endDomain(code & 0xff)
	}
	powerOff()
}

// powerOff tries the ways of the machines that QEMU has, and ends with one that every
// processor has.
func powerOff() {
	const pmControl, sleepEnable = 0x604, 1 << 13
	cpu.Out16(pmControl, sleepEnable)
	const keyboard, reset = 0x64, 0xfe
	cpu.Out8(keyboard, reset)
	cpu.TripleFault()
	cpu.Halt()
}
