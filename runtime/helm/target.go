// SPDX-License-Identifier: Apache-2.0

// This file holds what templates are told where there is no cluster to ask.

package helm

import (
	"slices"

	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/client-go/kubernetes/scheme"
)

// DefaultKubernetesVersion is the one of the Kubernetes libraries. Helm itself would say 1.20, which no chart of today takes.
const DefaultKubernetesVersion = "v1.37.2"

// defaultAPIVersions are those of Kubernetes itself and of prometheus-operator.
func defaultAPIVersions() chartutil.VersionSet {
	versions := map[string]bool{}
	for kind := range scheme.Scheme.AllKnownTypes() {
		if kind.Version == "__internal" {
			continue
		}
		versions[kind.GroupVersion().String()] = true
		versions[kind.GroupVersion().String()+"/"+kind.Kind] = true
	}
	for version, kinds := range map[string][]string{
		"monitoring.coreos.com/v1":       {"Alertmanager", "PodMonitor", "Probe", "Prometheus", "PrometheusRule", "ServiceMonitor", "ThanosRuler"},
		"monitoring.coreos.com/v1alpha1": {"AlertmanagerConfig", "PrometheusAgent", "ScrapeConfig"},
	} {
		versions[version] = true
		for _, kind := range kinds {
			versions[version+"/"+kind] = true
		}
	}
	list := make([]string, 0, len(versions))
	for version := range versions {
		list = append(list, version)
	}
	slices.Sort(list)
	return list
}
