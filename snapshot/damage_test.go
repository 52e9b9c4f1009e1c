package snapshot

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
)

var update = flag.Bool("update", false, "write the sample of the current version anew")

// sampleFile is the sample of the version that is written now. Those of earlier versions
// stay, and are read for as long as programs of this version are to read them.
const sampleFile = "testdata/v1.0.image.gz"

// smallSample answers the bytes of a small file with all kinds of sections.
func smallSample(t testing.TB) []byte {
	t.Helper()
	c := sample(t)
	c.Sections = []Section{{KindFeedback, []byte("feedback")}, {KindPortable, []byte("portable")}, {KindNative, bytes.Repeat([]byte("code"), 30)}, {77, []byte("later")}}
	data, err := os.ReadFile(mustWrite(t, c))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(data []byte) (*File, error) {
	return Read(bytes.NewReader(data), int64(len(data)), "x.image", nil)
}

func TestSamples(t *testing.T) {
	if *update {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, _ = w.Write(smallSample(t))
		_ = w.Close()
		if err := os.WriteFile(sampleFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob("testdata/*.image.gz")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		packed, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(packed)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		packed.Close()
		f, err := read(data)
		if err != nil {
			t.Fatal(err)
		}
		if all := f.Check(); all != nil {
			t.Errorf("%s: %v", name, all)
		}
		for kind, want := range map[Kind]string{KindFeedback: "feedback", KindPortable: "portable", KindNative: strings.Repeat("code", 30), 77: "later"} {
			if got, err := f.Section(kind); err != nil || string(got) != want {
				t.Errorf("%s: section %v: %q, %v", name, kind, got, err)
			}
		}
		m, err := f.Manifest()
		if err != nil || m.Version != 1 || m.Build != "abc" || m.Start.Kind != StartScript || m.Methods != 7 {
			t.Errorf("%s: manifest %+v, %v", name, m, err)
		}
		if name == sampleFile && !bytes.Equal(data, smallSample(t)) {
			t.Errorf("%s is not what is written now: if that is meant, the version of the format changes, and -update writes a sample of it", name)
		}
	}
}

// Every bit of the trailer counts: with another one, Check tells, and no section has other
// bytes than those that were written.
func TestEveryBit(t *testing.T) {
	good := smallSample(t)
	f, err := read(good)
	if err != nil {
		t.Fatal(err)
	}
	end := f.Header.End()
	want := map[Kind][]byte{}
	for _, e := range f.Index() {
		want[e.Kind], _ = f.Section(e.Kind)
	}
	dropped := map[int]int{}
	bits := 8
	if testing.Short() {
		bits = 1
	}
	for at := end; at < int64(len(good)); at++ {
		for bit := range bits {
			if bit > 0 && good[at] == 0 && at%PageSize > 256 && at < int64(len(good))-footerSize {
				continue // zeros between sections are all alike
			}
			bad := bytes.Clone(good)
			bad[at] ^= 1 << bit
			f, err := read(bad)
			if err != nil {
				t.Fatalf("bit %d at %#x: the image is not there any more: %v", bit, at, err)
			}
			problems := f.checkTrailer()
			if len(problems) == 0 {
				t.Fatalf("bit %d at %#x is not noticed", bit, at)
			}
			missing := 0
			for kind, data := range want {
				got, err := f.Section(kind)
				if err != nil {
					missing++
				} else if !bytes.Equal(got, data) {
					t.Fatalf("bit %d at %#x: section %v has other bytes", bit, at, kind)
				}
			}
			dropped[missing]++
		}
	}
	if dropped[1] == 0 || dropped[len(want)] == 0 {
		t.Errorf("sections dropped: %v", dropped)
	}
}

// A file that is cut off has an image without sections, or is no image.
func TestEveryLength(t *testing.T) {
	good := smallSample(t)
	whole, err := read(good)
	if err != nil {
		t.Fatal(err)
	}
	end := whole.Header.End()
	for n := range int64(len(good)) {
		if n < end && n > 200 && n%997 != 0 {
			continue
		}
		f, err := read(good[:n])
		switch {
		case n < end && err == nil:
			t.Fatalf("%d bytes of %d are taken for an image", n, end)
		case n >= end && err != nil:
			t.Fatalf("%d bytes: %v", n, err)
		case n >= end && (len(f.Index()) != 0 || (f.Problem == nil) != (n == end)):
			t.Fatalf("%d bytes: %d sections, problem %v", n, len(f.Index()), f.Problem)
		}
	}
}

// What damage is called.
func TestProblems(t *testing.T) {
	good := smallSample(t)
	f, err := read(good)
	if err != nil {
		t.Fatal(err)
	}
	end := f.Header.End()
	at := int64(len(good)) - footerSize
	le := binary.LittleEndian
	// Programs that write something else write the right hashes.
	rehash := func(b []byte) {
		index := b[len(b)-footerSize-len(f.Index())*entrySize : len(b)-footerSize]
		le.PutUint64(b[at+40:], xxhash.Sum64(index))
		le.PutUint64(b[at+56:], xxhash.Sum64(b[at:at+56]))
	}
	entry := at - int64(len(f.Index()))*entrySize
	for name, c := range map[string]struct {
		change func(b []byte)
		want   string
	}{
		"version":      {func(b []byte) { le.PutUint16(b[at+8:], 2) }, "version 2.0 of the format, this program knows 1"},
		"many":         {func(b []byte) { le.PutUint32(b[at+12:], 1<<30) }, "1073741824 sections, more than 1024"},
		"number":       {func(b []byte) { le.PutUint32(b[at+12:], 7) }, "no index of 7 sections"},
		"other length": {func(b []byte) { le.PutUint64(b[at+16:], 12) }, "image of 12 bytes"},
		"other image":  {func(b []byte) { le.PutUint64(b[at+24:], 12) }, "another image"},
		"before":       {func(b []byte) { le.PutUint64(b[entry+8:], uint64(end-PageSize)) }, "cannot be"},
		"unaligned":    {func(b []byte) { le.PutUint64(b[entry+8:], uint64(end+8)) }, "cannot be"},
		"long":         {func(b []byte) { le.PutUint64(b[entry+16:], 1<<62) }, "cannot be"},
		"negative":     {func(b []byte) { le.PutUint64(b[entry+16:], 1<<63) }, "cannot be"},
		"overlap":      {func(b []byte) { le.PutUint64(b[entry+entrySize+8:], uint64(end)) }, "cannot be"},
		"twice":        {func(b []byte) { le.PutUint32(b[entry:], 77) }, "section kind 77 is there twice"},
	} {
		b := bytes.Clone(good)
		c.change(b)
		rehash(b)
		f, err := read(b)
		if err != nil {
			t.Fatal(err)
		}
		if f.Problem == nil || !strings.Contains(f.Problem.Error(), c.want) || len(f.Index()) != 0 {
			t.Errorf("%s: problem %v, want %q", name, f.Problem, c.want)
		}
	}
	b := bytes.Clone(good)
	le.PutUint32(b[entry+4:], 4)
	rehash(b)
	if f, err = read(b); err != nil || f.Problem != nil {
		t.Fatal(err, f.Problem)
	}
	if _, err := f.Section(KindManifest); err == nil || !strings.Contains(err.Error(), "section manifest at offset 0x") || !strings.Contains(err.Error(), "flags 0x4") {
		t.Errorf("unknown flag: %v", err)
	}
	// Something that follows an image of others.
	other := f.Header
	other.Padding = [5]uint64{}
	for _, n := range []int{1, footerSize, 1000} {
		b = append(bytes.Clone(good[:end]), make([]byte, n)...)
		copy(b, other.FirstPage())
		if f, err := read(b); err != nil || f.Problem != nil || len(f.Index()) != 0 {
			t.Errorf("%d bytes that follow: %v %v", n, err, f.Problem)
		}
	}
	// A plain image that another machine saved over this one in place.
	b = bytes.Clone(good)
	hd := f.Header
	hd.Flags |= 1 << 20
	copy(b, hd.FirstPage())
	if f, err = read(b); err != nil || f.Problem == nil || !strings.Contains(f.Problem.Error(), "another image, or the image was changed") {
		t.Errorf("%v %v", err, f.Problem)
	}
}

// Whatever the bytes, nothing crashes, and what is answered are bytes of the file.
func FuzzRead(f *testing.F) {
	good := smallSample(f)
	whole, err := read(good)
	if err != nil {
		f.Fatal(err)
	}
	end := whole.Header.End()
	f.Add(good[end:])
	f.Add(good[end : len(good)-1])
	f.Add(good[int64(len(good))-footerSize:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, trailer []byte) {
		data := append(bytes.Clone(good[:end]), trailer...)
		// Fuzzing finds no hashes: they are made right.
		if n := len(trailer); n >= footerSize {
			at := len(data) - footerSize
			le := binary.LittleEndian
			if index := le.Uint64(data[at+32:]); index < uint64(at) {
				le.PutUint64(data[at+40:], xxhash.Sum64(data[index:at]))
			}
			le.PutUint64(data[at+56:], xxhash.Sum64(data[at:at+56]))
		}
		x, err := read(data)
		if err != nil {
			t.Fatal(err)
		}
		x.Check()
		x.Describe()
		for _, e := range x.Index() {
			b, err := x.Section(e.Kind)
			var d *Damage
			if err != nil && !errors.As(err, &d) {
				t.Errorf("section %v: %v", e.Kind, err)
			}
			if err == nil && !bytes.Equal(b, data[e.Offset:e.Offset+e.Length]) {
				t.Errorf("section %v has bytes from elsewhere", e.Kind)
			}
		}
	})
}

// Whatever the manifest says, it is read, written and read again, or it is damage with a place.
func FuzzManifest(f *testing.F) {
	x, err := read(smallSample(f))
	if err != nil {
		f.Fatal(err)
	}
	good, err := x.Section(KindManifest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}"))
	f.Add([]byte(`{"version": 1e99}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := x.DecodeManifest(b)
		if err != nil {
			if d := new(Damage); !errors.As(err, &d) || d.Section != KindManifest || d.Offset != x.Index()[0].Offset {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.DecodeManifest(again)
		if err != nil {
			t.Fatal(err)
		}
		if last, _ := got.encode(); !bytes.Equal(last, again) {
			t.Errorf("written %s, read and written again %s", again, last)
		}
	})
}
