package virtio

import (
	"fmt"
	"io"
	"unsafe"

	"github.com/sista-vm/sista/xenhost/disk"
)

// Requests of a block device (section 5.2.6) are three descriptors:
//
//	header    0 kind (4)   8 first sector (8); the device reads it
//	data      the device reads or writes it; a flush has none
//	status    a byte that the device writes: 0, or what went wrong
//
// Each slot of the disk has its own three, and lies in memory as data, header and status.
const (
	kindRead  = 0
	kindWrite = 1
	kindFlush = 4

	blockHeader  = 16
	blockSlots   = 8
	blockData    = 32 << 10 // of a request
	statusNone   = 0xff     // before the device has said anything
	descriptors  = 3        // of a slot
	blockQueue   = 0        // the only one
	slotMemory   = blockData + pageSize
	headerOffset = blockData
	statusOffset = blockData + blockHeader
)

// Block is the transport of a disk.
type Block struct {
	regs       registers
	interrupts io.Reader
	queue      *queue
	count      int    // of slots
	slots      uint64 // address
	physical   uint64
	disk       *disk.Disk
}

// FindDisk starts the first block device among the devices. Nil: there is none.
func FindDisk(m Memory, devices []Device) (*disk.Disk, error) {
	for _, d := range devices {
		r := registers(m.Registers(d.Address))
		if r.is(blockDevice) {
			return openBlock(m, r, d.Line)
		}
	}
	return nil, nil
}

func openBlock(m Memory, r registers, line uint8) (*disk.Disk, error) {
	features, err := r.negotiate(featureReadOnly | featureFlush | featureVersion)
	if err != nil {
		return nil, err
	}
	b := &Block{regs: r}
	n, err := r.queueSize(blockQueue, blockSlots*4)
	if err != nil {
		return nil, err
	}
	b.count = min(int(n)/descriptors, blockSlots)
	if b.count == 0 {
		return nil, fmt.Errorf("virtio: a disk with a queue of %d", n)
	}
	if b.queue, err = newRings(m, n, blockData+1); err != nil {
		return nil, fmt.Errorf("virtio: %w", err)
	}
	if b.slots, b.physical, err = m.Allocate(uint64(b.count) * slotMemory); err != nil {
		return nil, fmt.Errorf("virtio: %w", err)
	}
	r.setQueue(blockQueue, b.queue)
	if b.interrupts, err = m.Interrupts(line); err != nil {
		return nil, fmt.Errorf("virtio: line %d: %w", line, err)
	}
	r.write(regStatus, r.read(regStatus)|statusReady)
	b.disk = disk.New(b, b.count)
	sectors := uint64(r.read(regConfig)) | uint64(r.read(regConfig+4))<<32
	b.disk.Connect(disk.Geometry{
		Size: int64(min(sectors, 1<<50) * disk.SectorSize), ReadOnly: features&featureReadOnly != 0,
		WriteThrough: features&featureFlush == 0,
	})
	go b.receive()
	return b.disk, nil
}

func (b *Block) bytes(slot int, offset, n uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(b.slots+uint64(slot)*slotMemory+offset))), n)
}

// Buffer answers the data of a slot.
func (b *Block) Buffer(slot int) []byte { return b.bytes(slot, 0, blockData) }

// Submit hands a request to the device.
func (b *Block) Submit(slot int, op disk.Op, sector uint64, n int) {
	kind := [...]uint32{disk.Read: kindRead, disk.Write: kindWrite, disk.Flush: kindFlush}[op]
	at := b.slots + uint64(slot)*slotMemory
	store32(at+headerOffset, kind)
	store32(at+headerOffset+4, 0)
	store64(at+headerOffset+8, sector)
	b.bytes(slot, statusOffset, 1)[0] = statusNone
	first := uint16(slot * descriptors)
	physical := b.physical + uint64(slot)*slotMemory
	next := first + 1
	if op == disk.Flush {
		next = first + 2
	}
	b.queue.describe(first, physical+headerOffset, blockHeader, flagNext, next)
	flags := uint16(flagNext)
	if op == disk.Read {
		flags |= flagWrite
	}
	b.queue.describe(first+1, physical, n, flags, first+2)
	b.queue.describe(first+2, physical+statusOffset, 1, flagWrite, 0)
	b.queue.show(first)
	b.regs.write(regNotify, blockQueue)
}

// receive takes what the device has done.
func (b *Block) receive() {
	var count [8]byte
	for {
		if _, err := b.interrupts.Read(count[:]); err != nil {
			b.fail(fmt.Errorf("virtio: waiting for interrupts: %w", err))
			return
		}
		for what := b.regs.read(regInterrupts); what != 0; what = b.regs.read(regInterrupts) {
			b.regs.write(regAcknowledge, what)
			if err := b.drain(); err != nil {
				b.fail(err)
				return
			}
		}
	}
}

// fail resets the device, which then uses no memory any more. It is for good: a device breaks the rules, not because
// it is gone for a while (a virtio-mmio device cannot be unplugged), and would not be better after a new start.
func (b *Block) fail(err error) {
	b.regs.write(regStatus, 0)
	b.disk.Fail(err)
}

// drain ends the requests that the device is done with.
func (b *Block) drain() error {
	for {
		i, _, ok, err := b.queue.reclaim()
		if err != nil || !ok {
			return err
		}
		slot := int(i) / descriptors
		if i%descriptors != 0 || slot >= b.count {
			return errBroken
		}
		if err := b.disk.Done(slot, b.bytes(slot, statusOffset, 1)[0] != 0); err != nil {
			return errBroken
		}
	}
}
