package bundle

import (
	"bytes"
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"
)

var tree = fstest.MapFS{
	"a.txt":       {Data: []byte("text")},
	"dir/b.bin":   {Data: bytes.Repeat([]byte{7}, 10_000)},
	"dir/empty":   {Data: nil},
	"other/x/y/z": {Data: []byte("deep")},
}

func bundleOf(t *testing.T, c Contents) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	image := bytes.Repeat([]byte("image..."), 5000)
	data := bundleOf(t, Contents{Image: image, Arguments: []string{"eval", "3 + 4", ""}, Files: tree})
	if again := bundleOf(t, Contents{Image: image, Arguments: []string{"eval", "3 + 4", ""}, Files: tree}); !bytes.Equal(data, again) {
		t.Error("the same contents make other bytes")
	}
	b, err := Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if b.ImageOffset%pageSize != 0 || !bytes.Equal(data[b.ImageOffset:b.ImageOffset+b.ImageSize], image) {
		t.Errorf("the image is %d bytes at %#x", b.ImageSize, b.ImageOffset)
	}
	if len(b.Arguments) != 3 || b.Arguments[1] != "3 + 4" || b.Arguments[2] != "" {
		t.Errorf("arguments: %q", b.Arguments)
	}
	for name, f := range tree {
		if got, err := fs.ReadFile(b.Files, name); err != nil || !bytes.Equal(got, f.Data) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if err := fstest.TestFS(b.Files, "a.txt", "dir/b.bin", "dir/empty", "other/x/y/z"); err != nil {
		t.Error(err)
	}
}

func TestPlainImage(t *testing.T) {
	b, err := Read(bytes.NewReader([]byte("not an archive")), 14)
	if err != nil || b.ImageOffset != 0 || b.ImageSize != 14 || b.Files != nil || b.Arguments != nil {
		t.Errorf("%+v, %v", b, err)
	}
}

// TestTruncated cuts a bundle at every 97th byte: each time it is an error.
func TestTruncated(t *testing.T) {
	data := bundleOf(t, Contents{Image: make([]byte, 5000), Files: tree})
	for n := 0; n < len(data); n += 97 {
		if b, err := Read(bytes.NewReader(data[:n]), int64(n)); err == nil {
			t.Fatalf("%d of %d bytes are read as %+v", n, len(data), b)
		}
	}
}

func TestRefused(t *testing.T) {
	if err := Write(new(bytes.Buffer), Contents{Arguments: []string{"a\nb"}}); err == nil {
		t.Error("an argument of two lines")
	}
	data := bundleOf(t, Contents{Image: []byte("x")})
	data = bytes.ReplaceAll(data, []byte("image"), []byte("xmage"))
	if _, err := Read(bytes.NewReader(data), int64(len(data))); err == nil {
		t.Error("a bundle without image")
	}
}

func TestProof(t *testing.T) {
	for _, p := range []*Proof{
		nil,
		{Refused: "guest.image: not authentic"},
		{Build: "0123", Arch: "amd64"},
		{Build: "0123", Arch: "amd64", Features: []string{"avx", "bmi2"}},
	} {
		data := bundleOf(t, Contents{Image: []byte("image"), Proof: p})
		b, err := Read(bytes.NewReader(data), int64(len(data)))
		if err != nil || !reflect.DeepEqual(b.Proof, p) {
			t.Errorf("of %+v became %+v, %v", p, b.Proof, err)
		}
	}
	for _, text := range []string{"", "build x\n", "arch amd64\n", "build x\narch y\nwhatever z\n"} {
		if p, err := parseProof(text); err == nil {
			t.Errorf("%q is taken for %+v", text, p)
		}
	}
	// What a reason has of several lines does not become lines of the proof.
	p, err := parseProof((&Proof{Refused: "one\nbuild x\narch y"}).text())
	if err != nil || p.Refused != "one build x arch y" || p.Build != "" {
		t.Errorf("%+v, %v", p, err)
	}
}
