// SPDX-License-Identifier: Apache-2.0

// This file holds objects: their identity, their stage and their canonical JSON.

package backend

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Stage orders what is applied. Everything of a stage is done before the next begins; inside a stage order
// does not matter. Removal goes through the stages backwards.
type Stage int

const (
	// StageCRDs holds CustomResourceDefinitions.
	StageCRDs Stage = iota
	// StageNamespaces holds Namespaces.
	StageNamespaces
	// StageFoundations holds identity, secrets, quotas and network policies: what others need to start.
	StageFoundations
	// StageReleases holds what Helm releases are made of; each release is one call of Helm.
	StageReleases
	// StageResources holds everything else.
	StageResources
	// StageReceivers holds what makes an Alertmanager deliver. It comes last and goes first: in a move from one
	// Alertmanager to another the new one gets its receivers when it works, and the old one loses them before
	// the Prometheus behind it goes and its alerts seem to be resolved.
	StageReceivers
)

// String returns the stage's name for people.
func (s Stage) String() string {
	switch s {
	case StageCRDs:
		return "custom resource definitions"
	case StageNamespaces:
		return "namespaces"
	case StageFoundations:
		return "foundations"
	case StageReleases:
		return "releases"
	case StageReceivers:
		return "receivers"
	default:
		return "resources"
	}
}

// ID names an object in a cluster.
type ID struct {
	// Group is the API group, empty for core kinds.
	Group string `json:"group,omitempty"`
	// Version is the API version without the group: "v1".
	Version string `json:"version"`
	Kind    string `json:"kind"`
	// Namespace is empty for cluster-scoped objects.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// APIVersion returns the object's apiVersion: "v1", "monitoring.coreos.com/v1".
func (id ID) APIVersion() string {
	if id.Group == "" {
		return id.Version
	}
	return id.Group + "/" + id.Version
}

// String returns "Kind namespace/name" or "Kind name", the way diagnostics and plans name objects.
func (id ID) String() string {
	if id.Namespace == "" {
		return id.Kind + " " + id.Name
	}
	return id.Kind + " " + id.Namespace + "/" + id.Name
}

// Reference returns the name by which flags take an object: "Kind/namespace/name", or "Kind/name" of one that belongs to the
// whole cluster. The API group of kinds that are not of the core follows after a dot: "Role.rbac.authorization.k8s.io/shop/x".
func (id ID) Reference() string {
	kind := id.Kind
	if id.Group != "" {
		kind += "." + id.Group
	}
	if id.Namespace != "" {
		kind += "/" + id.Namespace
	}
	return kind + "/" + id.Name
}

// Compare orders identities by group, kind, namespace, name and version.
func (id ID) Compare(other ID) int {
	return cmp.Or(strings.Compare(id.Group, other.Group), strings.Compare(id.Kind, other.Kind),
		strings.Compare(id.Namespace, other.Namespace), strings.Compare(id.Name, other.Name), strings.Compare(id.Version, other.Version))
}

// Object is one Kubernetes object that a score wants to exist.
type Object struct {
	ID    ID
	Stage Stage
	// Manifest is the object as JSON with sorted keys, exactly what is sent to the API server but for the
	// values of Secrets and the inventory's membership label. Equal scores give equal bytes.
	Manifest []byte
	// Secrets are a Secret's keys with references to their values, resolved just before the object is sent.
	// The manifest does not mention them. Nil for every other kind.
	Secrets map[string]score.Secret
	// Origin is what in the script made this object: the channel for its AlertmanagerConfig, the rule group
	// for its PrometheusRule, the score for the rest.
	Origin score.Origin
	// Score is the title of the score that the object belongs to.
	Score string
	// Release is the key of the Helm release that makes this object, see Release.Key; "" for objects of our own.
	Release string
}

// NewObject encodes content, which is anything that marshals to a Kubernetes object (a typed API value, an
// apply configuration, a map), and reads its identity from it. The stage follows from the kind.
func NewObject(content any, origin score.Origin, title string) (Object, error) {
	encoded, err := json.Marshal(content)
	if err != nil {
		return Object{}, fmt.Errorf("object of %s: %w", title, err)
	}
	// Typed values marshal in field order and some carry an empty status; a round trip through a map sorts the
	// keys, and no one applies a status.
	var fields map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return Object{}, fmt.Errorf("object of %s: got something that is no JSON object: %w", title, err)
	}
	delete(fields, "status")
	metadata, _ := fields["metadata"].(map[string]any)
	delete(metadata, "creationTimestamp")
	text := func(m map[string]any, key string) string { s, _ := m[key].(string); return s }
	id := ID{Kind: text(fields, "kind"), Namespace: text(metadata, "namespace"), Name: text(metadata, "name")}
	id.Group, id.Version = splitAPIVersion(text(fields, "apiVersion"))
	if id.Kind == "" || id.Version == "" || id.Name == "" {
		return Object{}, fmt.Errorf("object of %s: got apiVersion %q, kind %q, name %q, want all three", title, text(fields, "apiVersion"), id.Kind, id.Name)
	}
	manifest, err := json.Marshal(fields)
	if err != nil {
		return Object{}, fmt.Errorf("object of %s: %w", title, err)
	}
	return Object{ID: id, Stage: stageOf(id), Manifest: manifest, Origin: origin, Score: title}, nil
}

func splitAPIVersion(apiVersion string) (group, version string) {
	if group, version, found := strings.Cut(apiVersion, "/"); found {
		return group, version
	}
	return "", apiVersion
}

func stageOf(id ID) Stage {
	switch id.Group + "/" + id.Kind {
	case "apiextensions.k8s.io/CustomResourceDefinition":
		return StageCRDs
	case "/Namespace":
		return StageNamespaces
	case "/Secret", "/ConfigMap", "/ServiceAccount", "/ResourceQuota", "/LimitRange",
		"rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/RoleBinding",
		"rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/ClusterRoleBinding",
		"networking.k8s.io/NetworkPolicy":
		return StageFoundations
	}
	if id.Kind == "AlertmanagerConfig" {
		return StageReceivers
	}
	return StageResources
}
