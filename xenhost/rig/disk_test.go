package rig

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
	"github.com/sista-vm/sista/xenhost/launch"
	"github.com/sista-vm/sista/xenhost/store"
)

// newDisk answers the name of an empty disk.
func newDisk(t *testing.T) string {
	t.Helper()
	d := launch.Disk{Path: filepath.Join(t.TempDir(), "disk"), Size: 32 << 20}
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	return d.Path
}

// diskKey is a key as the command line has it.
var diskKey = "SISTA_KEY=" + strings.Repeat("5a", 32)

// A guest has a disk, by the registers of both forms of virtio: what it writes is there when it is started
// anew, an image that it saves can be started from.
func TestStore(t *testing.T) {
	elf, _ := Guest(t, vmGuest)
	image := kernelImage(t)
	for name, legacy := range map[string]string{"legacy": "true", "present": "false"} {
		t.Run(name, func(t *testing.T) {
			disk := newDisk(t)
			for _, c := range []struct {
				line, want string
				code       int
			}{
				{`eval "'notes' asFileReference writeStreamDo: [ :s | s nextPutAll: 'kept' ]. Smalltalk at: #Kept put: 42. Smalltalk saveAs: 'new.image'. 1"`, "1\n", 0},
				{`store.image=new.image eval "('notes' asFileReference contents) -> (Smalltalk at: #Kept)"`, "'kept'->42\n", 0},
				{`store.image=other.image eval "24 benchFib. Smalltalk saveOptimizedAs: Smalltalk imageName. Smalltalk imageName"`, "", 0},
				{`store.image=other.image eval "Smalltalk imageName"`, "'/other.image'\n", 0},
				{`store.image=other.image eval "1"`, "sista: optimized image: feedback only in ", 0},
				{`store.image=sealed.image ` + diskKey + ` eval "24 benchFib. Smalltalk saveOptimizedAs: Smalltalk imageName"`, "", 0},
				{`store.image=sealed.image ` + diskKey + ` eval "1"`, "sista: optimized image: machine code of ", 0},
				{`store.image=sealed.image eval "1"`, "there is no key to prove its seal", 0},
				{`eval "'big' asFileReference writeStreamDo: [ :s | [ true ] whileTrue: [ s nextPutAll: (String new: 100000) ] ]"`, "the system refuses access to 'big'", 1},
				{`eval "'notes' asFileReference contents"`, "'kept'\n", 0},
				{`store.format eval "'notes' asFileReference exists"`, "false\n", 0},
			} {
				out, code := Run(t, launch.Machine{ELF: elf, Module: image, Memory: 128, Disk: disk, Line: c.line,
					Options: []string{"-global", "virtio-mmio.force-legacy=" + legacy}})
				if code != c.code || !strings.Contains(out, c.want) {
					t.Errorf("%s: exit code %d, printed:\n%s", c.line, code, out)
				}
			}
		})
	}
}

// The kernel's own tests of files pass on a store.
func TestFilesOnStore(t *testing.T) {
	elf, _ := Guest(t, vmGuest)
	out, code := Run(t, launch.Machine{ELF: elf, Module: builtImage(t, vm.Config{Tests: true}), Memory: 128, Disk: newDisk(t),
		Line: `eval "(TestRunner run: 'FileTest') hasPassed"`})
	if code != 0 || !strings.Contains(out, " 0 failed, 0 errors") || !strings.Contains(out, "FileTest ....") {
		t.Errorf("exit code %d, printed:\n%s", code, out)
	}
}

// What else is on a disk is left as it is, and without a disk nothing can be written, or only in memory.
func TestNoStore(t *testing.T) {
	elf, _ := Guest(t, vmGuest)
	image, disk := kernelImage(t), newDisk(t)
	if err := os.WriteFile(disk, []byte(strings.Repeat("something", 1<<16)), 0o666); err != nil {
		t.Fatal(err)
	}
	const write = `eval "'notes' asFileReference writeStreamDo: [ :s | s nextPutAll: 'kept' ]. 'notes' asFileReference size"`
	for line, want := range map[string]struct {
		disk, text string
		code       int
	}{
		"eval 1":                    {disk, "something else than a store on the disk, which is left as it is", 1},
		write:                       {"", "the system refuses access to 'notes'", 1},
		"store.scratch=4M " + write: {"", "4\n", 0},
	} {
		out, code := Run(t, launch.Machine{ELF: elf, Module: image, Memory: 128, Disk: want.disk, Line: line})
		if code != want.code || !strings.Contains(strings.ToLower(out), want.text) {
			t.Errorf("%s: exit code %d, printed:\n%s", line, code, out)
		}
	}
	if b, err := os.ReadFile(disk); err != nil || string(b) != strings.Repeat("something", 1<<16) {
		t.Errorf("the disk was changed: %v", err)
	}
}

// killsVariable says how many guests are killed.
const killsVariable = "SISTA_TEST_KILLS"

// A guest that is killed while it saves its image, wherever it is, leaves the image that it saved
// before or the new one, and its other files.
func TestKilledGuest(t *testing.T) {
	kills := 3
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	}
	elf, _ := Guest(t, vmGuest)
	image, disk := kernelImage(t), newDisk(t)
	const save = `eval "'notes' asFileReference writeStreamDo: [ :s | s nextPutAll: 'kept' ]. ` +
		`Smalltalk at: #Round put: (Smalltalk at: #Round ifAbsent: [ 0 ]) + 1; saveAs: '/app.image'. Transcript show: 'saving'; cr. ` +
		`[ true ] whileTrue: [ Smalltalk at: #Round put: (Smalltalk at: #Round) + 1; saveAs: '/app.image' ]"`
	fresh := 0
	for i := range kills {
		out := &watched{}
		m := launch.Machine{ELF: elf, Module: image, Memory: 128, Emulate: true, Abrupt: true, Disk: disk, Line: "store.image=app.image " + save, Stdout: out}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		end := make(chan error, 1)
		go func() {
			_, err := m.Run(ctx)
			end <- err
		}()
		for !strings.Contains(out.String(), "saving") {
			select {
			case err := <-end:
				t.Fatalf("kill %d: it ended: %v\n%s", i, err, out)
			case <-time.After(20 * time.Millisecond):
			}
		}
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Millisecond)
		cancel()
		<-end
		fresh += checkKilled(t, disk)
	}
	t.Logf("%d times of %d there was a file of a save that was not finished", fresh, kills)
	out, code := Run(t, launch.Machine{ELF: elf, Module: image, Memory: 128, Disk: disk, Line: `store.image=app.image eval "(Smalltalk at: #Round) > ` + strconv.Itoa(kills-1) + `"`})
	if code != 0 || out != "true\n" {
		t.Errorf("exit code %d, printed:\n%s", code, out)
	}
}

// checkKilled checks the disk of a guest that was killed, and answers how many unfinished files it has.
func checkKilled(t *testing.T, disk string) (unfinished int) {
	t.Helper()
	d, err := store.OpenFile(disk, true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, err := store.Open(d, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if problems := s.Check(); problems != nil {
		t.Fatal(problems)
	}
	f, err := snapshot.Open(s.Files(), "/app.image", nil)
	if err != nil {
		t.Fatal(err)
	}
	if problems := f.Check(); problems != nil {
		t.Fatal(problems)
	}
	names, err := s.Files().ReadDir("/")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasPrefix(n, "app.image.new") {
			unfinished++
		}
	}
	return unfinished
}
