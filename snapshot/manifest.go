package snapshot

import (
	"encoding/json"
	"fmt"
)

// ManifestVersion is the version of the manifest that this program writes, and the
// newest it reads.
const ManifestVersion = 1

// Manifest says what the other sections are for and where they come from. It is JSON, so
// that it can be read without this program; fields that a reader does not know are ignored.
type Manifest struct {
	Version int    `json:"version"`
	VM      string `json:"vm"` // the version of what wrote the file
	// Build is a hash of everything that machine code relies on in the program: native code
	// of another build cannot be used.
	Build string `json:"build"`
	// Arch and Features are the architecture and what the machine code uses of it.
	Arch     string   `json:"arch,omitempty"`
	Features []string `json:"features,omitempty"`
	// Home is the address of the first object, nil, that addresses in sections rely on.
	Home  uint64        `json:"home"`
	Image ImageIdentity `json:"image"`
	Start Start         `json:"start"`
	// What the sections have.
	Methods       int `json:"methods"`
	Loops         int `json:"loops"`
	CodeBytes     int `json:"codeBytes"`
	PortableBytes int `json:"portableBytes"`
	FeedbackSites int `json:"feedbackSites"`
	// Report is how the file came to be, for people and tools; empty if it was saved by a
	// program itself.
	Report json.RawMessage `json:"report,omitempty"`
}

// ImageIdentity says of which image the trailer is.
type ImageIdentity struct {
	Length int64 `json:"length"`
	// Sum is the xxhash64 of the data, which the image's header has too.
	Sum uint64 `json:"sum"`
	// Root is the root of the tree of hashes over the image's data, in hexadecimal digits;
	// empty in a file without a seal. See package trust.
	Root string `json:"root,omitempty"`
}

// Start is what an image does when it starts.
type Start struct {
	Kind string `json:"kind"` // one of the constants
	What string `json:"what,omitempty"`
}

// What an image can do when it starts.
const (
	StartImage      = "image"      // goes on where it was saved
	StartScript     = "script"     // runs the statements of the script What once more
	StartTree       = "tree"       // starts the program of the folder What
	StartExpression = "expression" // evaluates What
)

// encode answers the bytes of the manifest's section.
func (m *Manifest) encode() ([]byte, error) {
	m.Version = ManifestVersion
	return json.MarshalIndent(m, "", " ")
}

// Manifest answers the manifest of the file. The error is as that of Section.
func (f *File) Manifest() (*Manifest, error) {
	b, err := f.Section(KindManifest)
	if err != nil {
		return nil, err
	}
	return f.DecodeManifest(b)
}

// DecodeManifest reads the bytes of the file's manifest.
func (f *File) DecodeManifest(b []byte) (*Manifest, error) {
	e, _ := f.Entry(KindManifest)
	m := new(Manifest)
	if err := json.Unmarshal(b, m); err != nil {
		d := f.damage(KindManifest, e.Offset, "it cannot be read")
		d.Err = err
		return nil, d
	}
	if m.Version < 1 || m.Version > ManifestVersion {
		return nil, f.damage(KindManifest, e.Offset, "it has version %d, this program knows %d", m.Version, ManifestVersion)
	}
	if m.Image.Length != f.Header.End() || m.Image.Sum != f.Header.DataSum() {
		return nil, f.damage(KindManifest, e.Offset, "it is that of another image: %s", fmt.Sprintf("%d bytes with the sum %#x", m.Image.Length, m.Image.Sum))
	}
	return m, nil
}
