package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sista-vm/sista/host"
)

// Store is files on a device. It may be used by several goroutines.
type Store struct {
	mu       sync.Mutex
	device   Device
	now      func() int64
	onChange func()
	readOnly bool

	space        space
	root         *root // on the device
	attempt      *root // may be there instead
	tree         *node
	changed      bool  // since the last Sync
	err          error // why nothing can be changed
	dirty        []place
	recent       recent
	catalogBound int64 // bytes of the catalog, at most
	tables       int64 // blocks of maps that are to be written
}

// Options of a store.
type Options struct {
	// Format makes the device a store, whatever is on it. Without it, that is done where it begins with zeros.
	Format bool
	// ReadOnly changes nothing on the device.
	ReadOnly bool
	// Now tells the time, in Smalltalk's microseconds; nil: the system's.
	Now func() int64
	// Changed is called when something was changed for the first time since the last Sync. It must not wait for the store.
	Changed func()
}

// zeroStart is how much of a device has to be zero to be free for use: other file systems have
// their marks within it.
const zeroStart = 128 << 10

const (
	minBlocks = 64
	maxBlocks = 1 << 32
)

// ErrForeign says that there is something else on a device.
var ErrForeign = errors.New("there is something else than a store on the disk, which is left as it is")

// Open answers the store on a device.
func Open(d Device, o Options) (*Store, error) {
	s := &Store{device: d, now: o.Now, onChange: o.Changed, readOnly: o.ReadOnly}
	if s.now == nil {
		s.now = func() int64 { return host.SmalltalkTime(time.Now()) }
	}
	if s.onChange == nil {
		s.onChange = func() {}
	}
	if err := s.open(o.Format); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return s, nil
}

func (s *Store) open(format bool) error {
	blocks := min(s.device.Size()/blockSize, maxBlocks-1)
	if blocks < minBlocks {
		return fmt.Errorf("a disk of %d bytes is too small: a store needs %d", s.device.Size(), minBlocks*blockSize)
	}
	if format {
		if err := s.format(blocks); err != nil {
			return err
		}
	}
	r, err := s.newest()
	if errors.Is(err, errNoRoot) {
		if err := s.mustBeFree(); err != nil {
			return err
		}
		if s.readOnly {
			return errors.New("the disk is empty")
		}
		if err := s.format(blocks); err != nil {
			return err
		}
		r, err = s.newest()
	}
	if err != nil {
		return err
	}
	if r.blocks < minBlocks || r.blocks > blocks {
		return fmt.Errorf("the store has %d blocks, the disk only %d", r.blocks, blocks)
	}
	s.root, s.space = r, newSpace(blocks) // the disk may have grown
	return s.load()
}

// load reads the catalog and the maps.
func (s *Store) load() error {
	wrap := func(what string, err error) error {
		return fmt.Errorf("%s, of generation %d: %w", what, s.root.generation, damage(err))
	}
	s.tree = &node{mode: 0o777, entries: map[string]*node{}, links: true}
	if s.root.generation > 0 {
		if err := s.space.takeBlob(&s.root.catalog); err != nil {
			return wrap("catalog", err)
		}
		b, err := readBlob(s.device, &s.root.catalog)
		if err != nil {
			return wrap("catalog", err)
		}
		if s.tree, err = decodeCatalog(b, &s.space); err != nil {
			return wrap("catalog", err)
		}
	}
	if err := s.tree.each(func(n *node) error {
		if n.entries == nil {
			if err := s.readTable(n); err != nil {
				return wrap("map of "+n.path(), err)
			}
		}
		s.count(n, 1)
		return nil
	}); err != nil {
		return err
	}
	s.space.commit()
	return nil
}

// damage makes an error one about damage, unless it says already what it is about.
func damage(err error) error {
	if errors.Is(err, errDamage) {
		return err
	}
	return fmt.Errorf("%w: %w", errDamage, err)
}

// each calls f with a node and all in it.
func (n *node) each(f func(*node) error) error {
	if err := f(n); err != nil {
		return err
	}
	for _, e := range n.entries {
		if err := e.each(f); err != nil {
			return err
		}
	}
	return nil
}

// newest answers the valid root that counts.
func (s *Store) newest() (*root, error) {
	var found *root
	var problem error
	for i := range int64(firstBlock) {
		b := make([]byte, blockSize)
		if _, err := s.device.ReadAt(b, i*blockSize); err != nil {
			return nil, fmt.Errorf("read root %d: %w", i, err)
		}
		r, err := decodeRoot(b)
		switch {
		case err == nil && r.generation%firstBlock != uint64(i):
			problem = errBadRoot
		case err == nil && (found == nil || r.generation > found.generation):
			found = r
		case err != nil && !errors.Is(err, errNoRoot):
			problem = err
		}
	}
	switch {
	case found != nil:
		return found, nil
	case problem != nil:
		return nil, damage(problem)
	}
	return nil, errNoRoot
}

// mustBeFree makes sure that a device begins with zeros.
func (s *Store) mustBeFree() error {
	b := make([]byte, min(zeroStart, s.device.Size()/blockSize*blockSize))
	if _, err := s.device.ReadAt(b, 0); err != nil {
		return fmt.Errorf("read the start of the disk: %w", err)
	}
	if i := bytes.IndexFunc(b, func(r rune) bool { return r != 0 }); i >= 0 {
		return fmt.Errorf("%w (at byte %d)", ErrForeign, i)
	}
	return nil
}

// format makes an empty store: generation 0 has no catalog. The only sector that is not zero is
// that of the root, so it is made at once or not at all.
func (s *Store) format(blocks int64) error {
	r := &root{identity: rand.Uint64(), blocks: blocks}
	for i := int64(firstBlock) - 1; i >= 0; i-- {
		b := make([]byte, blockSize)
		if i == 0 {
			b = r.encode()
		}
		if _, err := s.device.WriteAt(b, i*blockSize); err != nil {
			return fmt.Errorf("format: %w", err)
		}
		if err := s.device.Flush(); err != nil {
			return fmt.Errorf("format: %w", err)
		}
	}
	return nil
}

// touch notes that something was changed.
func (s *Store) touch() {
	if !s.changed {
		s.changed = true
		s.onChange()
	}
}

// Sync makes all changes last.
func (s *Store) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sync()
}

func (s *Store) sync() error {
	if s.err != nil {
		return s.err
	}
	if !s.changed {
		return nil
	}
	if err := s.writeDirty(); err != nil {
		return err
	}
	if err := s.tree.each(func(n *node) error {
		if n.changed {
			return s.writeTable(n)
		}
		return nil
	}); err != nil {
		return err
	}
	catalog, err := s.writeBlob(s.tree.encode(nil))
	if err != nil {
		return err
	}
	if len(catalog.runs) > maxRootRuns {
		s.space.releaseRuns(catalog.runs)
		return errFragmented
	}
	next := &root{identity: s.root.identity, generation: s.root.generation + 1, blocks: s.space.blocks, catalog: catalog}
	// From here on it is not known what is on the device, if something goes wrong.
	if err := s.commit(next); err != nil {
		s.attempt, s.err = next, fmt.Errorf("store: nothing can be changed any more: %w", err)
		return s.err
	}
	s.committed(next)
	return nil
}

var errFragmented = errors.New("store: what is free is in too many pieces for the catalog")

// commit makes a root the newest on the device.
func (s *Store) commit(next *root) error {
	if err := s.device.Flush(); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	if err := s.write(next.encode(), uint32(next.generation%firstBlock)); err != nil {
		return err
	}
	if err := s.device.Flush(); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// committed notes that a root is on the device, to stay.
func (s *Store) committed(r *root) {
	s.space.releaseRuns(s.root.catalog.runs)
	s.root, s.changed = r, false
	s.space.commit()
}

// Err answers why nothing can be changed any more; nil: it can.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Recover goes on after a failure of the device, if that has everything that was written: it is
// read again. Else nothing can be changed, as before, and the error says why.
func (s *Store) Recover() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		return nil
	}
	found, err := s.newest()
	if err != nil {
		return fmt.Errorf("store: the disk is back: %w", err)
	}
	same := func(r *root) bool { return r != nil && bytes.Equal(found.encode(), r.encode()) }
	if !same(s.root) && !same(s.attempt) {
		return errors.New("store: the disk that came back has not what the other one had")
	}
	buffer := make([]byte, blockSize)
	if err := s.tree.each(func(n *node) error {
		for i, e := range n.blocks {
			if e.block != 0 && !s.space.committed.has(e.block) && n.dirty[int64(i)] == nil {
				if err := s.readBlocks(n, int64(i), buffer); err != nil {
					return err
				}
			}
		}
		if n.entries == nil && !n.changed {
			if _, err := readBlob(s.device, &n.table); err != nil {
				return fmt.Errorf("map of %s: %w", n.path(), err)
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("store: the disk that came back: %w", err)
	}
	if err := s.device.Flush(); err != nil {
		return fmt.Errorf("store: the disk that came back: flush: %w", err)
	}
	switch {
	case same(s.root):
		s.space.releaseRuns(s.attempt.catalog.runs)
	default:
		s.committed(s.attempt)
	}
	s.err, s.attempt = nil, nil
	return nil
}

// Usage is how much room there is.
type Usage struct {
	Size, Free int64 // bytes
	Files      int
	Generation uint64
}

// Usage answers how much room there is.
func (s *Store) Usage() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := Usage{Size: s.space.blocks * blockSize, Free: max(0, s.space.free-s.reserve()) * blockSize, Generation: s.root.generation}
	_ = s.tree.each(func(n *node) error {
		if n.entries == nil {
			u.Files++
		}
		return nil
	})
	return u
}

// Check reads all data and answers what is damaged.
func (s *Store) Check() (problems []error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	buffer := make([]byte, blockSize)
	_ = s.tree.each(func(n *node) error {
		for i, e := range n.blocks {
			if e.block != 0 && n.dirty[int64(i)] == nil {
				if err := s.readBlocks(n, int64(i), buffer); err != nil {
					problems = append(problems, err)
				}
			}
		}
		return nil
	})
	return problems
}
