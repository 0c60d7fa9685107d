// SPDX-License-Identifier: Apache-2.0

// This file reads the values behind secret references, on the machine that applies.

package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// maxSecret is the most bytes that Kubernetes takes in a Secret.
const maxSecret = 1 << 20

// SecretError says why the value behind a reference cannot be had. It never holds the value.
type SecretError struct {
	Secret score.Secret
	// Reason in words: "environment variable TOKEN is not set".
	Reason string
	// Err is the underlying error, nil when there is none.
	Err error
}

// Error names the reference, the reason and the cause.
func (e *SecretError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Secret, e.Reason, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Secret, e.Reason)
}

// Unwrap returns the cause.
func (e *SecretError) Unwrap() error { return e.Err }

// ResolveSecret returns the value behind s; relative files are looked up from the working folder. One newline at
// the end of a file is dropped. An unset or empty value is an error, as is a secret that is kept in the cluster.
func ResolveSecret(ctx context.Context, s score.Secret) (string, error) {
	return SecretResolver("")(ctx, s)
}

// SecretResolver returns ResolveSecret for a script in folder: relative files are looked up from there.
func SecretResolver(folder string) func(context.Context, score.Secret) (string, error) {
	return func(ctx context.Context, s score.Secret) (string, error) {
		if err := ctx.Err(); err != nil {
			return "", fmt.Errorf("%s: %w", s, err)
		}
		var value string
		switch s.Source {
		case score.SecretFromEnvironment:
			text, set := os.LookupEnv(s.Name)
			if !set {
				return "", &SecretError{Secret: s, Reason: fmt.Sprintf("environment variable %s is not set", s.Name)}
			}
			value = text
		case score.SecretFromFile:
			text, err := readSecretFile(s, folder)
			if err != nil {
				return "", err
			}
			value = text
		default:
			return "", &SecretError{Secret: s, Reason: "its value is kept in the cluster and is not read here"}
		}
		if value == "" {
			return "", &SecretError{Secret: s, Reason: "its value is empty"}
		}
		return value, nil
	}
}

func readSecretFile(s score.Secret, folder string) (string, error) {
	path := filepath.FromSlash(s.Name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	failed := func(reason string, err error) (string, error) {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		return "", &SecretError{Secret: s, Reason: reason, Err: err}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return failed("there is no file "+path, nil)
	case err != nil:
		return failed("cannot read "+path, err)
	case !info.Mode().IsRegular():
		return failed(path+" is no regular file", nil)
	case info.Size() > maxSecret:
		return failed(fmt.Sprintf("%s is larger than %d bytes", path, maxSecret), nil)
	}
	file, err := os.Open(path)
	if err != nil {
		return failed("cannot read "+path, err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil {
		return failed("cannot read "+path, err)
	}
	text := strings.TrimSuffix(string(content), "\n")
	return strings.TrimSuffix(text, "\r"), nil
}
