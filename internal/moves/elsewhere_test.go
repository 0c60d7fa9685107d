// SPDX-License-Identifier: Apache-2.0

// This file looks at stacks whose targets are in other namespaces.

package moves

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/internal/generated"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// elsewhere is a stack that stands alone and finds targets in WHERE. Of the chart only the servers are made: a sandbox has
// definitions and operators.
const elsewhere = `
deploy(monitoring_stack(
    api_version = VERSION,
    namespace = "TENANT",
    scrape_targets = [
        service_monitor(name = "shop", match_labels = {"app": "web"}, port = "http", namespaces = WHERE),
        pod_monitor(name = "bank", match_labels = {"app": "web"}, port = "http", namespaces = WHERE),
        service_monitor(name = "home", match_labels = {"app": "web"}, port = "http"),
    ],
    helm_values = {
        "crds": {"enabled": False}, "prometheusOperator": {"enabled": False}, "grafana": {"enabled": False},
        "nodeExporter": {"enabled": False}, "kubeStateMetrics": {"enabled": False},
    },
), name = "TENANT")
`

// sorted compares lists of names whatever their order is, and takes none for no list.
var sorted = cmp.Options{cmpopts.SortSlices(strings.Compare), cmpopts.EquateEmpty()}

// generatedWithin bounds the wait for an operator to write the configuration of targets that were just applied.
const generatedWithin = 5 * time.Minute

// TestElsewhere lets a stack of each version look for targets in two other namespaces, then in all of them. The operator
// has to write configurations that look there, and Prometheus has to be allowed to, there and nowhere else. (The chart gives
// the Prometheus of a release that is no tenant's rights in the whole cluster.)
func TestElsewhere(t *testing.T) {
	t.Parallel()
	for _, version := range score.APIVersions() {
		t.Run(version.String(), func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, "reach-"+short(version))
			shop, bank, neither := "shop-of-"+short(version), "bank-of-"+short(version), "kube-public"
			for _, name := range []string{shop, bank} {
				id := backend.ID{Version: "v1", Kind: "Namespace", Name: name}
				if err := x.client.Create(t.Context(), id, &map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}); err != nil {
					t.Fatal(err)
				}
			}
			for _, test := range []struct {
				where string
				// looks are the namespaces that the jobs of the two targets look in; none means all.
				looks []string
				// may has every namespace that is asked about.
				may map[string]bool
				// rights are the objects that give them.
				rights []string
			}{
				{
					fmt.Sprintf("[%q, %q]", shop, bank),
					[]string{bank, shop},
					map[string]bool{x.name: true, shop: true, bank: true, neither: version == score.V1Helm},
					[]string{"Role " + bank, "Role " + shop, "RoleBinding " + bank, "RoleBinding " + shop},
				},
				{`["*"]`, nil, map[string]bool{x.name: true, shop: true, bank: true, neither: true}, []string{"ClusterRole ", "ClusterRoleBinding "}},
			} {
				x.script = strings.ReplaceAll(elsewhere, "WHERE", test.where)
				x.run(version)
				if diff := cmp.Diff(test.rights, x.rights()); diff != "" {
					t.Errorf("namespaces = %s: rights (- wanted, + got):\n%s", test.where, diff)
				}
				server := x.prometheus(version)
				want := map[string][]string{"serviceMonitor/shop": test.looks, "podMonitor/bank": test.looks, "serviceMonitor/home": {x.name}}
				roles, diff := x.awaitLooks(server.GetName(), want)
				if diff != "" {
					t.Errorf("namespaces = %s: where jobs look (- wanted, + got):\n%s", test.where, diff)
				}
				account, _, _ := unstructured.NestedString(server.Object, "spec", "serviceAccountName")
				if diff := x.awaitRights(account, roles, test.may); diff != "" {
					t.Errorf("namespaces = %s: where Prometheus may look for %v (- wanted, + got):\n%s", test.where, roles, diff)
				}
				if again := x.run(version); again.Wrote() {
					t.Errorf("namespaces = %s: a second run wrote:\n%s", test.where, describe(again))
				}
			}
			x.destroy()
			if left := take(t, x.client, x.name); len(left) > 0 {
				t.Errorf("got %s", left.Difference(nil))
			}
		})
	}
}

// rights returns the roles and bindings of the deployment outside of its own namespace, as "Kind namespace".
func (x *tenant) rights() []string {
	x.t.Helper()
	var found []string
	for _, kind := range []string{"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"} {
		objects, err := x.client.List(x.t.Context(), schema.GroupVersionKind{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: kind}, "", "", "")
		if err != nil {
			x.t.Fatal(err)
		}
		for n := range objects {
			o := &objects[n]
			// What the operators make is called after the stack, ours after its namespace, too.
			if o.GetNamespace() != x.name && strings.HasPrefix(o.GetName(), x.name+".") {
				found = append(found, kind+" "+o.GetNamespace())
			}
		}
	}
	return found
}

// prometheus returns the stack's one Prometheus.
func (x *tenant) prometheus(version score.APIVersion) *unstructured.Unstructured {
	x.t.Helper()
	servers, err := x.client.List(x.t.Context(), schema.GroupVersionKind{Group: groupOf(version), Version: "v1", Kind: "Prometheus"}, x.name, "", "")
	if err != nil {
		x.t.Fatal(err)
	}
	if len(servers) != 1 {
		x.t.Fatalf("%s: got %d Prometheus, want 1", x.name, len(servers))
	}
	return &servers[0]
}

// watchedBy are the resources that Prometheus watches to discover targets, by the role in its configuration.
func watchedBy(role string) []schema.GroupResource {
	pods, services := schema.GroupResource{Resource: "pods"}, schema.GroupResource{Resource: "services"}
	switch role {
	case "pod":
		return []schema.GroupResource{pods}
	case "endpoints":
		return []schema.GroupResource{pods, services, {Resource: "endpoints"}}
	default:
		return []schema.GroupResource{pods, services, {Group: "discovery.k8s.io", Resource: "endpointslices"}}
	}
}

// awaitRights waits until a service account may discover targets in the namespaces that want has as true and in none of the others,
// and returns the difference that stays: the API server takes a moment to know roles that were just given or taken.
func (x *tenant) awaitRights(account string, roles []string, want map[string]bool) (difference string) {
	x.t.Helper()
	for deadline := time.Now().Add(generatedWithin); ; time.Sleep(100 * time.Millisecond) {
		may := map[string]bool{}
		for namespace := range want {
			may[namespace] = x.mayDiscover(account, namespace, roles)
		}
		if difference = cmp.Diff(want, may); difference == "" || time.Now().After(deadline) {
			return difference
		}
	}
}

// mayDiscover asks the API server whether a service account may watch what targets are found by.
func (x *tenant) mayDiscover(account, namespace string, roles []string) bool {
	x.t.Helper()
	var resources []schema.GroupResource
	for _, role := range roles {
		resources = append(resources, watchedBy(role)...)
	}
	for _, resource := range resources {
		review := map[string]any{
			"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": map[string]any{
				"user": "system:serviceaccount:" + x.name + ":" + account, "groups": []any{"system:serviceaccounts"},
				"resourceAttributes": map[string]any{"namespace": namespace, "verb": "watch", "group": resource.Group, "resource": resource.Resource},
			},
		}
		if err := x.client.Create(x.t.Context(), backend.ID{Group: "authorization.k8s.io", Version: "v1", Kind: "SubjectAccessReview"}, &review); err != nil {
			x.t.Fatal(err)
		}
		if allowed, _, _ := unstructured.NestedBool(review, "status", "allowed"); !allowed {
			return false
		}
	}
	return true
}

// awaitLooks waits until the generated configuration has the wanted jobs, by kind and name of their monitors, with the
// namespaces that they look in; none means all. It returns the roles of discovery that they use, and the difference that
// stays.
func (x *tenant) awaitLooks(server string, want map[string][]string) (roles []string, difference string) {
	x.t.Helper()
	for deadline := time.Now().Add(generatedWithin); ; time.Sleep(300 * time.Millisecond) {
		text, err := generated.Prometheus(x.t.Context(), x.client, x.name, server)
		if err != nil {
			x.t.Fatal(err)
		}
		var configuration struct {
			ScrapeConfigs []struct {
				JobName             string `json:"job_name"`
				KubernetesSDConfigs []struct {
					Role       string `json:"role"`
					Namespaces struct {
						Names []string `json:"names"`
					} `json:"namespaces"`
				} `json:"kubernetes_sd_configs"`
			} `json:"scrape_configs"`
		}
		if err := yaml.Unmarshal(text, &configuration); err != nil {
			x.t.Fatalf("%s: generated configuration: %v", x.name, err)
		}
		looks := map[string][]string{}
		roles = nil
		for _, job := range configuration.ScrapeConfigs {
			// "serviceMonitor/<namespace>/<stack>.<target>/<endpoint>"
			parts := strings.Split(job.JobName, "/")
			if len(parts) != 4 || len(job.KubernetesSDConfigs) != 1 {
				continue
			}
			for name := range maps.Keys(want) {
				kind, target, _ := strings.Cut(name, "/")
				if parts[0] == kind && strings.HasSuffix(parts[2], "."+target) {
					looks[name] = job.KubernetesSDConfigs[0].Namespaces.Names
					roles = append(roles, job.KubernetesSDConfigs[0].Role)
				}
			}
		}
		difference = cmp.Diff(want, looks, sorted)
		if difference == "" || time.Now().After(deadline) {
			return roles, difference
		}
	}
}
