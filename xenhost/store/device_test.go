package store

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

var errCut = errors.New("the power is gone")

// unsteady is a device that keeps writes to itself until they are flushed, and loses power.
type unsteady struct {
	Memory                // what lasts
	now     Memory        // what is read
	pending []sectorWrite // not flushed
	steps   int           // until the power goes; negative: never
	dead    bool
}

type sectorWrite struct {
	at   int64
	data [SectorSize]byte
}

func newUnsteady(size int) *unsteady {
	return &unsteady{Memory: make(Memory, size), now: make(Memory, size), steps: -1}
}

func (u *unsteady) step() error {
	if u.steps == 0 {
		u.dead = true
	}
	if u.dead {
		return errCut
	}
	u.steps--
	return nil
}

func (u *unsteady) ReadAt(p []byte, at int64) (int, error) {
	if u.dead {
		return 0, errCut
	}
	return u.now.ReadAt(p, at)
}

func (u *unsteady) WriteAt(p []byte, at int64) (int, error) {
	if at%SectorSize != 0 || len(p)%SectorSize != 0 {
		return 0, errors.New("not whole sectors")
	}
	err := u.step()
	// A write at which the power goes may have reached the device in part.
	for i := 0; i < len(p); i += SectorSize {
		u.pending = append(u.pending, sectorWrite{at + int64(i), [SectorSize]byte(p[i:])})
	}
	if err != nil {
		return 0, err
	}
	return u.now.WriteAt(p, at)
}

func (u *unsteady) Flush() error {
	if err := u.step(); err != nil {
		return err
	}
	for _, w := range u.pending {
		copy(u.Memory[w.at:], w.data[:])
	}
	u.pending = nil
	return nil
}

// cut answers the device as the next one to have power finds it: of what was not flushed, any
// sectors are written, of several to one place any.
func (u *unsteady) cut(r *rand.Rand) *unsteady {
	n := newUnsteady(len(u.Memory))
	copy(n.Memory, u.Memory)
	kept := r.Float64()
	list := slices.Clone(u.pending)
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for _, w := range list {
		if r.Float64() < kept {
			copy(n.Memory[w.at:], w.data[:])
		}
	}
	copy(n.now, n.Memory)
	return n
}

func mustOpen(t testing.TB, d Device, o Options) *Store {
	t.Helper()
	s, err := Open(d, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
