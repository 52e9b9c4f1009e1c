package squeakssl

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "SqueakSSL"

// certificate makes a self-signed one with its key, in PEM.
func certificate(t *testing.T, name string, from, to time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...)
}

type pair struct {
	*plugintest.VM
	t              *testing.T
	client, server int
	room           heap.Oop
}

func newPair(t *testing.T) *pair {
	v := plugintest.New(t, Module)
	now := host.GoTime(host.VirtualStart)
	v.World.Files = host.ReadOnly(fstest.MapFS{"server.pem": {Data: certificate(t, "sista.example", now.Add(-time.Hour), now.Add(time.Hour))}})
	p := &pair{VM: v, t: t, room: v.Oop(make([]byte, 20000))}
	p.client = v.Do(module, "primitiveCreate", nil).(int)
	p.server = v.Do(module, "primitiveCreate", nil).(int)
	v.Do(module, "primitiveSetStringProperty", nil, p.client, propServerName, "sista.example")
	v.Do(module, "primitiveSetStringProperty", nil, p.server, propCertName, "server.pem")
	return p
}

// step runs a transforming primitive and answers its result and output.
func (p *pair) step(primitive string, handle int, in []byte) (int, []byte) {
	p.t.Helper()
	n := p.Do(module, primitive, nil, handle, in, 1, len(in), p.room).(int)
	return n, bytes.Clone(plugin.RawBytes(p.room)[:max(n, 0)])
}

func (p *pair) state(handle int) any {
	return p.Do(module, "primitiveGetIntProperty", nil, handle, propState)
}

// handshake carries bytes between the two ends, a few at a time if piece is not 0.
func (p *pair) handshake(piece int) {
	p.t.Helper()
	send := func(primitive string, to int, data []byte) (out []byte) {
		for {
			part := data
			if piece > 0 && len(part) > piece {
				part = part[:piece]
			}
			data = data[len(part):]
			n, b := p.step(primitive, to, part)
			if n < NeedMoreData {
				p.t.Fatalf("%s answers %d", primitive, n)
			}
			out = append(out, b...)
			if len(data) == 0 {
				return out
			}
			if p.state(to) == stateConnected {
				p.step("primitiveDecrypt", to, data) // belongs to what follows
				return out
			}
		}
	}
	toServer := send("primitiveConnect", p.client, nil)
	for range 10 {
		var toClient []byte
		if p.state(p.server) != stateConnected {
			toClient = send("primitiveAccept", p.server, toServer)
		}
		if p.state(p.client) == stateConnected {
			if len(toClient) > 0 {
				p.step("primitiveDecrypt", p.client, toClient) // tickets
			}
			if p.state(p.server) == stateConnected {
				return
			}
		}
		toServer = nil
		if p.state(p.client) != stateConnected {
			toServer = send("primitiveConnect", p.client, toClient)
		}
	}
	p.t.Fatal("the handshake does not end")
}

func TestConversation(t *testing.T) {
	for _, piece := range []int{0, 100} {
		p := newPair(t)
		p.handshake(piece)
		if got := p.Do(module, "primitiveGetStringProperty", nil, p.client, propPeerName); got != "sista.example" {
			t.Errorf("the server is %v", got)
		}
		if got := p.Do(module, "primitiveGetIntProperty", nil, p.client, propCertState); got != CertUntrustedRoot {
			t.Errorf("the certificate's state is %v", got)
		}
		if got := p.Do(module, "primitiveGetIntProperty", nil, p.server, propCertState); got != CertNone {
			t.Errorf("the client's certificate's state is %v", got)
		}
		for _, way := range [][2]int{{p.client, p.server}, {p.server, p.client}} {
			msg := bytes.Repeat([]byte("hello "), 2000)
			_, secret := p.step("primitiveEncrypt", way[0], msg)
			if bytes.Contains(secret, []byte("hello")) {
				t.Error("the message is not secret")
			}
			var got []byte
			for in := secret; ; in = nil {
				n, b := p.step("primitiveDecrypt", way[1], in)
				if n < 0 {
					t.Fatalf("decrypt answers %d", n)
				}
				if got = append(got, b...); n == 0 {
					break
				}
			}
			if !bytes.Equal(got, msg) {
				t.Errorf("%d bytes came out of %d", len(got), len(msg))
			}
		}
		// Half a record gives nothing yet.
		_, secret := p.step("primitiveEncrypt", p.client, []byte("abc"))
		if n, _ := p.step("primitiveDecrypt", p.server, secret[:10]); n != 0 {
			t.Errorf("half a record gives %d", n)
		}
		if n, b := p.step("primitiveDecrypt", p.server, secret[10:]); n != 3 || string(b) != "abc" {
			t.Errorf("the other half gives %d, %q", n, b)
		}
		// A changed one is an error.
		_, secret = p.step("primitiveEncrypt", p.client, []byte("abc"))
		secret[len(secret)-1] ^= 1
		if n, _ := p.step("primitiveDecrypt", p.server, secret); n != GenericError {
			t.Errorf("a changed record gives %d", n)
		}
	}
}

func TestCertStates(t *testing.T) {
	now := host.GoTime(host.VirtualStart)
	for _, c := range []struct {
		name     string
		from, to time.Duration
		want     int
	}{
		{"sista.example", -2 * time.Hour, -time.Hour, CertExpired},
		{"other.example", -time.Hour, time.Hour, CertInvalidName | CertUntrustedRoot},
	} {
		p := newPair(t)
		p.World.Files = host.ReadOnly(fstest.MapFS{"server.pem": {Data: certificate(t, c.name, now.Add(c.from), now.Add(c.to))}})
		p.handshake(0)
		if got := p.Do(module, "primitiveGetIntProperty", nil, p.client, propCertState); got != c.want {
			t.Errorf("%+v: the state is %v", c, got)
		}
	}
}

func TestErrors(t *testing.T) {
	p := newPair(t)
	if n, _ := p.step("primitiveEncrypt", p.client, []byte("too early")); n != InvalidState {
		t.Errorf("encrypting without a connection answers %d", n)
	}
	if n := p.Do(module, "primitiveConnect", nil, p.client, []byte{}, 1, 0, make([]byte, 5)); n != BufferTooSmall {
		t.Errorf("connecting into five bytes answers %v", n)
	}
	if n, _ := p.step("primitiveConnect", p.client, nil); n <= 0 {
		t.Errorf("the greeting is lost: %d", n)
	}
	if n, _ := p.step("primitiveConnect", p.client, []byte("this is no TLS at all")); n >= 0 && p.state(p.client) == stateConnected {
		t.Errorf("nonsense is answered by %d", n)
	}
	if n, _ := p.step("primitiveConnect", p.client, nil); n != GenericError {
		t.Errorf("after the error connect answers %d", n)
	}
	p.Do(module, "primitiveSetStringProperty", nil, p.server, propCertName, "missing.pem")
	if n, _ := p.step("primitiveAccept", p.server, nil); n != GenericError {
		t.Errorf("accepting without a certificate answers %d", n)
	}
	p.Do(module, "primitiveDestroy", nil, p.client)
	p.Fails(plugin.BadArgument, module, "primitiveDestroy", nil, p.client)
	p.Fails(plugin.BadArgument, module, "primitiveGetIntProperty", nil, p.client, propState)
	p.Fails(plugin.BadIndex, module, "primitiveAccept", nil, p.server, []byte("abc"), 2, 3, p.room)
	if got := p.Do(module, "primitiveGetIntProperty", nil, p.server, propVersion); got != 3 {
		t.Errorf("the version is %v", got)
	}
	p.Do(module, "primitiveSetIntProperty", nil, p.server, propLogLevel, 2)
	if got := p.Do(module, "primitiveGetIntProperty", nil, p.server, propLogLevel); got != 2 {
		t.Errorf("the log level is %v", got)
	}
}

func TestFuzzArguments(t *testing.T) {
	plugintest.Fuzz(t, Module, 300, func(v *plugintest.VM) []heap.Oop {
		extra := []heap.Oop{v.Oop(make([]byte, 2000)), v.Oop("")}
		for range 2 {
			if o, f := v.Try(module, "primitiveCreate", nil); f == plugin.OK {
				extra = append(extra, o)
			}
		}
		return extra
	})
}
