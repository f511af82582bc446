package s3test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
)

func (s *Server) command(address, dir string) (*exec.Cmd, error) {
	folders := map[string]string{}
	for _, name := range []string{"data", "sidecar", "versions", "users"} {
		folders[name] = filepath.Join(dir, name)
		if err := os.MkdirAll(folders[name], 0o700); err != nil {
			return nil, err
		}
	}
	switch s.Program {
	case Versitygw:
		// The sidecar holds what would need extended attributes.
		cmd := exec.Command(s.binary, "--port", address, "--region", s.Region, "--quiet", "--iam-dir", folders["users"], "--virtual-domain", Domain,
			"posix", "--sidecar", folders["sidecar"], "--versioning-dir", folders["versions"], folders["data"])
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+s.AccessKey, "ROOT_SECRET_ACCESS_KEY="+s.SecretKey)
		return cmd, nil
	case MinIO:
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		cmd := exec.Command(s.binary, "server", "--address", address, folders["data"])
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey,
			"MINIO_KMS_SECRET_KEY="+KMSKey+":"+base64.StdEncoding.EncodeToString(key),
			"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CALLHOME_ENABLE=off")
		return cmd, nil
	case Moto:
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return exec.Command(s.binary, "-H", host, "-p", port), nil
	}
	return nil, errors.New("no such server is known")
}

// ready asks once whether the server is.
func (s *Server) ready(ctx context.Context) error {
	url := s.Endpoint
	if s.Program == MinIO {
		url += "/minio/health/ready"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if s.Program == MinIO && resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}
