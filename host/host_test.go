package host

import (
	"io/fs"
	"testing"
	"time"
)

func TestSmalltalkTime(t *testing.T) {
	if got := SmalltalkTime(time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC)); got != 0 {
		t.Errorf("1901 is %d, want 0", got)
	}
	y2k := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if got := SmalltalkTime(y2k); got != VirtualStart {
		t.Errorf("2000 is %d, want %d", got, int64(VirtualStart))
	}
	if got := GoTime(SmalltalkTime(y2k)); !got.Equal(y2k) {
		t.Errorf("GoTime answers %v", got)
	}
}

func TestVirtualClockAlarms(t *testing.T) {
	c := NewVirtualClock()
	var seen []int64
	note := func() { seen = append(seen, c.now) }
	c.AfterFunc(5e6, note)
	cancel := c.AfterFunc(4e6, note)
	c.AfterFunc(3e6, func() {
		note()
		c.AfterFunc(3.5e6, note)
	})
	if !cancel() || cancel() {
		t.Error("an alarm can be cancelled once, before it ran")
	}
	c.Wait(4.5e6, nil)
	if len(seen) != 2 || seen[0] != 3e6 || seen[1] != 3.5e6 {
		t.Errorf("alarms ran at %v", seen)
	}
	if got := c.Monotonic(); got != 4.5e6+1000 {
		t.Errorf("the clock is at %d", got)
	}
	c.Advance(1e6)
	if len(seen) != 3 || seen[2] != 5e6 {
		t.Errorf("alarms ran at %v", seen)
	}
}

func TestVirtualClockWake(t *testing.T) {
	c := NewVirtualClock()
	wake := make(chan struct{}, 1)
	wake <- struct{}{}
	c.Wait(1e9, wake)
	if c.now != 0 {
		t.Errorf("woken at %d, want 0", c.now)
	}
}

func TestUnixMode(t *testing.T) {
	for m, want := range map[fs.FileMode]uint32{
		0o644:                             ModeRegular | 0o644,
		fs.ModeDir | 0o755:                ModeDirectory | 0o755,
		fs.ModeSymlink | 0o777:            ModeLink | 0o777,
		fs.ModeSetuid | 0o4:               ModeRegular | 0o4004,
		fs.ModeDir | fs.ModeSticky:        ModeDirectory | 0o1000,
		fs.ModeNamedPipe | 0o600:          ModePipe | 0o600,
		fs.ModeDevice:                     ModeBlock,
		fs.ModeDevice | fs.ModeCharDevice: ModeCharacter,
	} {
		if got := UnixMode(m); got != want {
			t.Errorf("UnixMode(%v) = %o, want %o", m, got, want)
		}
	}
}
