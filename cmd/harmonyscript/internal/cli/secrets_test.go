// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/calls"
)

// markers are secrets in spellings that are easily told by mistake; each has MARKER in every part.
var markers = []string{
	"MARKER-token-of-letters",
	"https://MARKER-user:MARKER-password@hooks.example.com/services/MARKER-path?token=MARKER-query",
	"MARKER \"quoted\" <MARKER> & 'MARKER'",
	"-----BEGIN PRIVATE KEY-----\nMARKERMARKERMARKER\nMARKERMARKERMARKER\n-----END PRIVATE KEY-----\n",
	"MARKER%2F{{ MARKER }}\\MARKER",
}

// spoken runs the program and returns its exit code and all that it says.
func spoken(directory, secret string, arguments ...string) (int, string) {
	var out bytes.Buffer
	streams := Streams{In: strings.NewReader(""), Out: &out, Err: &out, Environment: func(name string) (string, bool) {
		switch name {
		case "HOME":
			return directory, true
		case "KUBECONFIG", debugVariable:
			return "", false
		}
		if strings.HasPrefix(name, "HARMONYSCRIPT") || strings.HasPrefix(name, "XDG") || strings.HasPrefix(name, "NO_") {
			return "", false
		}
		return secret, true
	}}
	code := Main(streams, arguments)
	return code, out.String()
}

// Whatever secret a channel of the language takes, and however a script spells it or fails over it, no verb tells it. The
// channels and their arguments come from the table of signatures, so that new ones take part by themselves.
func TestSecretsAreNeverTold(t *testing.T) {
	directory := t.TempDir()
	// A server that refuses everything and says why with what it was sent.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"%s is refused"}`, r.URL.Path)
	}))
	defer server.Close()
	kubeconfig := filepath.Join(directory, "kubeconfig")
	write := func(path, content string) string {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(kubeconfig, fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: %q}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: MARKER-token-of-kubeconfig}}]\n", server.URL))
	script := func(name, version, call string) string {
		return write(filepath.Join(directory, name+".star"), fmt.Sprintf("deploy(tenant_monitoring(tenant = \"t\", stack = monitoring_stack(api_version = %s, alert_channels = [\n    %s,\n])))\n", version, call))
	}
	runs := 0
	say := func(what, secret string, arguments ...string) {
		runs++
		code, text := spoken(directory, secret, arguments...)
		if at := strings.Index(text, "MARKER"); at >= 0 {
			t.Errorf("%s: %q told a secret: …%s…", what, arguments[0], text[max(0, at-200):min(len(text), at+100)])
		}
		if strings.Contains(text, "goroutine ") || strings.Contains(text, "bug of harmonyscript") {
			t.Errorf("%s: %q (exit code %d): %s", what, arguments[0], code, text)
		}
	}
	for n, channel := range calls.Channels() {
		for v, variant := range calls.Variants(t, channel.Name) {
			version := []string{"V2_CRD", "V3_RHOB"}[(n+v)%2]
			secret := markers[(n+v)%len(markers)]
			path := script("channel", version, variant.Call)
			what := channel.Name + " " + variant.Name
			say(what, secret, "check", path)
			say(what, secret, "render", path)
			say(what, secret, "plan", "--kubeconfig", kubeconfig, "--output", "json", path)
			say(what, secret, "apply", "--kubeconfig", kubeconfig, path)
			// The secret in the script itself, where a reference belongs.
			for _, literal := range []string{fmt.Sprintf("%q", secret), `"""` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret) + `"""`} {
				wrong := variant.Call
				for {
					begin := strings.Index(wrong, "secret(env = \"")
					if begin < 0 {
						break
					}
					end := begin + strings.Index(wrong[begin:], ")") + 1
					wrong = wrong[:begin] + literal + wrong[end:]
				}
				if !strings.Contains(wrong, literal) {
					continue
				}
				path := script("inline", version, wrong)
				say(what+" inline", secret, "check", path)
				say(what+" inline", secret, "apply", "--kubeconfig", kubeconfig, "--output", "json", path)
			}
		}
	}
	// Nothing that was written along the way has one either, but for what this test wrote.
	err := filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == kubeconfig || strings.HasSuffix(path, ".star") {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte("MARKER")) {
			t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d runs", runs)
}
