package interp_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/sista-vm/sista/vm"
)

// A damaged image gives wrong answers, errors or the end of its virtual machine,
// but never a Go panic, nor can it keep its machine from being stopped.
// SISTA_DAMAGE_SEEDS sets how many damages are tried.
func TestDamagedImages(t *testing.T) {
	seeds := 40
	if s := os.Getenv("SISTA_DAMAGE_SEEDS"); s != "" {
		seeds, _ = strconv.Atoi(s)
	}
	path := filepath.Join(t.TempDir(), "sound.image")
	m := open(t, vm.Config{})
	print(t, m, controlSetUp, 10*time.Second)
	if err := m.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(filepath.Dir(path), "damaged.image")
	for seed := range uint64(seeds) {
		data := append([]byte(nil), sound...)
		damage(rand.New(rand.NewPCG(seed, 1)), data)
		if err := os.WriteFile(damaged, data, 0o600); err != nil {
			t.Fatal(err)
		}
		runDamaged(t, seed, damaged)
	}
}

// damage changes words of the heap, most of them a little.
func damage(r *rand.Rand, data []byte) {
	const header = 128
	for range 1 << r.IntN(8) {
		at := header + 8*r.IntN((len(data)-header)/8)
		w := binary.LittleEndian.Uint64(data[at:])
		switch r.IntN(6) {
		case 0:
			w ^= 1 << r.IntN(64)
		case 1:
			w += 8 * uint64(r.IntN(64))
		case 2:
			w = r.Uint64()
		case 3:
			w = r.Uint64()<<3 | 1
		case 4:
			w = binary.LittleEndian.Uint64(data[header+8*r.IntN((len(data)-header)/8):])
		case 5:
			w = w&^0xff | uint64(r.IntN(256))
		}
		binary.LittleEndian.PutUint64(data[at:], w)
	}
}

func runDamaged(t *testing.T, seed uint64, path string) {
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("seed %d: panic: %v", seed, r)
			panic(r)
		}
	}()
	m, err := vm.Open(vm.Config{Image: path, MaxHeap: 100 << 20})
	if err != nil {
		return
	}
	defer m.Close()
	done := make(chan struct{})
	go func() {
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			panic("seed " + strconv.FormatUint(seed, 10) + ": the machine cannot be stopped")
		}
	}()
	defer close(done)
	for _, s := range controlSnippets[:20] {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		v, err := m.Eval(ctx, s.code)
		if err == nil {
			_, _ = v.Print(ctx)
		}
		ended := ctx.Err() != nil
		cancel()
		if ended {
			return
		}
	}
}
