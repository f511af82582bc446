package s3test

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"

	"github.com/vapora-platform/vapora-backup/internal/testserver"
)

// Available says whether a program can be had here: moto is Python's, the others
// come as everything else does.
func Available(p Program) bool {
	return p != Moto || exec.Command("python3", "-c", "import ensurepip, venv").Run() == nil
}

// find returns the program's file.
func find(ctx context.Context, p Program) (string, error) {
	switch p {
	case Versitygw:
		return testserver.GoInstall(ctx, "github.com/versity/versitygw/cmd/versitygw", "v1.8.0")
	case MinIO:
		return testserver.GoInstall(ctx, "github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c")
	case Moto:
		root, err := testserver.Root()
		if err != nil {
			return "", err
		}
		bin, err := testserver.Venv(ctx, filepath.Join(root, "testdata", "servers", "moto", "requirements.txt"))
		return filepath.Join(bin, "moto_server"), err
	}
	return "", errors.New("no such server is known")
}
