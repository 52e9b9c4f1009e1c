package guest

import (
	"fmt"
	"os"

	"github.com/sista-vm/sista/xenhost/kernel"
	"github.com/sista-vm/sista/xenhost/xenstore"
)

// shutdownPath is where the toolstack of Xen writes what the domain is to do.
const shutdownPath = "control/shutdown"

// OpenXenstore answers a client of xenstore; an error if there is no Xen.
func OpenXenstore() (*xenstore.Client, error) {
	fd, err := kernel.OpenStore()
	if err != nil {
		return nil, err
	}
	return xenstore.New(os.NewFile(uintptr(fd), "xenstore")), nil
}

// WatchShutdown calls end when the toolstack wants the domain to end. A request that is
// something else is refused: it stays unanswered, as the toolstack expects it, and the domain goes on.
func WatchShutdown(c *xenstore.Client, end func()) error {
	_, err := c.Watch(shutdownPath, func(string) {
		switch request, err := c.Read(shutdownPath); {
		case err != nil:
		case request == "poweroff", request == "halt", request == "reboot":
			if c.Write(shutdownPath, "") == nil { // that is how it is accepted
				end()
			}
		case request != "":
			fmt.Fprintf(os.Stderr, "sista: refused: the toolstack asks for %q\n", request)
		}
	})
	return err
}
