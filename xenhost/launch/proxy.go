package launch

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// addressPath is where a guest writes its address, in its folder of xenstore.
const addressPath = "data/address"

// ForwardDomain leads a port of this machine, on 127.0.0.1, to one of a domain, until the context ends. It begins when
// the domain has said which address it has, which is told to note.
func ForwardDomain(ctx context.Context, t Toolstack, number int, f Forward, note func(string)) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(f.Here))))
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()
	defer l.Close()
	address, err := DomainAddress(ctx, t, number)
	if err != nil {
		return err
	}
	note(fmt.Sprintf("http://localhost:%d/ is port %d of the guest, which is %s", f.Here, f.Guest, address))
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go relay(ctx, c, net.JoinHostPort(address, strconv.Itoa(int(f.Guest))))
	}
}

// DomainAddress waits until a domain has said which address it has.
func DomainAddress(ctx context.Context, t Toolstack, number int) (string, error) {
	d := Domain{}
	for {
		text, err := d.ask(ctx, t, "xenstore-read", fmt.Sprintf("/local/domain/%d/%s", number, addressPath))
		if err == nil && net.ParseIP(text) != nil {
			return text, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// relay joins two connections until both have ended.
func relay(ctx context.Context, here net.Conn, address string) {
	defer here.Close()
	there, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return // the other one sees its connection closed
	}
	defer there.Close()
	defer context.AfterFunc(ctx, func() {
		here.Close()
		there.Close()
	})()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{here, there}, {there, here}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1]) // an error here is the end of one there
			if c, ok := pair[0].(*net.TCPConn); ok {
				_ = c.CloseWrite()
			}
			done <- struct{}{}
		}()
	}
	<-done
	<-done
}
