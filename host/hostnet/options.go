//go:build unix

package hostnet

import (
	"golang.org/x/sys/unix"

	"github.com/sista-vm/sista/host"
)

// options are those whose value is an integer, by the names of setsockopt.
var options = map[string][2]int{
	"SO_DEBUG":          {unix.SOL_SOCKET, unix.SO_DEBUG},
	"SO_REUSEADDR":      {unix.SOL_SOCKET, unix.SO_REUSEADDR},
	"SO_REUSEPORT":      {unix.SOL_SOCKET, unix.SO_REUSEPORT},
	"SO_DONTROUTE":      {unix.SOL_SOCKET, unix.SO_DONTROUTE},
	"SO_BROADCAST":      {unix.SOL_SOCKET, unix.SO_BROADCAST},
	"SO_SNDBUF":         {unix.SOL_SOCKET, unix.SO_SNDBUF},
	"SO_RCVBUF":         {unix.SOL_SOCKET, unix.SO_RCVBUF},
	"SO_SNDLOWAT":       {unix.SOL_SOCKET, unix.SO_SNDLOWAT},
	"SO_RCVLOWAT":       {unix.SOL_SOCKET, unix.SO_RCVLOWAT},
	"SO_KEEPALIVE":      {unix.SOL_SOCKET, unix.SO_KEEPALIVE},
	"SO_OOBINLINE":      {unix.SOL_SOCKET, unix.SO_OOBINLINE},
	"SO_ERROR":          {unix.SOL_SOCKET, unix.SO_ERROR},
	"SO_TYPE":           {unix.SOL_SOCKET, unix.SO_TYPE},
	"IP_TTL":            {unix.IPPROTO_IP, unix.IP_TTL},
	"IP_TOS":            {unix.IPPROTO_IP, unix.IP_TOS},
	"IP_MULTICAST_TTL":  {unix.IPPROTO_IP, unix.IP_MULTICAST_TTL},
	"IP_MULTICAST_LOOP": {unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP},
	"IPV6_V6ONLY":       {unix.IPPROTO_IPV6, unix.IPV6_V6ONLY},
	"TCP_NODELAY":       {unix.IPPROTO_TCP, unix.TCP_NODELAY},
	"TCP_MAXSEG":        {unix.IPPROTO_TCP, unix.TCP_MAXSEG},
}

// linger has a value of its own: seconds, or a negative number for off.
const linger = "SO_LINGER"

func (s *socket) Option(name string) (v int, err error) {
	if name == linger {
		var l *unix.Linger
		err = s.do("getsockopt", func(fd int) (err error) {
			l, err = unix.GetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER)
			return err
		})
		if err != nil || l.Onoff == 0 {
			return -1, err
		}
		return int(l.Linger), nil
	}
	o, ok := options[name]
	if !ok {
		return 0, host.ErrNoOption
	}
	err = s.do("getsockopt", func(fd int) (err error) {
		v, err = unix.GetsockoptInt(fd, o[0], o[1])
		return err
	})
	return v, err
}

func (s *socket) SetOption(name string, v int) error {
	if name == linger {
		l := unix.Linger{Onoff: 1, Linger: int32(v)}
		if v < 0 {
			l = unix.Linger{}
		}
		return s.do("setsockopt", func(fd int) error {
			return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &l)
		})
	}
	o, ok := options[name]
	if !ok {
		return host.ErrNoOption
	}
	return s.do("setsockopt", func(fd int) error { return unix.SetsockoptInt(fd, o[0], o[1], v) })
}
