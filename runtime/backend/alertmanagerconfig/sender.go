// SPDX-License-Identifier: Apache-2.0

// This file holds the sender: which objects carry the channels of a stack.

package alertmanagerconfig

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Sender carries channels into one AlertmanagerConfig per stack, and the secrets that they hold by reference into
// one Secret beside it. Channels that the resource has no receiver for go into the Secret that the operator starts from.
type Sender struct {
	dialect       Dialect
	resource, raw *form
}

var _ backend.Sender = (*Sender)(nil)

// New returns the sender for a dialect.
func New(dialect Dialect) *Sender {
	return &Sender{dialect: dialect, resource: newForm(dialect.Receiver, false), raw: newForm(dialect.Raw, true)}
}

// SecretName returns the name of the Secret that holds the channels' secrets of a stack.
func SecretName(stack string) string { return backend.StackName(stack) + "-alert-channels" }

// Check reports what of the channel the version cannot say, at the channel's arguments.
func (s *Sender) Check(channel score.AlertChannel) diag.List {
	t := s.translate(channel, "")
	t.receiver()
	return t.problems
}

// Send returns the Secret with the channels' own secrets, if there are any, and the AlertmanagerConfig with a
// receiver for each channel, in the script's order, and the routing. Where there are channels that the resource has no
// receiver for, the Secret with the base configuration for these comes last. Without channels there are no objects.
//
// An object that a single channel makes has that channel's origin, otherwise the delivery's.
func (s *Sender) Send(delivery backend.Delivery) ([]backend.Object, error) {
	if len(delivery.Channels) == 0 {
		return nil, nil
	}
	b := backend.Builder{Title: delivery.Score}
	secrets := map[string]score.Secret{}
	var receivers []any
	var owners []score.Origin
	names, carried := map[string]bool{}, map[string]bool{}
	for _, channel := range delivery.Channels {
		if names[channel.Name] {
			b.Fail(fmt.Errorf("%s: got two alert channels called %q, want different names", delivery.Score, channel.Name))
		}
		names[channel.Name] = true
		if s.isRaw(channel) {
			continue
		}
		carried[channel.Name] = true
		t := s.translate(channel, SecretName(delivery.Stack))
		receivers = append(receivers, t.receiver())
		if len(t.problems) > 0 {
			b.Fail(fmt.Errorf("%s: %w", delivery.Score, t.problems))
		}
		if len(t.secrets) > 0 {
			owners = append(owners, channel.Origin)
		}
		for key, secret := range t.secrets {
			if _, taken := secrets[key]; taken {
				b.Fail(fmt.Errorf("%s: got two values for key %q of Secret %s, want channels with other names", delivery.Score, key, SecretName(delivery.Stack)))
			}
			secrets[key] = secret
		}
	}
	b.AddSecret(corev1ac.Secret(SecretName(delivery.Stack), delivery.Namespace).WithLabels(delivery.Labels).WithType(corev1.SecretTypeOpaque),
		secrets, originOf(owners, delivery))

	root := rootReceiver(names)
	receivers = append([]any{map[string]any{"name": root}}, receivers...)
	top, err := routing.Compile(delivery.Channels, delivery.Route)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", delivery.Score, err))
		return b.Objects()
	}
	own := top
	if len(carried) < len(names) {
		own = top.Only(func(channel string) bool { return carried[channel] })
	}
	spec, err := routingOf(delivery, own, root)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", delivery.Score, err))
		return b.Objects()
	}
	config := v1alpha1.AlertmanagerConfig(backend.StackName(delivery.Stack), delivery.Namespace).
		WithAPIVersion(s.dialect.Group + "/" + s.dialect.Version).WithLabels(delivery.Labels).
		WithSpec(spec)
	content, err := withReceivers(config, receivers)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", delivery.Score, err))
		return b.Objects()
	}
	origins := make([]score.Origin, len(delivery.Channels))
	for i, channel := range delivery.Channels {
		origins[i] = channel.Origin
	}
	b.Add(content, originOf(origins, delivery))
	s.addBase(&b, delivery, top)
	return b.Objects()
}

func (s *Sender) translate(channel score.AlertChannel, secretName string) *translation {
	used := s.resource
	if s.isRaw(channel) {
		used = s.raw
	}
	return &translation{sender: s, form: used, channel: channel, secretName: secretName, secrets: map[string]score.Secret{}}
}

// integrationNames lists what the version delivers to, under Alertmanager's names.
func (s *Sender) integrationNames() []string {
	var names []string
	for _, f := range []*form{s.resource, s.raw} {
		for _, name := range f.listNames {
			names = append(names, snake(strings.TrimSuffix(name, listSuffix(f.raw))))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// originOf returns the one origin there is, or the delivery's.
func originOf(origins []score.Origin, delivery backend.Delivery) score.Origin {
	if len(origins) == 1 && origins[0].Position().IsValid() {
		return origins[0]
	}
	return delivery.Origin
}

// withReceivers puts receivers into the configuration. They are not part of its typed description because which
// integrations there are is the dialect's to say.
func withReceivers(config *v1alpha1.AlertmanagerConfigApplyConfiguration, receivers []any) (map[string]any, error) {
	encoded, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("alertmanager configuration: %w", err)
	}
	var content struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       map[string]any `json:"spec"`
	}
	if err := json.Unmarshal(encoded, &content); err != nil {
		return nil, fmt.Errorf("alertmanager configuration: %w", err)
	}
	content.Spec["receivers"] = receivers
	return map[string]any{
		"apiVersion": content.APIVersion, "kind": content.Kind, "metadata": content.Metadata, "spec": content.Spec,
	}, nil
}
