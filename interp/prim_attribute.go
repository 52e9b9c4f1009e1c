package interp

import (
	"runtime"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// primGetAttribute answers a string about the VM, its host and the command line.
// Images ask for thousands of ids in a row, and must see those that mean nothing fail.
//
//	    0      path of the VM           1002  version of the system
//	    1      path of the image        1003  processor
//	 2...      arguments of the image   1004  version of the VM
//	-1...      options of the VM        1005  window system
//	 1001      kind of system           1006  build of the VM
//	                                    1007  interpreter    1009  its source
func primGetAttribute(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	id, ok := c.SmallInt(0)
	if !ok {
		return c.Fail(plugin.Generic)
	}
	value, ok := in.attribute(id)
	if !ok {
		return c.Fail(plugin.Generic)
	}
	return c.ReturnString(value)
}

func (in *Interp) attribute(id int) (value string, ok bool) {
	o := &in.opts
	switch id {
	case 0:
		return o.VMPath, true
	case 1:
		return o.ImagePath, true
	case 1001:
		return systemName().kind, true
	case 1002:
		return systemName().version, true
	case 1003:
		return processorName(), true
	case 1004, 1006:
		return o.VMVersion, true
	case 1005:
		return "null", true
	case 1007:
		return "Sista interpreter " + o.VMVersion, true
	case 1009:
		return o.VMVersion, true
	}
	switch {
	case id > 1 && id-2 < len(o.Args):
		return o.Args[id-2], true
	case id < 0 && id >= -len(o.VMArgs):
		return o.VMArgs[-id-1], true
	}
	return "", false
}

type systemNames struct{ kind, version string }

// systemName answers the names by which images know the system. A system they
// do not know behaves like a Unix: its files do.
func systemName() systemNames {
	switch runtime.GOOS {
	case "darwin":
		return systemNames{"Mac OS", "1015"}
	case "windows":
		return systemNames{"Win32", "NT"}
	case "linux":
		return systemNames{"unix", "linux-gnu"}
	}
	return systemNames{"unix", runtime.GOOS}
}

func processorName() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	case "386":
		return "i386"
	}
	return runtime.GOARCH
}
