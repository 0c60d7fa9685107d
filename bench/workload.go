// SPDX-License-Identifier: Apache-2.0

// This file makes the workload that every side applies: tenants of ten objects each.

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// perTenant is how many objects a tenant has.
const perTenant = 10

// workload returns the objects of count tenants, the same bytes every time. With changed, one rule of one tenant differs.
// The Secrets only refer to their values, see secretValue.
func workload(prefix string, count int, changed bool) ([]backend.Object, error) {
	objects := make([]backend.Object, 0, count*perTenant)
	for number := range count {
		name := fmt.Sprintf("%s-%04d", prefix, number)
		for _, content := range tenantObjects(name, changed && number == count/2) {
			object, err := backend.NewObject(content, score.Origin{}, "tenant "+name)
			if err != nil {
				return nil, err
			}
			if object.ID.Kind == "Secret" {
				object.Secrets = map[string]score.Secret{"url": {Source: score.SecretFromEnvironment, Name: name}}
			}
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// secretValue is the webhook of a tenant: each has its own.
func secretValue(_ context.Context, s score.Secret) (string, error) {
	return "https://discord.example.com/api/webhooks/" + s.Name + "/token", nil
}

// withSecrets returns the manifests of objects with the values of their Secrets, for those who know no references.
func withSecrets(ctx context.Context, objects []backend.Object) ([]json.RawMessage, error) {
	manifests := make([]json.RawMessage, len(objects))
	for n, object := range objects {
		manifests[n] = json.RawMessage(object.Manifest)
		if len(object.Secrets) == 0 {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(object.Manifest, &fields); err != nil {
			return nil, err
		}
		data := map[string]string{}
		for key, secret := range object.Secrets {
			value, err := secretValue(ctx, secret)
			if err != nil {
				return nil, err
			}
			data[key] = base64.StdEncoding.EncodeToString([]byte(value))
		}
		fields["data"] = data
		manifest, err := json.Marshal(fields)
		if err != nil {
			return nil, err
		}
		manifests[n] = manifest
	}
	return manifests, nil
}

type object = map[string]any

// tenantObjects returns what one tenant has.
func tenantObjects(name string, changed bool) []object {
	labels := object{"app.kubernetes.io/managed-by": "harmonyscript", "app.kubernetes.io/part-of": name}
	made := func(apiVersion, kind, called string, more object) object {
		metadata := object{"name": called, "labels": labels}
		if kind != "Namespace" {
			metadata["namespace"] = name
		}
		content := object{"apiVersion": apiVersion, "kind": kind, "metadata": metadata}
		for key, value := range more {
			content[key] = value
		}
		return content
	}
	const rbac, monitoring = "rbac.authorization.k8s.io", "monitoring.coreos.com"
	return []object{
		made("v1", "Namespace", name, nil),
		made("v1", "Secret", "on-call", object{"type": "Opaque"}),
		made("v1", "ServiceAccount", "prometheus", object{"automountServiceAccountToken": false}),
		made(rbac+"/v1", "Role", "prometheus", object{"rules": []object{
			{"apiGroups": []string{""}, "resources": []string{"services", "endpoints", "pods"}, "verbs": []string{"get", "list", "watch"}},
			{"apiGroups": []string{"discovery.k8s.io"}, "resources": []string{"endpointslices"}, "verbs": []string{"get", "list", "watch"}},
		}}),
		made(rbac+"/v1", "RoleBinding", "prometheus", object{
			"roleRef":  object{"apiGroup": rbac, "kind": "Role", "name": "prometheus"},
			"subjects": []object{{"kind": "ServiceAccount", "name": "prometheus", "namespace": name}},
		}),
		made("v1", "ResourceQuota", "tenant", object{"spec": object{"hard": object{"pods": "50", "limits.memory": "16Gi"}}}),
		made("networking.k8s.io/v1", "NetworkPolicy", "isolation", object{"spec": object{
			"podSelector": object{}, "policyTypes": []string{"Ingress"}, "ingress": []object{{"from": []object{{"podSelector": object{}}}}},
		}}),
		made(monitoring+"/v1alpha1", "AlertmanagerConfig", "on-call", object{"spec": object{
			"route": object{"receiver": "on-call", "groupBy": []string{"alertname"}, "groupWait": "30s", "groupInterval": "5m", "repeatInterval": "4h"},
			"receivers": []object{{"name": "on-call", "discordConfigs": []object{
				{"apiURL": object{"name": "on-call", "key": "url"}, "sendResolved": true, "title": "{{ .CommonLabels.alertname }}"},
			}}},
		}}),
		made(monitoring+"/v1", "PrometheusRule", "web", object{"spec": object{"groups": []object{{"name": "web", "rules": tenantRules(name, changed)}}}}),
		made(monitoring+"/v1", "ServiceMonitor", "web", object{"spec": object{
			"selector": object{"matchLabels": object{"app": "web"}}, "endpoints": []object{{"port": "http", "interval": "30s"}},
		}}),
	}
}

// tenantRules returns ten rules.
func tenantRules(name string, changed bool) []object {
	rules := make([]object, 10)
	for n := range rules {
		threshold := n + 1
		if changed && n == 0 {
			threshold = 100
		}
		rules[n] = object{
			"alert":       fmt.Sprintf("WebErrors%d", n),
			"expr":        fmt.Sprintf(`sum by (job) (rate(http_requests_total{namespace=%q,code=~"5.."}[5m])) > %d`, name, threshold),
			"for":         "5m",
			"labels":      object{"severity": "warning", "tenant": name},
			"annotations": object{"summary": "{{ $labels.job }} answers with errors", "runbook_url": "https://runbooks.example.com/web-errors"},
		}
	}
	return rules
}
