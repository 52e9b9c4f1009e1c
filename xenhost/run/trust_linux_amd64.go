package run

import (
	"errors"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/snapshot/trust"
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

// diskKey proves what is on the disk, which others may write than those who made the guest: nothing there is
// executed without a seal by the key in SISTA_KEY, and what the guest saves is sealed with it.
type diskKey struct {
	files host.Files
	env   host.Environment
}

// find answers the key, nil if there is none.
func (k diskKey) find() (*trust.Key, error) {
	key, err := trust.FindKey(k.files, k.env, "")
	if errors.Is(err, trust.ErrNoKey) {
		return nil, nil
	}
	return key, err
}

func (k diskKey) trusts(f *snapshot.File) (snapshot.Trusted, error) {
	key, err := k.find()
	if err != nil {
		return nil, err
	}
	a, err := trust.Verify(f, key)
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (k diskKey) seal() (snapshot.Sealer, error) {
	key, err := k.find()
	if key == nil {
		return nil, err
	}
	return trust.NewSealer(key), nil
}

// proven is an image whose sections were hashed when they were packed: they are not once more.
type proven struct {
	file     *snapshot.File
	manifest snapshot.Manifest // what of it decides whether code fits
}

func (p *proven) Section(k snapshot.Kind) ([]byte, error) { return p.file.Unchecked(k) }
func (p *proven) Manifest() (*snapshot.Manifest, error)   { return &p.manifest, nil }
