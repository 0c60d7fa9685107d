// SPDX-License-Identifier: Apache-2.0

// This file carries the channels that the resource has no receiver for, in the configuration that the operator starts
// from: alertmanager.yaml in the Secret alertmanager-<name of the Alertmanager>.
//
// The operator puts the receivers, routes and mute times of AlertmanagerConfigs beside those of that configuration. It
// refuses the configuration as a whole when it refers to anything that is not in it, so the two cannot share receivers
// or mute times: each has its own, and each has the part of the routing tree that delivers to its own channels, see
// routing.Node.Only. Receivers are called as the operator would call them if they were in the AlertmanagerConfig, so
// that nobody who looks at a loaded configuration has to tell the two apart.
//
// The configuration is no place for secrets, but the operator puts all other keys of its Secret beside it in the pod:
// secrets are keys of it, and the configuration names their files. Secrets of the user's own are mounted.

package alertmanagerconfig

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const (
	// BaseKey is the key of the Secret that the operator takes the base configuration from.
	BaseKey = "alertmanager.yaml"
	// baseFolder is where the other keys of that Secret are in the pod, and mountFolder where whole Secrets are.
	baseFolder  = "/etc/alertmanager/config"
	mountFolder = "/etc/alertmanager/secrets"
	// fileSuffix ends the name of a setting that names a file with a secret.
	fileSuffix = "_file"
	// baseNobody is the receiver of the base configuration that notifies nobody. Names of channels have slashes there.
	baseNobody = "null"
)

// BaseName returns the name of the Secret with the configuration that the operator starts from for an Alertmanager.
func BaseName(alertmanager string) string { return "alertmanager-" + alertmanager }

// form is a way to write receivers: as the resource does, or raw.
type form struct {
	raw bool
	// integrations and listNames have the schema and the name of the list of each integration, by normal name.
	integrations map[string]*block
	listNames    map[string]string
}

func newForm(receiver reflect.Type, raw bool) *form {
	schemas, lists := integrations(receiver, listSuffix(raw))
	return &form{raw: raw, integrations: schemas, listNames: lists}
}

func (f *form) has(integration string) bool { return f.listNames[normal(integration)] != "" }

// isRaw reports whether a channel goes into the base configuration.
func (s *Sender) isRaw(channel score.AlertChannel) bool {
	return !s.resource.has(channel.Receiver.Integration) && s.raw.has(channel.Receiver.Integration)
}

// Mounts returns the names of the Secrets that the Alertmanager of a stack with these channels has to mount, sorted:
// those of the user's own that channels of the base configuration refer to.
func (s *Sender) Mounts(channels []score.AlertChannel) []string {
	var names []string
	for _, channel := range channels {
		if s.isRaw(channel) {
			t := s.translate(channel, "")
			t.receiver()
			names = append(names, t.mounts...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// addBase adds the Secret with the base configuration; without a channel that needs it there is none.
func (s *Sender) addBase(b *backend.Builder, delivery backend.Delivery, top *routing.Node) {
	own := map[string]bool{}
	secrets := map[string]score.Secret{}
	receivers := []any{map[string]any{"name": baseNobody}}
	var origins []score.Origin
	for _, channel := range delivery.Channels {
		if !s.isRaw(channel) {
			continue
		}
		t := s.translate(channel, "")
		receiver := t.receiver()
		receiver["name"] = receiverName(delivery, channel.Name)
		receivers = append(receivers, receiver)
		if len(t.problems) > 0 {
			b.Fail(fmt.Errorf("%s: %w", delivery.Score, t.problems))
		}
		maps.Copy(secrets, t.secrets)
		origins = append(origins, channel.Origin)
		own[channel.Name] = true
	}
	if len(own) == 0 {
		return
	}
	tree := top.Only(func(channel string) bool { return own[channel] })
	mutes, err := baseMuteTimes(delivery.MuteTimes, tree)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", delivery.Score, err))
	}
	configuration := map[string]any{
		"route":     map[string]any{"receiver": baseNobody, "routes": []any{baseTop(delivery, tree)}},
		"receivers": receivers,
	}
	if len(mutes) > 0 {
		configuration["time_intervals"] = mutes
	}
	text, err := yaml.Marshal(configuration)
	if err != nil {
		b.Fail(fmt.Errorf("%s: alertmanager configuration: %w", delivery.Score, err))
		return
	}
	name := delivery.Alertmanager
	if name == "" {
		name = backend.StackName(delivery.Stack)
	}
	object, err := backend.NewObject(corev1ac.Secret(BaseName(name), delivery.Namespace).WithLabels(delivery.Labels).
		WithType(corev1.SecretTypeOpaque).WithData(map[string][]byte{BaseKey: text}), originOf(origins, delivery), b.Title)
	// It makes an Alertmanager deliver, so it comes and goes with the AlertmanagerConfig.
	object.Stage, object.Secrets = backend.StageReceivers, secrets
	b.Append([]backend.Object{object}, err)
}

// file returns the path of the file that has a secret in the Alertmanager's pod.
func (t *translation) file(at place, secret score.Secret) string {
	if secret.Source == score.SecretFromCluster {
		t.mounts = append(t.mounts, secret.Name)
		return path.Join(mountFolder, secret.Name, secret.Key)
	}
	key := backend.SecretKey(append([]string{t.channel.Name}, at.key...)...)
	t.secrets[key] = secret
	return path.Join(baseFolder, key)
}

// templateOf returns the template of a block, which is all that can be said of it.
func (t *translation) templateOf(at place, given []score.Field) (text any, ok bool) {
	for _, f := range given {
		value, isText := f.Value.(string)
		switch {
		case f.Name == "template" && isText:
			text, ok = value, true
		case f.Value == true:
			// What Alertmanager does without it.
		default:
			t.report(at.origin.OfName(argumentOf(f)), backend.CodeUnsupportedSetting, "has no setting "+at.inside(f.Name).name(),
				"It takes the template only.", fmt.Sprintf("leave %s out", argumentOf(f)))
		}
	}
	return text, ok
}

// plainEntries returns settings by name as they are.
func plainEntries(given []score.Field) map[string]any {
	content := map[string]any{}
	for _, entry := range given {
		content[entry.Name] = entry.Value
		if inner, ok := entry.Value.([]score.Field); ok {
			content[entry.Name] = plainEntries(inner)
		}
	}
	return content
}
