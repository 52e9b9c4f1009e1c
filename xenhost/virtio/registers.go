package virtio

import (
	"fmt"
	"strconv"
	"strings"
)

// Registers of a device (section 4.2.2; the last of the legacy form, section 4.2.4).
const (
	regMagic          = 0x000
	regVersion        = 0x004
	regDeviceID       = 0x008
	regFeatures       = 0x010
	regFeaturesSelect = 0x014
	regDriver         = 0x020
	regDriverSelect   = 0x024
	regPageSize       = 0x028 // legacy
	regQueueSelect    = 0x030
	regQueueMax       = 0x034
	regQueueSize      = 0x038
	regQueueAlign     = 0x03c // legacy
	regQueuePage      = 0x040 // legacy
	regQueueReady     = 0x044
	regNotify         = 0x050
	regInterrupts     = 0x060
	regAcknowledge    = 0x064
	regStatus         = 0x070
	regDescriptors    = 0x080 // low half; the high one 4 further
	regAvailable      = 0x090
	regUsed           = 0x0a0
	regConfig         = 0x100

	magic       = 0x74726976 // "virt"
	legacy      = 1
	networkCard = 1
	blockDevice = 2
)

// Status bits.
const (
	statusSeen     = 1
	statusDriver   = 2
	statusReady    = 4
	statusFeatures = 8
	statusFailed   = 128
)

// Features, by bit.
const (
	featureMTU      = 1 << 3 // of a network card
	featureMAC      = 1 << 5
	featureReadOnly = 1 << 5 // of a block device
	featureFlush    = 1 << 9
	featureVersion  = 1 << 32
)

// Device says where a device is.
type Device struct {
	Address uint64 // physical, of the registers
	Line    uint8  // of the interrupt controller
}

// devicePrefix begins the word by which the machine names a device on the command line:
//
//	virtio_mmio.device=512@0xfeb00e00:12
const devicePrefix = "virtio_mmio.device="

// Devices finds the devices that words of the command line name, and answers the other words.
func Devices(line []string) (list []Device, rest []string, err error) {
	for _, w := range line {
		spec, ok := strings.CutPrefix(w, devicePrefix)
		if !ok {
			rest = append(rest, w)
			continue
		}
		_, place, ok1 := strings.Cut(spec, "@")
		place, line, ok2 := strings.Cut(place, ":")
		line, _, _ = strings.Cut(line, ":")
		addr, err1 := strconv.ParseUint(place, 0, 64)
		n, err2 := strconv.ParseUint(line, 0, 8)
		if !ok1 || !ok2 || err1 != nil || err2 != nil {
			return nil, rest, fmt.Errorf("virtio: no device can be understood of %q", w)
		}
		list = append(list, Device{Address: addr, Line: uint8(n)})
	}
	return list, rest, nil
}

// registers of a device, at an address.
type registers uint64

func (r registers) read(at uint64) uint32     { return load32(uint64(r) + at) }
func (r registers) write(at uint64, v uint32) { store32(uint64(r)+at, v) }

func (r registers) config8(at uint64) byte {
	word := r.read(regConfig + at&^3)
	return byte(word >> (8 * (at & 3)))
}

// is tells whether a device of a kind is there.
func (r registers) is(kind uint32) bool {
	return r.read(regMagic) == magic && r.read(regDeviceID) == kind
}

// negotiate resets the device and accepts the features that are wanted and offered.
func (r registers) negotiate(wanted uint64) (accepted uint64, err error) {
	r.write(regStatus, 0)
	r.write(regStatus, statusSeen)
	r.write(regStatus, statusSeen|statusDriver)
	var offered uint64
	for half := range uint32(2) {
		r.write(regFeaturesSelect, half)
		offered |= uint64(r.read(regFeatures)) << (32 * half)
	}
	accepted = offered & wanted
	for half := range uint32(2) {
		r.write(regDriverSelect, half)
		r.write(regDriver, uint32(accepted>>(32*half)))
	}
	if r.read(regVersion) == legacy {
		r.write(regPageSize, pageSize)
		return accepted, nil
	}
	if accepted&featureVersion == 0 {
		return 0, fmt.Errorf("virtio: the device says version %d and knows no version 1", r.read(regVersion))
	}
	r.write(regStatus, statusSeen|statusDriver|statusFeatures)
	if r.read(regStatus)&statusFeatures == 0 {
		return 0, fmt.Errorf("virtio: the device refuses features %#x", accepted)
	}
	return accepted, nil
}

// setQueue tells the device where a queue is.
func (r registers) setQueue(number uint32, q *queue) {
	r.write(regQueueSelect, number)
	r.write(regQueueSize, uint32(q.size))
	if r.read(regVersion) == legacy {
		r.write(regQueueAlign, pageSize)
		r.write(regQueuePage, uint32(q.physical/pageSize))
		return
	}
	for _, part := range [][2]uint64{
		{regDescriptors, q.physical},
		{regAvailable, q.physical + 16*uint64(q.size)},
		{regUsed, q.physical + q.used},
	} {
		r.write(part[0], uint32(part[1]))
		r.write(part[0]+4, uint32(part[1]>>32))
	}
	r.write(regQueueReady, 1)
}

// queueSize answers how long a queue may be, at most most.
func (r registers) queueSize(number uint32, most uint16) (uint16, error) {
	r.write(regQueueSelect, number)
	n := uint16(min(r.read(regQueueMax), uint32(most)))
	for n&(n-1) != 0 { // a power of 2
		n &= n - 1
	}
	if n == 0 {
		return 0, fmt.Errorf("virtio: the device has no queue %d", number)
	}
	return n, nil
}
