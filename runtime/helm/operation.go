// SPDX-License-Identifier: Apache-2.0

// This file tells operations of Helm that may be at work from those whose process is dead.

package helm

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// BusyFor is for how long after its last sign of life an operation of others is taken to be at work. Helm has no heartbeat: it
// writes a release when an operation begins, at each of its hooks, and when it ends. In between it waits for one thing at a
// time, for five minutes unless it is told otherwise (--timeout), and so it is silent for about as long at most.
const BusyFor = 5 * time.Minute

// CodeBusy is that of the diagnostic of a *BusyError.
const CodeBusy = "release-busy"

// Operation is one of Helm's that has not come to its end: it is at work, or its process is dead.
type Operation struct {
	// Name is "install", "upgrade", "rollback" or "uninstall".
	Name string
	// Others tells that harmonyscript did not begin it. Nobody but the holder of the deployment's lock does anything for
	// harmonyscript, so that whoever has that lock knows that one of ours is dead.
	Others bool
	// Began is when it wrote the release first, Heard when it did so last, by the API server's clock. Of an uninstall both are
	// the last time.
	Began, Heard time.Time
	// Silent is for how long nothing was heard of it.
	Silent time.Duration
}

// Busy reports whether it may be at work, so that the release must be left alone. No operation is not.
func (o *Operation) Busy() bool { return o != nil && o.Others && o.Silent < BusyFor }

// String says what was begun by whom and when: "others began an upgrade at 2026-03-01T10:00:00Z".
func (o *Operation) String() string {
	who := "harmonyscript"
	if o.Others {
		who = "others"
	}
	article := "an"
	if o.Name == "rollback" {
		article = "a"
	}
	return fmt.Sprintf("%s began %s %s at %s", who, article, o.Name, clockTime(o.Began))
}

func clockTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// operationOf returns what is under way on a release, or nil. owner is the deployment that asks, "" where none does: what
// harmonyscript does for another one is that of others.
func operationOf(last revision, now time.Time, owner string) *Operation {
	names := map[Status]string{"pending-install": "install", "pending-upgrade": "upgrade", "pending-rollback": "rollback", "uninstalling": "uninstall"}
	name := names[last.status]
	if name == "" {
		return nil
	}
	o := &Operation{Name: name, Others: !last.ours || owner != "" && last.owner != owner, Began: last.stored, Heard: last.heard, Silent: now.Sub(last.heard)}
	if name == "uninstall" {
		o.Began = o.Heard
	}
	return o
}

// BusyError tells that others may be at work on a release. Nothing of it was written.
type BusyError struct {
	Namespace, Name string
	Operation       Operation
}

// Error says what is under way.
func (e *BusyError) Error() string {
	return fmt.Sprintf("Helm release %s: %s, and it has not ended", backend.Release{Namespace: e.Namespace, Name: e.Name}.Key(), &e.Operation)
}

// Diagnostic says how to go on.
func (e *BusyError) Diagnostic() diag.Diagnostic {
	o := e.Operation
	heard := "that was " + ago(o.Silent+o.Heard.Sub(o.Began))
	if o.Heard.After(o.Began) {
		heard += ", and it was heard of " + ago(o.Silent)
	}
	// What was never deployed has nothing to roll back to.
	verb := "rollback"
	if o.Name == "install" || o.Name == "uninstall" {
		verb = "uninstall"
	}
	return diag.Diagnostic{
		Severity: diag.Error, Code: CodeBusy, Summary: e.Error(),
		Detail: heard + ": it may be at work, and until it ends nothing of the release is written",
		Fix: fmt.Sprintf("wait until it ends, then run the same command again; if its process is dead, run it after %s, when the release is recovered, or end it with helm %s %s --namespace %s",
			clockTime(o.Heard.Add(BusyFor)), verb, e.Name, e.Namespace),
	}
}

// busy returns nil unless others may be at work on a release, of which revisions are those that it has now.
func (m *cluster) busy(namespace, name, owner string, revisions []revision) *BusyError {
	if len(revisions) == 0 {
		return nil
	}
	if o := operationOf(revisions[0], m.now(), owner); o.Busy() {
		return &BusyError{Namespace: namespace, Name: name, Operation: *o}
	}
	return nil
}

// ago says how long ago something was. It is not exact, so that whoever looks again and again does not read something new each time.
func ago(since time.Duration) string {
	switch minutes := int(since / time.Minute); {
	case minutes < 1:
		return "less than a minute ago"
	case minutes == 1:
		return "a minute ago"
	default:
		return fmt.Sprintf("%d minutes ago", minutes)
	}
}

// signed are the Secrets of a namespace, written under our name. The API server keeps, by that, who wrote the content of a
// revision last: labels do not tell, since Helm copies them from one revision to the next.
type signed struct{ corev1client.SecretInterface }

func signedSecrets(secrets kubernetes.Interface, namespace string) signed {
	return signed{secrets.CoreV1().Secrets(namespace)}
}

// Create writes a new Secret.
func (s signed) Create(ctx context.Context, secret *corev1.Secret, options metav1.CreateOptions) (*corev1.Secret, error) {
	options.FieldManager = FieldManager
	return s.SecretInterface.Create(ctx, secret, options)
}

// Update replaces a Secret.
func (s signed) Update(ctx context.Context, secret *corev1.Secret, options metav1.UpdateOptions) (*corev1.Secret, error) {
	options.FieldManager = FieldManager
	return s.SecretInterface.Update(ctx, secret, options)
}

// lastWriter returns who wrote the content of a revision last, and when. Where that is not known it is nobody, at the time when
// the revision was made.
func lastWriter(m *metav1.ObjectMeta) (manager string, at time.Time) {
	at = m.CreationTimestamp.Time
	for _, entry := range m.ManagedFields {
		var fields struct {
			Data map[string]json.RawMessage `json:"f:data"`
		}
		if entry.FieldsV1 == nil || entry.Time == nil || json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil || fields.Data["f:release"] == nil {
			continue
		}
		if !entry.Time.Time.Before(at) {
			manager, at = entry.Manager, entry.Time.Time
		}
	}
	return manager, at
}
