// SPDX-License-Identifier: Apache-2.0

package endtoend

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	amvalidation "github.com/prometheus-operator/prometheus-operator/pkg/alertmanager/validation/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus/alertmanager/config"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/internal/calls"
	"github.com/harmonyscript/harmonyscript/internal/generated"
	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var files = golden.Flag(flag.CommandLine)

// channelOf runs a script that deploys the channel and returns it, after check has had nothing to say against it.
func channelOf(t *testing.T, version, call string) score.AlertChannel {
	t.Helper()
	script := fmt.Sprintf("deploy(monitoring_stack(%s, alert_channels = [%s]))", version, call)
	result, problems := builtins.Standard().Host(host.Options{}).RunSource(t.Context(), "channel.star", script)
	if problems.HasErrors() {
		t.Fatal(problems.Render(result.Sources, diag.Style{}))
	}
	return result.Deployment.Scores[0].(score.MonitoringStack).AlertChannels[0]
}

// TestEveryChannelThroughEverySender sends each channel with all of its settings through each version. What a version
// cannot carry has to be told at the setting; the list of it is a golden file. The rest has to pass the schema of the
// resource and the operator's own validation.
func TestEveryChannelThroughEverySender(t *testing.T) {
	registry, err := deployment.DefaultRegistry()
	if err != nil {
		t.Fatal(err)
	}
	var gaps bytes.Buffer
	for _, b := range registry.Backends() {
		definitions := samples.CoreOS()
		if b.Version() == score.V3RHOB {
			definitions = samples.RHOBS()
		}
		schemas := samples.ReadSchemas(t, definitions)
		fmt.Fprintf(&gaps, "%s\n", b.Version())
		for _, s := range calls.Channels() {
			channel := channelOf(t, b.Version().String(), calls.Full(t, s.Name))
			missing, channel, whole, err := calls.Missing(b.Sender(), channel)
			if err != nil {
				t.Fatalf("%s: %v", b.Version(), err)
			}
			if whole {
				missing = []string{"all of it"}
			}
			if len(missing) > 0 {
				fmt.Fprintf(&gaps, "  %s: %s\n", s.Name, strings.Join(missing, ", "))
			}
			if !whole {
				checkSent(t, schemas, b, channel)
			}
			if slices.Contains(registry.Carriers(s.Name, ""), b.Version()) == whole {
				t.Errorf("%s: %s: got carriers %v, want it among them: %v", b.Version(), s.Name, registry.Carriers(s.Name, ""), !whole)
			}
		}
	}
	files.Check(t, "gaps.txt", gaps.Bytes())
}

func checkSent(t *testing.T, schemas samples.Schemas, b backend.Backend, channel score.AlertChannel) {
	t.Helper()
	objects, err := b.Sender().Send(backend.Delivery{Namespace: "blue", Stack: "main", Labels: map[string]string{"a": "b"}, Channels: []score.AlertChannel{channel}, Score: "test"})
	if err != nil {
		t.Errorf("%s: %s: %v", b.Version(), channel.Constructor, err)
		return
	}
	given := map[string]bool{}
	for _, o := range objects {
		for _, secret := range o.Secrets {
			given[secret.String()] = true
		}
		if o.ID.Kind != v1alpha1.AlertmanagerConfigKind {
			continue
		}
		for _, problem := range schemas.Problems(o.Manifest) {
			t.Errorf("%s: %s: %s\n%s", b.Version(), channel.Constructor, problem, o.Manifest)
		}
		var typed v1alpha1.AlertmanagerConfig
		decoder := json.NewDecoder(bytes.NewReader(o.Manifest))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&typed); err != nil {
			t.Errorf("%s: %s: %v", b.Version(), channel.Constructor, err)
		}
		if err := amvalidation.ValidateAlertmanagerConfig(&typed); err != nil {
			t.Errorf("%s: %s: %v", b.Version(), channel.Constructor, err)
		}
	}
	for _, secret := range channel.Receiver.Secrets() {
		if !given[secret.String()] {
			t.Errorf("%s: %s: %s is in no Secret", b.Version(), channel.Constructor, secret)
		}
	}
}

// TestChannelsSpeakAlertmanager loads each channel with all of its settings, and with each kind of authentication, with
// Alertmanager's own parser: the names and types of the settings have to be its own.
func TestChannelsSpeakAlertmanager(t *testing.T) {
	written := map[string]string{}
	for _, s := range calls.Channels() {
		written[s.Name] = calls.Full(t, s.Name)
	}
	for _, block := range []string{"basic_auth", "oauth2"} {
		written["webhook with "+block] = fmt.Sprintf(`webhook(name = "full", url = "https://example.com", http_config = http_config(%s = %s))`, block, calls.Full(t, block))
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		loaded, text, err := load(channelOf(t, "V2_CRD", written[name]))
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		if integrations := countIntegrations(loaded.Receivers[0]); integrations != 1 {
			t.Errorf("%s: got %d integrations, want one:\n%s", name, integrations, text)
		}
	}
}

// TestSendResolvedDefaults holds what the table says against what Alertmanager does without the setting.
func TestSendResolvedDefaults(t *testing.T) {
	for _, s := range calls.Channels() {
		channel := channelOf(t, "V2_CRD", calls.Full(t, s.Name))
		channel.Receiver.Fields = calls.Without(channel.Receiver.Fields, []string{"send_resolved"})
		loaded, text, err := load(channel)
		if err != nil {
			t.Errorf("%s: %v\n%s", s.Name, err, text)
			continue
		}
		argument, _ := s.Argument("send_resolved")
		receiver := reflect.ValueOf(loaded.Receivers[0])
		for i := range receiver.NumField() {
			if list := receiver.Field(i); list.Kind() == reflect.Slice && list.Len() == 1 && list.Type().Elem().Kind() == reflect.Pointer {
				if got := list.Index(0).Interface().(interface{ SendResolved() bool }).SendResolved(); got != argument.Default {
					t.Errorf("%s: the table's default is %v, Alertmanager's %v", s.Name, argument.Default, got)
				}
			}
		}
	}
}

// load reads a channel as a configuration file of its own.
func load(channel score.AlertChannel) (loaded *config.Config, text []byte, err error) {
	text, err = yaml.Marshal(map[string]any{
		"route":     map[string]any{"receiver": channel.Name},
		"receivers": []any{map[string]any{"name": channel.Name, channel.Receiver.Integration + "_configs": []any{plainFields(channel.Receiver.Fields)}}},
	})
	if err != nil {
		return nil, nil, err
	}
	loaded, err = generated.LoadAlertmanager(text)
	if err == nil && len(loaded.Receivers) != 1 {
		err = errors.New("got no receiver")
	}
	return loaded, text, err
}

func plainFields(fields []score.Field) map[string]any {
	content := map[string]any{}
	for _, f := range fields {
		content[f.Name] = plainValue(f.Value)
	}
	return content
}

func plainValue(value any) any {
	switch value := value.(type) {
	case []score.Field:
		return plainFields(value)
	case score.Block:
		return plainFields(value.Fields)
	case []score.Block:
		list := make([]any, len(value))
		for i, b := range value {
			list[i] = plainFields(b.Fields)
		}
		return list
	case score.Secret:
		return "https://slack.com/api/chat.postMessage" // the one address that slack's update_message takes
	case []score.Secret:
		list := make([]any, len(value))
		for i, s := range value {
			list[i] = plainValue(s)
		}
		return list
	default:
		return value
	}
}

func countIntegrations(r config.Receiver) int {
	count, receiver := 0, reflect.ValueOf(r)
	for i := range receiver.NumField() {
		if receiver.Field(i).Kind() == reflect.Slice {
			count += receiver.Field(i).Len()
		}
	}
	return count
}
