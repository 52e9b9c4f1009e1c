package snapshot

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
)

// saverPath names the file that this process is to save again and again until it is
// killed: it is a saver, not a test.
const saverPath = "SISTA_TEST_SAVER"

func TestMain(m *testing.M) {
	if path := os.Getenv(saverPath); path != "" {
		if err := saveForever(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// saveForever saves two kinds of contents in turn, and every fourth time the image alone.
func saveForever(path string) error {
	h, err := heap.New(heap.Config{Memory: hostos.Memory(), Window: -1})
	if err != nil {
		return err
	}
	if err := h.Bootstrap(); err != nil {
		return err
	}
	h.Specials = h.AllocateOld(heap.ClassArray, heap.FmtArray, 100_000)
	for i := range h.Specials.NumSlots() {
		h.Specials.SetSlotRaw(i, h.Nil)
	}
	fmt.Println("ready")
	files := hostos.NewFiles()
	for i := os.Getpid(); ; i++ {
		if i%4 == 3 {
			err = image.Save(files, path, h, image.Header{})
		} else {
			data := bytes.Repeat([]byte{byte('a' + i%2)}, 300_000+i%2*100_000)
			_, err = Write(files, path, Contents{Heap: h, Sections: []Section{{KindNative, data}, {KindFeedback, data[:10]}}})
		}
		if err != nil {
			return err
		}
	}
}

// A saver that is killed, wherever it is, leaves a whole image: the old one or the new.
func TestKilledSaver(t *testing.T) {
	kills := 300
	if testing.Short() {
		kills = 20
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.image")
	if _, err := Write(hostos.NewFiles(), path, sample(t)); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	found := map[string]int{}
	for i := range kills {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), saverPath+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatalf("the saver printed %q: %v", line, err)
		}
		time.Sleep(time.Duration(random.IntN(20_000)) * time.Microsecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		f, err := Open(hostos.NewFiles(), path, nil)
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		if problems := f.Check(); problems != nil {
			t.Fatalf("kill %d: %v", i, problems)
		}
		what := "image alone"
		if data, err := f.Section(KindNative); err == nil {
			what = string(data[:1])
			if want := map[string]int{"a": 300_000, "b": 400_000, "c": 12_000}[what]; len(data) != want {
				t.Fatalf("kill %d: %d bytes of %s", i, len(data), what)
			}
		}
		found[what]++
		_ = f.Close()
		temporary, err := filepath.Glob(path + ".new*")
		if err != nil || len(temporary) > 1 {
			t.Fatalf("kill %d: %v %v", i, temporary, err)
		}
		if len(temporary) == 1 {
			found["killed while writing"]++ // and the next saver removes it
		}
	}
	t.Log(found)
	if !testing.Short() && (found["killed while writing"] == 0 || found["a"] == 0 || found["b"] == 0) {
		t.Errorf("the kills hit too little: %v", found)
	}
}
