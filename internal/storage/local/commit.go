package local

import "os"

// link gives the file from the name to by way of a second name, which fails
// where the name is taken.
func link(folder *os.Root, from, to string) error {
	if err := folder.Link(from, to); err != nil {
		return err
	}
	// The object is whole and has its name: what is left of the other one is
	// never listed, and no reason to call the Put failed.
	_ = folder.Remove(from)
	return nil
}
