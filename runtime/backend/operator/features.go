// SPDX-License-Identifier: Apache-2.0

// This file lists what every version can express.

package operator

import "github.com/harmonyscript/harmonyscript/runtime/backend"

// Features returns what the resources of prometheus-operator and of its fork can both express, and more, which is what
// one version adds to that.
func Features(more ...backend.Feature) []backend.Feature {
	return append([]backend.Feature{
		backend.FeatureServiceMonitor,
		backend.FeaturePodMonitor,
		backend.FeatureStaticTargets,
		backend.FeatureHTTPDiscovery,
		backend.FeatureDNSDiscovery,
		backend.FeatureProbe,
		backend.FeatureReplicas,
		backend.FeatureStorage,
		backend.FeatureRemoteWrite,
		backend.FeatureExternalLabels,
		backend.FeatureResources,
		backend.FeatureTenantDedicated,
		backend.FeatureRuleKeepFiring,
		backend.FeatureRuleGroupLimit,
	}, more...)
}

// NoHonorLabelsProbe says why no version has backend.FeatureHonorLabelsProbe.
const NoHonorLabelsProbe = "a Probe has no such setting: the prober's own labels never clash with those of the target"
