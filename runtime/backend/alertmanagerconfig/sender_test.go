// SPDX-License-Identifier: Apache-2.0

package alertmanagerconfig_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	amvalidation "github.com/prometheus-operator/prometheus-operator/pkg/alertmanager/validation/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus/alertmanager/config"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var files = golden.Flag(flag.CommandLine)

func v2() *alertmanagerconfig.Sender {
	return alertmanagerconfig.New(alertmanagerconfig.CoreOS(score.V2CRD))
}

func send(t *testing.T, channels ...score.AlertChannel) []backend.Object {
	t.Helper()
	objects, err := v2().Send(backend.Delivery{
		Namespace: "blue", Stack: "main", Labels: map[string]string{"a": "b"}, Channels: channels, Score: `monitoring_stack "main"`,
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// TestEveryIntegration sends a channel of every kind and holds the result against the operator's own types and
// validation.
func TestEveryIntegration(t *testing.T) {
	var b bytes.Buffer
	for _, o := range send(t, channels()...) {
		manifest, err := yaml.JSONToYAML(o.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, "---")
		for _, key := range slices.Sorted(maps.Keys(o.Secrets)) {
			fmt.Fprintf(&b, "# data[%s] = %s\n", key, o.Secrets[key])
		}
		b.Write(manifest)
		if o.ID.Kind == v1alpha1.AlertmanagerConfigKind {
			validate(t, o)
		}
	}
	files.Check(t, "integrations.yaml", b.Bytes())
}

func validate(t *testing.T, o backend.Object) {
	t.Helper()
	var typed v1alpha1.AlertmanagerConfig
	decoder := json.NewDecoder(bytes.NewReader(o.Manifest))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&typed); err != nil {
		t.Error(err)
	}
	if err := amvalidation.ValidateAlertmanagerConfig(&typed); err != nil {
		t.Error(err)
	}
}

// TestNeutralNames loads the same channels with Alertmanager's own parser: the neutral description has to use the
// names of its configuration, or other senders could not understand it.
func TestNeutralNames(t *testing.T) {
	for _, c := range channels() {
		raw := map[string]any{
			"route":     map[string]any{"receiver": c.Name},
			"receivers": []any{map[string]any{"name": c.Name, c.Receiver.Integration + "_configs": []any{plain(c.Receiver.Fields)}}},
		}
		encoded, err := yaml.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(string(encoded)); err != nil {
			t.Errorf("%s: %v\n%s", c.Constructor, err, encoded)
		}
	}
}

func plain(fields []score.Field) map[string]any {
	content := map[string]any{}
	for _, f := range fields {
		switch value := f.Value.(type) {
		case []score.Field:
			content[f.Name] = plain(value)
		case score.Secret:
			content[f.Name] = "https://example.org/secret"
		default:
			content[f.Name] = value
		}
	}
	return content
}

func TestRoutes(t *testing.T) {
	one, two := channels()[0], channels()[1]
	one.Matchers = []string{`severity="critical"`, `{team=~"a|b",env!="test"}`}
	two.Name = "null"
	objects := send(t, one, two)
	var typed v1alpha1.AlertmanagerConfig
	if err := json.Unmarshal(objects[len(objects)-1].Manifest, &typed); err != nil {
		t.Fatal(err)
	}
	root := typed.Spec.Route
	if root.Receiver == "null" || len(root.Matchers) > 0 {
		t.Errorf("the root delivers to %q of a channel, want a receiver that notifies nobody", root.Receiver)
	}
	children, err := root.ChildRoutes()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, child := range children {
		line := fmt.Sprintf("%s continue=%v", child.Receiver, child.Continue)
		for _, m := range child.Matchers {
			line += " " + m.String()
		}
		got = append(got, line)
	}
	want := []string{`my-discord continue=true severity="critical" team=~"a|b" env!="test"`, "null continue=true"}
	if !slices.Equal(got, want) {
		t.Errorf("got routes %q, want %q", got, want)
	}
}

// TestSecrets expects a value of the user's own Secret to be referred to in place, and only the others in ours.
func TestSecrets(t *testing.T) {
	c := channels()[0]
	c.Receiver.Fields[0].Value = score.Secret{Source: score.SecretFromCluster, Name: "theirs", Key: "url"}
	objects := send(t, c)
	if len(objects) != 1 || !strings.Contains(string(objects[0].Manifest), `"apiURL":{"key":"url","name":"theirs"}`) {
		t.Errorf("got %d objects, want one that refers to the user's Secret: %s", len(objects), objects[0].Manifest)
	}
	if none, err := v2().Send(backend.Delivery{Namespace: "blue", Stack: "main"}); err != nil || len(none) != 0 {
		t.Errorf("without channels got %v, %v, want nothing", none, err)
	}
	odd := channels()[0]
	odd.Name = "Alarm für alle"
	for _, o := range send(t, odd) {
		for key := range o.Secrets {
			if !strings.Contains(string(send(t, odd)[1].Manifest), fmt.Sprintf("%q", key)) {
				t.Errorf("key %q is in the Secret and nothing refers to it", key)
			}
		}
	}
}

// TestCheck expects every problem at the argument that it is about, with what to do.
func TestCheck(t *testing.T) {
	site := func(arguments ...string) score.Origin {
		places := map[string]score.Argument{}
		for i, name := range arguments {
			p := score.Position{File: "a.star", Line: 2 + i, Column: 5}
			places[name] = score.Argument{Name: p, Value: score.Position{File: "a.star", Line: 2 + i, Column: 20}}
		}
		return score.NewOrigin(&score.CallSite{Position: score.Position{File: "a.star", Line: 1, Column: 1}, Arguments: places}, nil)
	}
	for name, test := range map[string]struct {
		channel score.AlertChannel
		want    string // code at line:column
		says    string
		fix     string
	}{
		"unknown integration": {channel("pigeon", text("loft", "X")), "unsupported-channel 1:1", "V2_CRD has no receiver for pigeon", "one of these kinds"},
		"unknown setting":     {channel("slack", text("app_token", "x")), "unsupported-setting 2:5", "has no setting app_token", "leave app_token out"},
		"misspelt setting":    {channel("webhook", text("url", "https://x"), value("max_alert", int64(1))), "unsupported-setting 3:5", "has no setting max_alert", "did you mean max_alerts?"},
		"string for a secret": {channel("discord", text("webhook_url", "https://x")), "secret-required 2:20", "takes webhook_url from a Secret only", "secret(env"},
		"secret in the open":  {channel("webhook", secret("url"), secret("timeout")), "secret-unsupported 3:20", "takes no secret there", "give the value itself"},
		"wrong type":          {channel("webhook", secret("url"), text("max_alerts", "5")), "wrong-type 3:20", "wants a whole number of 32 bits for max_alerts, got a string", ""},
		"number too large":    {channel("webhook", secret("url"), value("max_alerts", int64(1)<<40)), "wrong-type 3:20", "got the number 1099511627776", ""},
		"missing setting":     {channel("discord", text("title", "x")), "missing-setting 1:1", "wants a value for webhook_url", "give discord a value"},
		"inside a block": {
			channel("webhook", secret("url"), block("http_config", block("authorization", text("credentials", "x")))),
			"secret-required 1:1", "takes http_config.authorization.credentials from a Secret only", "secret(env",
		},
		"entry of a mapping": {channel("email", text("to", "x"), block("headers", value("X", int64(1)))), "wrong-type 3:20", `wants a string for headers["X"]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var arguments []string
			for _, f := range test.channel.Receiver.Fields {
				arguments = append(arguments, f.Name)
			}
			test.channel.Origin = site(arguments...)
			problems := v2().Check(test.channel)
			if len(problems) != 1 {
				t.Fatalf("got %v, want one problem", problems)
			}
			p := problems[0]
			if got := fmt.Sprintf("%s %d:%d", p.Code, p.Position.Line, p.Position.Column); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if !strings.Contains(p.Summary, test.says) || !strings.Contains(p.Fix, test.fix) || p.Severity != diag.Error {
				t.Errorf("got %s, fix %q, want %q, fix with %q", p, p.Fix, test.says, test.fix)
			}
			_, err := v2().Send(backend.Delivery{Namespace: "x", Stack: "y", Channels: []score.AlertChannel{test.channel}})
			if list := (diag.List{}); !errors.As(err, &list) {
				t.Errorf("send: got error %v, want the diagnostics", err)
			}
		})
	}
	for _, c := range channels() {
		if problems := v2().Check(c); len(problems) > 0 {
			t.Errorf("%s: %v", c.Constructor, problems)
		}
	}
}
