// SPDX-License-Identifier: Apache-2.0

// This file holds the values of a release in its two shapes.

package helm

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// values are a level of a chart's values.
type values = map[string]any

// Keys of the Secret with Grafana's login, which are the chart's defaults.
const (
	grafanaUserKey     = "admin-user"
	grafanaPasswordKey = "admin-password"
	grafanaUser        = "admin"
)

// valuesOf returns what the chart is told of a stack, without the script's own values.
func valuesOf(s operator.Scope) (values, error) {
	prometheus, err := prometheusSpec(s)
	if err != nil {
		return nil, err
	}
	alertmanager, err := alertmanagerSpec(s)
	if err != nil {
		return nil, err
	}
	labels := values{backend.LabelStack: s.Resource}
	if tenant := s.Labels[backend.LabelTenant]; tenant != "" {
		labels[backend.LabelTenant] = tenant
	}
	common := values{
		// With both of these the names are V2_CRD's, whatever the release is called.
		"fullnameOverride":                   s.Resource,
		"cleanPrometheusOperatorObjectNames": true,
		"commonLabels":                       labels,
		"prometheus": values{
			"serviceAccount": values{"create": false, "name": s.Prometheus.Name},
			"prometheusSpec": prometheus,
		},
		"alertmanager": values{
			"serviceAccount":   values{"create": false, "name": s.Alertmanager.Name},
			"alertmanagerSpec": alertmanager,
		},
	}
	if s.Confined {
		return merge(common, tenantShape()), nil
	}
	return merge(common, platformShape(s)), nil
}

// tenantShape leaves nothing of the chart but the two servers and their Services. Everything is switched off by name,
// not only where the chart has it on: its defaults change with its versions.
func tenantShape() values {
	shape := values{
		"global":       values{"rbac": values{"create": false, "createAggregateClusterRoles": false}},
		"crds":         off(),
		"defaultRules": values{"create": false},
		"prometheus":   values{"serviceMonitor": values{"selfMonitor": false}},
		"alertmanager": values{"serviceMonitor": values{"selfMonitor": false}},
	}
	for _, part := range []string{
		"prometheusOperator", "grafana", "kubeStateMetrics", "nodeExporter", "windowsMonitoring", "thanosRuler",
		"kubernetesServiceMonitors", "kubeApiServer", "kubelet", "kubeControllerManager", "coreDns", "kubeDns", "kubeEtcd",
		"kubeScheduler", "kubeProxy",
	} {
		shape[part] = off()
	}
	return shape
}

func off() values { return values{"enabled": false} }

// platformShape is the chart as it comes, with its monitors and rules under the labels that Prometheus selects by. Those
// of the subcharts have settings of their own.
func platformShape(s operator.Scope) values {
	label := values{backend.LabelStack: s.Resource}
	return values{
		"crds": values{"enabled": true, "upgradeJob": off()},
		"grafana": values{
			"fullnameOverride": s.Resource + "-grafana",
			"admin":            values{"existingSecret": grafanaLogin(s), "userKey": grafanaUserKey, "passwordKey": grafanaPasswordKey},
			"serviceMonitor":   values{"labels": label},
		},
		"kube-state-metrics": values{
			"fullnameOverride": s.Resource + "-kube-state-metrics",
			"prometheus":       values{"monitor": values{"additionalLabels": label}},
		},
		"prometheus-node-exporter": values{
			"fullnameOverride": s.Resource + "-node-exporter",
			"prometheus":       values{"monitor": values{"additionalLabels": label}},
		},
	}
}

// grafanaLogin is the name of the Secret with Grafana's login.
func grafanaLogin(s operator.Scope) string { return s.Resource + "-grafana-admin" }

// addGrafanaLogin adds the login of Grafana's administrator. The chart would generate a password anew at every
// rendering, and keep it in the release.
func addGrafanaLogin(b *backend.Builder, s operator.Scope) {
	name := grafanaLogin(s)
	content := corev1ac.Secret(name, s.Namespace).WithLabels(s.Labels).WithType(corev1.SecretTypeOpaque).
		WithData(map[string][]byte{grafanaUserKey: []byte(grafanaUser)}) // the user is no secret
	b.AddSecret(content, map[string]score.Secret{
		grafanaPasswordKey: {Origin: s.Origin, Source: score.SecretGenerated, Name: fmt.Sprintf("%s/%s", s.Namespace, name), Key: grafanaPasswordKey},
	}, s.Origin)
}
