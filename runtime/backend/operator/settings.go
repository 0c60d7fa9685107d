// SPDX-License-Identifier: Apache-2.0

// This file turns what a stack says about resources, storage and remote write into the API's types.

package operator

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1ac "github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// VolumeClaim describes the volume of each Prometheus; Storage must not be empty.
func (s Scope) VolumeClaim() (corev1.PersistentVolumeClaimSpec, error) {
	quantity, err := resource.ParseQuantity(s.Storage)
	if err != nil {
		return corev1.PersistentVolumeClaimSpec{}, fmt.Errorf("storage: got %q, want a quantity: %w", s.Storage, err)
	}
	return corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: quantity}},
	}, nil
}

// PodResources are what the Prometheus container asks for and may use; empty where the script says nothing.
func (s Scope) PodResources() (corev1.ResourceRequirements, error) {
	var requirements corev1.ResourceRequirements
	for _, part := range []struct {
		name   string
		values map[string]string
		list   *corev1.ResourceList
	}{{"requests", s.Resources.Requests, &requirements.Requests}, {"limits", s.Resources.Limits, &requirements.Limits}} {
		for _, name := range slices.Sorted(maps.Keys(part.values)) {
			quantity, err := resource.ParseQuantity(part.values[name])
			if err != nil {
				return requirements, fmt.Errorf("resources %s %q: got %q, want a quantity: %w", part.name, name, part.values[name], err)
			}
			if *part.list == nil {
				*part.list = corev1.ResourceList{}
			}
			(*part.list)[corev1.ResourceName(name)] = quantity
		}
	}
	return requirements, nil
}

// RemoteWriteSpecs describes the endpoints of remote write and adds the Secret with their credentials, called
// `<stack>-remote-write` in every version.
func (s Scope) RemoteWriteSpecs(b *backend.Builder) ([]*monitoringv1ac.RemoteWriteSpecApplyConfiguration, error) {
	var specs []*monitoringv1ac.RemoteWriteSpecApplyConfiguration
	secretName := backend.StackName(s.Name) + "-remote-write"
	references := map[string]score.Secret{}
	origin := s.Origin
	for i, write := range s.RemoteWrite {
		key := write.Name
		if key == "" {
			key = strconv.Itoa(i)
		}
		reference := func(secret score.Secret, part string) corev1.SecretKeySelector {
			if secret.Source == score.SecretFromCluster {
				return selector(secret.Name, secret.Key)
			}
			references[backend.SecretKey(key, part)] = secret
			return selector(secretName, backend.SecretKey(key, part))
		}
		target := monitoringv1ac.RemoteWriteSpec().WithURL(monitoringv1.URL(write.URL))
		if write.Name != "" {
			target.WithName(write.Name)
		}
		token, basic := write.BearerToken.Source != 0, write.Username.Source != 0 || write.Password.Source != 0
		switch {
		case token && basic:
			return nil, fmt.Errorf("remote write %s: got a bearer token and a user name or password, want one of the two", write.URL)
		case token:
			target.WithAuthorization(monitoringv1ac.Authorization().WithType("Bearer").WithCredentials(reference(write.BearerToken, "bearer_token")))
		case basic && (write.Username.Source == 0 || write.Password.Source == 0):
			return nil, fmt.Errorf("remote write %s: got only one of user name and password, want both", write.URL)
		case basic:
			target.WithBasicAuth(monitoringv1ac.BasicAuth().
				WithUsername(reference(write.Username, "username")).WithPassword(reference(write.Password, "password")))
		}
		specs = append(specs, target)
		if len(s.RemoteWrite) == 1 && write.Origin.Position().IsValid() {
			origin = write.Origin
		}
	}
	b.AddSecret(corev1ac.Secret(secretName, s.Namespace).WithLabels(s.Labels).WithType(corev1.SecretTypeOpaque), references, origin)
	return specs, nil
}

func selector(name, key string) corev1.SecretKeySelector {
	return corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}
}
