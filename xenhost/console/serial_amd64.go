package console

import "github.com/sista-vm/sista/xenhost/cpu"

// The registers of a 16550 at the first serial line's ports.
const (
	com1       = 0x3f8
	regData    = com1 + 0
	regEnable  = com1 + 1
	regFIFO    = com1 + 2
	regLine    = com1 + 3
	regModem   = com1 + 4
	regStatus  = com1 + 5
	regScratch = com1 + 7

	hasInput  = 0x01 // in regStatus
	canOutput = 0x20

	// SerialLine is the interrupt line of the first serial line.
	SerialLine = 4
)

// patience is how often the line is asked whether it can take another byte.
const patience = 100_000

// serial tells that there is a serial line.
var serial bool

// OpenSerial sets the first serial line up: 115200 baud, 8 bits, no parity.
func OpenSerial() {
	cpu.Out8(regScratch, 0x5a)
	if cpu.In8(regScratch) != 0x5a {
		return // nobody there
	}
	serial = true
	cpu.Out8(regEnable, 0)
	cpu.Out8(regLine, 0x80)
	cpu.Out8(regData, 1)
	cpu.Out8(regEnable, 0)
	cpu.Out8(regLine, 3)
	serialPoll() // what has come before must not be lost with the buffers' clearing
	cpu.Out8(regFIFO, 0xc7)
}

// SerialInterrupts lets the serial line interrupt when there is input.
func SerialInterrupts() {
	if serial {
		cpu.Out8(regModem, 0x0b) // the line to the interrupt controller is switched by OUT2
		cpu.Out8(regEnable, 1)
	}
}

func serialPut(b byte) {
	for i := 0; i < patience && cpu.In8(regStatus)&canOutput == 0; i++ {
		cpu.Pause()
	}
	cpu.Out8(regData, b)
}

func serialWrite(p []byte) {
	for _, b := range p {
		if b == '\n' {
			serialPut('\r')
		}
		serialPut(b)
	}
}

func serialPoll() {
	for In.Room() > 0 && cpu.In8(regStatus)&hasInput != 0 {
		In.Put(cpu.In8(regData))
	}
}
