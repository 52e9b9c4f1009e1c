//go:build linux && amd64

// Command nettest is a guest that answers on port 80 with what it was asked, once for each
// connection, until it is asked to stop. Tests of the network use it.
package main

import (
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/netstack"
	_ "github.com/sista-vm/sista/xenhost/boot"
	"github.com/sista-vm/sista/xenhost/kernel"
	"github.com/sista-vm/sista/xenhost/virtio"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	devices, _, err := virtio.Devices(os.Args)
	if err != nil {
		return err
	}
	card, err := virtio.Find(kernel.Devices{}, devices)
	if err != nil {
		return err
	}
	if card == nil {
		return fmt.Errorf("there is no network card among %v", devices)
	}
	network, err := netstack.New(card, netstack.Config{Log: func(line string) { fmt.Println(line) }})
	if err != nil {
		return err
	}
	select {
	case <-network.Configured():
	case <-time.After(time.Minute):
		return fmt.Errorf("there is no address")
	}
	events := make(chan host.SocketEvent, 16)
	notify := func(e host.SocketEvent) { events <- e }
	listener, err := network.NewSocket(host.TCP, false, notify)
	if err != nil {
		return err
	}
	if err := listener.Bind(netip.AddrPortFrom(netip.Addr{}, 80)); err != nil {
		return err
	}
	if err := listener.Listen(5); err != nil {
		return err
	}
	fmt.Println("listening")
	buf := make([]byte, 4096)
	for {
		s, err := listener.Accept(notify)
		for err == host.ErrWouldBlock {
			<-events
			s, err = listener.Accept(notify)
		}
		if err != nil {
			return err
		}
		n, err := s.Read(buf)
		for err == host.ErrWouldBlock {
			<-events
			n, err = s.Read(buf)
		}
		if err != nil {
			return err
		}
		if string(buf[:n]) == "stop\n" {
			return s.Close()
		}
		if _, err := s.Write(append([]byte("you said "), buf[:n]...)); err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
}
