package s3

import (
	"net"
	"time"
)

// NewConn returns c as a store uses it.
func NewConn(c net.Conn, silence time.Duration) net.Conn { return &conn{c, silence} }
