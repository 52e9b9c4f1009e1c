package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// Replace writes a file at once or not at all:
//
//	create a file beside, locked -> write -> permissions -> sync -> close -> rename -> sync the folder
//
// The file gets its name when all of it is on the disk. Until then, and after any
// failure before, what was at path stays as it was. A failure to sync the folder is
// reported too: then the new file is in place, whole, and a crash of the machine may
// bring the old one back. What processes have left beside it that were killed is removed.
//
// The permissions are those of the file that was there, or what the umask leaves, without
// those in deny. A link stays: the file behind it is replaced.
func Replace(files Files, name string, deny fs.FileMode, write func(File) error) error {
	name, err := followLinks(files, name)
	if err != nil {
		return err
	}
	mode := uint32(0o666)
	old, err := files.Stat(name)
	exists := err == nil
	switch {
	case exists && old.Mode&ModeType != ModeRegular:
		return errors.New("not a regular file")
	case exists:
		mode = old.Mode & 0o777
	case !errors.Is(err, fs.ErrNotExist):
		return Cause(err)
	}
	mode &^= uint32(deny)
	removeLeft(files, name)
	temporary, f, unlock, err := createBeside(files, name, fs.FileMode(mode))
	if err != nil {
		return err
	}
	defer unlock()
	if err := fill(files, temporary, f, mode, exists, write); err != nil {
		_ = files.Remove(temporary)
		return err
	}
	if err := files.Rename(temporary, name); err != nil {
		_ = files.Remove(temporary)
		return fmt.Errorf("put the new file in place: %w", Cause(err))
	}
	return syncFolder(files, path.Dir(name))
}

// fill writes a new file and brings it to the disk. It is closed afterwards.
func fill(files Files, name string, f File, mode uint32, chmod bool, write func(File) error) error {
	early := startEarly(f)
	err := write(early)
	early.end()
	if err == nil && chmod {
		// The mode a file is created with lacks what the umask takes away.
		if err = files.Chmod(name, mode); err != nil {
			err = fmt.Errorf("set permissions: %w", Cause(err))
		}
	}
	if err == nil {
		if err = f.Sync(); err != nil {
			err = fmt.Errorf("write to disk: %w", Cause(err))
		}
	}
	if e := f.Close(); err == nil && e != nil {
		err = fmt.Errorf("close: %w", Cause(e))
	}
	return err
}

// followLinks answers the name of the file behind links, whether or not it is there.
func followLinks(files Files, name string) (string, error) {
	const most = 40
	for range most {
		info, err := files.Lstat(name)
		if err != nil || !info.IsLink() {
			return name, nil // what is wrong with the name, its use will tell
		}
		target, err := files.Readlink(name)
		if err != nil {
			return "", Cause(err)
		}
		if path.IsAbs(target) {
			name = target
		} else {
			// Not path.Join: with links among the folders, a/../b may be something else than b.
			name = path.Dir(name) + "/" + target
		}
	}
	return "", errors.New("too many links")
}

// newMark is in the names of files beside the one that they are to become: name, mark, process, dot, number.
const newMark = ".new"

// createBeside makes a new file in the folder of another one. It is locked, where that can be, until
// unlock is called, so that nobody takes it for what was left by a process that is gone.
func createBeside(files Files, name string, mode fs.FileMode) (temporary string, f File, unlock func(), err error) {
	const tries = 1000
	for i := 0; ; i++ {
		temporary := fmt.Sprintf("%s%s%d.%d", name, newMark, os.Getpid(), i)
		f, err := files.Open(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if err == nil {
			unlock, ok, err := tryLock(f)
			if err != nil {
				return temporary, f, func() {}, nil // then nobody else can lock it either
			}
			// Before it was locked it may have been removed.
			if _, err := files.Lstat(temporary); ok && err == nil {
				return temporary, f, unlock, nil
			}
			if ok {
				unlock()
			}
			_ = f.Close()
			if i < tries {
				continue
			}
		}
		if !errors.Is(err, fs.ErrExist) || i == tries {
			return "", nil, nil, fmt.Errorf("create a file in %s: %w", path.Dir(name), Cause(err))
		}
	}
}

// tryLock locks a file, or answers why that cannot be done here.
func tryLock(f File) (unlock func(), ok bool, err error) {
	l, can := f.(Locker)
	if !can {
		return nil, false, errors.ErrUnsupported
	}
	return l.TryLock()
}

// removeLeft removes what processes that were to replace a file have left beside it: files that nobody
// has locked any more. What cannot be removed stays.
func removeLeft(files Files, name string) {
	folder, prefix := path.Dir(name), path.Base(name)+newMark
	names, err := files.ReadDir(folder)
	if err != nil {
		return
	}
	for _, n := range names {
		if rest, ok := strings.CutPrefix(n, prefix); ok && isNumbers(rest) {
			removeUnlocked(files, folder+"/"+n)
		}
	}
}

// isNumbers tells whether a text is two numbers with a dot between.
func isNumbers(s string) bool {
	process, number, ok := strings.Cut(s, ".")
	for _, n := range []string{process, number} {
		if _, err := strconv.ParseUint(n, 10, 64); err != nil {
			return false
		}
	}
	return ok
}

// removeUnlocked removes a file if nobody has it locked.
func removeUnlocked(files Files, name string) {
	if info, err := files.Lstat(name); err != nil || info.Mode&ModeType != ModeRegular {
		return
	}
	f, err := files.Open(name, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if unlock, ok, err := tryLock(f); ok && err == nil {
		_ = files.Remove(name)
		unlock()
	}
}

// syncFolder makes a rename last.
func syncFolder(files Files, name string) error {
	d, err := files.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("the new file is in place, but its folder cannot be opened to write it to disk: %w", Cause(err))
	}
	err = d.Sync()
	if e := d.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("the new file is in place, but its folder cannot be written to disk: %w", Cause(err))
	}
	return nil
}

// Cause answers what went wrong without the names of the file and the system call.
func Cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
