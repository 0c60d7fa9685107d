// SPDX-License-Identifier: Apache-2.0

package backend_test

import (
	"fmt"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// v4Fleet is an API version of our own: a platform that runs one Prometheus for many namespaces and takes a
// ConfigMap from each.
const v4Fleet score.APIVersion = 4

// fleet is its backend. Channels go the way of prometheus-operator's versions, so it has no sender of its own.
type fleet struct{ sender backend.Sender }

func (fleet) Version() score.APIVersion { return v4Fleet }

func (f fleet) Sender() backend.Sender { return f.sender }

func (fleet) Requires() []backend.CRD {
	return []backend.CRD{{Group: "monitoring.coreos.com", Version: v1alpha1.Version, Kind: v1alpha1.AlertmanagerConfigKind, Provider: "the fleet's platform team"}}
}

func (fleet) Capabilities() backend.Capabilities {
	return backend.NewCapabilities([]backend.Feature{backend.FeatureServiceMonitor}, map[backend.Feature]string{
		backend.FeatureStorage: "the fleet's own Prometheus keeps the samples",
	})
}

// Compile is pure: it looks at nothing but the score, so that the same score always gives the same bytes.
func (f fleet) Compile(s score.Score) ([]backend.Object, error) {
	stack, ok := s.(score.MonitoringStack)
	if !ok {
		return nil, fmt.Errorf("%s: got a score of kind %q, want a monitoring_stack", s.Title(), s.Kind())
	}
	labels := backend.StackLabels(stack.Name, "")
	b := backend.Builder{Title: s.Title()}
	b.Add(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": backend.StackName(stack.Name), "namespace": stack.Namespace, "labels": labels},
		"data":     map[string]any{"retention": stack.Retention},
	}, stack.Origin)
	b.Append(f.sender.Send(backend.Delivery{
		Namespace: stack.Namespace, Stack: stack.Name, Labels: labels,
		Channels: stack.AlertChannels, Origin: stack.Origin, Score: s.Title(),
	}))
	return b.Objects()
}

// A program adds a backend by putting it into the registry that it hands to the checks, the plan and the rest.
// Nothing else has to know it.
func Example() {
	registry, err := backend.NewRegistry([]backend.Backend{
		fleet{sender: alertmanagerconfig.New(alertmanagerconfig.CoreOS(v4Fleet))},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	objects, err := registry.Compile(score.MonitoringStack{
		APIVersion: v4Fleet, Namespace: "shop", Name: "web", Retention: "10d",
		AlertChannels: []score.AlertChannel{{
			Constructor: "discord", Name: "on-call",
			Receiver: score.Receiver{Integration: "discord", Fields: []score.Field{
				{Name: "webhook_url", Argument: "webhook_url", Value: score.Secret{Source: score.SecretFromEnvironment, Name: "DISCORD_WEBHOOK_URL"}},
			}},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range objects {
		fmt.Printf("%s (%s)\n", o.ID, o.Stage)
	}
	fmt.Println(objects[1].Secrets["on-call.webhook_url"])
	// Output:
	// ConfigMap shop/web (foundations)
	// Secret shop/web-alert-channels (foundations)
	// AlertmanagerConfig shop/web (receivers)
	// secret(env = "DISCORD_WEBHOOK_URL")
}
