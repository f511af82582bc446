package gcs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

// A guard stands between the SDK and the network and does what the SDK does
// not: it notes where an upload is, so that it can be given up, refuses an
// answer after which the SDK would wait for ever, and bounds how often a
// download is taken up again.
type guard struct{ http.RoundTripper }

type (
	uploadKey   struct{}
	downloadKey struct{}
)

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := g.RoundTripper.RoundTrip(req)
	if err != nil || resp.StatusCode >= 300 {
		return resp, err
	}
	if u, ok := req.Context().Value(uploadKey{}).(*upload); ok {
		parts := req.Header.Get("Content-Range")
		switch {
		case parts == "":
			u.session = resp.Header.Get("Location") // none where all went in one request
		case strings.HasSuffix(parts, "/*") && resp.Header.Get("X-Http-Status-Code-Override") != "308":
			resp.Body.Close()
			return nil, errEndedEarly
		}
	}
	if d, ok := req.Context().Value(downloadKey{}).(*download); ok {
		resp.Body = &watched{resp.Body, d}
	}
	return resp, nil
}

var errEndedEarly = errors.New("the server ended the upload before its last byte")

// A download is all the answers that one object is read from.
type download struct {
	stop  context.CancelCauseFunc
	fails int // without a byte in between
	err   error
}

// A watched body ends the download when it has failed too often: the SDK would
// take it up again for ever, and at once.
type watched struct {
	io.ReadCloser
	d *download
}

func (w *watched) Read(p []byte) (int, error) {
	const tries = 3
	n, err := w.ReadCloser.Read(p)
	if n > 0 {
		w.d.fails = 0
	}
	if err != nil && err != io.EOF {
		if w.d.fails++; w.d.fails == tries {
			w.d.err = err
			w.d.stop(err)
		}
	}
	return n, err
}
