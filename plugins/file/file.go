// Package file is the FilePlugin: files, standard streams and folders.
//
// What it promises:
//   - A handle is a ByteArray that means nothing but to the VM that made it; one of
//     another session, or closed, or made up, makes every primitive fail.
//   - Files are buffered both ways; writing, reading and moving may be mixed freely.
//     What was written is in the file after flush, close, or the end of the VM.
//   - Reading a standard input waits for at least one byte, and gives up waiting
//     when the VM is told to stop; primitiveWaitForDataWithSemaphore tells without
//     waiting. Nothing goes on waiting when the VM has ended, if the host's reader
//     can be made to stop.
//   - Failures carry the operating system's error number where there is one.
package file

import (
	"errors"
	"io/fs"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "FilePlugin", New: func(vm plugin.VM) (plugin.Instance, error) {
	p := &files{vm: vm, handles: plugin.NewHandles[stream](vm.SessionID())}
	return plugin.Instance{Close: p.close, Primitives: map[string]plugin.Func{
		"primitiveFileOpen":                      p.guarded(p.open),
		"primitiveFileOpenNew":                   p.guarded(p.openNew),
		"primitiveFileStdioHandles":              p.stdioHandles,
		"primitiveConnectToFileDescriptor":       p.guarded(p.connectToDescriptor),
		"primitiveConnectToFile":                 plugin.Refuse("FilePlugin: there are no C files to connect to"),
		"primitiveFileDescriptorType":            p.descriptorType,
		"primitiveFileClose":                     p.closeFile,
		"primitiveFileRead":                      p.read,
		"primitiveFileWrite":                     p.write,
		"primitiveFileGetPosition":               p.getPosition,
		"primitiveFileSetPosition":               p.setPosition,
		"primitiveFileSize":                      p.size,
		"primitiveFileAtEnd":                     p.atEnd,
		"primitiveFileFlush":                     p.flush,
		"primitiveFileSync":                      p.sync,
		"primitiveFileTruncate":                  p.truncate,
		"primitiveWaitForDataWithSemaphore":      p.awaitData,
		"primitiveFileDelete":                    p.guarded(p.delete),
		"primitiveFileRename":                    p.guarded(p.rename),
		"primitiveDirectoryDelimitor":            delimiter,
		"primitiveDirectoryCreate":               p.guarded(p.createDirectory),
		"primitiveDirectoryDelete":               p.guarded(p.deleteDirectory),
		"primitiveDirectoryLookup":               p.guarded(p.lookup),
		"primitiveDirectoryEntry":                p.guarded(p.entry),
		"primitiveDirectoryGetMacTypeAndCreator": macType,
		"primitiveDirectorySetMacTypeAndCreator": macType,
		"primitiveGetWorkingDirectory":           p.guarded(p.getWorkingDirectory),
		"primitiveSetWorkingDirectory":           p.guarded(p.setWorkingDirectory),
		"primitiveHasFileAccess":                 p.hasAccess,
		"primitiveDisableFileAccess":             p.disableAccess,
	}}, nil
}}

// files is the plugin's state in one VM.
type files struct {
	vm       plugin.VM
	handles  *plugin.Handles[stream]
	input    *input // standard input, made when first needed
	disabled bool   // by disableAccess
	listing  listing
}

// stream is what a handle stands for.
type stream interface {
	read(p []byte) (int, error)  // 0 and no error at the end
	write(p []byte) (int, error) // all or an error
	position() (int64, error)
	setPosition(int64) error
	size() (int64, error)
	atEnd() (bool, error)
	flush() error
	sync() error
	truncate(int64) error
	close() error
}

// A file handle has the size of the record the field's VMs keep in it:
//
//	0  plugin handle
//	16 writable
//	19 standard stream
const (
	handleSize     = 24
	handleWritable = 16
	handleStdio    = 19
)

// newHandle makes the ByteArray of a handle before anything is opened, so that
// nothing is left open when there is no memory for it.
func newHandle(c *plugin.Call) heap.Oop { return c.Heap.NewBytes(make([]byte, handleSize)) }

// setHandle makes o, from newHandle, stand for s.
func (p *files) setHandle(o heap.Oop, s stream, writable, stdio bool) {
	b := plugin.RawBytes(o)
	p.handles.Add(b, s)
	if writable {
		b[handleWritable] = 1
	}
	if stdio {
		b[handleStdio] = 1
	}
}

// stream answers what the handle in argument i stands for.
func (p *files) stream(c *plugin.Call, i int) (stream, bool) {
	b, ok := c.Bytes(i)
	if !ok {
		return nil, false
	}
	return p.handles.Get(b)
}

// guarded makes a primitive fail once file access was disabled.
func (p *files) guarded(f plugin.Func) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		if p.disabled {
			return c.Fail(plugin.Inappropriate)
		}
		return f(c)
	}
}

func (p *files) hasAccess(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnBool(!p.disabled)
}

func (p *files) disableAccess(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p.disabled = true
	return c.ReturnReceiver()
}

// tree answers the host's files.
func (p *files) tree() host.Files { return p.vm.Host().Files }

// name answers argument i, which must be a file name.
func name(c *plugin.Call, i int) (string, bool) {
	s, ok := c.String(i)
	return s, ok && s != ""
}

// done answers the receiver, or fails with err.
func done(c *plugin.Call, err error) (heap.Oop, plugin.Failure) {
	if err != nil {
		return fail(c, err)
	}
	return c.ReturnReceiver()
}

// fail fails with err. Errors of hosts that are no operating system become the
// numbers images know.
func fail(c *plugin.Call, err error) (heap.Oop, plugin.Failure) {
	o, f := c.FailError(err)
	if f != plugin.Generic {
		return o, f
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.FailOS(2)
	case errors.Is(err, fs.ErrPermission):
		return c.FailOS(13)
	case errors.Is(err, fs.ErrExist):
		return c.FailOS(17)
	}
	return o, f
}

// close flushes and closes everything at the end of the VM.
func (p *files) close() {
	if p.input != nil {
		p.input.end()
	}
	p.handles.Each(func(s stream) { s.close() })
	p.handles = plugin.NewHandles[stream](p.vm.SessionID())
}
