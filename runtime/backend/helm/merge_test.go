// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestMerge(t *testing.T) {
	base := map[string]any{
		"a": map[string]any{"x": 1, "y": map[string]any{"z": true}}, "list": []any{1, 2}, "text": "old", "gone": map[string]any{"q": 1}, "nil": nil,
	}
	over := map[string]any{
		"a": map[string]any{"y": map[string]any{"w": "new"}, "x": nil}, "list": []any{map[string]any{"k": "v"}}, "text": map[string]any{"now": "a map"},
		"gone": nil, "nil": map[string]any{"image": "x"}, "more": []any{},
	}
	want := map[string]any{
		"a": map[string]any{"x": nil, "y": map[string]any{"z": true, "w": "new"}}, "list": []any{map[string]any{"k": "v"}}, "text": map[string]any{"now": "a map"},
		"gone": nil, "nil": map[string]any{"image": "x"}, "more": []any{},
	}
	got := merge(base, over)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("- want, + got:\n%s", diff)
	}
	// Whoever changes the result changes neither of the two.
	before := encode(t, base) + encode(t, over)
	got["a"].(map[string]any)["y"].(map[string]any)["z"] = "changed"
	got["list"].([]any)[0].(map[string]any)["k"] = "changed"
	got["text"].(map[string]any)["now"] = "changed"
	if after := encode(t, base) + encode(t, over); after != before {
		t.Errorf("got %s, want what it was: %s", after, before)
	}
}

func encode(t testing.TB, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// FuzzMerge merges any two JSON objects and holds the result to what merging means.
func FuzzMerge(f *testing.F) {
	own, err := valuesOf(operator.NewScope(score.MonitoringStack{}, nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encode(f, own), `{"prometheus":{"prometheusSpec":{"image":{"tag":"v1"},"nodeSelector":null}},"grafana":null}`)
	f.Add(`{"a":{"b":1}}`, `{"a":[{"b":{}}],"":{"":null}}`)
	f.Add(`{}`, `{"a":null}`)
	f.Fuzz(func(t *testing.T, baseText, overText string) {
		var base, over map[string]any
		if json.Unmarshal([]byte(baseText), &base) != nil || json.Unmarshal([]byte(overText), &over) != nil {
			t.Skip()
		}
		before := encode(t, base) + encode(t, over)
		merged := merge(base, over)
		if encode(t, base)+encode(t, over) != before {
			t.Fatal("merging changed what was merged")
		}
		holds(t, base, over, merged)
		if !reflect.DeepEqual(merge(merged, over), merged) {
			t.Error("merging again changes something")
		}
	})
}

func holds(t *testing.T, base, over, merged map[string]any) {
	keys := map[string]bool{}
	for key := range base {
		keys[key] = true
	}
	for key := range over {
		keys[key] = true
	}
	if len(merged) != len(keys) {
		t.Fatalf("got keys %v, want those of both", slices.Sorted(maps.Keys(merged)))
	}
	for key := range keys {
		above, given := over[key]
		below, aboveIsMap := base[key].(map[string]any)
		inner, isMap := above.(map[string]any)
		switch {
		case !given:
			if !reflect.DeepEqual(merged[key], base[key]) {
				t.Errorf("%q: got %v, want the value below, %v", key, merged[key], base[key])
			}
		case isMap && aboveIsMap:
			result, ok := merged[key].(map[string]any)
			if !ok {
				t.Fatalf("%q: got %v, want a map", key, merged[key])
			}
			holds(t, below, inner, result)
		default:
			if !reflect.DeepEqual(merged[key], above) {
				t.Errorf("%q: got %v, want the value above, %v", key, merged[key], above)
			}
		}
	}
}

// TestEveryReservation sets each reserved value alone, and takes away whatever is above it.
func TestEveryReservation(t *testing.T) {
	told := func(values map[string]any, path []string, tenant bool) bool {
		for _, p := range (compiler{}).CheckValues(values, tenant) {
			if slices.Equal(p.Path, path) && !p.Secret {
				return true
			}
		}
		return false
	}
	seen := map[string]bool{}
	for _, r := range reservations() {
		name := joined(r.path)
		if seen[name] && !r.onlyTenant {
			t.Errorf("%q is in the table twice", r.path)
		}
		seen[name] = true
		if r.why == "" {
			t.Errorf("%q: got no reason", r.path)
		}
		for _, value := range []any{nil, true, "", map[string]any{"x": 1}} {
			values := at(r.path, value)
			if !told(values, r.path, true) || !r.onlyTenant && !told(values, r.path, false) {
				t.Errorf("%q = %v: want it told", r.path, value)
			}
		}
		if r.onlyTenant && told(at(r.path, map[string]any{"x": 1}), r.path, false) {
			t.Errorf("%q: want it told in a tenant only", r.path)
		}
		for i := 1; i < len(r.path); i++ {
			if !told(at(r.path[:i], nil), r.path[:i], true) {
				t.Errorf("%q = nil takes away %q, and is not told", r.path[:i], r.path)
			}
		}
	}
}

// at returns values in which nothing but value is given, at path.
func at(path []string, value any) map[string]any {
	for i := len(path) - 1; i > 0; i-- {
		value = map[string]any{path[i]: value}
	}
	return map[string]any{path[0]: value}
}

// TestOwnValuesAreReserved finds values that we give and that a script can give too: each has to be here, because
// somebody thought about it.
func TestOwnValuesAreReserved(t *testing.T) {
	free := map[string]string{
		"alertmanager.alertmanagerSpec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution": "where pods run is the cluster's affair",
		"alertmanager.alertmanagerSpec.podAntiAffinity":                                                          "as above",
		"prometheus.prometheusSpec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution":     "as above",
		"prometheus.prometheusSpec.podAntiAffinity":                                                              "as above",
		"alertmanager.alertmanagerSpec.image":                                                                    "a mirror, or another version",
		"prometheus.prometheusSpec.image":                                                                        "as above",
		"alertmanager.alertmanagerSpec.externalUrl":                                                              "the address of an Ingress",
		"prometheus.prometheusSpec.externalUrl":                                                                  "as above",
		"prometheus.prometheusSpec.tsdb":                                                                         "out-of-order samples",
		"prometheus.prometheusSpec.walCompression":                                                               "a matter of taste",
		"prometheus.prometheusSpec.serviceDiscoveryRole":                                                         "old clusters want Endpoints",
		"prometheus.prometheusSpec.storageSpec.volumeClaimTemplate.spec.accessModes":                             "the storage class decides",
		"crds.enabled":                              "another release of the platform may have them",
		"grafana.admin.userKey":                     "for a Secret of one's own",
		"grafana.admin.passwordKey":                 "as above",
		"grafana.admin.existingSecret":              "as above",
		"grafana.fullnameOverride":                  "nobody else needs the name",
		"kube-state-metrics.fullnameOverride":       "as above",
		"prometheus-node-exporter.fullnameOverride": "as above",
	}
	for key := range map[string]bool{"runAsNonRoot": true, "runAsUser": true, "runAsGroup": true, "fsGroup": true, "seccompProfile.type": true} {
		free["alertmanager.alertmanagerSpec.securityContext."+key] = "OpenShift gives out users of its own"
		free["prometheus.prometheusSpec.securityContext."+key] = "as above"
	}
	// The labels by which the subcharts' monitors are found: another value loses the target and nothing else.
	for _, path := range []string{"grafana.serviceMonitor.labels", "kube-state-metrics.prometheus.monitor.additionalLabels", "prometheus-node-exporter.prometheus.monitor.additionalLabels"} {
		free[path+"."+backend.LabelStack] = "a target less"
	}
	stack := score.MonitoringStack{
		Replicas: 2, Storage: "1Gi", ExternalLabels: map[string]string{"a": "b"}, RemoteWrite: []score.RemoteWrite{{URL: "https://a.b/c"}},
		Resources: score.Resources{Requests: map[string]string{"cpu": "1"}},
	}
	used := map[string]bool{}
	for _, tenant := range []*score.Tenant{nil, {Name: "blue"}} {
		own, err := valuesOf(operator.NewScope(stack, tenant))
		if err != nil {
			t.Fatal(err)
		}
		leaves(own, nil, func(path []string, value any) {
			name := ""
			for i, key := range path {
				if i > 0 {
					name += "."
				}
				name += key
			}
			reserved := len((compiler{}).CheckValues(at(path, value), tenant != nil)) > 0
			_, isFree := free[name]
			used[name] = true
			if reserved == isFree && (tenant == nil || !reserved) { // a tenant's stack may be held more tightly
				t.Errorf("%s (tenant: %t): reserved: %t, on the list of free ones: %t", name, tenant != nil, reserved, isFree)
			}
		})
	}
	for name := range free {
		if !used[name] {
			t.Errorf("%s is on the list, and no value of ours", name)
		}
	}
}

func leaves(value any, path []string, visit func([]string, any)) {
	if level, ok := value.(map[string]any); ok && len(level) > 0 {
		for key, inner := range level {
			leaves(inner, append(slices.Clone(path), key), visit)
		}
		return
	}
	visit(path, value)
}
