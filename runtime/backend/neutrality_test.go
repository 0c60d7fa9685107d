// SPDX-License-Identifier: Apache-2.0

package backend_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus/alertmanager/config"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// pigeon is a channel that no sender has heard of.
func pigeon() score.AlertChannel {
	return score.AlertChannel{Constructor: "pigeon", Name: "loft", Receiver: score.Receiver{Integration: "pigeon", Fields: []score.Field{
		{Name: "homing_key", Argument: "homing_key", Value: score.Secret{Source: score.SecretFromEnvironment, Name: "HOMING_KEY"}},
		{Name: "max_payload_grams", Argument: "max_payload_grams", Value: int64(75)},
		{Name: "send_resolved", Argument: "send_resolved", Value: true},
	}}}
}

func discordChannel() score.AlertChannel {
	return score.AlertChannel{Constructor: "discord", Name: "on-call", Receiver: score.Receiver{Integration: "discord", Fields: []score.Field{
		{Name: "webhook_url", Argument: "webhook_url", Value: score.Secret{Source: score.SecretFromEnvironment, Name: "DISCORD"}},
		{Name: "avatar_url", Argument: "avatar_url", Value: "https://example.org/a.png"},
	}}}
}

func webhookChannel() score.AlertChannel {
	return score.AlertChannel{Constructor: "webhook", Name: "audit", Receiver: score.Receiver{Integration: "webhook", Fields: []score.Field{
		{Name: "url", Argument: "url", Value: score.Secret{Source: score.SecretFromFile, Name: "hook"}},
		{Name: "max_alerts", Argument: "max_alerts", Value: int64(3)},
	}}}
}

// fileSender is a sender with a dialect of its own: Alertmanager's configuration file itself in a ConfigMap, which
// reads each secret from a file. It knows no channel either.
type fileSender struct{}

func (fileSender) Check(score.AlertChannel) diag.List { return nil }

func (fileSender) Send(d backend.Delivery) ([]backend.Object, error) {
	secrets := map[string]score.Secret{}
	var receivers []any
	for _, c := range d.Channels {
		settings := map[string]any{}
		for _, f := range c.Receiver.Fields {
			if reference, ok := f.Value.(score.Secret); ok {
				key := backend.SecretKey(c.Name, f.Name)
				secrets[key] = reference
				settings[f.Name+"_file"] = "/etc/alertmanager/secrets/" + key
				continue
			}
			settings[f.Name] = f.Value
		}
		receivers = append(receivers, map[string]any{"name": c.Name, c.Receiver.Integration + "_configs": []any{settings}})
	}
	file, err := yaml.Marshal(map[string]any{"route": map[string]any{"receiver": d.Channels[0].Name}, "receivers": receivers})
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	metadata := map[string]any{"name": d.Stack, "namespace": d.Namespace, "labels": d.Labels}
	b := backend.Builder{Title: d.Score}
	b.AddSecret(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": metadata}, secrets, d.Origin)
	b.Add(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": map[string]string{"alertmanager.yaml": string(file)}}, d.Origin)
	return b.Objects()
}

// aviary is the receiver type of a made-up resource that knows pigeons beside what prometheus-operator knows.
type aviary struct {
	v1alpha1.Receiver `json:",inline"`
	PigeonConfigs     []pigeonConfig `json:"pigeonConfigs,omitempty"`
}

type pigeonConfig struct {
	SendResolved    *bool                    `json:"sendResolved,omitempty"`
	HomingKey       corev1.SecretKeySelector `json:"homingKey"`
	MaxPayloadGrams *int32                   `json:"maxPayloadGrams,omitempty"`
}

// TestNeutrality sends channels that are known and one that is made up through a sender that is made up and one
// that is not. Neither side changes for the other.
func TestNeutrality(t *testing.T) {
	delivery := backend.Delivery{
		Namespace: "blue", Stack: "main", Labels: map[string]string{backend.LabelStack: "main"}, Score: "neutrality",
		Channels: []score.AlertChannel{discordChannel(), webhookChannel(), pigeon()},
	}

	t.Run("made-up sender", func(t *testing.T) {
		objects, err := fileSender{}.Send(delivery)
		if err != nil {
			t.Fatal(err)
		}
		var configMap corev1.ConfigMap
		if err := yaml.Unmarshal(objects[1].Manifest, &configMap); err != nil {
			t.Fatal(err)
		}
		file := configMap.Data["alertmanager.yaml"]
		for _, want := range []string{"pigeon_configs", "homing_key_file: /etc/alertmanager/secrets/loft.homing_key", "max_payload_grams: 75"} {
			if !strings.Contains(file, want) {
				t.Errorf("got no %q in\n%s", want, file)
			}
		}
		// Alertmanager knows no pigeon; without it, its own parser has to take the file.
		delivery := delivery
		delivery.Channels = delivery.Channels[:2]
		objects, err = fileSender{}.Send(delivery)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(objects[1].Manifest, &configMap); err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(configMap.Data["alertmanager.yaml"])
		if err != nil {
			t.Fatal(err)
		}
		if got := loaded.Receivers[0].DiscordConfigs[0].WebhookURLFile; got != "/etc/alertmanager/secrets/on-call.webhook_url" {
			t.Errorf("got webhook_url_file %q", got)
		}
		if reference := objects[0].Secrets["audit.url"]; reference.Name != "hook" {
			t.Errorf("got reference %v for the webhook's URL, want the file", reference)
		}
	})

	t.Run("made-up channel", func(t *testing.T) {
		dialect := alertmanagerconfig.CoreOS(score.V2CRD)
		var problems diag.List
		if _, err := alertmanagerconfig.New(dialect).Send(delivery); !errors.As(err, &problems) || problems[0].Code != "unsupported-channel" {
			t.Errorf("got error %v, want that the resource knows no pigeon", err)
		}
		dialect.Group, dialect.Receiver = "monitoring.example.org", reflect.TypeFor[aviary]()
		objects, err := alertmanagerconfig.New(dialect).Send(delivery)
		if err != nil {
			t.Fatal(err)
		}
		if objects[1].ID.APIVersion() != "monitoring.example.org/v1alpha1" {
			t.Errorf("got %s", objects[1].ID.APIVersion())
		}
		var resource struct {
			Spec struct {
				Receivers []aviary `json:"receivers"`
			} `json:"spec"`
		}
		if err := yaml.Unmarshal(objects[1].Manifest, &resource); err != nil {
			t.Fatal(err)
		}
		birds := resource.Spec.Receivers[3].PigeonConfigs
		if len(birds) != 1 || birds[0].HomingKey.Key != "loft.homing_key" || *birds[0].MaxPayloadGrams != 75 || !*birds[0].SendResolved {
			t.Errorf("got %+v", birds)
		}
		if got := resource.Spec.Receivers[1].DiscordConfigs; len(got) != 1 || got[0].APIURL.Key != "on-call.webhook_url" {
			t.Errorf("got %+v, want the discord channel as ever", got)
		}
	})
}
