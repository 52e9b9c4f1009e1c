package trust

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/snapshot"
)

// The seal of a file, version 1:
//
//	 0  +-----------------+-----------------+
//	    | version         | number of       |
//	    |                 | sections        |
//	 8  +-----------------+-----------------+
//	    | id of the key                     |
//	16  +-----------------------------------+
//	    | for each section: kind (4 bytes), |
//	    | flags (4), length (8),            |
//	    | SHA-256 (32)                      |
//	    +-----------------------------------+
//	    | SHA-256 of the first page         |
//	    +-----------------------------------+
//	    | HMAC-SHA-256 of context and of    |
//	    | all bytes before                  |
//	    +-----------------------------------+
//
// The sections are all but the seal itself, in the order of the file. The first of them
// is the manifest, which has the root of the tree over the image's data.
const (
	sealVersion = 1
	idSize      = 8
	headSize    = 8 + idSize
	digestSize  = 16 + sha256.Size
)

// context tells the use of the key from every other.
var context = []byte("sista seal of an optimized image\x00")

// sealer makes seals: a snapshot.Sealer.
type sealer struct {
	key  *Key
	tree *tree
}

// NewSealer answers what seals a file with a key, for snapshot.Write.
func NewSealer(k *Key) snapshot.Sealer { return &sealer{key: k, tree: newTree()} }

// Write takes data of the image.
func (s *sealer) Write(b []byte) (int, error) { return s.tree.Write(b) }

// Root answers the root over the data.
func (s *sealer) Root() []byte { return s.tree.root() }

// Seal answers the seal of the first page and the sections.
func (s *sealer) Seal(page []byte, sections []snapshot.Section) (snapshot.Section, error) {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, sealVersion)
	b = le.AppendUint32(b, uint32(len(sections)))
	b = append(b, s.key.id()...)
	for _, x := range sections {
		b = le.AppendUint32(b, uint32(x.Kind))
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(len(x.Data)))
		sum := sha256.Sum256(x.Data)
		b = append(b, sum[:]...)
	}
	sum := sha256.Sum256(page)
	b = append(b, sum[:]...)
	b = append(b, s.key.mac(context, b)...)
	return snapshot.Section{Kind: snapshot.KindSeal, Data: b}, nil
}

// Authentic is a file whose seal proves that the holder of the key wrote it. Its methods
// may be called by any goroutine.
type Authentic struct {
	file    *snapshot.File
	digests map[snapshot.Kind][]byte

	mu      sync.Mutex
	checked map[snapshot.Kind]error
}

// Untrusted is why a file is not authentic.
type Untrusted struct {
	Path   string
	Reason string
}

func (u *Untrusted) Error() string { return u.Path + ": not authentic: " + u.Reason }

// Verify answers a file as an authentic one, or an error that says why it is none: an
// *Untrusted, or a *snapshot.Damage. The key may be nil: nobody has one.
func Verify(f *snapshot.File, k *Key) (*Authentic, error) {
	no := func(format string, args ...any) (*Authentic, error) {
		return nil, &Untrusted{f.Path, fmt.Sprintf(format, args...)}
	}
	if f.Problem != nil {
		return nil, f.Problem
	}
	seal, err := f.Section(snapshot.KindSeal)
	switch {
	case errors.Is(err, snapshot.ErrNone):
		return no("it has no seal")
	case err != nil:
		return nil, err
	case k == nil:
		return no("there is no key to prove its seal")
	}
	if why := ownerRule(f); why != "" {
		return no("%s", why)
	}
	digests, why := k.prove(f, seal)
	if why != "" {
		return no("%s", why)
	}
	return &Authentic{file: f, digests: digests, checked: map[snapshot.Kind]error{}}, nil
}

// prove answers what the sections of a file are to hash to if the key made the seal, and for this file, or else why not.
func (k *Key) prove(f *snapshot.File, seal []byte) (digests map[snapshot.Kind][]byte, why string) {
	no := func(format string, args ...any) (map[snapshot.Kind][]byte, string) {
		return nil, fmt.Sprintf(format, args...)
	}
	le := binary.LittleEndian
	if len(seal) < headSize || le.Uint32(seal) != sealVersion {
		return no("its seal is of another version")
	}
	index := f.Index()
	if n := int(le.Uint32(seal[4:])); n != len(index)-1 || len(seal) != headSize+n*digestSize+2*sha256.Size {
		return no("its seal is for %d sections, and it has %d", n, len(index)-1)
	}
	if !hmac.Equal(seal[8:headSize], k.id()) {
		return no("it was sealed with key %x, not with %s (%s)", seal[8:headSize], k.ID(), k.From)
	}
	mac := len(seal) - sha256.Size
	if !hmac.Equal(seal[mac:], k.mac(context, seal[:mac])) {
		return no("its seal is not that of %s (%s)", k.ID(), k.From)
	}
	page := sha256.Sum256(f.FirstPage())
	if !hmac.Equal(seal[mac-sha256.Size:mac], page[:]) {
		return no("its seal is for another image")
	}
	digests = map[snapshot.Kind][]byte{}
	rest := seal[headSize:]
	for _, e := range index {
		if e.Kind == snapshot.KindSeal {
			continue
		}
		if snapshot.Kind(le.Uint32(rest)) != e.Kind || le.Uint32(rest[4:]) != e.Flags || le.Uint64(rest[8:]) != uint64(e.Length) {
			return no("its seal is not for section %v", e.Kind)
		}
		digests[e.Kind] = rest[16:digestSize]
		rest = rest[digestSize:]
	}
	return digests, ""
}

// ownerRule answers why the owner or the permissions of a file forbid to trust it, or
// nothing. What is no file of a file system has come with the program.
func ownerRule(f *snapshot.File) string {
	info, ok := f.Info()
	switch {
	case !ok:
		return ""
	case !ours(info):
		return "it belongs to neither root nor the user"
	case info.Mode&0o022 != 0:
		return fmt.Sprintf("others than its owner may write it, its permissions are %#o", info.Mode&0o777)
	}
	return ""
}

// Section answers the bytes of a section if they are those that were sealed: at its first
// use they are hashed. Errors are as those of snapshot.File.Section, or an *Untrusted.
func (a *Authentic) Section(k snapshot.Kind) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err, done := a.checked[k]
	if err != nil {
		return nil, err
	}
	b, err := a.file.Unchecked(k)
	if err != nil || done {
		return b, err
	}
	if sum := sha256.Sum256(b); !hmac.Equal(sum[:], a.digests[k]) {
		// The other hash tells an accident from intent.
		if _, err = a.file.Section(k); err == nil {
			err = &Untrusted{a.file.Path, fmt.Sprintf("section %v was changed after it was sealed", k)}
		}
	}
	a.checked[k] = err
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Manifest answers the manifest that was sealed.
func (a *Authentic) Manifest() (*snapshot.Manifest, error) {
	b, err := a.Section(snapshot.KindManifest)
	if err != nil {
		return nil, err
	}
	return a.file.DecodeManifest(b)
}

// VerifyAll hashes everything: all sections, and the image's data.
func (a *Authentic) VerifyAll() error {
	for _, e := range a.file.Index() {
		if e.Kind == snapshot.KindSeal {
			continue
		}
		if _, err := a.Section(e.Kind); err != nil {
			return err
		}
	}
	m, err := a.Manifest()
	if err != nil {
		return err
	}
	src, end := a.file.Source()
	t := newTree()
	buffer := make([]byte, leafSize)
	if _, err := io.CopyBuffer(t, io.NewSectionReader(src, snapshot.PageSize, end-snapshot.PageSize), buffer); err != nil {
		return fmt.Errorf("%s: the image cannot be read: %w", a.file.Path, host.Cause(err))
	}
	if got := hex.EncodeToString(t.root()); got != m.Image.Root {
		return &Untrusted{a.file.Path, "the image's data were changed after they were sealed"}
	}
	return nil
}
