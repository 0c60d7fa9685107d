// SPDX-License-Identifier: Apache-2.0

// This file holds references to secrets.

package score

import "fmt"

// SecretSource says where a secret's value is kept.
type SecretSource int

const (
	// SecretFromEnvironment reads an environment variable of the process that applies.
	SecretFromEnvironment SecretSource = iota + 1
	// SecretFromFile reads a file on the machine that applies; one trailing newline is dropped.
	SecretFromFile
	// SecretFromCluster names a key of a Kubernetes Secret that already exists in the namespace where it is used.
	SecretFromCluster
	// SecretGenerated is made by harmonyscript itself, once for a deployment, and stays the same from run to run. No
	// script refers to it.
	SecretGenerated
)

// Secret is a reference to a secret value. It never holds the value itself, so it can be printed, compared,
// hashed and stored freely.
type Secret struct {
	Origin Origin
	Source SecretSource
	// Name is the environment variable, the file's path, or the Kubernetes Secret; a generated one is for the Secret
	// "namespace/name".
	Name string
	// Key is the key in the Kubernetes Secret; empty for variables and files.
	Key string
}

// String returns the call that makes the reference: `secret(env = "TOKEN")`. There is none for a generated secret.
func (s Secret) String() string {
	switch s.Source {
	case SecretFromEnvironment:
		return fmt.Sprintf("secret(env = %q)", s.Name)
	case SecretFromFile:
		return fmt.Sprintf("secret(file = %q)", s.Name)
	case SecretGenerated:
		return fmt.Sprintf("the generated %s of Secret %s", s.Key, s.Name)
	default:
		return fmt.Sprintf("secret(name = %q, key = %q)", s.Name, s.Key)
	}
}
