package file

import (
	"errors"
	"io/fs"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

func delimiter(c *plugin.Call) (heap.Oop, plugin.Failure) { return heap.FromChar('/'), plugin.OK }

// delete: name of a file or link.
func (p *files) delete(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return p.named(c, host.Files.Remove)
}

func (p *files) createDirectory(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return p.named(c, func(f host.Files, n string) error { return f.Mkdir(n, 0o777) })
}

func (p *files) deleteDirectory(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return p.named(c, host.Files.Rmdir)
}

func (p *files) setWorkingDirectory(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return p.named(c, host.Files.Chdir)
}

func (p *files) named(c *plugin.Call, f func(host.Files, string) error) (heap.Oop, plugin.Failure) {
	n, ok := name(c, 0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	p.listing.path = ""
	return done(c, f(p.tree(), n))
}

// rename: old name, new name.
func (p *files) rename(c *plugin.Call) (heap.Oop, plugin.Failure) {
	from, ok1 := name(c, 0)
	to, ok2 := name(c, 1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	return done(c, p.tree().Rename(from, to))
}

func (p *files) getWorkingDirectory(c *plugin.Call) (heap.Oop, plugin.Failure) {
	wd, err := p.tree().Getwd()
	if err != nil {
		return fail(c, err)
	}
	return c.ReturnString(wd)
}

// listing remembers the names in the folder that is being looked up index by index.
type listing struct {
	path  string
	names []string
}

// lookup: path, index from 1. It answers Array(name, creation, modification, is
// folder, size), nil past the last entry.
func (p *files) lookup(c *plugin.Call) (heap.Oop, plugin.Failure) {
	path, ok1 := c.String(0)
	index, ok2 := c.SmallInt(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	if index < 1 {
		return c.Fail(plugin.BadIndex)
	}
	if path == "" {
		path = "."
	}
	if index == 1 || p.listing.path != path {
		names, err := p.tree().ReadDir(path)
		if err != nil {
			return fail(c, err)
		}
		p.listing = listing{path, names}
	}
	for index <= len(p.listing.names) {
		n := p.listing.names[index-1]
		info, err := p.describe(path, n)
		if err == nil {
			return p.newEntry(c, n, info, false)
		}
		// Removed since the folder was read: the next one takes its place.
		p.listing.names = append(p.listing.names[:index-1], p.listing.names[index:]...)
	}
	p.listing = listing{}
	return c.ReturnNil()
}

// entry: path, name. It answers what lookup does with mode and whether it is a
// link, nil if there is no such entry.
func (p *files) entry(c *plugin.Call) (heap.Oop, plugin.Failure) {
	path, ok1 := c.String(0)
	n, ok2 := c.String(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	if path == "" {
		path = "."
	}
	info, err := p.describe(path, n)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.ReturnNil()
	case err != nil:
		return fail(c, err)
	}
	return p.newEntry(c, n, info, true)
}

// describe answers what a link leads to, or the link itself if that is nowhere.
func (p *files) describe(path, n string) (host.FileInfo, error) {
	full := path + "/" + n
	info, err := p.tree().Stat(full)
	if err != nil {
		info, err = p.tree().Lstat(full)
	}
	return info, err
}

func (p *files) newEntry(c *plugin.Call, n string, info host.FileInfo, long bool) (heap.Oop, plugin.Failure) {
	size := info.Size
	if info.IsDir() {
		size = 0
	}
	elements := []heap.Oop{c.Heap.NewString(n), p.localSeconds(c, info.Changed), p.localSeconds(c, info.Modified),
		c.Heap.Bool(info.IsDir()), c.Heap.NewInt64(size)}
	if long {
		elements = append(elements, heap.FromInt(int64(info.Mode&0o777)), c.Heap.Bool(info.IsLink()))
	}
	return c.ReturnArray(elements...)
}

// localSeconds turns a time into the seconds since 1901 in local time that this plugin answers.
func (p *files) localSeconds(c *plugin.Call, us int64) heap.Oop {
	return c.Heap.NewInt64(us/1e6 + int64(p.vm.Host().Clock.LocalOffset()))
}

// macType: name, four bytes of type, four bytes of creator. Files have neither
// here: asking and setting do nothing.
func macType(c *plugin.Call) (heap.Oop, plugin.Failure) {
	_, ok1 := name(c, 0)
	kind, ok2 := c.Bytes(1)
	creator, ok3 := c.Bytes(2)
	if !ok1 || !ok2 || !ok3 || len(kind) != 4 || len(creator) != 4 {
		return c.Fail(plugin.BadArgument)
	}
	return c.ReturnReceiver()
}
