// Package squeakssl is SqueakSSL: TLS over connections that the image keeps. The
// image carries the bytes: what came from the network goes in, what is to be
// sent comes out.
//
// What it promises:
//   - Connections are of TLS 1.2 or newer, by crypto/tls.
//   - A handshake never fails because of the other end's certificate: the image
//     asks for its state (CertState) and decides.
//   - No primitive waits for the network.
package squeakssl

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "SqueakSSL", New: func(vm plugin.VM) (plugin.Instance, error) {
	p := &sessions{vm: vm, open: map[int]*session{}}
	// Handles of another run of the image are not likely to be handles of this one.
	p.next = int(vm.SessionID()&0xffffff)<<24 + 1
	return plugin.Instance{Close: p.close, Primitives: map[string]plugin.Func{
		"primitiveCreate":            p.create,
		"primitiveDestroy":           p.destroy,
		"primitiveConnect":           p.transform((*session).connect),
		"primitiveAccept":            p.transform((*session).accept),
		"primitiveEncrypt":           p.transform((*session).encrypt),
		"primitiveDecrypt":           p.transform((*session).decrypt),
		"primitiveGetIntProperty":    p.getInt,
		"primitiveSetIntProperty":    p.setInt,
		"primitiveGetStringProperty": p.getString,
		"primitiveSetStringProperty": p.setString,
	}}, nil
}}

// Results of the primitives that transform bytes, where they are no count.
const (
	NeedMoreData   = -1
	InvalidState   = -2
	BufferTooSmall = -3
	InputTooLarge  = -4
	GenericError   = -5
)

// Integer properties.
const (
	propVersion = iota
	propLogLevel
	propState
	propCertState
)

// String properties.
const (
	propPeerName   = iota
	propCertName   // name of a PEM file with the certificate and its key
	propServerName // whom to connect to
)

// version is that of the interface.
const version = 3

// sessions is the plugin's state in one VM.
type sessions struct {
	vm   plugin.VM
	open map[int]*session
	next int
}

// create answers a new handle.
func (p *sessions) create(c *plugin.Call) (heap.Oop, plugin.Failure) {
	h := p.next
	p.next++
	p.open[h] = &session{host: p.vm.Host()}
	return c.ReturnInt(int64(h))
}

func (p *sessions) session(c *plugin.Call) (*session, bool) {
	h, ok := c.SmallInt(0)
	s := p.open[h]
	return s, ok && s != nil
}

// destroy: handle.
func (p *sessions) destroy(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok := p.session(c)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	h, _ := c.SmallInt(0)
	delete(p.open, h)
	s.close()
	return c.ReturnReceiver()
}

func (p *sessions) close() {
	for h, s := range p.open {
		delete(p.open, h)
		s.close()
	}
}

// transform makes a primitive: handle, bytes in, start, count, room for bytes out.
// It answers the number of bytes out or one of the results above.
func (p *sessions) transform(f func(s *session, in, out []byte) int) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		s, ok1 := p.session(c)
		in, ok2 := c.Bytes(1)
		start, ok3 := c.SmallInt(2)
		count, ok4 := c.SmallInt(3)
		if !ok1 || !ok2 || !ok3 || !ok4 {
			return c.Fail(plugin.BadArgument)
		}
		if start < 1 || count < 0 || start-1 > len(in) || count > len(in)-(start-1) {
			return c.Fail(plugin.BadIndex)
		}
		out, fail := c.MutableBytes(4)
		if fail != plugin.OK {
			return c.Fail(fail)
		}
		return c.ReturnInt(int64(f(s, in[start-1:start-1+count], out)))
	}
}

// getInt: handle, property.
func (p *sessions) getInt(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok1 := p.session(c)
	id, ok2 := c.SmallInt(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	v := 0
	switch id {
	case propVersion:
		v = version
	case propLogLevel:
		v = s.logLevel
	case propState:
		v = s.state
	case propCertState:
		v = s.certState
	}
	return c.ReturnInt(int64(v))
}

// setInt: handle, property, value. Only the log level can be set, and nothing is logged.
func (p *sessions) setInt(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok1 := p.session(c)
	id, ok2 := c.SmallInt(1)
	v, ok3 := c.Index(2)
	if !ok1 || !ok2 || !ok3 || id != propLogLevel {
		return c.Fail(plugin.BadArgument)
	}
	s.logLevel = v
	return c.ReturnReceiver()
}

// getString: handle, property. It answers nil for a property that is not set.
func (p *sessions) getString(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok1 := p.session(c)
	id, ok2 := c.SmallInt(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	v := ""
	if id >= 0 && id < len(s.names) {
		v = s.names[id]
	}
	if v == "" {
		return c.ReturnNil()
	}
	return c.ReturnString(v)
}

// setString: handle, property, string.
func (p *sessions) setString(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok1 := p.session(c)
	id, ok2 := c.SmallInt(1)
	v, ok3 := c.String(2)
	if !ok1 || !ok2 || !ok3 || id != propCertName && id != propServerName {
		return c.Fail(plugin.BadArgument)
	}
	s.names[id] = v
	return c.ReturnReceiver()
}
