package local

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// commit gives the file from the name to, in the same folder, and fails with
// fs.ErrExist where the name is taken. FAT and SMB know no hard links, NFS
// knows no rename that does not replace: so there are two ways.
func commit(folder *os.Root, from, to string) error {
	err := rename(folder, from, to)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return link(folder, from, to)
	}
	return err
}

// rename is one step, and never replaces.
func rename(folder *os.Root, from, to string) error {
	dir, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	fd := int(dir.Fd())
	return unix.Renameat2(fd, from, fd, to, unix.RENAME_NOREPLACE)
}
