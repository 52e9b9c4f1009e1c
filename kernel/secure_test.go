package kernel_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/host/hostnet"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/plugins/all"
	"github.com/sista-vm/sista/vm"
)

// selfSigned writes a file with a certificate for localhost and its key.
func selfSigned(t *testing.T) (file string, pair tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	file = filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if pair, err = tls.X509KeyPair(text, text); err != nil {
		t.Fatal(err)
	}
	return file, pair
}

// evaluate answers the print string of what statements answer, in a VM with a network.
func evaluate(t *testing.T, source string) string {
	t.Helper()
	m, err := vm.Open(vm.Config{CacheDir: "-", Plugins: all.All(), Files: hostos.NewFiles(), Network: hostnet.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	v, err := m.Eval(ctx, source)
	if err != nil {
		t.Fatal(err)
	}
	text, err := v.Print(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSecureSocketStreams(t *testing.T) {
	file, pair := selfSigned(t)

	// Both ends in Smalltalk, more than one record each way, and a character of several bytes.
	got := evaluate(t, fmt.Sprintf(`| server client answers |
		server := Socket listenOn: 0.
		[ | stream line |
		stream := SecureSocketStream acceptedFrom: (server waitForAcceptFor: 20) certificate: '%s'.
		[ (line := stream nextLine) notNil ] whileTrue: [ stream nextPutAll: 'echo ' , line; nl; flush ].
		stream close ] fork.
		client := SecureSocketStream openConnectionToHostNamed: 'localhost' port: server localPort checked: false.
		client nextPutAll: 'x€'; nl.
		answers := { client isSecure. client peerName. client nextLine. nil }.
		client nextPutAll: (String new: 100000 withAll: $y); nl.
		answers at: 4 put: client nextLine size.
		client close.
		server destroy.
		answers`, file))
	if want := `#(true 'localhost' 'echo x€' 100005)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	// A server that is not ours, whose certificate nobody signed.
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				line, err := bufio.NewReader(c).ReadString('\n')
				if err == nil {
					fmt.Fprintf(c, "%s from Go", strings.TrimSpace(line))
				}
			}()
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	got = evaluate(t, fmt.Sprintf(`| stream refused |
		stream := SecureSocketStream openConnectionToHostNamed: 'localhost' port: %d checked: false.
		stream nextPutAll: 'hello'; nl.
		refused := [ SecureSocketStream openConnectionToHostNamed: 'localhost' port: %[1]d ]
			on: CertificateError do: [ :error | error messageText ].
		{ stream upToEnd. refused }`, port))
	if want := `#('hello from Go' 'the certificate of localhost comes from an unknown authority')`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
