package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sista-vm/sista/heap"
)

// Save writes a heap to an image file, see Write. The file is replaced at once
// when all of it is safely on the disk; until then, and after any failure, what was
// there stays.
func Save(h *heap.Heap, path string, hd Header) error {
	return named(path, replace(path, func(f *os.File) error { return writeFile(f, h, hd) }))
}

// replace writes a file beside the one at path and puts it in its place.
func replace(path string, write func(*os.File) error) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // the file behind a link is replaced, not the link
	}
	mode := fs.FileMode(0o666)
	old, err := os.Stat(path)
	if err == nil {
		if !old.Mode().IsRegular() {
			return errors.New("not a regular file")
		}
		mode = old.Mode().Perm()
	}
	f, err := createBeside(path, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if old != nil {
		// The mode a file is created with lacks what the umask takes away.
		if err := f.Chmod(mode); err != nil {
			return fmt.Errorf("set permissions: %w", cause(err))
		}
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write to disk: %w", cause(err))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("close: %w", cause(err))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("put the new file in place: %w", cause(err))
	}
	return syncFolder(filepath.Dir(path))
}

// createBeside makes a new file in the folder of another one.
func createBeside(path string, mode fs.FileMode) (*os.File, error) {
	for i := 0; ; i++ {
		name := fmt.Sprintf("%s.new%d.%d", path, os.Getpid(), i)
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrExist) || i == 1000 {
			return nil, fmt.Errorf("create a file in %s: %w", filepath.Dir(path), cause(err))
		}
	}
}

// syncFolder makes a rename last.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the folder: %w", cause(err))
	}
	err = d.Sync()
	if err2 := d.Close(); err == nil {
		err = err2
	}
	if err != nil {
		return fmt.Errorf("write the folder to disk: %w", cause(err))
	}
	return nil
}

// cause answers what went wrong without the name of the file, which Error tells.
func cause(err error) error {
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
