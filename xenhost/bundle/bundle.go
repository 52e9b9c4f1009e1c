// Package bundle is the file that a guest finds beside its kernel: an image, a tree of files,
// and arguments. It is a ZIP archive without compression:
//
//	image       the image file, at a multiple of the size of a page: it can be mapped
//	arguments   one a line, for a guest that is started without any
//	proof       what was found out about the image's machine code, see Proof
//	files/...   what the image finds from "/" on
//
// What it promises:
//   - The same contents make the same bytes.
//   - An image file alone is a bundle too.
//   - Read trusts nothing: a damaged or truncated bundle is an error that says so.
package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Names in the archive.
const (
	imageName     = "image"
	argumentsName = "arguments"
	proofName     = "proof"
	filesName     = "files"
)

const pageSize = 4096

// zipMark is how an archive begins.
const zipMark = "PK\x03\x04"

// Contents is what goes into a bundle.
type Contents struct {
	Image     []byte
	Arguments []string
	Proof     *Proof // nil: nothing is known
	Files     fs.FS  // nil: none
}

// Proof is what was found out about an optimized image when it was packed. The guest believes it: who
// can change the bundle can change the guest as well. It has no key, and hashes nothing.
type Proof struct {
	Refused  string   // why nothing of it may be executed; empty if it may
	Build    string   // of the VM that made the machine code
	Arch     string   // that it is for
	Features []string // of the processor, that it uses
}

// text is how a bundle has it: lines, each of which begins with what it is.
func (p *Proof) text() string {
	if p.Refused != "" {
		return "refused " + strings.Join(strings.Fields(p.Refused), " ") + "\n"
	}
	return "build " + p.Build + "\narch " + p.Arch + "\nfeatures " + strings.Join(p.Features, " ") + "\n"
}

// parseProof reads that.
func parseProof(text string) (*Proof, error) {
	p := &Proof{}
	for line := range strings.Lines(text) {
		what, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch what {
		case "refused":
			p.Refused = rest
		case "build":
			p.Build = rest
		case "arch":
			p.Arch = rest
		case "features":
			if rest != "" {
				p.Features = strings.Fields(rest)
			}
		default:
			return nil, fmt.Errorf("bundle: proof: %q is not known", what)
		}
	}
	if p.Refused == "" && (p.Build == "" || p.Arch == "") {
		return nil, errors.New("bundle: proof: it says nothing")
	}
	return p, nil
}

// Write writes a bundle.
func Write(w io.Writer, c Contents) error {
	counter := &counting{w: w}
	z := zip.NewWriter(counter)
	if err := add(z, counter, imageName, pageSize, bytes.NewReader(c.Image)); err != nil {
		return err
	}
	for _, a := range c.Arguments {
		if strings.Contains(a, "\n") {
			return fmt.Errorf("bundle: an argument has more than one line: %q", a)
		}
	}
	if len(c.Arguments) > 0 {
		text := strings.Join(c.Arguments, "\n") + "\n"
		if err := add(z, counter, argumentsName, 1, strings.NewReader(text)); err != nil {
			return err
		}
	}
	if c.Proof != nil {
		if err := add(z, counter, proofName, 1, strings.NewReader(c.Proof.text())); err != nil {
			return err
		}
	}
	if c.Files != nil {
		if err := addTree(z, counter, c.Files); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
	}
	return z.Close()
}

// counting knows how many bytes were written.
type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// add adds a file whose data begin at a multiple of align. An extra field of the archive's
// header is as long as it takes.
func add(z *zip.Writer, at *counting, name string, align int64, data io.Reader) error {
	if err := z.Flush(); err != nil {
		return err
	}
	const header, extraHeader = 30, 4
	start := at.n + header + int64(len(name))
	h := &zip.FileHeader{Name: name, Method: zip.Store}
	if gap := (align - start%align) % align; gap != 0 {
		if gap < extraHeader {
			gap += align
		}
		const ours = 0xd935 // as tools that align archives use
		h.Extra = make([]byte, gap)
		h.Extra[0], h.Extra[1] = ours&0xff, ours>>8
		h.Extra[2], h.Extra[3] = byte(gap-extraHeader), byte((gap-extraHeader)>>8)
	}
	w, err := z.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, data)
	return err
}

func addTree(z *zip.Writer, at *counting, tree fs.FS) error {
	return fs.WalkDir(tree, ".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil || path == ".":
			return err
		case e.IsDir():
			_, err := z.Create(filesName + "/" + path + "/")
			return err
		}
		fi, err := fs.Stat(tree, path) // what a link leads to
		if err != nil {
			return err
		}
		if !fi.Mode().IsRegular() {
			return fmt.Errorf("%s: neither a file nor a folder", path)
		}
		f, err := tree.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return add(z, at, filesName+"/"+path, 1, f)
	})
}

// maxSmall is how long what is read whole may be.
const maxSmall = 1 << 20

// small reads a file of the archive that is stored as it is. Its sum is not looked at: a guest that starts
// would make the tables for it first.
func small(f *zip.File) ([]byte, error) {
	if f.Method != zip.Store || f.UncompressedSize64 > maxSmall {
		return nil, fmt.Errorf("%s: compressed, or too long", f.Name)
	}
	r, err := f.OpenRaw()
	if err != nil {
		return nil, err
	}
	text := make([]byte, f.UncompressedSize64)
	_, err = io.ReadFull(r, text)
	return text, err
}

// Bundle is a bundle that was read.
type Bundle struct {
	ImageOffset, ImageSize int64 // where the image is in the bundle
	Arguments              []string
	Proof                  *Proof // nil: nothing is known
	Files                  fs.FS  // nil: none
}

// Read reads the directory of a bundle of size bytes.
func Read(r io.ReaderAt, size int64) (*Bundle, error) {
	mark := make([]byte, len(zipMark))
	if _, err := r.ReadAt(mark, 0); err != nil {
		return nil, fmt.Errorf("bundle: %d bytes: %w", size, err)
	}
	if string(mark) != zipMark {
		return &Bundle{ImageSize: size}, nil
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("bundle: damaged or truncated: %w", err)
	}
	b := &Bundle{ImageSize: -1}
	for _, f := range z.File {
		switch {
		case f.Name == imageName:
			if f.Method != zip.Store {
				return nil, errors.New("bundle: the image is compressed")
			}
			if b.ImageOffset, err = f.DataOffset(); err != nil {
				return nil, fmt.Errorf("bundle: image: %w", err)
			}
			b.ImageSize = int64(f.UncompressedSize64)
			if b.ImageSize < 0 || b.ImageOffset > size-b.ImageSize {
				return nil, errors.New("bundle: truncated: the image ends behind the file")
			}
		case f.Name == argumentsName:
			text, err := small(f)
			if err != nil {
				return nil, fmt.Errorf("bundle: %w", err)
			}
			b.Arguments = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		case f.Name == proofName:
			text, err := small(f)
			if err != nil {
				return nil, fmt.Errorf("bundle: %w", err)
			}
			if b.Proof, err = parseProof(string(text)); err != nil {
				return nil, err
			}
		case strings.HasPrefix(f.Name, filesName+"/") && b.Files == nil:
			if b.Files, err = fs.Sub(z, filesName); err != nil {
				return nil, fmt.Errorf("bundle: %w", err)
			}
		}
	}
	if b.ImageSize < 0 {
		return nil, errors.New("bundle: there is no image in it")
	}
	return b, nil
}
