package squeakssl

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"os"

	"github.com/sista-vm/sista/host"
)

// States of a session as images number them.
const (
	stateUnused = iota
	stateAccepting
	stateConnecting
	stateConnected
)

// What is wrong with the other end's certificate.
const (
	CertOK            = 0
	CertNone          = -1
	CertOther         = 1
	CertUntrustedRoot = 2
	CertExpired       = 4
	CertWrongUsage    = 8
	CertInvalidName   = 16
	CertRevoked       = 32
)

// session is one end of a connection.
type session struct {
	host      *host.Host
	state     int
	certState int
	logLevel  int
	names     [3]string

	pipe *pipe
	conn *tls.Conn
	err  error // how the handshake ended
}

func (s *session) config() *tls.Config {
	return &tls.Config{
		Rand:       s.host.Entropy,
		ServerName: s.names[propServerName],
		Time:       s.now,
		// The image decides: see check.
		InsecureSkipVerify: true,
	}
}

// connect goes on with a client's handshake.
func (s *session) connect(in, out []byte) int {
	if s.state == stateUnused {
		s.state = stateConnecting
		config := s.config()
		s.start(func(p *pipe) *tls.Conn { return tls.Client(p, config) })
	}
	if s.state != stateConnecting {
		return InvalidState
	}
	return s.handshake(in, out)
}

// accept goes on with a server's handshake.
func (s *session) accept(in, out []byte) int {
	if s.state == stateUnused {
		cert, err := s.certificate()
		if err != nil {
			return GenericError
		}
		s.state = stateAccepting
		config := s.config()
		config.Certificates = []tls.Certificate{cert}
		s.start(func(p *pipe) *tls.Conn { return tls.Server(p, config) })
	}
	if s.state != stateAccepting {
		return InvalidState
	}
	return s.handshake(in, out)
}

// certificate reads the file that certName names.
func (s *session) certificate() (tls.Certificate, error) {
	f, err := s.host.Files.Open(s.names[propCertName], os.O_RDONLY, 0)
	if err != nil {
		return tls.Certificate{}, err
	}
	defer f.Close()
	const most = 1 << 20
	pem, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(pem, pem)
}

// start begins the handshake on a goroutine, because crypto/tls waits for input.
func (s *session) start(make func(p *pipe) *tls.Conn) {
	s.pipe = newPipe()
	s.conn = make(s.pipe)
	go func() {
		err := s.conn.Handshake()
		s.pipe.finish(func() { s.err = err })
	}()
}

// handshake gives the goroutine input and waits until it wants more or has ended.
func (s *session) handshake(in, out []byte) int {
	s.pipe.feed(in)
	if ended := s.pipe.settle(); ended {
		if s.err != nil {
			// What is to be sent tells the other end why.
			if n := s.pipe.take(out); n > 0 {
				return n
			}
			return GenericError
		}
		s.state = stateConnected
		s.check()
		return s.pipe.take(out)
	}
	if n := s.pipe.take(out); n != 0 {
		return n
	}
	return NeedMoreData
}

// encrypt turns data into what is to be sent.
func (s *session) encrypt(in, out []byte) int {
	if s.state != stateConnected {
		return InvalidState
	}
	if len(in) > 0 {
		if _, err := s.conn.Write(in); err != nil {
			return GenericError
		}
	}
	return s.pipe.take(out)
}

// decrypt turns what was received into data: as much as there is room for. The
// image calls again without input for the rest.
func (s *session) decrypt(in, out []byte) int {
	if s.state != stateConnected {
		return InvalidState
	}
	s.pipe.feed(in)
	if len(out) == 0 {
		return 0
	}
	n, err := s.conn.Read(out)
	if n > 0 || err == nil || errors.Is(err, errNoInput) || errors.Is(err, io.EOF) {
		return n
	}
	return GenericError
}

// check finds out whom the certificate names and what is wrong with it.
func (s *session) check() {
	certs := s.conn.ConnectionState().PeerCertificates
	if len(certs) == 0 {
		s.certState = CertNone
		return
	}
	leaf := certs[0]
	server := s.names[propServerName]
	s.names[propPeerName] = leaf.Subject.CommonName
	if server != "" && leaf.VerifyHostname(server) == nil {
		s.names[propPeerName] = server
	} else if server != "" {
		s.certState |= CertInvalidName
	}
	rest := x509.NewCertPool()
	for _, c := range certs[1:] {
		rest.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Intermediates: rest, CurrentTime: s.now()})
	s.certState |= problem(err)
}

// problem turns the error of a verification into a flag.
func problem(err error) int {
	var unknown x509.UnknownAuthorityError
	var roots x509.SystemRootsError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return CertOK
	case errors.As(err, &unknown), errors.As(err, &roots):
		return CertUntrustedRoot
	case errors.As(err, &invalid):
		switch invalid.Reason {
		case x509.Expired:
			return CertExpired
		case x509.IncompatibleUsage:
			return CertWrongUsage
		}
	}
	return CertOther
}

func (s *session) close() {
	if s.pipe != nil {
		s.pipe.Close()
	}
}
