// Package host is everything a virtual machine asks of the world below it:
// clock, console, files, network, entropy, memory. Primitives never ask which
// world they are in; host/hostos answers on an operating system, and a guest
// kernel answers on bare metal.
//
// What it promises:
//   - The package has no network stack and touches no operating system itself:
//     it is interfaces, plain values, and the virtual clock of deterministic runs.
//   - A Host is put together from parts, and any part can be exchanged: an
//     embedder gives a VM its own console or a read-only tree of files this way.
//   - Replace, which stands on Files alone, writes a file at once or not at all.
//   - Times are those of Smalltalk: microseconds since the start of 1901, UTC.
package host

import (
	"io"
	"io/fs"
)

// Host joins the parts of a world. Clock, Console, Files and Entropy are always
// there; Network is nil where the network is off.
type Host struct {
	Clock   Clock
	Console Console
	Files   Files
	Network Network
	Entropy io.Reader // unpredictable bytes; a Read fills the whole buffer or fails
	Env     Environment
}

// Environment is what the program was started with.
type Environment struct {
	Args   []string                         // arguments, without the program's name
	Lookup func(name string) (string, bool) // environment variables; nil: none
	Locale string                           // POSIX locale name such as "de_CH.UTF-8"; may be empty
	Home   string                           // the user's folder; may be empty
}

// Getenv answers the value of an environment variable.
func (e Environment) Getenv(name string) (string, bool) {
	if e.Lookup == nil {
		return "", false
	}
	return e.Lookup(name)
}

// Console is the three standard streams. A nil stream is an absent one.
type Console interface {
	Stdin() io.Reader
	Stdout() io.Writer
	Stderr() io.Writer
	// Kind tells what is behind stream 0, 1 or 2.
	Kind(fd int) StreamKind
	// Size answers the columns and rows of the terminal, zeros when there is none.
	Size() (columns, rows int)
}

// Awaiter is offered by readers whose input can be waited for without taking it from
// who reads next.
type Awaiter interface {
	// Await returns when a Read would not wait, or when done is closed.
	Await(done <-chan struct{})
}

// StreamKind is what is behind a descriptor, numbered as FilePlugin answers it.
type StreamKind int

// Kinds of streams.
const (
	StreamInvalid  StreamKind = -1
	StreamNone     StreamKind = 0
	StreamTerminal StreamKind = 1
	StreamPipe     StreamKind = 2
	StreamFile     StreamKind = 3
)

// Files is a tree of files with a current folder. Names are UTF-8 with slashes;
// relative names start at the current folder. Errors are those of package
// syscall or io/fs (fs.ErrNotExist, fs.ErrPermission...), wrapped or not.
type Files interface {
	// Open opens or creates a file; flag is one of os.O_RDONLY, O_WRONLY, O_RDWR with O_CREATE, O_EXCL, O_TRUNC, O_APPEND.
	Open(name string, flag int, perm fs.FileMode) (File, error)
	Stat(name string) (FileInfo, error)  // of what a link names
	Lstat(name string) (FileInfo, error) // of the link itself
	ReadDir(name string) ([]string, error)
	Mkdir(name string, perm fs.FileMode) error
	Remove(name string) error // a file or a link
	Rmdir(name string) error  // an empty folder
	Rename(from, to string) error
	Readlink(name string) (string, error)
	Chmod(name string, mode uint32) error // Unix permission bits
	Chown(name string, uid, gid int) error
	Lchown(name string, uid, gid int) error
	Access(name string, mode AccessMode) bool
	Getwd() (string, error)
	Chdir(name string) error
}

// AccessMode is a set of wanted rights.
type AccessMode uint32

// Rights of Files.Access.
const (
	AccessExecute AccessMode = 1
	AccessWrite   AccessMode = 2
	AccessRead    AccessMode = 4
)

// File is an open file.
type File interface {
	io.Reader
	io.Writer
	io.Seeker
	io.Closer
	Truncate(size int64) error
	Sync() error
	Stat() (FileInfo, error)
}

// Locker is offered by files that processes can lock against each other.
type Locker interface {
	// TryLock locks the file; ok is false if another process has. The lock is held until unlock is
	// called, even when the file is closed before, and ends with the process. An error says that
	// there are no locks where the file is.
	TryLock() (unlock func(), ok bool, err error)
}

// SyncStarter is offered by files that can be on their way to the disk while they are written.
type SyncStarter interface {
	// StartSync has what was written so far brought to the disk, and does not wait for that. Only Sync tells
	// whether it came there. It may be called beside Write.
	StartSync()
}

// Descriptors is offered by Files that stand on an operating system with numbered descriptors.
type Descriptors interface {
	// OpenDescriptor makes a file of a descriptor that the process already has.
	OpenDescriptor(fd int, writable bool) (File, error)
	DescriptorKind(fd int) StreamKind
}

// FileInfo is what a file system knows of a file, in Unix terms. Times are in
// Smalltalk microseconds (see Clock).
type FileInfo struct {
	Name                        string
	Mode                        uint32 // S_IFMT bits and permissions
	Size                        int64
	Accessed, Modified, Changed int64
	Inode, Device, Links        uint64
	UID, GID                    uint32
}

// The file types in FileInfo.Mode.
const (
	ModeType      = 0o170000
	ModeSocket    = 0o140000
	ModeLink      = 0o120000
	ModeRegular   = 0o100000
	ModeBlock     = 0o060000
	ModeDirectory = 0o040000
	ModeCharacter = 0o020000
	ModePipe      = 0o010000
)

// IsDir tells whether the file is a folder.
func (i FileInfo) IsDir() bool { return i.Mode&ModeType == ModeDirectory }

// IsLink tells whether the file is a symbolic link.
func (i FileInfo) IsLink() bool { return i.Mode&ModeType == ModeLink }

// UnixMode turns Go's mode bits into those of FileInfo.Mode.
func UnixMode(m fs.FileMode) uint32 {
	u := uint32(m.Perm())
	if m&fs.ModeSetuid != 0 {
		u |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		u |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		u |= 0o1000
	}
	switch {
	case m&fs.ModeSymlink != 0:
		u |= ModeLink
	case m.IsDir():
		u |= ModeDirectory
	case m&fs.ModeSocket != 0:
		u |= ModeSocket
	case m&fs.ModeNamedPipe != 0:
		u |= ModePipe
	case m&fs.ModeCharDevice != 0:
		u |= ModeCharacter
	case m&fs.ModeDevice != 0:
		u |= ModeBlock
	case m.IsRegular():
		u |= ModeRegular
	}
	return u
}

// InfoOf makes a FileInfo of what Go's file systems tell.
func InfoOf(fi fs.FileInfo) FileInfo {
	t := SmalltalkTime(fi.ModTime())
	return FileInfo{Name: fi.Name(), Mode: UnixMode(fi.Mode()), Size: fi.Size(),
		Accessed: t, Modified: t, Changed: t, Links: 1}
}
