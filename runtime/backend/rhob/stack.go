// SPDX-License-Identifier: Apache-2.0

// This file describes the MonitoringStack.

package rhob

import (
	"bytes"
	"encoding/json"
	"fmt"

	obov1 "github.com/rhobs/obo-prometheus-operator/pkg/apis/monitoring/v1"
	rhobsv1alpha1 "github.com/rhobs/observability-operator/pkg/apis/monitoring/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
)

const (
	stackKind = "MonitoringStack"
	// thanosPort is where the sidecar that observability-operator puts beside every Prometheus serves its series.
	thanosPort = 10901
)

// addStackResource adds the MonitoringStack and the Secret that its remote write needs.
func addStackResource(b *backend.Builder, s operator.Scope) {
	spec, err := stackSpec(b, s)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", b.Title, err))
		return
	}
	content, err := asWritten(spec)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", b.Title, err))
		return
	}
	b.Add(map[string]any{
		"apiVersion": rhobsv1alpha1.GroupVersion.String(), "kind": stackKind,
		"metadata": map[string]any{"name": s.Resource, "namespace": s.Namespace, "labels": s.Labels},
		"spec":     content,
	}, s.Origin)
}

// stackSpec says what a MonitoringStack can say. What it would default is written out, because its defaults are others
// than those of the other versions. The number of its Alertmanagers is not among it: there are always two.
func stackSpec(b *backend.Builder, s operator.Scope) (*rhobsv1alpha1.MonitoringStackSpec, error) {
	resources, err := s.PodResources()
	if err != nil {
		return nil, err
	}
	replicas := int32(s.Replicas)
	prometheus := &rhobsv1alpha1.PrometheusConfig{Replicas: &replicas, ExternalLabels: s.ExternalLabels}
	if s.Storage != "" {
		claim, err := s.VolumeClaim()
		if err != nil {
			return nil, err
		}
		prometheus.PersistentVolumeClaim = &claim
	}
	if prometheus.RemoteWrite, err = remoteWrite(b, s); err != nil {
		return nil, err
	}
	return &rhobsv1alpha1.MonitoringStackSpec{
		// Without this selector, nothing would be found. Without one for namespaces, it is this one's objects that are.
		ResourceSelector: &metav1.LabelSelector{MatchLabels: s.Selector},
		Retention:        obov1.Duration(s.Retention),
		Resources:        resources,
		PrometheusConfig: prometheus,
	}, nil
}

// remoteWrite reads the endpoints into the fork's types. A field that the fork does not know is an error, because it
// would be lost.
func remoteWrite(b *backend.Builder, s operator.Scope) ([]obov1.RemoteWriteSpec, error) {
	shared, err := s.RemoteWriteSpecs(b)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(shared)
	if err != nil {
		return nil, fmt.Errorf("remote write: %w", err)
	}
	var specs []obov1.RemoteWriteSpec
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&specs); err != nil {
		return nil, fmt.Errorf("remote write: %w", err)
	}
	return specs, nil
}

// asWritten returns the specification without the empty structures that its type encodes though nobody gave them: with
// server-side apply they would become ours. Resources stay even when they are empty, because absent they would get
// limits that no other version has and no script asked for.
func asWritten(spec *rhobsv1alpha1.MonitoringStackSpec) (map[string]any, error) {
	encoded, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("monitoring stack: %w", err)
	}
	var content map[string]any
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&content); err != nil {
		return nil, fmt.Errorf("monitoring stack: %w", err)
	}
	// A stack without Alertmanager would be a stack whose alerts nobody gets; the type leaves out a false.
	content["alertmanagerConfig"] = map[string]any{"disabled": false}
	return content, nil
}
