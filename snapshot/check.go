package snapshot

import (
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/sista-vm/sista/host"
)

// Check looks at everything in the file that can be wrong, not only at what is used, and
// answers all problems: of the trailer, of every section, known or not, of the bytes
// between them, and of the image's data against the sum in its header. Who wrote the file
// is not its matter.
func (f *File) Check() []error {
	problems := f.checkTrailer()
	if err := f.checkImage(); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// checkTrailer checks all that follows the image.
func (f *File) checkTrailer() (all []error) {
	add := func(err error) {
		if err != nil {
			all = append(all, err)
		}
	}
	add(f.Problem)
	end := f.Header.End()
	for _, e := range f.index {
		add(f.checkZeros(end, e.Offset))
		if _, err := f.Section(e.Kind); err != nil {
			add(err)
		} else if e.Kind == KindManifest {
			_, err := f.Manifest()
			add(err)
		}
		end = e.Offset + e.Length
	}
	if len(f.index) > 0 {
		add(f.checkZeros(end, f.size-footerSize-int64(len(f.index))*entrySize))
		if _, ok := f.Entry(KindManifest); !ok {
			add(f.damage(KindManifest, f.Header.End(), "it is missing"))
		}
	}
	return all
}

// checkImage checks the image's data against their sum, if the image has one.
func (f *File) checkImage() error {
	if !f.Header.Mappable() {
		return nil
	}
	at := f.Header.Start + int64(f.Header.Size)
	digest := xxhash.New()
	if _, err := io.Copy(digest, io.NewSectionReader(f.src, at, int64(f.Header.DataSize))); err != nil {
		return fmt.Errorf("%s: the image cannot be read: %w", f.Path, host.Cause(err))
	}
	if got := digest.Sum64(); got != f.Header.DataSum() {
		return fmt.Errorf("%s: the image's %d bytes of data at offset %#x are not those that were saved: their sum is %#x, not %#x",
			f.Path, f.Header.DataSize, at, got, f.Header.DataSum())
	}
	return nil
}

// checkZeros checks that nothing is hidden between sections.
func (f *File) checkZeros(from, to int64) error {
	for from < to {
		b, err := f.bytes(0, from, min(to-from, 1<<16))
		if err != nil {
			return err
		}
		for i, x := range b {
			if x != 0 {
				return f.damage(0, from+int64(i), "there is something between the sections")
			}
		}
		from += int64(len(b))
	}
	return nil
}

// Info is what can be told of a file.
type Info struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	// Image is the length of the image, Mappable whether it is mapped where its addresses are free.
	Image    int64  `json:"image"`
	Format   uint32 `json:"format"`
	Mappable bool   `json:"mappable"`
	// Version is that of the trailer's format; empty if there is none that can be used.
	Version  string        `json:"version,omitempty"`
	Sections []SectionInfo `json:"sections"`
	Manifest *Manifest     `json:"manifest,omitempty"`
	Problems []string      `json:"problems,omitempty"`
}

// SectionInfo is what can be told of a section.
type SectionInfo struct {
	Kind    string `json:"kind"`
	Offset  int64  `json:"offset"`
	Length  int64  `json:"length"`
	Hash    string `json:"xxhash64"`
	Problem string `json:"problem,omitempty"`
}

// Describe answers what can be told of the file. Every section is looked at; the image's
// data are not.
func (f *File) Describe() Info {
	i := Info{Path: f.Path, Size: f.size, Image: f.Header.End(), Format: f.Header.Format, Mappable: f.Header.Mappable(), Sections: []SectionInfo{}}
	problem := func(err error) string {
		if err == nil || errors.Is(err, ErrNone) {
			return ""
		}
		i.Problems = append(i.Problems, err.Error())
		var d *Damage
		if errors.As(err, &d) {
			return d.Problem
		}
		return err.Error()
	}
	problem(f.Problem)
	if len(f.index) > 0 {
		i.Version = fmt.Sprintf("%d.%d", Major, f.minor)
	}
	for _, e := range f.index {
		s := SectionInfo{Kind: e.Kind.String(), Offset: e.Offset, Length: e.Length, Hash: fmt.Sprintf("%016x", e.Hash)}
		_, err := f.Section(e.Kind)
		if err == nil && e.Kind == KindManifest {
			i.Manifest, err = f.Manifest()
		}
		s.Problem = problem(err)
		i.Sections = append(i.Sections, s)
	}
	return i
}

// Strip writes the image of a file without what follows it, to another place or to its
// own, and answers how many bytes less that are. The file is replaced at once or not at all.
func (f *File) Strip(files host.Files, path string) (less int64, err error) {
	end := f.Header.End()
	err = host.Replace(files, path, 0, func(w host.File) error {
		if _, err := io.Copy(w, io.NewSectionReader(f.src, 0, end)); err != nil {
			return fmt.Errorf("copy the image: %w", host.Cause(err))
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return f.size - end, nil
}
