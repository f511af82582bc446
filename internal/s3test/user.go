package s3test

import (
	"crypto/rand"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// As returns the server as one sees it who may do these things with what is in
// a bucket ("s3:PutObject"), and nothing else anywhere. It cannot be called
// twice for one bucket.
func (s *Server) As(t testing.TB, bucket string, actions ...string) *Server {
	t.Helper()
	out := *s
	switch s.Program {
	case Versitygw:
		out.AccessKey, out.SecretKey = "user-"+rand.Text(), rand.Text()
		s.makeUser(t, out.AccessKey, out.SecretKey)
		_, err := s.Client().PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{
			Bucket: &bucket, Policy: aws.String(policy(t, bucket, out.AccessKey, actions)),
		})
		if err != nil {
			t.Fatalf("allow %v: %v", actions, err)
		}
	case MinIO: // a session of the owner's, with less rights
		role, err := s.STS().AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: aws.String("arn:x:ignored:by:minio:"), RoleSessionName: aws.String("test"),
			Policy: aws.String(policy(t, bucket, "", actions)),
		})
		if err != nil {
			t.Fatalf("allow %v: %v", actions, err)
		}
		c := role.Credentials
		out.AccessKey, out.SecretKey, out.SessionToken = *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken
	default:
		t.Fatalf("%s has no users", s.Program)
	}
	return &out
}

// STS returns a client with all rights for sessions.
func (s *Server) STS() *sts.Client {
	return sts.New(sts.Options{BaseEndpoint: aws.String(s.Endpoint), Region: s.Region, Credentials: s.credentials()})
}

func (s *Server) credentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, s.SessionToken)
}

// makeUser has versitygw, which is its own administrator's tool, make one.
func (s *Server) makeUser(t testing.TB, access, secret string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.binary, "admin", "--access", s.AccessKey, "--secret", s.SecretKey,
		"--endpoint-url", s.Endpoint, "create-user", "--access", access, "--secret", secret, "--role", "user")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make a user: %v\n%s", err, out)
	}
}

// policy allows the actions to a user; "" is for a session, which has its own.
func policy(t testing.TB, bucket, user string, actions []string) string {
	t.Helper()
	type statement struct {
		Effect           string
		Principal        map[string][]string `json:",omitempty"`
		Action, Resource []string
	}
	allow := statement{Effect: "Allow", Action: actions, Resource: []string{"arn:aws:s3:::" + bucket + "/*"}}
	if user != "" {
		allow.Principal = map[string][]string{"AWS": {user}}
	}
	text, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{allow}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
