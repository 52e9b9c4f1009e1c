//go:build linux && amd64

package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sista-vm/sista/xenhost/kernel"
)

// window is where the heap of the first VM is.
const window = 0x4000_0000_0000

func at(addr uintptr) *uint64 { return (*uint64)(unsafe.Add(nil, addr)) }

// reserve takes address space: at addr, or anywhere if it is 0.
func reserve(addr, size uintptr) (uintptr, error) {
	flags := unix.MAP_PRIVATE | unix.MAP_ANON | unix.MAP_NORESERVE
	if addr != 0 {
		flags |= unix.MAP_FIXED_NOREPLACE
	}
	p, err := unix.MmapPtr(-1, 0, unsafe.Add(nil, addr), size, unix.PROT_NONE, flags)
	return uintptr(p), err
}

// faults answers an error unless touching memory does.
func faults(f func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = nil
		}
	}()
	f()
	return errors.New("no fault")
}

func readOnly() error {
	text := "constant"
	return faults(func() { *unsafe.StringData(text) = 'x' })
}

func reservations() error {
	const size = 1 << 40
	p, err := reserve(window, size)
	if err != nil || p != window {
		return fmt.Errorf("at %#x: %w", p, err)
	}
	if _, err := reserve(window+4096, 4096); err != unix.EEXIST {
		return fmt.Errorf("reserved twice: %v", err)
	}
	if err := faults(func() { *at(window) = 1 }); err != nil {
		return err
	}
	return unix.MunmapPtr(unsafe.Add(nil, p), size)
}

func protection() error {
	const size = 16 << 20
	p, err := reserve(0, size)
	if err != nil {
		return err
	}
	all := unsafe.Slice((*byte)(unsafe.Add(nil, p)), size)
	if err := unix.Mprotect(all[4096:8<<20], unix.PROT_READ|unix.PROT_WRITE); err != nil {
		return err
	}
	for i := uintptr(4096); i < 8<<20; i += 4096 {
		*at(p + i) = uint64(i)
	}
	if err := unix.Mprotect(all[1<<20:2<<20], unix.PROT_NONE); err != nil {
		return err
	}
	if err := faults(func() { sink = int(*at(p + 1<<20)) }); err != nil {
		return err
	}
	if err := unix.Mprotect(all[1<<20:2<<20], unix.PROT_READ); err != nil {
		return err
	}
	for i := uintptr(4096); i < 8<<20; i += 4096 {
		if *at(p + i) != uint64(i) {
			return fmt.Errorf("%#x is lost", i)
		}
	}
	if err := faults(func() { *at(p + 1<<20) = 1 }); err != nil {
		return err
	}
	return unix.MunmapPtr(unsafe.Add(nil, p), size)
}

// code writes a function at one address and calls it at another.
func code() error {
	if !kernel.Booted() {
		return nil
	}
	const size = 1 << 20
	p, err := reserve(0, size)
	if err != nil {
		return err
	}
	w, err := kernel.ViewCode(uint64(p), size)
	if err != nil {
		return err
	}
	for i := range uint32(3) {
		// MOVL $i, AX; RET
		copy(unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(w)+uintptr(i)*8192)), 6), []byte{0xb8, byte(i), 0, 0, 0, 0xc3})
		entry := p + uintptr(i)*8192
		f := &entry
		if got := (*(*func() int)(unsafe.Pointer(&f)))(); got != int(i) {
			return fmt.Errorf("code answers %d", got)
		}
	}
	if err := faults(func() { *at(p) = 1 }); err != nil {
		return fmt.Errorf("code is writable: %w", err)
	}
	if err := unix.MunmapPtr(unsafe.Add(nil, uintptr(w)), size); err != nil {
		return err
	}
	return unix.MunmapPtr(unsafe.Add(nil, p), size)
}

// big is of the variables that are supplied when they are touched.
var big [8 << 20]byte

func bigVariables() error {
	for i := 0; i < len(big); i += 1 << 20 {
		if big[i] != 0 {
			return fmt.Errorf("byte %d is %d", i, big[i])
		}
		big[i] = 1
	}
	return nil
}

// memoryLimit commits more memory than there is.
func memoryLimit() error {
	if !kernel.Booted() {
		return nil
	}
	s, err := kernel.ReadStatus()
	if err != nil {
		return err
	}
	p, err := reserve(0, uintptr(s.TotalBytes)*2)
	if err != nil {
		return err
	}
	if err := kernel.Commit(uint64(p), s.TotalBytes*2); err != unix.ENOMEM {
		return fmt.Errorf("twice the memory: %v", err)
	}
	half := s.TotalBytes / 2 &^ 4095
	if err := kernel.Commit(uint64(p), half); err != nil {
		return err
	}
	for i := uint64(0); i < half; i += 4096 {
		*at(p + uintptr(i)) = i
	}
	if err := kernel.Decommit(uint64(p), half); err != nil {
		return err
	}
	after, err := kernel.ReadStatus()
	if err != nil {
		return err
	}
	if after.CommittedBytes != s.CommittedBytes || after.FreeBytes+1<<20 < s.FreeBytes {
		return fmt.Errorf("before %+v, after %+v", s, after)
	}
	return unix.MunmapPtr(unsafe.Add(nil, p), uintptr(s.TotalBytes)*2)
}
