// SPDX-License-Identifier: Apache-2.0

// This file holds the source of a Helm chart.

package score

// HelmChart says where V1_HELM gets the chart of a stack. Exactly one of Repository and Path is set; when both are
// empty the default chart is meant, in Version if that is given.
type HelmChart struct {
	Origin Origin
	// Repository is an OCI reference without a tag ("oci://registry.example.org/charts/kube-prometheus-stack") or the
	// address of an HTTP repository ("https://charts.example.org").
	Repository string
	// Name of the chart in an HTTP repository; empty means kube-prometheus-stack.
	Name string
	// Version of the chart, exactly: "88.5.3". Needed with Repository; with Path it is checked if given.
	Version string
	// Path of a folder or .tgz archive, absolute or relative to the folder of the script.
	Path string
	// Digest that the chart must have, "sha256:" and 64 hexadecimal digits; empty means any.
	Digest string
}
