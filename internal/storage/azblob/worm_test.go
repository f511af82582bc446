package azblob_test

import (
	"maps"
	"net/http"
	"sync"
)

// A worm is what Azure does, and the server does not: keep what is locked.
type worm struct {
	mu    sync.Mutex
	locks map[string]http.Header // by path
	// change may bend what is said of a lock.
	change func(http.Header)
	// refusal is said of all wishes for a lock.
	refusal string
}

const (
	headerUntil = "X-Ms-Immutability-Policy-Until-Date"
	headerMode  = "X-Ms-Immutability-Policy-Mode"
	headerHold  = "X-Ms-Legal-Hold"
	support     = "X-Ms-Immutable-Storage-With-Versioning-Enabled"
)

func (m *worm) proxy() *proxy {
	m.locks = map[string]http.Header{}
	return &proxy{before: m.before, after: m.after}
}

func (m *worm) before(w http.ResponseWriter, r *http.Request) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refusal != "" && r.Header.Get(headerUntil) != "" {
		return refuse(w, http.StatusConflict, m.refusal)
	}
	if r.URL.Query().Get("comp") == "legalhold" {
		if m.locks[r.URL.Path] == nil {
			m.locks[r.URL.Path] = http.Header{}
		}
		m.locks[r.URL.Path].Set(headerHold, r.Header.Get(headerHold))
		w.WriteHeader(http.StatusOK)
		return true
	}
	if l := m.locks[r.URL.Path]; r.Method == http.MethodDelete && (l.Get(headerUntil) != "" || l.Get(headerHold) == "true") {
		return refuse(w, http.StatusConflict, "BlobImmutableDueToPolicy")
	}
	return false
}

func (m *worm) after(r *http.Response) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	path := r.Request.URL.Path
	switch {
	case r.StatusCode >= 300:
	case r.Request.URL.Query().Get("restype") == "container":
		r.Header.Set(support, "true")
	case isSingle(r.Request), isCommit(r.Request):
		if until := r.Request.Header.Get(headerUntil); until != "" {
			m.locks[path] = http.Header{headerUntil: {until}, headerMode: {r.Request.Header.Get(headerMode)}}
		}
	case r.Request.Method == http.MethodHead:
		said := m.locks[path].Clone()
		if m.change != nil {
			m.change(said)
		}
		maps.Copy(r.Header, said)
	}
	return nil
}
