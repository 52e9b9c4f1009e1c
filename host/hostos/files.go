//go:build unix

package hostos

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sista-vm/sista/host"
)

// Files is the file tree of the operating system with a current folder of its own.
type Files struct {
	mu  sync.Mutex
	cwd string // absolute; empty: the process's
}

// NewFiles answers the file tree at the process's current folder.
func NewFiles() *Files { return &Files{} }

// path makes a name independent of the process's current folder. It does not
// clean the name: with symbolic links, a/../b may be something else than b.
func (f *Files) path(name string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cwd == "" || name == "" || filepath.IsAbs(name) {
		return name
	}
	return f.cwd + "/" + name
}

type file struct{ *os.File }

func (f file) Stat() (host.FileInfo, error) {
	fi, err := f.File.Stat()
	if err != nil {
		return host.FileInfo{}, err
	}
	return info(fi), nil
}

// TryLock locks the file by another descriptor of it.
func (f file) TryLock() (unlock func(), ok bool, err error) {
	dup, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, false, err
	}
	if err := unix.Flock(dup, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = unix.Close(dup)
		if err == unix.EWOULDBLOCK {
			err = nil
		}
		return nil, false, err
	}
	return sync.OnceFunc(func() {
		_ = unix.Flock(dup, unix.LOCK_UN)
		_ = unix.Close(dup)
	}), true, nil
}

// Open opens or creates a file.
func (f *Files) Open(name string, flag int, perm fs.FileMode) (host.File, error) {
	h, err := os.OpenFile(f.path(name), flag, perm)
	if err != nil {
		return nil, err
	}
	return file{h}, nil
}

// OpenDescriptor makes a file of a descriptor of the process. The file has a
// duplicate: closing it leaves the descriptor open.
func (f *Files) OpenDescriptor(fd int, writable bool) (host.File, error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return nil, err
	}
	if writable && flags&unix.O_ACCMODE == unix.O_RDONLY {
		return nil, syscall.EBADF
	}
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	return file{os.NewFile(uintptr(dup), "descriptor")}, nil
}

// DescriptorKind tells what is behind a descriptor of the process.
func (f *Files) DescriptorKind(fd int) host.StreamKind { return descriptorKind(fd) }

// Stat describes what a name leads to.
func (f *Files) Stat(name string) (host.FileInfo, error) { return described(os.Stat(f.path(name))) }

// Lstat describes what a name is, a link itself too.
func (f *Files) Lstat(name string) (host.FileInfo, error) { return described(os.Lstat(f.path(name))) }

func described(fi fs.FileInfo, err error) (host.FileInfo, error) {
	if err != nil {
		return host.FileInfo{}, err
	}
	return info(fi), nil
}

// ReadDir answers the sorted names in a folder.
func (f *Files) ReadDir(name string) ([]string, error) {
	entries, err := os.ReadDir(f.path(name))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// Mkdir makes a folder.
func (f *Files) Mkdir(name string, perm fs.FileMode) error { return os.Mkdir(f.path(name), perm) }

// Remove removes a file or link, never a folder.
func (f *Files) Remove(name string) error {
	return pathError("unlink", name, syscall.Unlink(f.path(name)))
}

// Rmdir removes an empty folder.
func (f *Files) Rmdir(name string) error {
	return pathError("rmdir", name, syscall.Rmdir(f.path(name)))
}

func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Rename renames a file or folder, over an existing file too.
func (f *Files) Rename(from, to string) error { return os.Rename(f.path(from), f.path(to)) }

// Readlink answers what a link names.
func (f *Files) Readlink(name string) (string, error) { return os.Readlink(f.path(name)) }

// Chmod sets the permissions of a file.
func (f *Files) Chmod(name string, mode uint32) error {
	return pathError("chmod", name, syscall.Chmod(f.path(name), mode))
}

// Chown sets the owner of a file.
func (f *Files) Chown(name string, uid, gid int) error { return os.Chown(f.path(name), uid, gid) }

// Lchown sets the owner of a link.
func (f *Files) Lchown(name string, uid, gid int) error { return os.Lchown(f.path(name), uid, gid) }

// Access tells whether the process has all of the rights.
func (f *Files) Access(name string, mode host.AccessMode) bool {
	return unix.Access(f.path(name), uint32(mode)) == nil
}

// Getwd answers the current folder.
func (f *Files) Getwd() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cwd != "" {
		return f.cwd, nil
	}
	return os.Getwd()
}

// Chdir changes the current folder of this tree.
func (f *Files) Chdir(name string) error {
	full := f.path(name)
	if !filepath.IsAbs(full) {
		wd, err := os.Getwd()
		if err != nil {
			return err
		}
		full = wd + "/" + full
	}
	full, err := filepath.EvalSymlinks(full)
	if err != nil {
		return err
	}
	fi, err := os.Stat(full)
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return pathError("chdir", name, syscall.ENOTDIR)
	}
	if err := unix.Access(full, unix.X_OK); err != nil {
		return pathError("chdir", name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cwd = full
	return nil
}

// info adds what Unix knows of a file to what Go tells.
func info(fi fs.FileInfo) host.FileInfo {
	i := host.InfoOf(fi)
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return i
	}
	i.Mode = uint32(st.Mode)
	i.Inode, i.Device, i.Links = uint64(st.Ino), uint64(st.Dev), uint64(st.Nlink)
	i.UID, i.GID = st.Uid, st.Gid
	accessed, changed := times(st)
	i.Accessed, i.Changed = smalltalkTime(accessed), smalltalkTime(changed)
	return i
}

func smalltalkTime(t syscall.Timespec) int64 {
	return (int64(t.Sec)+host.EpochSeconds)*1e6 + int64(t.Nsec)/1000
}
