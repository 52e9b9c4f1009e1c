package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Disk is a file that a guest has as its disk.
type Disk struct {
	Path string
	Size int64 // bytes that it is made with if it is not there; 0: it has to be
}

// ParseDisk reads the name of a file, and perhaps a size behind a comma, as in data.store,64M.
func ParseDisk(s string) (Disk, error) {
	path, size, sized := strings.Cut(s, ",")
	d := Disk{Path: path}
	if path == "" {
		return d, errors.New("a disk without a file")
	}
	if sized {
		var err error
		if d.Size, err = ParseSize(size); err != nil {
			return d, err
		}
	}
	return d, nil
}

// ParseSize reads a number of bytes, such as 64M: K, M, G and T are powers of 1024.
func ParseSize(s string) (int64, error) {
	shift := 0
	if i := strings.IndexAny(s, "KMGT"); i >= 0 && i == len(s)-1 {
		shift = 10 * (1 + strings.IndexByte("KMGT", s[i]))
		s = s[:i]
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("%q is no size, such as 64M", s)
	}
	return n << shift, nil
}

// Word answers the disk in xl's words: the first one of a domain, at an absolute path, which stands last because it is
// taken as it is.
func (d Disk) Word() string { return "format=raw,vdev=xvda,access=rw,target=" + d.Path }

// Make makes the file, of zeros that take no room, if it is not there.
func (d Disk) Make() error {
	if _, err := os.Stat(d.Path); err == nil || !errors.Is(err, fs.ErrNotExist) || d.Size == 0 {
		return err
	}
	f, err := os.OpenFile(d.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(d.Size), f.Close())
}
