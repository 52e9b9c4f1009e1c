package host

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"
	"syscall"
)

// Union shows two trees of files as one. All changes go to upper, what is there hides what has
// the same name in lower, and folders that both have are shown as one. A file of lower that is opened
// for writing is copied to upper first; removing or renaming what lower has fails with EROFS.
func Union(upper, lower Files) Files { return &union{upper: upper, lower: lower, cwd: "/"} }

type union struct {
	upper, lower Files
	mu           sync.Mutex
	cwd          string
}

func (u *union) name(name string) string {
	if !path.IsAbs(name) {
		u.mu.Lock()
		name = u.cwd + "/" + name
		u.mu.Unlock()
	}
	return path.Clean(name)
}

// hidden tells whether a name of lower is not to be seen: a part of it is a file in upper.
func (u *union) hidden(name string) bool {
	for ; name != "/"; name = path.Dir(name) {
		if i, err := u.upper.Lstat(name); err == nil {
			return !i.IsDir()
		}
	}
	return false
}

// of answers the tree that has a name, and what it is; if neither has it, the error is upper's.
func (u *union) of(name string) (Files, FileInfo, error) {
	i, err := u.upper.Lstat(name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return u.upper, i, err
	}
	if !u.hidden(name) {
		if i, e := u.lower.Lstat(name); e == nil {
			return u.lower, i, nil
		}
	}
	return u.upper, i, err
}

// prepare makes the folders in upper that a name is in, as far as they are only in lower.
func (u *union) prepare(name string) error {
	dir := path.Dir(name)
	if _, err := u.upper.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return nil // what is wrong with it, its use will tell
	}
	if where, i, err := u.of(dir); where != u.lower || err != nil || !i.IsDir() {
		return nil
	}
	if err := u.prepare(dir); err != nil {
		return err
	}
	return u.upper.Mkdir(dir, 0o777)
}

func (u *union) Open(name string, flag int, perm fs.FileMode) (File, error) {
	name = u.name(name)
	where, i, err := u.of(name)
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND) == 0 {
		return where.Open(name, flag, perm)
	}
	inLower := err == nil && where == u.lower
	switch {
	case inLower && i.IsDir():
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	case inLower && flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EEXIST}
	}
	if flag&os.O_CREATE != 0 || inLower {
		if err := u.prepare(name); err != nil {
			return nil, err
		}
	}
	switch {
	case inLower && flag&os.O_TRUNC != 0:
		flag |= os.O_CREATE
	case inLower:
		if err := u.copyUp(name); err != nil {
			return nil, err
		}
	}
	return u.upper.Open(name, flag, perm)
}

// copyUp makes a file in upper of one in lower.
func (u *union) copyUp(name string) error {
	return Replace(u.upper, name, 0, func(to File) error {
		from, err := u.lower.Open(name, os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		defer from.Close()
		_, err = io.Copy(to, from)
		return err
	})
}

func (u *union) Stat(name string) (FileInfo, error) {
	name = u.name(name)
	where, _, err := u.of(name)
	if err != nil {
		return FileInfo{}, err
	}
	return where.Stat(name)
}

func (u *union) Lstat(name string) (FileInfo, error) {
	_, i, err := u.of(u.name(name))
	return i, err
}

func (u *union) ReadDir(name string) ([]string, error) {
	name = u.name(name)
	list, err := u.upper.ReadDir(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) || u.hidden(name) {
		return list, err
	}
	more, e := u.lower.ReadDir(name)
	switch {
	case e != nil:
		return list, err
	case err != nil:
		return more, nil
	}
	list = append(list, more...)
	slices.Sort(list)
	return slices.Compact(list), nil
}

func (u *union) Mkdir(name string, perm fs.FileMode) error {
	name = u.name(name)
	if where, _, err := u.of(name); err == nil && where == u.lower {
		return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.EEXIST}
	}
	if err := u.prepare(name); err != nil {
		return err
	}
	return u.upper.Mkdir(name, perm)
}

// only answers the full name of what only upper has: with refused, what lower has below it in a folder is an error too.
func (u *union) only(op, name string, andBelow bool) (string, error) {
	name = u.name(name)
	where, i, err := u.of(name)
	if err == nil && where == u.lower {
		return name, refuse(op, name)
	}
	if err == nil && andBelow && i.IsDir() && !u.hidden(name) {
		if _, e := u.lower.Lstat(name); e == nil {
			return name, refuse(op, name)
		}
	}
	return name, nil
}

func (u *union) Remove(name string) error {
	name, err := u.only("unlink", name, false)
	if err != nil {
		return err
	}
	return u.upper.Remove(name)
}

func (u *union) Rmdir(name string) error {
	name, err := u.only("rmdir", name, true)
	if err != nil {
		return err
	}
	return u.upper.Rmdir(name)
}

func (u *union) Rename(from, to string) error {
	from, err := u.only("rename", from, true)
	if err != nil {
		return err
	}
	to = u.name(to)
	if where, i, err := u.of(to); err == nil && where == u.lower && i.IsDir() {
		return refuse("rename", to)
	}
	if err := u.prepare(to); err != nil {
		return err
	}
	return u.upper.Rename(from, to)
}

func (u *union) Readlink(name string) (string, error) {
	name = u.name(name)
	where, _, err := u.of(name)
	if err != nil {
		return "", err
	}
	return where.Readlink(name)
}

func (u *union) Chmod(name string, mode uint32) error {
	name, err := u.only("chmod", name, false)
	if err != nil {
		return err
	}
	return u.upper.Chmod(name, mode)
}

func (u *union) Chown(name string, uid, gid int) error {
	name, err := u.only("chown", name, false)
	if err != nil {
		return err
	}
	return u.upper.Chown(name, uid, gid)
}

func (u *union) Lchown(name string, uid, gid int) error {
	name, err := u.only("lchown", name, false)
	if err != nil {
		return err
	}
	return u.upper.Lchown(name, uid, gid)
}

func (u *union) Access(name string, mode AccessMode) bool {
	name = u.name(name)
	where, _, err := u.of(name)
	if err != nil {
		return false
	}
	if where == u.lower && mode&AccessWrite != 0 { // it would be copied
		return where.Access(name, mode&^AccessWrite) && u.upper.Access("/", AccessWrite)
	}
	return where.Access(name, mode)
}

func (u *union) Getwd() (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.cwd, nil
}

func (u *union) Chdir(name string) error {
	name = u.name(name)
	_, i, err := u.of(name)
	if err != nil {
		return err
	}
	if !i.IsDir() {
		return &fs.PathError{Op: "chdir", Path: name, Err: syscall.ENOTDIR}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.cwd = name
	return nil
}
