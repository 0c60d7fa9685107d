// SPDX-License-Identifier: Apache-2.0

// This file takes stock of everything that is in a cluster for a tenant.

package moves

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/harmonyscript/harmonyscript/internal/snapshot"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// revision matches the stored revisions of a Helm release: how many there are is history and no difference.
var revision = regexp.MustCompile(`^(sh\.helm\.release\.v1\..*)\.v\d+$`)

// passing are kinds whose objects come and go, or bear random names, without meaning anything here.
func passing(kind string) bool {
	switch kind {
	case "Event", "EndpointSlice", "Endpoints", "ControllerRevision", "Lease", "PodMetrics", "PersistentVolume":
		return true
	}
	return false
}

// take lists all kinds that the cluster serves. Names that come from the tenant's are replaced by words, so that
// snapshots of different tenants can be compared. Of objects of ours there is all that anybody set, of those that controllers
// made of them the name.
func take(t *testing.T, client *cluster.Client, tenant string) snapshot.Snapshot {
	t.Helper()
	found := snapshot.Snapshot{}
	mark := inventory.ApplySetID(tenant, inventory.DefaultNamespace)
	words := strings.NewReplacer(backend.ClusterStackName(tenant, score.DefaultStackName), "STACK", mark, "APPLYSET", tenant, "TENANT")
	kinds, err := snapshot.Kinds(client)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		if passing(kind.Kind) {
			continue
		}
		objects, err := client.List(t.Context(), kind, "", "", "")
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		for n := range objects {
			o := &objects[n]
			ours := o.GetLabels()[inventory.MemberLabel] == mark
			inside := o.GetNamespace() == tenant
			named := o.GetNamespace() == "" && strings.Contains(o.GetName(), tenant)
			if !ours && !inside && !named {
				continue
			}
			key := words.Replace(fmt.Sprintf("%s.%s %s/%s", kind.Kind, kind.Group, o.GetNamespace(), revision.ReplaceAllString(o.GetName(), "$1")))
			found[key] = ""
			// An operator hands labels on to what it makes, and leaves those there that it made earlier.
			if ours && metav1.GetControllerOf(o) == nil {
				found[key] = words.Replace(content(t, o))
			}
		}
	}
	return found
}

// content is what people and programs set on an object, secret values in plain words.
func content(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	object := snapshot.Clean(o)
	if data, _, _ := unstructured.NestedStringMap(object, "data"); o.GetKind() == "Secret" {
		for key, value := range data {
			decoded, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				t.Fatal(err)
			}
			data[key] = string(decoded)
		}
		object["stringData"] = data
		delete(object, "data")
	}
	text, err := snapshot.Text(object)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// settledWithin bounds the wait for controllers to make, and take away, all that they will.
const settledWithin = 5 * time.Minute

// settle waits until the cluster has exactly what it should have for the tenant, objects of the given kinds left out, and
// returns the difference that stays. A run ends when its own objects are gone; what controllers made of them is for the
// garbage collector.
func (x *tenant) settle(want snapshot.Snapshot, leaveOut ...string) string {
	x.t.Helper()
	for deadline := time.Now().Add(settledWithin); ; time.Sleep(500 * time.Millisecond) {
		difference := without(take(x.t, x.client, x.name), leaveOut...).Difference(without(want, leaveOut...))
		if difference == "" || time.Now().After(deadline) {
			return difference
		}
	}
}

// without returns a snapshot without the objects of the given kinds.
func without(s snapshot.Snapshot, kinds ...string) snapshot.Snapshot {
	kept := maps.Clone(s)
	maps.DeleteFunc(kept, func(key, _ string) bool {
		kind, _, _ := strings.Cut(key, ".")
		return slices.Contains(kinds, kind)
	})
	return kept
}

// first are the snapshots of first deployments, one for each version. They are taken when a test asks for them.
var first = map[score.APIVersion]*struct {
	sync.Mutex
	taken snapshot.Snapshot
}{score.V1Helm: {}, score.V2CRD: {}, score.V3RHOB: {}}

// firstDeployment returns what a first deployment in a version makes.
func firstDeployment(t *testing.T, version score.APIVersion) snapshot.Snapshot {
	t.Helper()
	here := first[version]
	here.Lock()
	defer here.Unlock()
	if here.taken == nil {
		x := newTenant(t, "first-"+short(version))
		x.run(version)
		here.taken = x.settled()
		x.destroy()
	}
	return here.taken
}

// settled returns what there is for the tenant once nothing more of it comes or goes: controllers go on for a while after a run.
func (x *tenant) settled() snapshot.Snapshot {
	x.t.Helper()
	before := take(x.t, x.client, x.name)
	for deadline := time.Now().Add(settledWithin); ; {
		time.Sleep(2 * time.Second)
		now := take(x.t, x.client, x.name)
		difference := now.Difference(before)
		if difference == "" {
			return now
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("%s: what there is goes on changing:\n%s", x.name, difference)
		}
		before = now
	}
}

// short is a version in names: "v1".
func short(version score.APIVersion) string {
	number, _, _ := strings.Cut(strings.ToLower(version.String()), "_")
	return number
}
