// SPDX-License-Identifier: Apache-2.0

// This file compares what deployments left in the cluster.

package faults

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/internal/snapshot"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kinds are those that the scripts of these tests make.
func kinds() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		{Version: "v1", Kind: "Namespace"},
		{Version: "v1", Kind: "ResourceQuota"},
		{Version: "v1", Kind: "LimitRange"},
		{Version: "v1", Kind: "Service"},
		{Version: "v1", Kind: "ServiceAccount"},
		{Version: "v1", Kind: "Secret"},
		{Version: "v1", Kind: "ConfigMap"},
		{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
		{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
		{Group: "monitoring.coreos.com", Version: "v1", Kind: "Prometheus"},
		{Group: "monitoring.coreos.com", Version: "v1", Kind: "Alertmanager"},
		{Group: "monitoring.coreos.com", Version: "v1", Kind: "ServiceMonitor"},
		{Group: "monitoring.coreos.com", Version: "v1", Kind: "PodMonitor"},
		{Group: "monitoring.coreos.com", Version: "v1", Kind: "PrometheusRule"},
		{Group: "monitoring.coreos.com", Version: "v1alpha1", Kind: "AlertmanagerConfig"},
		{Group: "monitoring.rhobs", Version: "v1alpha1", Kind: "MonitoringStack"},
		{Group: "monitoring.rhobs", Version: "v1", Kind: "Prometheus"},
		{Group: "monitoring.rhobs", Version: "v1", Kind: "Alertmanager"},
		{Group: "monitoring.rhobs", Version: "v1", Kind: "ServiceMonitor"},
		{Group: "monitoring.rhobs", Version: "v1", Kind: "PodMonitor"},
		{Group: "monitoring.rhobs", Version: "v1", Kind: "PrometheusRule"},
		{Group: "monitoring.rhobs", Version: "v1alpha1", Kind: "AlertmanagerConfig"},
	}
}

// ours lists what bears the deployment's mark. Of what controllers made it has what the program writes fields of: operators
// hand labels on to all that they make.
func (w *world) ours() []unstructured.Unstructured {
	w.t.Helper()
	var all []unstructured.Unstructured
	for _, kind := range kinds() {
		found, err := w.admin.List(context.Background(), kind, "", inventory.Selector(w.name, inventory.DefaultNamespace), "")
		if err != nil && !cluster.IsKindMissing(err) {
			w.t.Fatal(err)
		}
		for n := range found {
			if metav1.GetControllerOf(&found[n]) == nil || len(owned(&found[n])) > 0 {
				all = append(all, found[n])
			}
		}
	}
	return all
}

// snapshot writes down what is there of the deployment, by kind, namespace and name: everything that anybody set, and which
// fields we own. The deployment's name is replaced, so that deployments of different names can be compared byte by byte.
func (w *world) snapshot() snapshot.Snapshot {
	w.t.Helper()
	taken := snapshot.Snapshot{}
	replace := strings.NewReplacer(
		inventory.ApplySetID(w.name, inventory.DefaultNamespace), "APPLYSET", backend.ClusterStackName(w.name+"-old", score.DefaultStackName), "STACK", w.name, "NAME",
	)
	for _, o := range w.ours() {
		content := map[string]any{"owned": owned(&o)}
		if metav1.GetControllerOf(&o) == nil {
			content["object"] = snapshot.Clean(&o)
		}
		text, err := snapshot.Text(content)
		if err != nil {
			w.t.Fatal(err)
		}
		taken[replace.Replace(fmt.Sprintf("%s.%s %s/%s", o.GetKind(), o.GroupVersionKind().Group, o.GetNamespace(), o.GetName()))] = replace.Replace(text)
	}
	return taken
}

// owned returns which fields of an object the program owns, Helm in its hands among them.
func owned(o *unstructured.Unstructured) []string {
	var fields []string
	for _, entry := range o.GetManagedFields() {
		if strings.HasPrefix(entry.Manager, cluster.FieldManager) {
			fields = append(fields, fmt.Sprintf("%s %s %s", entry.Manager, entry.Operation, entry.FieldsV1.GetRawString()))
		}
	}
	slices.Sort(fields)
	return fields
}

// orphans returns what bears the deployment's mark and is not in its inventory.
func (w *world) orphans() []string {
	w.t.Helper()
	inv := w.inventory()
	members, pending := inv.Index(), inv.IsPending()
	var lost []string
	for _, o := range w.ours() {
		kind := o.GroupVersionKind()
		key := inventory.Key{Group: kind.Group, Kind: kind.Kind, Namespace: o.GetNamespace(), Name: o.GetName()}
		if members[key] == nil && !pending[key] {
			lost = append(lost, fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName()))
		}
	}
	return lost
}

// mustSpareTheirs wants what belongs to others to be as it was.
func (w *world) mustSpareTheirs(what string) {
	w.t.Helper()
	if now := w.theirs(); now != w.before {
		w.t.Errorf("%s: what belongs to others was touched: got\n%s\nwant\n%s", what, now, w.before)
	}
}

// theirs returns what is somebody else's, with the versions that every write of anybody would change.
func (w *world) theirs() string {
	w.t.Helper()
	var seen []string
	for _, id := range []backend.ID{
		{Version: "v1", Kind: "ConfigMap", Namespace: w.name + "-old", Name: "theirs"},
		{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy", Namespace: w.name + "-old", Name: "theirs"},
	} {
		live, err := w.admin.GetMetadata(context.Background(), id)
		if err != nil {
			w.t.Fatalf("%s: %v", id, err)
		}
		seen = append(seen, fmt.Sprintf("%s %s %s", id, live.UID, live.ResourceVersion))
	}
	namespace, err := w.admin.GetMetadata(context.Background(), backend.ID{Version: "v1", Kind: "Namespace", Name: w.name + "-old"})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(append(seen, "theirs="+namespace.Labels["theirs"], string(namespace.UID)), "\n")
}

// everyMark returns, of all kinds that the cluster serves, what bears the mark of any of the deployments, by mark.
func everyMark(w *world) map[string][]inventory.Key {
	w.t.Helper()
	kinds, err := snapshot.Kinds(w.admin)
	if err != nil {
		w.t.Fatal(err)
	}
	marked := map[string][]inventory.Key{}
	for _, kind := range kinds {
		objects, err := w.admin.List(context.Background(), kind, "", inventory.MemberLabel, "")
		if apierrors.IsMethodNotSupported(err) {
			continue
		}
		if err != nil {
			w.t.Fatalf("%s: %v", kind.Kind, err)
		}
		for n := range objects {
			o := &objects[n]
			// What a controller made of an object of ours may bear its labels.
			if len(o.GetOwnerReferences()) > 0 {
				continue
			}
			mark := o.GetLabels()[inventory.MemberLabel]
			marked[mark] = append(marked[mark], inventory.Key{Group: kind.Group, Kind: kind.Kind, Namespace: o.GetNamespace(), Name: o.GetName()})
		}
	}
	return marked
}
