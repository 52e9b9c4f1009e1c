package host

// earlyBytes is how much is written until it is sent on its way to the disk.
const earlyBytes = 4 << 20

// early is a file that is on its way to the disk while it is written: its Sync has less to wait for.
type early struct {
	File
	written int
	full    chan struct{} // that there is something to send; nil: the file cannot be sent early
	done    chan struct{}
}

func startEarly(f File) *early {
	e := &early{File: f}
	s, ok := f.(SyncStarter)
	if !ok {
		return e
	}
	e.full, e.done = make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(e.done)
		for range e.full {
			s.StartSync()
		}
	}()
	return e
}

func (e *early) Write(b []byte) (int, error) {
	n, err := e.File.Write(b)
	if e.written += n; e.written >= earlyBytes {
		select {
		case e.full <- struct{}{}:
			e.written = 0
		default: // later, then: the disk is busy, or there is none
		}
	}
	return n, err
}

// end waits for what is under way.
func (e *early) end() {
	if e.full != nil {
		close(e.full)
		<-e.done
	}
}
