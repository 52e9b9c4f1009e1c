package rig

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/xenhost/launch"
	"github.com/sista-vm/sista/xenhost/xenrig"
)

// domainDisk makes an empty disk in the first domain.
func domainDisk(t *testing.T, c *xenrig.Computer) launch.Disk {
	t.Helper()
	d := launch.Disk{Path: "/root/disk"}
	dom0(t, c, "mkdir -p /root && rm -f "+d.Path+" && truncate -s 24M "+d.Path)
	return d
}

// diskStep is a run of a guest that has the disk.
type diskStep struct {
	line, want string
	code       int
}

func runSteps(t *testing.T, steps []diskStep) {
	t.Helper()
	elf, _ := Guest(t, vmGuest)
	image := kernelImage(t)
	c := openXen(t)
	disk := domainDisk(t, c)
	for _, x := range steps {
		out, code, err := runDomain(t, c, launch.Domain{Name: "guest", ELF: elf, Module: image, Memory: 96, Disks: []string{disk.Word()}, Line: x.line})
		if err != nil || code != x.code || !strings.Contains(out, x.want) {
			t.Errorf("%s: exit code %d, %v, printed:\n%s", x.line, code, err, out)
		}
	}
}

// A domain has a disk by Xen's own protocol: what it writes is there when it is started anew, an image that it
// saves can be started from.
func TestDomainDisk(t *testing.T) {
	runSteps(t, []diskStep{
		{`eval "'notes' asFileReference writeStreamDo: [ :s | s nextPutAll: 'kept' ]. Smalltalk at: #Kept put: 42. Smalltalk saveAs: 'new.image'. 1"`, "1\n", 0},
		{`store.image=new.image eval "('notes' asFileReference contents) -> (Smalltalk at: #Kept)"`, "'kept'->42\n", 0},
		{`eval "'big' asFileReference writeStreamDo: [ :s | [ true ] whileTrue: [ s nextPutAll: (String new: 100000) ] ]"`, "the system refuses access to 'big'", 1},
		{`eval "'notes' asFileReference contents"`, "'kept'\n", 0},
	})
}

// An image with sealed machine code is saved to the disk, and started from it. On a machine with other work the
// guest has stood still in these steps.
func TestDomainDiskSealed(t *testing.T) {
	long(t)
	runSteps(t, []diskStep{
		{`store.image=sealed.image ` + diskKey + ` eval "24 benchFib. Smalltalk saveOptimizedAs: Smalltalk imageName"`, "", 0},
		{`store.image=sealed.image ` + diskKey + ` eval "1"`, "sista: optimized image: machine code of ", 0},
	})
}

// A domain that is destroyed while it saves its image, wherever it is, leaves the image that it saved before or
// the new one.
func TestDomainDestroyed(t *testing.T) {
	kills := 3
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	}
	elf, _ := Guest(t, vmGuest)
	image := kernelImage(t)
	c := openXen(t)
	disk := domainDisk(t, c)
	const save = `eval "Smalltalk at: #Round put: (Smalltalk at: #Round ifAbsent: [ 0 ]) + 1; saveAs: '/app.image'. Transcript show: 'saving'; cr. ` +
		`[ true ] whileTrue: [ Smalltalk at: #Round put: (Smalltalk at: #Round) + 1; saveAs: '/app.image' ]"`
	guest, remove, err := c.Place(context.Background(), launch.Domain{Name: "guest", ELF: elf, Module: image, Memory: 96, Disks: []string{disk.Word()}})
	defer remove()
	if err != nil {
		t.Fatal(err)
	}
	line := guest.Line
	for i := range kills {
		d, out := guest, &watched{}
		d.Line, d.Stdout = line+"store.image=app.image "+save, out
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		end := make(chan error, 1)
		go func() {
			_, err := d.Run(ctx, c) // which destroys the domain
			end <- err
		}()
		for !strings.Contains(out.String(), "saving") {
			select {
			case err := <-end:
				cancel()
				t.Fatalf("destroyed %d times: it ended: %v\n%s", i, err, out)
			case <-time.After(20 * time.Millisecond):
			}
		}
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Millisecond)
		cancel()
		<-end
	}
	var said strings.Builder
	guest.Line, guest.Stdout = line+`store.image=app.image eval "(Smalltalk at: #Round) >= `+strconv.Itoa(kills)+`"`, &said
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	code, err := guest.Run(ctx, c)
	if err != nil || code != 0 || said.String() != "true\n" {
		t.Errorf("exit code %d, %v, printed:\n%s", code, err, said.String())
	}
}
