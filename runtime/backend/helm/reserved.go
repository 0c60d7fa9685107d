// SPDX-License-Identifier: Apache-2.0

// This file is the table of values that scripts may not give.

package helm

import (
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// Prefixes of the table.
const (
	forPrometheus   = "prometheus.prometheusSpec."
	forAlertmanager = "alertmanager.alertmanagerSpec."
)

// reservations lists what a script's values may not set, with everything below it. The paths are those of the chart.
func reservations() []reservation {
	var table []reservation
	add := func(onlyTenant bool, why, instead string, paths ...string) {
		for _, path := range paths {
			table = append(table, reservation{path: strings.Split(path, "."), onlyTenant: onlyTenant, why: why, instead: instead})
		}
	}
	under := func(prefix string, keys ...string) []string {
		paths := make([]string, len(keys))
		for i, key := range keys {
			paths[i] = prefix + key
		}
		return paths
	}

	// Names and places.
	add(false, "The objects around the servers and the other API versions know them by the stack's name.", "name the stack: monitoring_stack(name = …)",
		"fullnameOverride", "cleanPrometheusOperatorObjectNames")
	add(false, "Everything of a stack is in its namespace, where its policies and its Role are.", "choose the namespace of the stack: monitoring_stack(namespace = …)",
		"namespaceOverride", "alertmanager.namespaceOverride", "grafana.namespaceOverride", "kube-state-metrics.namespaceOverride", "prometheus-node-exporter.namespaceOverride")
	for _, label := range []string{backend.LabelStack, backend.LabelTenant, backend.LabelManagedBy} {
		table = append(table, reservation{path: []string{"commonLabels", label}, why: "Prometheus finds the stack's objects by this label, or Helm sets it.", instead: "choose another label"})
	}

	// What the score says itself.
	for _, said := range []struct{ key, argument string }{
		{"replicas", "replicas"},
		{"shards", "shards"},
		{"retention", "retention"},
		{"remoteWrite", "remote_write"},
		{"additionalRemoteWrite", "remote_write"},
		{"externalLabels", "external_labels"},
		{"resources", "resources"},
	} {
		add(false, "The stack says it for all API versions.", "write monitoring_stack("+said.argument+" = …)", forPrometheus+said.key)
	}
	add(false, "The stack says it for all API versions.", "write monitoring_stack(storage = …)", forPrometheus+"storageSpec.volumeClaimTemplate.spec.resources", forPrometheus+"storageSpec.emptyDir", forPrometheus+"storageSpec.ephemeral")
	add(false, "The stack says it for all API versions.", "write monitoring_stack(replicas = …)", forAlertmanager+"replicas")
	add(false, "A stack has both servers, and Prometheus evaluates its rules.", "", "prometheus.enabled", "prometheus.agentMode", "alertmanager.enabled", "prometheus.service.enabled", "alertmanager.service.enabled")
	add(false, "A paused server takes no further change, and says that it is ready.", "", forPrometheus+"paused", forAlertmanager+"paused")

	// What the servers pick up.
	for _, kind := range []string{"serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule"} {
		add(false, "The stack's own targets and rules, and nobody else's, are found by this selector.", "declare targets and rules in the stack: scrape_targets, alert_rules",
			under(forPrometheus+kind, "Selector", "NamespaceSelector", "SelectorNilUsesHelmValues")...)
	}
	add(false, "The stack's own channels, and nobody else's, are found and matched by it.", "declare channels in the stack: alert_channels",
		under(forAlertmanager, "alertmanagerConfigSelector", "alertmanagerConfigNamespaceSelector", "alertmanagerConfigMatcherStrategy", "alertmanagerConfiguration", "configSecret", "useExistingSecret")...)
	add(false, "Channels hold secrets, and Helm stores the values of a release in the cluster as they are.", "declare channels in the stack: alert_channels",
		"alertmanager.config", "alertmanager.stringConfig", "alertmanager.tplConfig", "alertmanager.templateFiles")
	add(false, "It goes past everything that the other settings say.", "use the setting's own key",
		forPrometheus+"additionalConfig", forPrometheus+"additionalConfigString", forAlertmanager+"additionalConfig", forAlertmanager+"additionalConfigString")

	// Secrets in values.
	add(false, "Helm stores the values of a release in the cluster as they are.", "apply a Kubernetes Secret of your own and mount it: prometheusSpec.secrets, alertmanagerSpec.secrets",
		"prometheus.extraSecret", "alertmanager.extraSecret")
	add(false, "The chart makes a Secret of it, and Helm stores the values of a release in the cluster as they are.", "name a Kubernetes Secret: the key with the ending Secret",
		under(forPrometheus, "additionalScrapeConfigs", "additionalAlertManagerConfigs", "additionalAlertRelabelConfigs")...)
	add(false, "The chart makes a Secret of it, and Helm stores the values of a release in the cluster as they are.", "name a Kubernetes Secret: objectStorageConfig.existingSecret",
		forPrometheus+"thanos.objectStorageConfig.secret")
	add(false, "Helm stores the values of a release in the cluster as they are.", "leave it out: the password is in the Secret <stack>-grafana-admin; or name a Secret of your own in grafana.admin.existingSecret",
		"grafana.adminPassword")
	table = append(table, reservation{
		path: []string{"grafana", "admin", "existingSecret"}, unless: func(value any) bool { name, _ := value.(string); return name != "" },
		why: "The chart would make up a password at every rendering and keep it in the release.", instead: "name a Kubernetes Secret, or leave it out",
	})

	// How the servers find each other, and how others find them.
	add(false, "Alerts go to the stack's own Alertmanager.", "declare channels in the stack: alert_channels", under(forPrometheus, "disableAlerting", "alertingEndpoints")...)
	for _, prefix := range []string{forPrometheus, forAlertmanager} {
		add(false, "Prometheus, the network policies and harmonyscript find the server by it.", "", under(prefix, "portName", "routePrefix", "listenLocal", "web.tlsConfig")...)
	}
	add(false, "Prometheus, the network policies and harmonyscript find the server by it.", "", forAlertmanager+"scheme", forAlertmanager+"tlsConfig", "alertmanager.apiVersion", "prometheus.service.port", "prometheus.service.targetPort", "alertmanager.service.port", "alertmanager.service.targetPort")
	add(false, "Without it Alertmanager takes the alerts of two replicas, or of two API versions during a move, for different ones.", "use external_labels",
		under(forPrometheus, "prometheusExternalLabelName", "prometheusExternalLabelNameClear", "replicaExternalLabelName", "replicaExternalLabelNameClear")...)

	// Identity.
	add(false, "The service accounts and what they may do are made beside the release, the same in all API versions.", "",
		"prometheus.serviceAccount", "alertmanager.serviceAccount", "global.rbac.create",
		forPrometheus+"automountServiceAccountToken", forAlertmanager+"automountServiceAccountToken")
	add(false, "harmonyscript applies the chart's CustomResourceDefinitions itself, and before everything else.", "", "crds.upgradeJob")

	// What would let a tenant out.
	const wall = "It would reach beyond the tenant's namespace."
	add(true, wall, "set it in the monitoring_stack of the platform, which stands alone",
		"prometheusOperator", "crds", "grafana", "kubeStateMetrics", "kube-state-metrics", "nodeExporter", "prometheus-node-exporter",
		"windowsMonitoring", "prometheus-windows-exporter", "kubernetesServiceMonitors", "kubeApiServer", "kubelet", "kubeControllerManager", "coreDns",
		"kubeDns", "kubeEtcd", "kubeScheduler", "kubeProxy", "thanosRuler", "defaultRules", "customRules", "global.rbac", "extraManifests")
	add(true, "It would get past the tenant's own label of namespaces.", "declare rules in the stack: alert_rules", "additionalPrometheusRulesMap", "additionalPrometheusRules")
	add(true, "It would get past the stack's own selectors.", "declare targets in the stack: scrape_targets",
		"prometheus.additionalServiceMonitors", "prometheus.additionalPodMonitors", "prometheus.serviceMonitor", "alertmanager.serviceMonitor",
		"prometheus.thanosServiceMonitor", forPrometheus+"additionalScrapeConfigsSecret", forPrometheus+"scrapeClasses")
	add(true, "Series, rules and alerts of a tenant get its namespace whatever they claim.", "",
		under(forPrometheus, "enforcedNamespaceLabel", "excludedFromEnforcement", "prometheusRulesExcludedFromEnforce", "overrideHonorLabels", "ignoreNamespaceSelectors",
			"arbitraryFSAccessThroughSMs", "additionalAlertManagerConfigsSecret", "additionalAlertRelabelConfigsSecret")...)
	add(true, wall, "", "prometheus.additionalRulesForClusterRole", forPrometheus+"hostNetwork", forAlertmanager+"hostNetwork", forPrometheus+"apiserverConfig",
		"prometheus.networkPolicy", "alertmanager.networkPolicy")
	return table
}
