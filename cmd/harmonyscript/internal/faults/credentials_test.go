// SPDX-License-Identifier: Apache-2.0

// This file lets credentials expire in the middle of a run.

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// TestExpiredToken has the server refuse a token from the third write on. Where the kubeconfig names a file or a command that
// gives the next one, the run goes on without a word; where there is no other, it stops at once and says what to do.
func TestExpiredToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		user func(file string) func(*clientcmdapi.AuthInfo)
		// renewed tells whether there is a next token.
		renewed bool
		texts   []string
	}{
		{name: "renewed in a file", renewed: true, user: func(file string) func(*clientcmdapi.AuthInfo) {
			return func(user *clientcmdapi.AuthInfo) { user.Token, user.TokenFile = "", file }
		}},
		{name: "renewed by a command", renewed: true, user: commandUser(`cat "$0"`)},
		{
			name: "not renewed", texts: []string{"[cluster-unauthorized]", "401 Unauthorized", "log in to the cluster again"},
			user: func(string) func(*clientcmdapi.AuthInfo) { return nil },
		},
		{
			name: "the command fails", texts: []string{"[cluster-unauthorized]", "401 Unauthorized", "log in to the cluster again"},
			user: commandUser(`grep first "$0" || exit 7`),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			file := filepath.Join(w.folder, "token")
			put := func(token string) {
				// Nobody may read half of one.
				err := os.WriteFile(file+".new", []byte(token), 0o600)
				if err == nil {
					err = os.Rename(file+".new", file)
				}
				if err != nil {
					t.Error(err)
				}
			}
			put("first")
			whole := w.kubeconfig
			w.kubeconfig = w.proxy.Kubeconfig(c.user(file))
			expire := faultproxy.First(1, faultproxy.After(2, faultproxy.Writes))
			w.proxy.On(expire, faultproxy.Before(func() {
				put("second")
				w.proxy.Accept("second")
			}))
			r := w.run(w.apply()...)
			if c.renewed {
				w.mustEnd(r, 0, "10 created", "1 adopted")
				if r.errors != "" {
					t.Errorf("got words about what passed: %s", r.errors)
				}
			} else {
				w.mustEnd(r, 1, append(c.texts, "failed in", "run it again to go on from here")...)
			}
			if lost := w.orphans(); len(lost) > 0 {
				t.Errorf("not on record: %v", lost)
			}
			w.kubeconfig = whole
			w.mustBeAsUndisturbed()
		})
	}
}

// commandUser is a user whose token a shell command prints; the file is $0.
func commandUser(command string) func(file string) func(*clientcmdapi.AuthInfo) {
	return func(file string) func(*clientcmdapi.AuthInfo) {
		return func(user *clientcmdapi.AuthInfo) {
			user.Token = ""
			script := fmt.Sprintf(`token=$(%s) || exit 7; printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%%s"}}' "$token"`, command)
			user.Exec = &clientcmdapi.ExecConfig{
				APIVersion: "client.authentication.k8s.io/v1", Command: "sh", Args: []string{"-c", script, file},
				InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
			}
		}
	}
}
