package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/xenhost/blkfront"
	"github.com/sista-vm/sista/xenhost/guest"
	"github.com/sista-vm/sista/xenhost/kernel"
	"github.com/sista-vm/sista/xenhost/store"
	"github.com/sista-vm/sista/xenhost/virtio"
)

// storeWords is what the command line, or else the words that were packed, says about the store.
type storeWords struct {
	image   string // start from this one, if the store has it
	format  bool
	scratch uint64 // bytes of a store in memory, where there is no disk
}

const storePrefix = "store."

// parse takes the words about the store, and answers the others.
func (w *storeWords) parse(words []string) (rest []string, err error) {
	for _, word := range words {
		setting, ok := strings.CutPrefix(word, storePrefix)
		name, value, _ := strings.Cut(setting, "=")
		switch {
		case !ok:
			rest = append(rest, word)
		case name == "image" && value != "":
			w.image = path.Join("/", value)
		case setting == "format":
			w.format = true
		case name == "scratch":
			if w.scratch, err = megabytes(value); err != nil {
				return nil, fmt.Errorf("%s: %w", word, err)
			}
		default:
			return nil, fmt.Errorf("%s: there are store.image=NAME, store.format and store.scratch=8M", word)
		}
	}
	return rest, nil
}

// megabytes reads a size such as 8M.
func megabytes(s string) (uint64, error) {
	n, err := strconv.ParseUint(strings.TrimSuffix(s, "M"), 10, 20)
	if err != nil || n == 0 || !strings.HasSuffix(s, "M") {
		return 0, errors.New("not a size, such as 8M")
	}
	return n << 20, nil
}

// diskPatience is how long the other half of a disk may take.
const diskPatience = 30 * time.Second

// findDisk answers the first disk there is; nil if there is none.
func findDisk(m Machine) (store.Device, error) {
	if m.Store != nil {
		number, ok, err := blkfront.First(m.Store)
		if err != nil {
			return nil, err
		}
		if ok {
			d, err := blkfront.Open(kernel.Devices{}, m.Store, number, diskPatience)
			if err != nil {
				return nil, err
			}
			return d, nil
		}
	}
	d, err := virtio.FindDisk(kernel.Devices{}, m.Devices)
	if d == nil {
		return nil, err
	}
	return d, nil
}

// scratch is a device in memory that counts as the objects' does.
func scratch(size uint64) (store.Device, error) {
	addr, err := guest.Memory{}.Reserve(0, size)
	if err == nil {
		err = guest.Memory{}.Commit(addr, size)
	}
	if err != nil {
		return nil, fmt.Errorf("store.scratch: %w", err)
	}
	return store.Memory(unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), size)), nil
}

// keeper brings what is changed to the disk, soon after the change.
type keeper struct {
	store *store.Store
	mu    sync.Mutex
	told  string // the last problem
}

// syncDelay is for how long a change may be in memory only.
const syncDelay = 5 * time.Second

// openStore opens the store of the guest; nil if there is neither a disk nor a scratch.
func openStore(m Machine, w storeWords) (*keeper, error) {
	d, err := findDisk(m)
	if err == nil && d == nil && w.scratch > 0 {
		d, err = scratch(w.scratch)
	}
	if d == nil || err != nil {
		return nil, err
	}
	k := &keeper{}
	readOnly := false
	if r, ok := d.(interface{ ReadOnly() bool }); ok {
		readOnly = r.ReadOnly()
	}
	k.store, err = store.Open(d, store.Options{Format: w.format, ReadOnly: readOnly, Changed: k.later})
	if errors.Is(err, store.ErrForeign) {
		return nil, fmt.Errorf("%w; the word store.format on the command line makes a store of it", err)
	}
	if err != nil {
		return nil, err
	}
	// Programs expect a folder for temporary files.
	if err := k.store.Files().Mkdir("/tmp", 0o777); err != nil && !errors.Is(err, fs.ErrExist) && !readOnly {
		return nil, err
	}
	return k, nil
}

func (k *keeper) later() { time.AfterFunc(syncDelay, k.try) }

// try brings everything to the disk. When that fails it is tried again later.
func (k *keeper) try() {
	if err := k.sync(); err != nil {
		k.tell(err)
		k.later()
	}
}

func (k *keeper) sync() error {
	if err := k.store.Recover(); err != nil {
		return err
	}
	if err := k.store.Sync(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.told != "" {
		k.told = ""
		fmt.Fprintln(os.Stderr, "sista: store: all is well again")
	}
	return nil
}

// tell says each problem once.
func (k *keeper) tell(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if text := err.Error(); text != k.told {
		k.told = text
		fmt.Fprintln(os.Stderr, "sista: "+text)
	}
}

// end is the last sync; nil has nothing to do.
func (k *keeper) end() error {
	if k == nil {
		return nil
	}
	return k.sync()
}

// world answers the files that the image sees, and where its own file is: on the store if that has one of
// the name that the words say, else in what was packed, under that name.
func (k *keeper) world(p *guest.Store, w storeWords) (files, imageFiles host.Files, image string, err error) {
	files, image = p.Files, guest.ImagePath
	if w.image != "" {
		image = w.image
	}
	if k != nil {
		files = host.Union(k.store.Files(), p.Files)
		if w.image != "" {
			switch _, err := k.store.Files().Stat(image); {
			case err == nil:
				return files, k.store.Files(), image, nil
			case !errors.Is(err, fs.ErrNotExist):
				return nil, nil, "", err
			}
		}
	}
	if imageFiles = p.ImageAs(image); imageFiles == nil {
		err = guest.ErrNothingPacked
		if w.image != "" {
			err = fmt.Errorf("%w, and the store has no %s", err, image)
		}
	}
	return files, imageFiles, image, err
}
