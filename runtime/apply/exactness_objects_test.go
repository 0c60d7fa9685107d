// SPDX-License-Identifier: Apache-2.0

// This file makes random objects of many kinds.

package apply_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// pick returns one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func maybe(r *rand.Rand, m map[string]any, key string, value any) {
	if r.IntN(2) == 0 {
		m[key] = value
	}
}

func words(r *rand.Rand, n int) map[string]any {
	m := map[string]any{}
	for k := range n {
		m[fmt.Sprintf("key-%d", k)] = pick(r, "a", "b", "1", "1000m", "", "two\nlines", "<&>")
	}
	return m
}

func labelled(r *rand.Rand, content map[string]any) map[string]any {
	metadata := content["metadata"].(map[string]any)
	maybe(r, metadata, "labels", map[string]any{"app": pick(r, "web", "db"), "example.com/tier": pick(r, "one", "two")})
	maybe(r, metadata, "annotations", map[string]any{"example.com/note": pick(r, "first", "second", "<third & last>")})
	return content
}

// exactKind makes the fields of a random object beside its name.
type exactKind struct {
	apiVersion, kind string
	fields           func(r *rand.Rand) map[string]any
	// status tells that others write the kind's status all the time.
	status bool
}

func selector(r *rand.Rand) map[string]any {
	return map[string]any{"matchLabels": map[string]any{"app": pick(r, "web", "db"), "tier": pick(r, "one", "two")}}
}

func spec(fields map[string]any) map[string]any { return map[string]any{"spec": fields} }

var exactKinds = []exactKind{
	{"v1", "ConfigMap", func(r *rand.Rand) map[string]any {
		m := map[string]any{"data": words(r, 1+r.IntN(4))}
		maybe(r, m, "binaryData", map[string]any{"raw": base64.StdEncoding.EncodeToString([]byte{0, 1, byte(r.IntN(9))})})
		return m
	}, false},
	{"v1", "Secret", func(r *rand.Rand) map[string]any {
		m := map[string]any{"type": "Opaque", "data": map[string]any{"static": base64.StdEncoding.EncodeToString([]byte(pick(r, "x", "y")))}}
		// What an API takes and never gives back: its fields have no owner.
		if r.IntN(4) == 0 {
			m["stringData"] = map[string]any{"plain": pick(r, "p", "q")}
		}
		return m
	}, false},
	{"v1", "ServiceAccount", func(r *rand.Rand) map[string]any {
		return map[string]any{"automountServiceAccountToken": r.IntN(2) == 0, "imagePullSecrets": []any{map[string]any{"name": pick(r, "pull", "push")}}}
	}, false},
	{"v1", "Service", func(r *rand.Rand) map[string]any {
		ports := []any{map[string]any{"name": "http", "port": 80 + r.IntN(3)}, map[string]any{"name": "dns", "port": 53, "protocol": "UDP"}}
		maybe(r, ports[0].(map[string]any), "targetPort", pick[any](r, "http", 8080))
		return spec(map[string]any{"selector": map[string]any{"app": pick(r, "web", "db")}, "ports": ports[:1+r.IntN(2)], "clusterIP": "None"})
	}, false},
	{"v1", "ResourceQuota", func(r *rand.Rand) map[string]any {
		hard := map[string]any{"requests.cpu": pick(r, "1000", "1000000m", "2k"), "requests.memory": pick(r, "1024Gi", "1Ti", "1099511627776")}
		maybe(r, hard, "persistentvolumeclaims", pick(r, "100", "0.1k"))
		return spec(map[string]any{"hard": hard})
	}, true},
	{"v1", "LimitRange", func(r *rand.Rand) map[string]any {
		return spec(map[string]any{"limits": []any{map[string]any{"type": "Container", "default": map[string]any{"cpu": pick(r, "1", "1000m", "0.5"), "memory": pick(r, "1Gi", "1024Mi")}}}})
	}, false},
	{"rbac.authorization.k8s.io/v1", "Role", func(r *rand.Rand) map[string]any {
		return map[string]any{"rules": []any{
			map[string]any{"apiGroups": []any{""}, "resources": []any{"pods", "services"}, "verbs": []any{"get", pick(r, "list", "watch")}},
			map[string]any{"apiGroups": []any{"apps"}, "resources": []any{"deployments"}, "verbs": []any{"get"}},
		}[:1+r.IntN(2)]}
	}, false},
	{"rbac.authorization.k8s.io/v1", "RoleBinding", func(r *rand.Rand) map[string]any {
		subject := map[string]any{"kind": "User", "name": pick(r, "jane", "joe")}
		maybe(r, subject, "apiGroup", "rbac.authorization.k8s.io")
		return map[string]any{"roleRef": map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "some"}, "subjects": []any{subject}}
	}, false},
	{"networking.k8s.io/v1", "NetworkPolicy", func(r *rand.Rand) map[string]any {
		s := map[string]any{"podSelector": pick(r, map[string]any{}, selector(r)), "policyTypes": []any{"Ingress"}}
		maybe(r, s, "ingress", []any{map[string]any{"from": []any{map[string]any{"podSelector": map[string]any{}}}, "ports": []any{map[string]any{"port": pick[any](r, 9090, "web")}}}})
		return spec(s)
	}, false},
	{"policy/v1", "PodDisruptionBudget", func(r *rand.Rand) map[string]any {
		return spec(map[string]any{"minAvailable": pick[any](r, 1, 2, "50%"), "selector": selector(r)})
	}, true},
	{"apps/v1", "Deployment", func(r *rand.Rand) map[string]any {
		container := map[string]any{
			"name": "main", "image": pick(r, "one", "two"), "env": []any{map[string]any{"name": "A", "value": pick(r, "1", "2")}, map[string]any{"name": "B", "value": "x"}},
			"ports":     []any{map[string]any{"containerPort": 8080}},
			"resources": map[string]any{"requests": map[string]any{"cpu": pick(r, "1", "1000m"), "memory": pick(r, "1Gi", "1024Mi")}},
		}
		return spec(map[string]any{
			"replicas": 0, "selector": map[string]any{"matchLabels": map[string]any{"app": "x"}},
			"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "x"}}, "spec": map[string]any{"containers": []any{container}}},
		})
	}, true},
	{"monitoring.coreos.com/v1", "PrometheusRule", func(r *rand.Rand) map[string]any {
		rule := map[string]any{"alert": "Down", "expr": pick(r, "up == 0", "up < 1"), "for": pick(r, "5m", "300s"), "labels": map[string]any{"severity": pick(r, "critical", "warning")}}
		groups := []any{map[string]any{"name": "one", "rules": []any{rule}}, map[string]any{"name": "two", "rules": []any{map[string]any{"record": "a:b", "expr": "vector(1)"}}}}
		return spec(map[string]any{"groups": groups[:1+r.IntN(2)]})
	}, true},
	{"monitoring.coreos.com/v1", "ServiceMonitor", func(r *rand.Rand) map[string]any {
		endpoint := map[string]any{"port": pick(r, "http", "web"), "interval": pick(r, "30s", "1m")}
		maybe(r, endpoint, "honorLabels", r.IntN(2) == 0)
		return spec(map[string]any{"selector": selector(r), "endpoints": []any{endpoint}})
	}, true},
	{"monitoring.coreos.com/v1alpha1", "AlertmanagerConfig", func(r *rand.Rand) map[string]any {
		return spec(map[string]any{
			"route":     map[string]any{"receiver": "one", "groupBy": []any{"job", pick(r, "instance", "namespace")}},
			"receivers": []any{map[string]any{"name": "one"}, map[string]any{"name": "two"}}[:1+r.IntN(2)],
		})
	}, true},
	{"monitoring.coreos.com/v1", "Prometheus", func(r *rand.Rand) map[string]any {
		// Paused, so that no pods come of it.
		return spec(map[string]any{
			"paused": true, "replicas": r.IntN(3), "retention": pick(r, "24h", "1d"), "serviceAccountName": "some", "externalLabels": map[string]any{"cluster": pick(r, "a", "b")},
			"resources": map[string]any{"requests": map[string]any{"memory": pick(r, "400Mi", "1Gi", "1024Mi")}},
		})
	}, true},
}

// addRandom puts a random object of a kind into what is to exist.
func (w *world) addRandom(r *rand.Rand, line int, namespace string, kind exactKind, name string) {
	o := w.add(line, "exact", labelled(r, object(kind.apiVersion, kind.kind, namespace, name, kind.fields(r))))
	if kind.kind != "Secret" {
		return
	}
	variable := fmt.Sprintf("EXACT_%d", line)
	w.secrets[variable] = fmt.Sprintf("value %d of a secret", r.IntN(3))
	o.Secrets = map[string]score.Secret{"resolved": {Source: score.SecretFromEnvironment, Name: variable, Origin: at(line)}}
}
