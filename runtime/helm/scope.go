// SPDX-License-Identifier: Apache-2.0

// This file knows which kinds have no namespace: a chart is rendered without a cluster to ask.

package helm

import "strings"

// clusterScoped reports whether objects of the kind are outside of namespaces.
func clusterScoped(apiVersion, kind string) bool {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	switch group {
	case "":
		return kind == "Namespace" || kind == "Node" || kind == "PersistentVolume" || kind == "ComponentStatus"
	case "rbac.authorization.k8s.io":
		return kind == "ClusterRole" || kind == "ClusterRoleBinding"
	case "certificates.k8s.io":
		return kind == "CertificateSigningRequest" || kind == "ClusterTrustBundle"
	case "storage.k8s.io":
		return kind != "CSIStorageCapacity"
	case "networking.k8s.io":
		return kind == "IngressClass" || kind == "ServiceCIDR" || kind == "IPAddress"
	case "resource.k8s.io":
		return kind == "DeviceClass" || kind == "ResourceSlice" || kind == "DeviceTaintRule"
	case "policy":
		return kind == "PodSecurityPolicy"
	case "authentication.k8s.io":
		return true
	case "authorization.k8s.io":
		return kind != "LocalSubjectAccessReview"
	case "apiextensions.k8s.io", "apiregistration.k8s.io", "admissionregistration.k8s.io", "scheduling.k8s.io", "node.k8s.io",
		"flowcontrol.apiserver.k8s.io", "storagemigration.k8s.io", "internal.apiserver.k8s.io":
		return true
	case "apps", "batch", "autoscaling", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "monitoring.coreos.com", "monitoring.rhobs":
		return false
	}
	// By the custom of those who define resources: ClusterIssuer, ClusterSecretStore. Of OpenShift's own kinds
	// SecurityContextConstraints is one that charts make.
	return strings.HasPrefix(kind, "Cluster") || kind == "SecurityContextConstraints"
}
