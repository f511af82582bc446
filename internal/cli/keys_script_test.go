package cli_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/rogpeppe/go-internal/testscript"
)

// pluginName is of a real age plugin that this test binary is: it wraps native
// keys.
const pluginName = "wrap"

func runPlugin() int {
	p, err := plugin.New(pluginName)
	if err != nil {
		return 1
	}
	p.HandleRecipient(func(data []byte) (age.Recipient, error) {
		for parent := os.Getppid(); string(data) == "hang" && os.Getppid() == parent; {
			time.Sleep(20 * time.Millisecond)
		}
		return age.ParseX25519Recipient(string(data))
	})
	p.HandleIdentity(func(data []byte) (age.Identity, error) { return age.ParseX25519Identity(string(data)) })
	return p.Main()
}

// wrapkey FILE makes a key of the plugin: the identity into the file, the
// recipient into $RECIPIENT.
func wrapkey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: wrapkey FILE")
	}
	key, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Setenv("RECIPIENT", plugin.EncodeRecipient(pluginName, []byte(key.Recipient().String())))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(plugin.EncodeIdentity(pluginName, []byte(key.String()))+"\n"), 0o600))
}

// signin NAME signs in to the server as its root user and puts the token into
// the variable.
func signin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: signin NAME")
	}
	who, err := json.Marshal(map[string]string{"user": "root", "pass": ts.Getenv("DB_PASSWORD")})
	ts.Check(err)
	req, err := http.NewRequest(http.MethodPost, ts.Getenv("SURREAL")+"/signin", strings.NewReader(string(who)))
	ts.Check(err)
	req.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close() // read only
	var answer struct {
		Token string `json:"token"`
	}
	ts.Check(json.NewDecoder(res.Body).Decode(&answer))
	if answer.Token == "" {
		ts.Fatalf("sign in: status %d, and no token", res.StatusCode)
	}
	ts.Setenv(args[0], answer.Token)
}
