//go:build linux && amd64

// Command netvm is the guest that runs a Smalltalk image with a network. Its address comes by DHCP, or
// from the command line:
//
//	net.address=10.0.0.7/24 net.gateway=10.0.0.1 net.dns=10.0.0.1,9.9.9.9 net.hostname=web
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/netstack"
	"github.com/sista-vm/sista/plugins/core"
	"github.com/sista-vm/sista/plugins/socket"
	_ "github.com/sista-vm/sista/xenhost/boot"
	"github.com/sista-vm/sista/xenhost/kernel"
	"github.com/sista-vm/sista/xenhost/netfront"
	"github.com/sista-vm/sista/xenhost/run"
	"github.com/sista-vm/sista/xenhost/virtio"
)

func main() {
	run.Main(run.Options{Network: network, Plugins: append(core.All(), socket.Module)})
}

// cardPatience is how long the other half of a network card may take.
const cardPatience = 30 * time.Second

// network opens the first network card there is, as the command line says.
func network(m run.Machine, words []string) (host.Network, []string, error) {
	c := netstack.Config{Log: func(line string) { fmt.Fprintln(os.Stderr, "sista: "+line) }}
	var rest []string
	for _, w := range words {
		if setting, ok := strings.CutPrefix(w, "net."); ok {
			if err := c.Set(setting); err != nil {
				return nil, nil, err
			}
			continue
		}
		rest = append(rest, w)
	}
	card, err := findCard(m)
	if err != nil {
		return nil, nil, err
	}
	n, err := netstack.New(card, c)
	if err == nil && m.Store != nil {
		go func() {
			<-n.Configured()
			if err := m.Store.Write(addressPath, n.LocalAddr().String()); err != nil {
				fmt.Fprintf(os.Stderr, "sista: %v\n", err)
			}
		}()
	}
	return n, rest, err
}

// addressPath is where others find the guest's address in xenstore, in the domain's folder.
const addressPath = "data/address"

// findCard answers nil if there is none.
func findCard(m run.Machine) (netstack.Card, error) {
	if m.Store != nil {
		if _, err := m.Store.Read("device/vif/0/backend"); err == nil {
			return netfront.Open(kernel.Devices{}, m.Store, 0, cardPatience)
		}
	}
	card, err := virtio.Find(kernel.Devices{}, m.Devices)
	if card == nil {
		return nil, err
	}
	return card, err
}
