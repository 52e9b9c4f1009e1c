package run

import (
	"errors"

	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/xenhost/bundle"
)

// trusts tells whether the image's machine code may be executed: what packed the guest has found that out.
func trusts(p *bundle.Proof) func(*snapshot.File) (snapshot.Trusted, error) {
	return func(f *snapshot.File) (snapshot.Trusted, error) {
		switch {
		case p == nil:
			return nil, errors.New("nobody has proven its machine code: sista pack does")
		case p.Refused != "":
			return nil, errors.New("when it was packed: " + p.Refused)
		}
		return &proven{f, snapshot.Manifest{Version: snapshot.ManifestVersion, Build: p.Build, Arch: p.Arch, Features: p.Features}}, nil
	}
}

// trustsDisk executes the machine code of an image on the disk, as far as it is whole: who can write
// there without the guest could change the guest too.
func trustsDisk(f *snapshot.File) (snapshot.Trusted, error) { return f, nil }

// proven is an image whose sections were hashed when they were packed: they are not once more.
type proven struct {
	file     *snapshot.File
	manifest snapshot.Manifest // what of it decides whether code fits
}

func (p *proven) Section(k snapshot.Kind) ([]byte, error) { return p.file.Unchecked(k) }
func (p *proven) Manifest() (*snapshot.Manifest, error)   { return &p.manifest, nil }
