package snapshot

import (
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"

	"github.com/cespare/xxhash/v2"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/image"
)

// Contents is what Write writes.
type Contents struct {
	Heap   *heap.Heap   // after a full collection, see image.Write
	Header image.Header // of the image
	// Manifest is completed with what only Write knows: identity and home of the image.
	Manifest Manifest
	// Sections are all but manifest and seal.
	Sections []Section
	// Sealer proves who wrote the file; nil: nobody.
	Sealer Sealer
}

// Sealer makes the seal of a file while it is written.
type Sealer interface {
	// Write takes the data of the image, all that follows its first page, in order, on a goroutine of its own.
	io.Writer
	// Root answers the root of the tree of hashes over these data when they are complete.
	Root() []byte
	// Seal answers the section that proves who wrote the first page and the sections.
	Seal(page []byte, sections []Section) (Section, error)
}

// Written is what Write has written.
type Written struct {
	Image, Trailer int64 // bytes
	Sections       []Entry
}

// untrusted are the permissions that a sealed file must not have.
const untrusted fs.FileMode = 0o022

// Write writes an image with a trailer to a file. The file is replaced at once when all of
// it is safely on the disk; until then, and after any failure, what was there stays. A sealed
// file can be written by its owner alone, whatever the umask says.
func Write(files host.Files, path string, c Contents) (w Written, err error) {
	deny := fs.FileMode(0)
	if c.Sealer != nil {
		deny = untrusted
	}
	err = host.Replace(files, path, deny, func(f host.File) error {
		w, err = c.write(f)
		return err
	})
	if err != nil {
		return Written{}, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

func (c *Contents) write(f host.File) (w Written, err error) {
	var tee io.Writer
	if c.Sealer != nil {
		tee = c.Sealer
	}
	hd, err := image.WriteFile(f, c.Heap, c.Header, tee)
	if err != nil {
		return w, err
	}
	w.Image = hd.End()
	page := hd.FirstPage()
	sections, err := c.sections(&hd, page)
	if err != nil {
		return w, err
	}
	t := &trailer{w: f, at: w.Image}
	for _, s := range sections {
		t.section(s)
	}
	t.end(&footer{major: Major, minor: Minor, image: w.Image, page: xxhash.Sum64(page)})
	if t.err != nil {
		return w, fmt.Errorf("write the trailer at offset %#x: %w", t.at, host.Cause(t.err))
	}
	w.Trailer, w.Sections = t.at-w.Image, t.index
	return w, nil
}

// sections answers all sections of the file, the manifest first and the seal last.
func (c *Contents) sections(hd *image.Header, page []byte) ([]Section, error) {
	m := c.Manifest
	m.Home = hd.Base
	m.Image = ImageIdentity{Length: hd.End(), Sum: hd.DataSum()}
	if c.Sealer != nil {
		m.Image.Root = hex.EncodeToString(c.Sealer.Root())
	}
	data, err := m.encode()
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	all := append([]Section{{KindManifest, data}}, c.Sections...)
	seen := map[Kind]bool{KindSeal: true}
	for _, s := range all {
		if seen[s.Kind] {
			return nil, fmt.Errorf("section %v is there twice, or is not for the caller to write", s.Kind)
		}
		seen[s.Kind] = true
	}
	if c.Sealer != nil {
		seal, err := c.Sealer.Seal(page, all)
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		all = append(all, seal)
	}
	return all, nil
}

// trailer writes sections, index and footer. After an error nothing more is written.
type trailer struct {
	w     io.Writer
	at    int64 // offset in the file
	index []Entry
	err   error
}

func (t *trailer) bytes(b []byte) {
	if t.err == nil && len(b) > 0 {
		if _, t.err = t.w.Write(b); t.err == nil {
			t.at += int64(len(b))
		}
	}
}

func (t *trailer) section(s Section) {
	t.index = append(t.index, Entry{Kind: s.Kind, Offset: t.at, Length: int64(len(s.Data)), Hash: xxhash.Sum64(s.Data)})
	t.bytes(s.Data)
	t.bytes(make([]byte, pages(t.at)-t.at))
}

// end completes a footer and writes it behind the index.
func (t *trailer) end(f *footer) {
	var index []byte
	for _, e := range t.index {
		index = e.append(index)
	}
	f.sections, f.index, f.indexHash = uint32(len(t.index)), t.at, xxhash.Sum64(index)
	t.bytes(index)
	t.bytes(f.encode())
}
