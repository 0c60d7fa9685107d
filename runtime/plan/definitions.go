// SPDX-License-Identifier: Apache-2.0

// This file looks at custom resource definitions: whether those of the cluster are as new as the charts, and whether one that
// is no longer wanted may go.

package plan

import (
	"context"
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	definitionGroup = "apiextensions.k8s.io"
	definitionKind  = "CustomResourceDefinition"
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
		Group: definitionGroup, Version: "v1", Kind: definitionKind, Name: "prometheuses.monitoring.coreos.com",
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

// keepDefinitions keeps the definitions of whose kind there are objects that this deployment did not make: they would go
// along. Each costs two requests, and only when it would be deleted.
func (s *survey) keepDefinitions(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.work.Request.parallel())
	for _, r := range s.work.Removals {
		if r.Keep || r.Live == nil || r.ID.Group != definitionGroup || r.ID.Kind != definitionKind {
			continue
		}
		group.Go(func() error {
			others, err := s.objectsOfOthers(ctx, r.ID)
			switch {
			case apierrors.IsForbidden(err):
				r.Keep, r.Reason = true, "kept, since it cannot be seen whether others have objects of its kind: "+s.work.Secrets.Redactor.Text(err.Error())
			case err != nil:
				return err
			case len(others) == 1:
				r.Keep, r.Reason = true, fmt.Sprintf("kept, since %s would go with it, which is not of this deployment", others[0])
			case len(others) > 1:
				r.Keep, r.Reason = true, fmt.Sprintf("kept, since %s and %d more would go with it, which are not of this deployment", others[0], len(others)-1)
			}
			return nil
		})
	}
	return group.Wait()
}

// objectsOfOthers returns the objects of the kind that a definition defines that are not of this deployment, sorted.
func (s *survey) objectsOfOthers(ctx context.Context, definition backend.ID) ([]backend.ID, error) {
	var content struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct{ Name string }
		}
	}
	err := s.client.GetInto(ctx, definition, &content)
	if apierrors.IsNotFound(err) || len(content.Spec.Versions) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	kind := schema.GroupVersionKind{Group: content.Spec.Group, Version: content.Spec.Versions[0].Name, Kind: content.Spec.Names.Kind}
	resource, err := s.client.AnyVersion(ctx, kind)
	if cluster.IsKindMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var others []backend.ID
	found := func(m *metav1.PartialObjectMetadata) {
		others = append(others, backend.ID{Group: resource.Group, Version: resource.Version, Kind: resource.Kind, Namespace: m.Namespace, Name: m.Name})
	}
	err = s.client.ListMetadata(ctx, resource, "", inventory.MemberLabel+"!="+s.work.Inventory.ApplySetID(), found, func() { others = nil })
	slices.SortFunc(others, backend.ID.Compare)
	return others, err
}
