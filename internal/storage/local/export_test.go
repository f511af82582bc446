package local

// OpenLinking opens a store as on a file system that cannot rename without
// replacing.
func OpenLinking(o Options) (*Store, error) {
	s, err := Open(o)
	if err == nil {
		s.commit = link
	}
	return s, err
}
