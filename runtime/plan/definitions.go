// SPDX-License-Identifier: Apache-2.0

// This file compares the age of the cluster's custom resource definitions with that of the charts.

package plan

import (
	"context"
	"fmt"

	"github.com/Masterminds/semver/v3"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// operatorVersion is the annotation by which prometheus-operator's definitions tell the version that they are of.
const operatorVersion = "operator.prometheus.io/version"

// oldDefinitions warns of releases whose chart is made for a newer prometheus-operator than the definitions in the cluster:
// Helm never upgrades definitions, and what an old one does not know is refused or has no effect. Releases that bring
// their definitions along upgrade them.
func (s *survey) oldDefinitions(ctx context.Context) error {
	var here *semver.Version
	for _, r := range s.work.Releases {
		if r.Rendered == nil || r.Rendered.Release.Definitions {
			continue
		}
		wanted, err := semver.NewVersion(r.Rendered.Chart.AppVersion)
		if err != nil {
			// The chart does not say what it is made for.
			continue
		}
		if here == nil {
			if here, err = s.definitionsVersion(ctx); err != nil || here == nil {
				return err
			}
		}
		if !here.LessThan(wanted) {
			continue
		}
		s.work.Warnings = append(s.work.Warnings, diag.Diagnostic{
			Severity: diag.Warning, Code: "definitions-older", Position: r.Position, Related: diag.Callers(r.Origin),
			Summary: fmt.Sprintf("Helm release %s: got custom resource definitions of prometheus-operator %s in the cluster, want %s, which chart %s %s is made for", r.Key(), here, wanted, r.Rendered.Chart.Name, r.Rendered.Chart.Version),
			Detail:  "Helm does not upgrade definitions; fields that the old ones do not know are refused",
			Fix:     "apply the stack that brings the operator along first (a monitoring_stack of V1_HELM that stands alone upgrades them), or take a chart of the cluster's version with helm_chart(version=)",
		})
	}
	return nil
}

// definitionsVersion returns the version that the cluster's definitions are of; nil when there are none or they do not say.
func (s *survey) definitionsVersion(ctx context.Context) (*semver.Version, error) {
	definition, err := s.client.GetMetadata(ctx, backend.ID{
		Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition", Name: "prometheuses.monitoring.coreos.com",
	})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) || cluster.IsKindMissing(err) {
		// Whoever may not look is not kept from going on.
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if version, err := semver.NewVersion(definition.Annotations[operatorVersion]); err == nil {
		return version, nil
	}
	return nil, nil
}
