package run

import (
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/xenhost/kernel"
)

// Moments of a run, as kernel.Mark has them printed.
const (
	markFirst  = "first bytecode" // the image begins to run
	markAnswer = "answer"         // something was sent on a connection that has come in
)

// measured is a network that marks each answer.
type measured struct{ host.Network }

func (m measured) NewSocket(kind host.SocketKind, v6 bool, notify func(host.SocketEvent)) (host.Socket, error) {
	s, err := m.Network.NewSocket(kind, v6, notify)
	if err != nil {
		return nil, err
	}
	return listening{s}, nil
}

type listening struct{ host.Socket }

func (l listening) Accept(notify func(host.SocketEvent)) (host.Socket, error) {
	s, err := l.Socket.Accept(notify)
	if err != nil {
		return nil, err
	}
	return answering{s}, nil
}

type answering struct{ host.Socket }

func (a answering) Write(b []byte) (int, error) {
	n, err := a.Socket.Write(b)
	if n > 0 {
		kernel.Mark(markAnswer)
	}
	return n, err
}
