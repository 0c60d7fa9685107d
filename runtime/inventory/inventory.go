// SPDX-License-Identifier: Apache-2.0

// Package inventory keeps the record of what a deployment has made in a cluster: which objects, how they were left, and
// what a run intends to touch before it touches anything.
//
// The record is the parent object of an ApplySet (KEP-3659), a Secret, so that other tools can tell which objects
// belong together. The Secret also holds a random key under which values of Secrets are hashed, so that their hashes
// give nothing away. A record that is too large for it is split over further Secrets, which the parent names.
package inventory

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// DefaultNamespace is where inventories and locks are kept.
	DefaultNamespace = "harmonyscript-system"
	// MemberLabel marks an object as a member of an ApplySet; its value is the ApplySet's ID.
	MemberLabel = "applyset.kubernetes.io/part-of"

	idLabel              = "applyset.kubernetes.io/id"
	toolingAnnotation    = "applyset.kubernetes.io/tooling"
	kindsAnnotation      = "applyset.kubernetes.io/contains-group-kinds"
	namespacesAnnotation = "applyset.kubernetes.io/additional-namespaces"
	toolingName          = "harmonyscript"
	tooling              = toolingName + "/v1"
)

// Inventory is what is known of one deployment. Those who change it own it alone.
type Inventory struct {
	// Deployment is its name.
	Deployment string
	// Namespace is where it is kept.
	Namespace string
	// Members are the objects that the deployment made and that were there when the last run ended, sorted by ID.
	Members []Member
	// Pending are the objects that a run intended to touch: it stored them before its first write and takes away what
	// it brought to an end. What is left over from a run that was killed may exist or not, in any state.
	Pending []backend.ID
	// Releases are the Helm releases of the deployment, sorted by key; those that a run intended to touch are Pending.
	Releases []Release
	// Run is how the last run that changed something ended; nil before the first. Begin puts another in its place.
	Run *Run

	key []byte
	// id is the ApplySet's, which goes into the hash of every object; "" means that nobody has computed it ahead.
	id              string
	resourceVersion string
	uid             string
	stored          []byte
	// parts are those that the stored record names.
	parts []partRef
	past  past
	// unknown are the data keys of the parent that are not known here: a later harmonyscript may need them.
	unknown map[string][]byte
}

// Member is one object of a deployment, as the last run left it.
type Member struct {
	ID    backend.ID    `json:"id"`
	Stage backend.Stage `json:"stage"`
	// UID tells this object from a later one of the same name.
	UID string `json:"uid"`
	// Sent is the hash of what was sent, see SentHash; empty when the outcome of the last write is not known.
	Sent string `json:"sent,omitempty"`
	// Owned is the hash of the fields that we owned afterwards, see OwnedHash.
	Owned string `json:"owned,omitempty"`
	// ResourceVersion is that of the state that was left, or of one that somebody had to be asked about later and that was the same;
	// empty when that is not known.
	ResourceVersion string `json:"rv,omitempty"`
	// Generation is the object's metadata.generation in that state; 0 where the kind has none.
	Generation int64 `json:"gen,omitempty"`
	// Position is where the script made the object, at the time it was last written.
	Position score.Position `json:"at,omitzero"`
	// Score is the title of the score that it belongs to.
	Score string `json:"score,omitempty"`
	// Release is the key of the Helm release that made it; "" for objects that we applied ourselves.
	Release string `json:"release,omitempty"`
}

// Key identifies an object whatever version of its API it is seen through.
type Key struct {
	Group, Kind, Namespace, Name string
}

// KeyOf returns the key of id.
func KeyOf(id backend.ID) Key {
	return Key{Group: id.Group, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name}
}

// Exists reports whether the inventory is stored in the cluster.
func (i *Inventory) Exists() bool { return i.resourceVersion != "" }

// ResourceVersion identifies the stored state that was loaded or saved last.
func (i *Inventory) ResourceVersion() string { return i.resourceVersion }

// ApplySetID returns the value of MemberLabel on members of this inventory.
func (i *Inventory) ApplySetID() string {
	if i.id != "" {
		return i.id
	}
	return ApplySetID(i.Deployment, i.Namespace)
}

// Index returns the members by key.
func (i *Inventory) Index() map[Key]*Member {
	index := make(map[Key]*Member, len(i.Members))
	for n := range i.Members {
		index[KeyOf(i.Members[n].ID)] = &i.Members[n]
	}
	return index
}

// IsPending returns the set of keys that a run intended to touch.
func (i *Inventory) IsPending() map[Key]bool {
	pending := make(map[Key]bool, len(i.Pending))
	for _, id := range i.Pending {
		pending[KeyOf(id)] = true
	}
	return pending
}

// Kinds returns the kinds of members and of pending objects, each once, sorted. Of several versions of a kind the last
// in order of text is returned.
func (i *Inventory) Kinds() []schema.GroupVersionKind {
	kinds := map[schema.GroupKind]schema.GroupVersionKind{}
	add := func(id backend.ID) {
		k := schema.GroupVersionKind{Group: id.Group, Version: id.Version, Kind: id.Kind}
		if known, ok := kinds[k.GroupKind()]; !ok || known.Version < k.Version {
			kinds[k.GroupKind()] = k
		}
	}
	for _, m := range i.Members {
		add(m.ID)
	}
	for _, id := range i.Pending {
		add(id)
	}
	sorted := make([]schema.GroupVersionKind, 0, len(kinds))
	for _, k := range kinds {
		sorted = append(sorted, k)
	}
	slices.SortFunc(sorted, func(a, b schema.GroupVersionKind) int { return strings.Compare(a.String(), b.String()) })
	return sorted
}

// Namespaces returns the namespaces that members and pending objects live in, sorted, each once.
func (i *Inventory) Namespaces() []string {
	seen := map[string]bool{}
	for _, m := range i.Members {
		seen[m.ID.Namespace] = true
	}
	for _, id := range i.Pending {
		seen[id.Namespace] = true
	}
	delete(seen, "")
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ApplySetID returns the ID of the ApplySet whose parent is the Secret called deployment in namespace, as the
// specification computes it: the base64 (URL alphabet, no padding) of the SHA-256 of "name.namespace.kind.group".
func ApplySetID(deployment, namespace string) string {
	sum := sha256.Sum256([]byte(deployment + "." + namespace + ".Secret."))
	return fmt.Sprintf("applyset-%s-v1", base64.RawURLEncoding.EncodeToString(sum[:]))
}

// Selector returns the label selector of a deployment's members.
func Selector(deployment, namespace string) string {
	return MemberLabel + "=" + ApplySetID(deployment, namespace)
}

// ParentSelector returns the label selector of a deployment's inventory itself.
func ParentSelector(deployment, namespace string) string {
	return idLabel + "=" + ApplySetID(deployment, namespace)
}
