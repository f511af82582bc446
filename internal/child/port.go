package child

import (
	"fmt"
	"net"
	"strconv"
)

// A port is a TCP port of loopback that is free, for a server that is to be
// told a number. Between looking and the server's start another process may
// look too, and would then take the first one's server for its own. So the UDP
// port of the same number is held as long as the server runs: who fails to get
// that looks further.
type port struct {
	number int
	hold   net.PacketConn
}

func takePort() (*port, error) {
	var last error
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		p := &port{number: l.Addr().(*net.TCPAddr).Port}
		p.hold, last = net.ListenPacket("udp", p.address())
		if err := l.Close(); err != nil {
			return nil, fmt.Errorf("free a port: %w", err)
		}
		if last == nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("find a free port: %w", last)
}

func (p *port) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.number)) }

func (p *port) release() error { return p.hold.Close() }
