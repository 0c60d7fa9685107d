// SPDX-License-Identifier: Apache-2.0

// This file makes names that Kubernetes takes out of those that scripts give.

package backend

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	// MaxStackName is the longest resource name of a stack. The operators name a StatefulSet
	// `prometheus-<name>-shard-<n>` and its revision hash must fit into a label's 63 characters behind it; the
	// kube-prometheus-stack chart cuts at 26. One limit for all versions keeps the names of a stack the same when
	// it moves from one version to another.
	MaxStackName = 26
	// MaxObjectName is the longest name of an object that bears a script's name. An operator joins it with the
	// namespace and a UID into the key of a ConfigMap, which may have 253 characters.
	MaxObjectName = 140
	// maxSecretKey is the longest key of a Secret.
	maxSecretKey = 253
	hashLength   = 8
)

// StackName returns the resource name of the stack that a script calls name: the name itself where it is a DNS
// label that starts with a letter and has at most MaxStackName characters, else one derived from it.
func StackName(name string) string {
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		// The name of a Service has to begin with a letter.
		return safeName(name, MaxStackName, "", "stack-")
	}
	return safeName(name, MaxStackName, "", "")
}

// ClusterStackName returns the resource name of a stack whose version needs names that are unique in the cluster:
// `<stack>-<8 hexadecimal digits of sha256("<namespace>/<stack>")>`, where stack is the name that StackName returns.
// Like that it is a DNS label that starts with a letter and has at most MaxStackName characters; a longer stack name
// is cut in front of the hash.
func ClusterStackName(namespace, name string) string {
	stack := StackName(name)
	sum := sha256.Sum256([]byte(namespace + "/" + stack))
	hash := hex.EncodeToString(sum[:])[:hashLength]
	return strings.TrimRight(stack[:min(len(stack), MaxStackName-hashLength-1)], "-") + "-" + hash
}

// ObjectName returns the name of the object that stands for the part of a stack that a script calls name, such
// as a rule group: `<stack>.<name>`. A stack's resource name has no dot, so parts of two stacks in one namespace
// never get the same name.
func ObjectName(stack, name string) string {
	stack = StackName(stack)
	return stack + "." + safeName(name, MaxObjectName-len(stack)-1, ".", "")
}

// SecretKey returns the key of a Secret for the value at path, whose first element names the thing that the
// value belongs to: `<first>.<second>…`.
func SecretKey(path ...string) string {
	joined := strings.Join(path, ".")
	if joined != "" && len(joined) <= maxSecretKey && joined[0] != '.' && !strings.ContainsFunc(joined, notInSecretKey) {
		return joined
	}
	return safeName(joined, maxSecretKey, "._", "")
}

func notInSecretKey(r rune) bool {
	return !isLowerAlphanumeric(r) && (r < 'A' || r > 'Z') && !strings.ContainsRune("-_.", r)
}

func isLowerAlphanumeric(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

// safeName returns name where it is made of lower-case letters, digits, dashes and the joints, starts and ends
// with a letter or digit (around each joint too) and is not longer than limit. Otherwise it replaces what does
// not fit and adds a hash of name, so that two names never become one. A prefix goes in front and makes the
// name unfit by itself.
func safeName(name string, limit int, joints, prefix string) string {
	const ends = "-._"
	var b strings.Builder
	b.WriteString(prefix)
	afterJoint := true
	for _, r := range strings.ToLower(name) {
		switch {
		case isLowerAlphanumeric(r):
			b.WriteRune(r)
			afterJoint = false
		case afterJoint:
		case strings.ContainsRune(joints, r) && !strings.HasSuffix(b.String(), "-"):
			b.WriteRune(r)
			afterJoint = true
		default:
			b.WriteByte('-')
		}
	}
	clean := strings.TrimRight(b.String(), ends)
	if clean == name && len(clean) <= limit && clean != "" {
		return clean
	}
	sum := sha256.Sum256([]byte(name))
	hash := hex.EncodeToString(sum[:])[:hashLength]
	clean = strings.TrimRight(clean[:min(len(clean), limit-hashLength-1)], ends)
	if clean == "" {
		clean = "x"
	}
	return clean + "-" + hash
}
