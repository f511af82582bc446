package cli_test

import (
	"reflect"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

// All that the config says of a bucket reaches its store.
func TestWhatTheConfigSaysOfABucket(t *testing.T) {
	t.Parallel()
	cfg, err := config.Parse("c.yaml", []byte(`version: 1
databases: [{name: a, url: "http://h", namespace: n, database: d, username: u, password: {env: P}}]
destinations:
  - name: p
    url: "s3://bucket/pre/fix?region=eu-1&endpoint=https://s3.example.com&path_style=true"
    credentials: {access_key: {env: ACCESS}, secret_key: {env: SECRET}, session_token: {env: SESSION}}
    ca: /ca.pem
    sse: {mode: "aws:kms", key: all, keys: [{kind: database, id: alias/db}]}
    part_size: 16MiB
    checksums: false
    assume_role: {arn: "arn:aws:iam::1:role/r", external_id: x, mfa_serial: "arn:aws:iam::1:mfa/m", endpoint: "https://sts.example.com"}
encryption: {recipients: [age1x]}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := cli.S3Options(cli.Env{Environ: []string{"ACCESS=a", "SECRET=s", "SESSION=t"}}, cfg.Destinations[0])
	if err != nil {
		t.Fatal(err)
	}
	if got.AssumeRole.Code == nil {
		t.Error("nobody is asked for the code of the device")
	}
	got.AssumeRole.Code = nil
	want := s3.Options{
		Bucket: "bucket", Prefix: "pre/fix", Region: "eu-1", Endpoint: "https://s3.example.com", PathStyle: true, CAFile: "/ca.pem",
		AccessKey: "a", SecretKey: "s", SessionToken: "t", PartSize: 16 << 20, Checksums: s3.ChecksumsRequired,
		SSE:        s3.SSE{Mode: "aws:kms", KeyIDs: map[string]string{"": "all", "database": "alias/db"}},
		AssumeRole: s3.AssumeRole{ARN: "arn:aws:iam::1:role/r", ExternalID: "x", MFASerial: "arn:aws:iam::1:mfa/m", Endpoint: "https://sts.example.com"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
