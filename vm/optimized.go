package vm

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/snapshot"
)

// SaveOptions say what is saved beside an image, and how.
type SaveOptions struct {
	// Sealer proves who saved the file; without one nobody executes its code.
	Sealer snapshot.Sealer
	// Start is what the manifest says of the image's start.
	Start snapshot.Start
	// Report is what the manifest says of how the file came to be; it may be nil.
	Report json.RawMessage
}

// SaveReport is what was saved.
type SaveReport struct {
	snapshot.Written
	Manifest snapshot.Manifest
	// Collecting is what everything before took, the collection of garbage above all, and
	// Writing how long the file took until it was on the disk.
	Collecting, Writing time.Duration
}

// SaveOptimized writes the image to a file as Save does, with what was learned about the
// program behind it: feedback and optimized code. See package snapshot.
func (v *VM) SaveOptimized(ctx context.Context, path string, o SaveOptions) (*SaveReport, error) {
	report := new(SaveReport)
	begun := time.Now()
	err := v.saveWith(ctx, path, func(path string, hd image.Header) error {
		report.Collecting = time.Since(begun)
		return v.saveOptimized(path, hd, o, report)
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// saveOptimized writes the file.
func (v *VM) saveOptimized(path string, hd image.Header, o SaveOptions, r *SaveReport) error {
	begun := time.Now()
	r.Manifest = snapshot.Manifest{VM: Version, Start: o.Start, Report: o.Report}
	sections, err := v.sections(&r.Manifest)
	if err != nil {
		return err
	}
	r.Written, err = snapshot.Write(v.saveFiles(), path, snapshot.Contents{
		Heap: v.heap, Header: hd, Manifest: r.Manifest, Sections: sections, Sealer: o.Sealer,
	})
	r.Writing = time.Since(begun)
	return err
}

// saveItself writes the file where the image wants to be saved as an optimized one.
func (v *VM) saveItself(path string, hd image.Header) error {
	o := SaveOptions{Start: snapshot.Start{Kind: snapshot.StartImage}}
	if v.config.Seal != nil {
		var err error
		if o.Sealer, err = v.config.Seal(); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return v.saveOptimized(path, hd, o, new(SaveReport))
}

// sections answers what is saved beside the image, and tells the manifest of it. The heap was
// collected and compacted, and every activation is a context.
func (v *VM) sections(m *snapshot.Manifest) (list []snapshot.Section, err error) {
	if v.broker == nil {
		return nil, nil
	}
	v.broker.Settle()
	s := v.broker.Save(jit.Names{Save: v.nameInFile})
	m.Build, m.Arch, m.Features = jit.Build, runtime.GOARCH, s.Features.Names()
	m.Methods, m.Loops, m.CodeBytes = s.Methods, s.Loops, s.CodeBytes
	m.PortableBytes, m.FeedbackSites = len(s.Portable), s.FeedbackSites
	for _, section := range []snapshot.Section{
		{Kind: snapshot.KindFeedback, Data: s.Feedback}, {Kind: snapshot.KindPortable, Data: s.Portable}, {Kind: snapshot.KindNative, Data: s.Native},
	} {
		if len(section.Data) > 0 {
			list = append(list, section)
		}
	}
	return list, nil
}

// nameInFile answers the address of an object in the file that is being written.
func (v *VM) nameInFile(o heap.Oop) (uint64, bool) {
	if !o.IsObject() {
		return uint64(o), true
	}
	return image.HomeOf(v.heap, o)
}
