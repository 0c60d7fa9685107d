// SPDX-License-Identifier: Apache-2.0

// This file holds V1_HELM, V2_CRD and V3_RHOB.

package builtins

import (
	"cmp"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// apiVersion is a version of the monitoring API. Versions are ordered.
type apiVersion score.APIVersion

var _ starlark.TotallyOrdered = apiVersion(score.V2CRD)

// String returns the name that scripts use.
func (v apiVersion) String() string { return score.APIVersion(v).String() }

// Type returns "monitoring_api_version".
func (v apiVersion) Type() string { return versionType }

// Freeze does nothing: the value is immutable.
func (v apiVersion) Freeze() {}

// Truth returns True.
func (v apiVersion) Truth() starlark.Bool { return starlark.True }

// Hash depends on the version alone.
func (v apiVersion) Hash() (uint32, error) { return uint32(v), nil }

// Cmp orders versions by age.
func (v apiVersion) Cmp(other starlark.Value, _ int) (int, error) {
	return cmp.Compare(v, other.(apiVersion)), nil
}

func constants() []Constant {
	docs := map[score.APIVersion]string{
		score.V1Helm: "a release of the kube-prometheus-stack chart",
		score.V2CRD:  "the resources of prometheus-operator in monitoring.coreos.com",
		score.V3RHOB: "the MonitoringStack of the observability operator in monitoring.rhobs",
	}
	var all []Constant
	for _, v := range score.APIVersions() {
		all = append(all, Constant{Name: v.String(), Type: versionType, Doc: docs[v], Value: apiVersion(v)})
	}
	return all
}
