package host

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
)

// ReadOnly makes a tree of files out of an fs.FS. Its root is "/", which is also
// the current folder at first; everything that would change it fails with EROFS.
func ReadOnly(tree fs.FS) Files { return &readOnly{tree: tree, cwd: "/"} }

type readOnly struct {
	tree fs.FS
	mu   sync.Mutex
	cwd  string
}

// name turns an absolute or relative name into one of the fs.FS.
func (r *readOnly) name(name string) string {
	if !path.IsAbs(name) {
		r.mu.Lock()
		name = r.cwd + "/" + name
		r.mu.Unlock()
	}
	if name = strings.TrimPrefix(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}

func refuse(op, name string) error {
	return &fs.PathError{Op: op, Path: name, Err: syscall.EROFS}
}

func (r *readOnly) Open(name string, flag int, _ fs.FileMode) (File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND) != 0 {
		return nil, refuse("open", name)
	}
	f, err := r.tree.Open(r.name(name))
	if err != nil {
		return nil, err
	}
	if s, ok := f.(io.Seeker); ok {
		return &readOnlyFile{f, s, f}, nil
	}
	// A file that can't seek, such as one that is decompressed, is read into memory.
	data, err := io.ReadAll(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	b := bytes.NewReader(data)
	return &readOnlyFile{b, b, f}, nil
}

type readOnlyFile struct {
	io.Reader
	io.Seeker
	f fs.File
}

func (f *readOnlyFile) Close() error              { return f.f.Close() }
func (f *readOnlyFile) Write([]byte) (int, error) { return 0, syscall.EBADF }
func (f *readOnlyFile) Truncate(int64) error      { return syscall.EROFS }
func (f *readOnlyFile) Sync() error               { return nil }

func (f *readOnlyFile) Stat() (FileInfo, error) {
	fi, err := f.f.Stat()
	if err != nil {
		return FileInfo{}, err
	}
	return InfoOf(fi), nil
}

func (r *readOnly) Stat(name string) (FileInfo, error) {
	fi, err := fs.Stat(r.tree, r.name(name))
	if err != nil {
		return FileInfo{}, err
	}
	return InfoOf(fi), nil
}

func (r *readOnly) Lstat(name string) (FileInfo, error) {
	fi, err := fs.Lstat(r.tree, r.name(name))
	if err != nil {
		return FileInfo{}, err
	}
	return InfoOf(fi), nil
}

func (r *readOnly) ReadDir(name string) ([]string, error) {
	entries, err := fs.ReadDir(r.tree, r.name(name))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

func (r *readOnly) Readlink(name string) (string, error) { return fs.ReadLink(r.tree, r.name(name)) }

func (r *readOnly) Mkdir(name string, _ fs.FileMode) error { return refuse("mkdir", name) }
func (r *readOnly) Remove(name string) error               { return refuse("unlink", name) }
func (r *readOnly) Rmdir(name string) error                { return refuse("rmdir", name) }
func (r *readOnly) Rename(from, _ string) error            { return refuse("rename", from) }
func (r *readOnly) Chmod(name string, _ uint32) error      { return refuse("chmod", name) }
func (r *readOnly) Chown(name string, _, _ int) error      { return refuse("chown", name) }
func (r *readOnly) Lchown(name string, _, _ int) error     { return refuse("lchown", name) }

func (r *readOnly) Access(name string, mode AccessMode) bool {
	fi, err := r.Stat(name)
	if err != nil || mode&AccessWrite != 0 {
		return false
	}
	return mode&AccessExecute == 0 || fi.IsDir() || fi.Mode&0o111 != 0
}

func (r *readOnly) Getwd() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cwd, nil
}

func (r *readOnly) Chdir(name string) error {
	fi, err := r.Stat(name)
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return &fs.PathError{Op: "chdir", Path: name, Err: syscall.ENOTDIR}
	}
	full := "/" + r.name(name)
	if full == "/." {
		full = "/"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cwd = full
	return nil
}
