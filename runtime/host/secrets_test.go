// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestResolveSecret(t *testing.T) {
	t.Setenv("HARMONYSCRIPT_TEST_SECRET", "from env\n")
	t.Setenv("HARMONYSCRIPT_TEST_EMPTY", "")
	folder := write(t, map[string]string{"plain": "value", "newline": "value\n", "two": "value\n\n", "windows": "value\r\n", "empty": "\n", "large": strings.Repeat("x", 1<<20+1), "sub/x": "value"})
	for _, test := range []struct {
		secret score.Secret
		want   string
		reason string // of the error
	}{
		{score.Secret{Source: score.SecretFromEnvironment, Name: "HARMONYSCRIPT_TEST_SECRET"}, "from env\n", ""},
		{score.Secret{Source: score.SecretFromEnvironment, Name: "HARMONYSCRIPT_TEST_EMPTY"}, "", "empty"},
		{score.Secret{Source: score.SecretFromEnvironment, Name: "HARMONYSCRIPT_TEST_NONE"}, "", "environment variable HARMONYSCRIPT_TEST_NONE is not set"},
		{score.Secret{Source: score.SecretFromFile, Name: "plain"}, "value", ""},
		{score.Secret{Source: score.SecretFromFile, Name: "newline"}, "value", ""},
		{score.Secret{Source: score.SecretFromFile, Name: "two"}, "value\n", ""},
		{score.Secret{Source: score.SecretFromFile, Name: "windows"}, "value", ""},
		{score.Secret{Source: score.SecretFromFile, Name: "sub/x"}, "value", ""},
		{score.Secret{Source: score.SecretFromFile, Name: filepath.Join(folder, "plain")}, "value", ""},
		{score.Secret{Source: score.SecretFromFile, Name: "empty"}, "", "empty"},
		{score.Secret{Source: score.SecretFromFile, Name: "none"}, "", "there is no file " + filepath.Join(folder, "none")},
		{score.Secret{Source: score.SecretFromFile, Name: "sub"}, "", "no regular file"},
		{score.Secret{Source: score.SecretFromFile, Name: "large"}, "", "larger than"},
		{score.Secret{Source: score.SecretFromCluster, Name: "n", Key: "k"}, "", "kept in the cluster"},
	} {
		got, err := host.SecretResolver(folder)(context.Background(), test.secret)
		if test.reason == "" {
			if err != nil || got != test.want {
				t.Errorf("%s: got %q, %v, want %q", test.secret, got, err, test.want)
			}
			continue
		}
		var failure *host.SecretError
		if !errors.As(err, &failure) || !strings.Contains(err.Error(), test.reason) || failure.Secret.Name != test.secret.Name {
			t.Errorf("%s: got %v, want %q", test.secret, err, test.reason)
		}
		if strings.Contains(err.Error(), "value\n") {
			t.Errorf("%s: the value is in the error", test.secret)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := host.ResolveSecret(ctx, score.Secret{Source: score.SecretFromEnvironment, Name: "PATH"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	if os.Geteuid() != 0 { // root reads everything
		if err := os.Chmod(filepath.Join(folder, "plain"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := host.SecretResolver(folder)(context.Background(), score.Secret{Source: score.SecretFromFile, Name: "plain"}); !errors.Is(err, os.ErrPermission) {
			t.Errorf("got %v, want a refusal", err)
		}
	}
}
