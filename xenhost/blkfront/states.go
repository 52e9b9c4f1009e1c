package blkfront

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sista-vm/sista/xenhost/disk"
	"github.com/sista-vm/sista/xenhost/xenbus"
	"github.com/sista-vm/sista/xenhost/xenstore"
)

// Store is what the driver needs of xenstore's client.
type Store interface {
	xenbus.Store
	List(path string) ([]string, error)
}

// devices is where the disks of a domain are, in its own folder.
const devices = "device/vbd"

// again is when the store is asked again after an error.
const again = time.Second

// First answers the number of the first disk of the domain; ok is false if it has none.
func First(s Store) (number uint16, ok bool, err error) {
	names, err := s.List(devices)
	if xenstore.IsMissing(err) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	var numbers []uint16
	for _, name := range names {
		n, err := strconv.ParseUint(name, 10, 16)
		if err != nil {
			continue // a number of another scheme than that of the first 16 disks
		}
		kind, err := s.Read(devices + "/" + name + "/device-type")
		switch {
		case err != nil && !xenstore.IsMissing(err):
			return 0, false, err
		case err != nil || kind == "disk":
			numbers = append(numbers, uint16(n))
		}
	}
	if len(numbers) == 0 {
		return 0, false, nil
	}
	return slices.Min(numbers), true, nil
}

// Open connects to the disk with a number. It waits for patience at most.
func Open(m xenbus.Machine, s Store, number uint16, patience time.Duration) (*disk.Disk, error) {
	f := &front{machine: m, store: s, path: fmt.Sprintf("%s/%d", devices, number), device: number,
		changed: make(chan struct{}, 1), links: map[uint16]*link{}, said: xenbus.Initialising}
	f.disk = disk.New(f, slots)
	problem := func(err error) error { return fmt.Errorf("blkfront: disk %d: %w", number, err) }
	unwatch, err := s.Watch(f.path, func(string) { f.poke() })
	if err != nil {
		return nil, problem(err)
	}
	connected, stop, reason := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go f.run(connected, stop, reason)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-connected:
		return f.disk, nil
	case <-timer.C:
	}
	close(stop)
	if err = <-reason; err == nil {
		err = fmt.Errorf("the back half is not ready after %v", patience)
	}
	_ = unwatch() // nobody looks any more
	return nil, problem(err)
}

// run answers states until it is stopped; then it says what the last problem was.
func (f *front) run(connected, stop chan struct{}, reason chan<- error) {
	var problem error
	for {
		var retry <-chan time.Time
		was := f.said
		switch problem = f.step(); {
		case problem != nil:
			retry = time.After(again)
			if f.said != xenbus.Connected {
				f.disk.Fail(fmt.Errorf("blkfront: %w", problem))
			}
		case f.said != was:
			retry = time.After(0) // the next step may be possible already
		}
		if connected != nil && f.said == xenbus.Connected {
			close(connected)
			connected = nil
		}
		select {
		case <-f.changed:
		case <-retry:
		case <-stop:
			reason <- problem
			return
		}
	}
}

// state answers the state of a half; None if it is not there.
func (f *front) state(path string) (int, error) {
	s, err := f.store.Read(path + "/state")
	if xenstore.IsMissing(err) {
		return xenbus.None, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%s/state: %w", path, err)
	}
	return n, nil
}

func (f *front) say(state int) error {
	if err := f.store.Write(f.path+"/state", strconv.Itoa(state)); err != nil {
		return err
	}
	f.said = state
	return nil
}

// step does what the states of the halves ask for, if anything.
func (f *front) step() error {
	own, err := f.state(f.path)
	if err != nil {
		return err
	}
	if own != f.said {
		// The device is not the one that we had: the toolstack has removed it, and perhaps made it anew.
		f.drop(errUnplugged)
		f.said, f.broken = xenbus.Initialising, nil
		if own != xenbus.Initialising {
			return nil
		}
	}
	if f.backend, err = f.findBackend(); err != nil {
		return err
	}
	back, err := f.state(f.backend)
	if err != nil {
		return err
	}
	f.session.Lock()
	if f.broken == nil {
		f.broken = f.fault
	}
	f.session.Unlock()
	offered, connected := f.said == xenbus.Initialised, f.said == xenbus.Connected
	switch {
	case f.broken != nil && f.said == xenbus.Closed:
		return nil // until it is unplugged
	case f.broken != nil:
		return f.close(f.broken)
	case back == xenbus.InitWait && (f.said == xenbus.Initialising || f.said == xenbus.Closed):
		return f.offer()
	case offered && back == xenbus.Connected:
		return f.connect()
	case connected && back == xenbus.Connected, offered && (back == xenbus.InitWait || back == xenbus.Initialised):
		return nil
	case connected, offered, f.said == xenbus.Closing, f.said == xenbus.Initialising && back >= xenbus.Closing:
		return f.close(errUnplugged)
	}
	return nil
}

// findBackend answers the path of the other half, which is watched from then on.
func (f *front) findBackend() (string, error) {
	path, err := f.store.Read(f.path + "/backend")
	if err != nil || path == f.backend {
		return path, err
	}
	if f.unwatch != nil {
		_ = f.unwatch() // a watch that stays only costs a look
	}
	f.unwatch, err = f.store.Watch(path+"/state", func(string) { f.poke() })
	return path, err
}

// close ends the connection, and says so: the toolstack waits for that.
func (f *front) close(why error) error {
	f.drop(why)
	if err := f.say(xenbus.Closing); err != nil {
		return err
	}
	return f.say(xenbus.Closed)
}

// offer shows the back half where requests will be.
func (f *front) offer() error {
	s, err := f.store.Read(f.path + "/backend-id")
	if err != nil {
		return err
	}
	domain, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return fmt.Errorf("backend-id: %w", err)
	}
	l := f.links[uint16(domain)]
	f.session.Lock()
	usable := l != nil && !l.ended
	f.session.Unlock()
	if !usable {
		if l, err = f.newLink(uint16(domain)); err != nil {
			return err
		}
		f.links[uint16(domain)] = l
	}
	clear(bytesAt(l.page, xenbus.PageSize))
	f.session.Lock()
	f.mu.Lock()
	f.link, f.fault, f.ring = l, nil, xenbus.NewRing(l.page, requestSize)
	for i := range f.operation {
		f.operation[i] = operationNone
	}
	f.mu.Unlock()
	f.session.Unlock()
	for _, kv := range [][2]string{
		{"ring-ref", fmt.Sprint(l.pageRef)},
		{"event-channel", fmt.Sprint(l.port)},
		{"protocol", protocolABI},
		{"feature-persistent", "1"},
	} {
		if err := f.store.Write(f.path+"/"+kv[0], kv[1]); err != nil {
			return err
		}
	}
	return f.say(xenbus.Initialised)
}

// connect lets requests be made.
func (f *front) connect() error {
	var g disk.Geometry
	sectors, err := f.number("sectors", 0, mostSectors)
	if err != nil {
		return err
	}
	unit, err := f.number("sector-size", smallestUnit, largestUnit)
	if err != nil {
		return err
	}
	if unit&(unit-1) != 0 {
		return fmt.Errorf("%s/sector-size is %d", f.backend, unit)
	}
	info, err := f.number("info", 0, 1<<32)
	if err != nil {
		return err
	}
	features := map[string]bool{}
	for _, name := range []string{"feature-flush-cache", "feature-barrier"} {
		v, err := f.store.Read(f.backend + "/" + name)
		if err != nil && !xenstore.IsMissing(err) {
			return err
		}
		features[name] = v == "1"
	}
	mode, err := f.store.Read(f.backend + "/mode")
	if err != nil && !xenstore.IsMissing(err) {
		return err
	}
	g.Size, g.Sector = int64(sectors*disk.SectorSize)&^int64(unit-1), int(unit)
	g.ReadOnly = info&infoReadOnly != 0 || mode == "r"
	g.WriteThrough = !features["feature-flush-cache"] && !features["feature-barrier"]
	f.mu.Lock()
	f.barrier = !features["feature-flush-cache"]
	f.mu.Unlock()
	if err := f.say(xenbus.Connected); err != nil {
		return err
	}
	f.session.Lock()
	defer f.session.Unlock()
	if f.fault == nil {
		f.disk.Connect(g)
	}
	return nil
}

// number reads what the back half says of the disk.
func (f *front) number(name string, least, most uint64) (uint64, error) {
	s, err := f.store.Read(f.backend + "/" + name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s/%s: %w", f.backend, name, err)
	}
	if n < least || n > most {
		return 0, fmt.Errorf("%s/%s is %d", f.backend, name, n)
	}
	return n, nil
}
