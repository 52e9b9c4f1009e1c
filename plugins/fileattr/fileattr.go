// Package fileattr is the FileAttributesPlugin: what the file system knows of a
// file, and reading folders entry by entry.
//
// What it promises:
//   - Failures are operating-system errors with the plugin's own negative codes
//     (Code), except those of chmod and chown, which have the system's number.
//   - Names are UTF-8 bytes. Times are seconds since 1901 in local time.
package fileattr

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "FileAttributesPlugin", New: func(vm plugin.VM) (plugin.Instance, error) {
	a := &attributes{vm: vm, folders: plugin.NewHandles[*folder](vm.SessionID())}
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveFileAttribute":      a.attribute,
		"primitiveFileAttributes":     a.attributes,
		"primitiveFileExists":         a.exists,
		"primitiveFileMasks":          fileMasks,
		"primitiveOpendir":            a.openFolder,
		"primitiveReaddir":            a.readFolder,
		"primitiveRewinddir":          a.rewindFolder,
		"primitiveClosedir":           a.closeFolder,
		"primitiveStToPlatPath":       samePath,
		"primitivePlatToStPath":       samePath,
		"primitivePathMax":            maxPath,
		"primitiveChangeMode":         a.changeMode,
		"primitiveChangeOwner":        a.changeOwner,
		"primitiveSymlinkChangeOwner": a.changeLinkOwner,
		"primitiveLogicalDrives":      plugin.Refuse("FileAttributesPlugin: there are no drives here"),
		"primitiveVersionString":      version,
	}}, nil
}}

// Code is why a primitive failed, as images know it.
type Code int64

// Codes of failures.
const (
	StringTooLong    Code = -1
	CannotStat       Code = -3
	InvalidArguments Code = -6
	CannotReadLink   Code = -8
	CannotOpenFolder Code = -9
	CannotReadFolder Code = -16
	BadSession       Code = -17
)

// pathMax is the size of a C buffer for a path.
const pathMax = 4096

type attributes struct {
	vm      plugin.VM
	folders *plugin.Handles[*folder]
}

func fail(c *plugin.Call, code Code) (heap.Oop, plugin.Failure) { return c.FailOS(int64(code)) }

// path answers argument i, which must be a path.
func path(c *plugin.Call, i int) (string, plugin.Failure) {
	s, ok := c.String(i)
	if !ok {
		return "", plugin.BadArgument
	}
	if len(s) >= pathMax {
		c.OSErr = int64(StringTooLong)
		return "", plugin.OSError
	}
	return s, plugin.OK
}

func (a *attributes) tree() host.Files { return a.vm.Host().Files }

// seconds turns a time into what images call one.
func (a *attributes) seconds(c *plugin.Call, us int64) heap.Oop {
	return c.Heap.NewInt64(us/1e6 + int64(a.vm.Host().Clock.LocalOffset()))
}

func size(info host.FileInfo) int64 {
	if info.IsDir() {
		return 0
	}
	return info.Size
}

// The numbers of single attributes, and of the elements of a stat Array, which
// are those from 1 to statSize.
const (
	attrTarget = iota + 1
	attrMode
	attrInode
	attrDevice
	attrLinks
	attrUID
	attrGID
	attrSize
	attrAccessed
	attrModified
	attrChanged
	attrCreated
	attrReadable
	attrWritable
	attrExecutable
	attrIsLink

	statSize = 13 // the last is for Windows, like attrCreated nil elsewhere
)

// element makes the object for one of the attributes of a stat Array.
func (a *attributes) element(c *plugin.Call, info host.FileInfo, n int) heap.Oop {
	h := c.Heap
	switch n {
	case attrMode:
		return h.NewInt64(int64(info.Mode))
	case attrInode:
		return h.NewUint64(info.Inode)
	case attrDevice:
		return h.NewUint64(info.Device)
	case attrLinks:
		return h.NewUint64(info.Links)
	case attrUID:
		return h.NewInt64(int64(info.UID))
	case attrGID:
		return h.NewInt64(int64(info.GID))
	case attrSize:
		return h.NewInt64(size(info))
	case attrAccessed:
		return a.seconds(c, info.Accessed)
	case attrModified:
		return a.seconds(c, info.Modified)
	case attrChanged:
		return a.seconds(c, info.Changed)
	}
	return h.Nil
}

// attribute: path, number of the attribute.
func (a *attributes) attribute(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p, f := path(c, 0)
	if f != plugin.OK {
		return c.Fail(f)
	}
	n, ok := c.SmallInt(1)
	if !ok || n < attrTarget || n > attrIsLink {
		return c.Fail(plugin.BadArgument)
	}
	switch n {
	case attrReadable:
		return c.ReturnBool(a.tree().Access(p, host.AccessRead))
	case attrWritable:
		return c.ReturnBool(a.tree().Access(p, host.AccessWrite))
	case attrExecutable:
		return c.ReturnBool(a.tree().Access(p, host.AccessExecute))
	case attrIsLink:
		info, err := a.tree().Lstat(p)
		if err != nil {
			return fail(c, CannotStat)
		}
		return c.ReturnBool(info.IsLink())
	}
	info, err := a.tree().Stat(p)
	if err != nil {
		return fail(c, CannotStat)
	}
	return c.Return(a.element(c, info, n))
}

// What attributes is asked for.
const (
	maskStat   = 1
	maskAccess = 2
	maskLink   = 4 // of the link itself
)

// attributes: path, mask. It answers the stat Array, the access Array, or an Array of both.
func (a *attributes) attributes(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p, f := path(c, 0)
	if f != plugin.OK {
		return c.Fail(f)
	}
	mask, ok := c.SmallInt(1)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if mask&(maskStat|maskAccess) == 0 {
		return fail(c, InvalidArguments)
	}
	var stat, access heap.Oop
	if mask&maskStat != 0 {
		var ok bool
		if stat, ok = a.stat(c, p, mask&maskLink != 0); !ok {
			return fail(c, CannotStat)
		}
	}
	if mask&maskAccess != 0 {
		access = c.NewArray(c.Heap.Bool(a.tree().Access(p, host.AccessRead)),
			c.Heap.Bool(a.tree().Access(p, host.AccessWrite)),
			c.Heap.Bool(a.tree().Access(p, host.AccessExecute)))
	}
	switch mask & (maskStat | maskAccess) {
	case maskStat:
		return c.Return(stat)
	case maskAccess:
		return c.Return(access)
	}
	return c.ReturnArray(stat, access)
}

// stat makes the stat Array of a path, Invalid if there is no memory; ok is false
// when there is no such file.
func (a *attributes) stat(c *plugin.Call, p string, link bool) (o heap.Oop, ok bool) {
	target := c.Heap.Nil
	var info host.FileInfo
	var err error
	if link {
		info, err = a.tree().Lstat(p)
		if err == nil && info.IsLink() {
			if to, err := a.tree().Readlink(p); err == nil {
				target = c.Heap.NewBytes([]byte(to))
			}
		}
	} else {
		info, err = a.tree().Stat(p)
	}
	if err != nil {
		return heap.Invalid, false
	}
	elements := make([]heap.Oop, statSize)
	elements[0] = target
	for i := 1; i < statSize; i++ {
		elements[i] = a.element(c, info, i+1)
	}
	return c.NewArray(elements...), true
}

func (a *attributes) exists(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p, f := path(c, 0)
	if f != plugin.OK {
		return c.Fail(f)
	}
	_, err := a.tree().Stat(p)
	return c.ReturnBool(err == nil)
}

// fileMasks answers the type mask and the types of files in modes.
func fileMasks(c *plugin.Call) (heap.Oop, plugin.Failure) {
	var masks []heap.Oop
	for _, m := range []int64{host.ModeType, host.ModeSocket, host.ModeLink, host.ModeRegular,
		host.ModeBlock, host.ModeDirectory, host.ModeCharacter, host.ModePipe} {
		masks = append(masks, heap.FromInt(m))
	}
	return c.ReturnArray(masks...)
}

// changeMode: path, permissions.
func (a *attributes) changeMode(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p, f := path(c, 0)
	if f != plugin.OK {
		return c.Fail(f)
	}
	mode, ok := c.SmallInt(1)
	if !ok || mode < 0 || mode > 0o7777 {
		return c.Fail(plugin.BadArgument)
	}
	return done(c, a.tree().Chmod(p, uint32(mode)))
}

// changeOwner: path, user id, group id; -1 leaves one as it is.
func (a *attributes) changeOwner(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return a.own(c, a.tree().Chown)
}

func (a *attributes) changeLinkOwner(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return a.own(c, a.tree().Lchown)
}

func (a *attributes) own(c *plugin.Call, f func(name string, uid, gid int) error) (heap.Oop, plugin.Failure) {
	p, fail := path(c, 0)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	uid, ok1 := c.Index(1)
	gid, ok2 := c.Index(2)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	return done(c, f(p, uid, gid))
}

func done(c *plugin.Call, err error) (heap.Oop, plugin.Failure) {
	if err != nil {
		return c.FailError(err)
	}
	return c.ReturnNil()
}

// samePath: path bytes. The image's encoding of names and the system's are both UTF-8.
func samePath(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p, f := path(c, 0)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return c.ReturnBytes([]byte(p))
}

func maxPath(c *plugin.Call) (heap.Oop, plugin.Failure) { return c.ReturnInt(pathMax) }

func version(c *plugin.Call) (heap.Oop, plugin.Failure) { return c.ReturnString("2.0.8") }
