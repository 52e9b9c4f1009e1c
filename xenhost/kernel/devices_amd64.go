package kernel

import (
	"io"
	"math/bits"
	"os"

	"github.com/sista-vm/sista/xenhost/apic"
	"github.com/sista-vm/sista/xenhost/mem"
)

// Interrupts of devices become counts of descriptors, which the program waits for as it waits
// for any event. Lines of the I/O APIC get the vectors from vectorDevices on, in the order in
// which the program asks for them.
const (
	vectorDevices = vectorEvents + 1
	maxLines      = vectorSpurious - vectorDevices
)

// lines holds a descriptor for each vector in use.
var (
	lines     [maxLines]uint64
	lineCount int
)

// openLine lets a line interrupt, and answers a descriptor that counts how often.
func openLine(line uint64) uint64 {
	// PCs have one I/O APIC; QEMU's microvm may have a second one.
	const perController, second = 24, 0xfec10000
	at := uint64(apic.IOPhysical)
	if line >= perController {
		line -= perController
		at = second
	}
	if line >= perController {
		return failure(mem.EINVAL)
	}
	if lineCount == maxLines {
		return failure(mem.EAGAIN)
	}
	fd := newDescriptor(aCounter)
	if fd < maxDescriptors {
		lines[lineCount] = fd
		apic.Route(DirectMap+at, uint8(line), uint8(vectorDevices+lineCount))
		lineCount++
	}
	return fd
}

// countInterrupt notes an interrupt of a device.
func countInterrupt(vector uint64) {
	if i := int(vector - vectorDevices); i < lineCount {
		count(lines[i])
	}
}

func count(fd uint64) {
	d := &descriptorTable[fd]
	d.count++
	d.fresh = true
	wakePollers()
}

// allocateFrames answers the physical address of contiguous memory that begins with a page and is zeroed.
func allocateFrames(size uint64) uint64 {
	pages := (size + mem.PageSize - 1) / mem.PageSize
	if pages == 0 || pages > mem.HugeSize/mem.PageSize {
		return failure(mem.EINVAL)
	}
	order := bits.Len64(pages - 1)
	p, ok := space.Frames.Alloc(order)
	if !ok {
		return failure(mem.ENOMEM)
	}
	clear(bytesAt(DirectMap+p, mem.PageSize<<order))
	return p
}

// Devices is what drivers, which belong to the program, need of the machine.
type Devices struct{}

// Allocate answers contiguous zeroed memory, at most 2 MiB, and its physical address. It is never given back.
func (Devices) Allocate(size uint64) (addr, physical uint64, err error) {
	physical, err = ask(doorFrames, uintptr(size), 0, 0, 0)
	return DirectMap + physical, physical, err
}

// Registers answers where physical memory below 4 GiB appears.
func (Devices) Registers(physical uint64) uint64 { return DirectMap + physical }

// Interrupts answers a stream of a line's interrupts: eight bytes, how many there were since
// the last time, can be read when there was one.
func (Devices) Interrupts(line uint8) (io.Reader, error) {
	fd, err := ask(doorLine, uintptr(line), 0, 0, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "interrupts"), nil
}
