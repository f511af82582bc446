package transport

import (
	"net"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// NewConn returns c as a transport uses it.
func NewConn(c net.Conn, silence time.Duration, b *storage.Bandwidth) net.Conn {
	return &conn{c, silence, b}
}
