package store

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/sista-vm/sista/host"
)

// Files answers the store as a tree of files, with a current folder of its own. It has neither
// links nor owners; permissions are kept, and forbid nothing.
func (s *Store) Files() host.Files { return &files{s: s, cwd: "/"} }

type files struct {
	s   *Store
	mu  sync.Mutex
	cwd string
}

// names splits a name into those of folders and the last one.
func (f *files) names(name string) []string {
	if !path.IsAbs(name) {
		f.mu.Lock()
		name = f.cwd + "/" + name
		f.mu.Unlock()
	}
	if name = strings.Trim(path.Clean(name), "/"); name == "" {
		return nil
	}
	return strings.Split(name, "/")
}

// find answers what has a name. The lock is held.
func (f *files) find(names []string) (*node, error) {
	n := f.s.tree
	for _, name := range names {
		if n.entries == nil {
			return nil, syscall.ENOTDIR
		}
		if n = n.entries[name]; n == nil {
			if len(name) > maxName {
				return nil, syscall.ENAMETOOLONG
			}
			return nil, syscall.ENOENT
		}
	}
	return n, nil
}

// folderOf answers the folder that a name is in, or will be, and the last part of it. The lock is held.
func (f *files) folderOf(names []string) (*node, string, error) {
	if len(names) == 0 {
		return nil, "", syscall.EBUSY
	}
	last := len(names) - 1
	n, err := f.find(names[:last])
	switch {
	case err != nil:
		return nil, "", err
	case n.entries == nil:
		return nil, "", syscall.ENOTDIR
	case len(names[last]) > maxName || len(names) > maxDepth:
		return nil, "", syscall.ENAMETOOLONG
	case !validName(names[last]):
		return nil, "", syscall.EINVAL
	}
	return n, names[last], nil
}

// on does something with the store locked.
func (f *files) on(op, name string, do func(names []string) error) error {
	names := f.names(name)
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if err := do(names); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

// changes does something that changes the store.
func (f *files) changes(op, name string, do func(names []string) error) error {
	return f.on(op, name, func(names []string) error {
		if err := f.s.writable(); err != nil {
			return err
		}
		return do(names)
	})
}

// writable answers why nothing can be changed.
func (s *Store) writable() error {
	if s.readOnly {
		return syscall.EROFS
	}
	return s.err
}

// add puts a node into a folder.
func (s *Store) add(folder *node, name string, n *node) error {
	n.name = name
	// The larger catalog needs its room.
	if err := s.room(n, blocksFor(n.bound())+1); err != nil {
		return err
	}
	n.parent, n.links = folder, true
	folder.entries[name] = n
	folder.modified = s.now()
	s.count(n, 1)
	s.touch()
	return nil
}

// remove takes a node out of its folder.
func (s *Store) remove(n *node) {
	s.count(n, -1)
	n.links = false
	delete(n.parent.entries, n.name)
	n.parent.modified = s.now()
	s.touch()
	s.forget(n)
}

// Open opens or creates a file, or opens a folder.
func (f *files) Open(name string, flag int, perm fs.FileMode) (host.File, error) {
	var h *handle
	write := flag&(os.O_WRONLY|os.O_RDWR) != 0
	err := f.on("open", name, func(names []string) error {
		if write || flag&os.O_CREATE != 0 {
			if err := f.s.writable(); err != nil {
				return err
			}
		}
		n, err := f.find(names)
		switch {
		case err == nil && flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
			return syscall.EEXIST
		case err == nil && n.entries != nil && (write || flag&os.O_CREATE != 0):
			return syscall.EISDIR
		case err == syscall.ENOENT && flag&os.O_CREATE != 0:
			folder, last, err := f.folderOf(names)
			if err != nil {
				return err
			}
			n = &node{mode: uint32(perm.Perm()), modified: f.s.now(), changed: true}
			if err := f.s.add(folder, last, n); err != nil {
				return err
			}
		case err != nil:
			return err
		case write && flag&os.O_TRUNC != 0:
			if err := f.s.truncate(n, 0); err != nil {
				return err
			}
		}
		n.open++
		h = &handle{s: f.s, n: n, flag: flag}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func (n *node) info() host.FileInfo {
	i := host.FileInfo{Name: n.name, Mode: host.ModeRegular | n.mode, Size: n.size, Accessed: n.modified, Modified: n.modified, Changed: n.modified, Links: 1}
	if n.entries != nil {
		i.Mode = host.ModeDirectory | n.mode
	}
	if n.parent == nil && n.entries != nil {
		i.Name = "/"
	}
	return i
}

func (f *files) Stat(name string) (info host.FileInfo, err error) {
	err = f.on("stat", name, func(names []string) error {
		n, err := f.find(names)
		if err == nil {
			info = n.info()
		}
		return err
	})
	return info, err
}

func (f *files) Lstat(name string) (host.FileInfo, error) { return f.Stat(name) }

func (f *files) ReadDir(name string) (list []string, err error) {
	err = f.on("readdir", name, func(names []string) error {
		n, err := f.find(names)
		if err != nil {
			return err
		}
		if n.entries == nil {
			return syscall.ENOTDIR
		}
		for e := range n.entries {
			list = append(list, e)
		}
		slices.Sort(list)
		return nil
	})
	return list, err
}

func (f *files) Mkdir(name string, perm fs.FileMode) error {
	return f.changes("mkdir", name, func(names []string) error {
		if _, err := f.find(names); err == nil {
			return syscall.EEXIST
		}
		folder, last, err := f.folderOf(names)
		if err != nil {
			return err
		}
		return f.s.add(folder, last, &node{mode: uint32(perm.Perm()), modified: f.s.now(), entries: map[string]*node{}})
	})
}

func (f *files) Remove(name string) error {
	return f.changes("unlink", name, func(names []string) error {
		n, err := f.find(names)
		if err != nil {
			return err
		}
		if n.entries != nil {
			return syscall.EISDIR
		}
		f.s.remove(n)
		return nil
	})
}

func (f *files) Rmdir(name string) error {
	return f.changes("rmdir", name, func(names []string) error {
		n, err := f.find(names)
		switch {
		case err != nil:
			return err
		case n.entries == nil:
			return syscall.ENOTDIR
		case n.parent == nil:
			return syscall.EBUSY
		case len(n.entries) > 0:
			return syscall.ENOTEMPTY
		}
		f.s.remove(n)
		return nil
	})
}

func (f *files) Rename(from, to string) error {
	target := f.names(to)
	return f.changes("rename", from, func(names []string) error {
		n, err := f.find(names)
		if err != nil {
			return err
		}
		folder, last, err := f.folderOf(target)
		if err != nil {
			return err
		}
		if n.parent == nil {
			return syscall.EBUSY
		}
		for p := folder; p != nil; p = p.parent {
			if p == n {
				return syscall.EINVAL // into itself
			}
		}
		if n.entries != nil && len(target)+n.depth() > maxDepth {
			return syscall.ENAMETOOLONG
		}
		old := folder.entries[last]
		switch {
		case old == n:
			return nil
		case old != nil && old.entries == nil && n.entries != nil:
			return syscall.ENOTDIR
		case old != nil && old.entries != nil && n.entries == nil:
			return syscall.EISDIR
		case old != nil && len(old.entries) > 0:
			return syscall.ENOTEMPTY
		}
		if err := f.s.room(n, blocksFor(maxName)+1); err != nil { // for a longer name
			return err
		}
		if old != nil {
			f.s.remove(old)
		}
		f.s.count(n, -1)
		delete(n.parent.entries, n.name)
		n.parent.modified = f.s.now()
		n.name, n.parent = last, folder
		folder.entries[last] = n
		folder.modified = f.s.now()
		f.s.count(n, 1)
		f.s.touch()
		return nil
	})
}

// depth answers how many folders are in each other in a node.
func (n *node) depth() (most int) {
	for _, e := range n.entries {
		most = max(most, 1+e.depth())
	}
	return most
}

func (f *files) Readlink(name string) (string, error) {
	return "", f.on("readlink", name, func(names []string) error {
		if _, err := f.find(names); err != nil {
			return err
		}
		return syscall.EINVAL
	})
}

func (f *files) Chmod(name string, mode uint32) error {
	return f.changes("chmod", name, func(names []string) error {
		n, err := f.find(names)
		if err == nil {
			n.mode = mode & allModes
			f.s.touch()
		}
		return err
	})
}

func (f *files) Chown(name string, _, _ int) error {
	return f.on("chown", name, func([]string) error { return syscall.EPERM })
}

func (f *files) Lchown(name string, uid, gid int) error { return f.Chown(name, uid, gid) }

func (f *files) Access(name string, mode host.AccessMode) bool {
	return f.on("access", name, func(names []string) error {
		n, err := f.find(names)
		switch {
		case err != nil:
			return err
		case mode&host.AccessWrite != 0 && f.s.writable() != nil:
			return syscall.EROFS
		case mode&host.AccessExecute != 0 && n.entries == nil && n.mode&0o111 == 0:
			return syscall.EACCES
		}
		return nil
	}) == nil
}

func (f *files) Getwd() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cwd, nil
}

func (f *files) Chdir(name string) error {
	return f.on("chdir", name, func(names []string) error {
		n, err := f.find(names)
		if err != nil {
			return err
		}
		if n.entries == nil {
			return syscall.ENOTDIR
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.cwd = "/" + strings.Join(names, "/")
		return nil
	})
}
