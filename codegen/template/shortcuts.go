package template

import (
	"unsafe"

	"github.com/sista-vm/sista/native"
)

// Offsets of the shortcuts.
const (
	offArray      = unsafe.Offsetof(native.Shortcuts{}.Array)
	offArrayPut   = unsafe.Offsetof(native.Shortcuts{}.ArrayPut)
	offArraySize  = unsafe.Offsetof(native.Shortcuts{}.ArraySize)
	offString     = unsafe.Offsetof(native.Shortcuts{}.String)
	offStringPut  = unsafe.Offsetof(native.Shortcuts{}.StringPut)
	offStringSize = unsafe.Offsetof(native.Shortcuts{}.StringSize)
	offBytes      = unsafe.Offsetof(native.Shortcuts{}.Bytes)
	offBytesPut   = unsafe.Offsetof(native.Shortcuts{}.BytesPut)
	offBytesSize  = unsafe.Offsetof(native.Shortcuts{}.BytesSize)
)
