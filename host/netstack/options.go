package netstack

import (
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"

	"github.com/sista-vm/sista/host"
)

// flags are the options that are on or off.
var flags = map[string]struct {
	get func(*tcpip.SocketOptions) bool
	set func(*tcpip.SocketOptions, bool)
}{
	"SO_REUSEADDR":      {(*tcpip.SocketOptions).GetReuseAddress, (*tcpip.SocketOptions).SetReuseAddress},
	"SO_REUSEPORT":      {(*tcpip.SocketOptions).GetReusePort, (*tcpip.SocketOptions).SetReusePort},
	"SO_BROADCAST":      {(*tcpip.SocketOptions).GetBroadcast, (*tcpip.SocketOptions).SetBroadcast},
	"SO_KEEPALIVE":      {(*tcpip.SocketOptions).GetKeepAlive, (*tcpip.SocketOptions).SetKeepAlive},
	"IP_MULTICAST_LOOP": {(*tcpip.SocketOptions).GetMulticastLoop, (*tcpip.SocketOptions).SetMulticastLoop},
	"TCP_NODELAY": {
		func(o *tcpip.SocketOptions) bool { return !o.GetDelayOption() },
		func(o *tcpip.SocketOptions, on bool) { o.SetDelayOption(!on) },
	},
}

// numbers are the options that the endpoint keeps.
var numbers = map[string]tcpip.SockOptInt{
	"IP_TTL":           tcpip.IPv4TTLOption,
	"IP_TOS":           tcpip.IPv4TOSOption,
	"IP_MULTICAST_TTL": tcpip.MulticastTTLOption,
	"TCP_MAXSEG":       tcpip.MaxSegOption,
}

func (s *socket) Option(name string) (int, error) {
	o := s.ep.SocketOptions()
	if f, ok := flags[name]; ok {
		if f.get(o) {
			return 1, nil
		}
		return 0, nil
	}
	if n, ok := numbers[name]; ok {
		v, err := s.ep.GetSockOptInt(n)
		return v, socketError(err)
	}
	switch name {
	case "SO_SNDBUF":
		return int(o.GetSendBufferSize()), nil
	case "SO_RCVBUF":
		return int(o.GetReceiveBufferSize()), nil
	case "SO_TYPE": // as everywhere: SOCK_STREAM and SOCK_DGRAM
		return 1 + int(s.kind), nil
	case "SO_LINGER": // seconds, or a negative number for off
		l := o.GetLinger()
		if !l.Enabled {
			return -1, nil
		}
		return int(l.Timeout / time.Second), nil
	}
	return 0, host.ErrNoOption
}

func (s *socket) SetOption(name string, v int) error {
	o := s.ep.SocketOptions()
	if f, ok := flags[name]; ok {
		f.set(o, v != 0)
		return nil
	}
	if n, ok := numbers[name]; ok {
		return socketError(s.ep.SetSockOptInt(n, v))
	}
	switch name {
	case "SO_SNDBUF":
		o.SetSendBufferSize(int64(v), true)
	case "SO_RCVBUF":
		o.SetReceiveBufferSize(int64(v), true)
	case "SO_LINGER":
		o.SetLinger(tcpip.LingerOption{Enabled: v >= 0, Timeout: time.Duration(max(v, 0)) * time.Second})
	default:
		return host.ErrNoOption
	}
	return nil
}
