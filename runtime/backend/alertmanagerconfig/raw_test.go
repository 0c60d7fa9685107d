// SPDX-License-Identifier: Apache-2.0

package alertmanagerconfig_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/config"
	corev1 "k8s.io/api/core/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func clusterSecret(name, key string) score.Secret {
	return score.Secret{Source: score.SecretFromCluster, Name: name, Key: key}
}

// rawChannels are those that no AlertmanagerConfig has a receiver for.
func rawChannels() []score.AlertChannel {
	return []score.AlertChannel{
		channel("jira", text("api_url", "https://example.atlassian.net/rest/api/3/"), text("project", "OPS"), text("issue_type", "Bug"),
			value("summary", score.Block{Constructor: "jira_field", Fields: []score.Field{text("template", "{{ .Status }}"), value("enable_update", true)}}),
			value("labels", []string{"alert"}), text("reopen_duration", "7d"),
			block("fields", text("customfield_1", "x"), value("customfield_2", int64(3)), block("customfield_3", text("value", "y"))),
			block("http_config", block("basic_auth", text("username", "bot@example.org"), secret("password")),
				block("tls_config", value("ca", clusterSecret("company", "ca.crt"))))),
		channel("mattermost", secret("webhook_url"), text("channel", "alerts"), text("text", "{{ .Status }}"),
			value("attachments", []score.Block{{Constructor: "mattermost_attachment", Fields: []score.Field{
				text("title", "a"),
				value("fields", []score.Block{{Constructor: "mattermost_field", Fields: []score.Field{text("title", "t"), text("value", "v"), value("short", true)}}}),
			}}}),
			block("priority", text("priority", "urgent"), value("requested_ack", true)), block("props", text("card", "c"))),
		channel("incidentio", text("url", "https://api.incident.io/v2/alert_events/alertmanager/1"), secret("alert_source_token"), value("max_alerts", int64(5)), text("timeout", "10s")),
	}
}

// mixed is a delivery to a tenant whose tree leads to channels of both kinds.
func mixed() backend.Delivery {
	delivery := routed()
	raw := rawChannels()
	raw[1].Matchers = []string{`team!="db"`}
	delivery.Channels = append(delivery.Channels, raw...)
	delivery.Confined, delivery.Alertmanager = true, "main-0123"
	tree := &delivery.Route.Routes[1]
	tree.Routes[0].Channel, tree.Routes[0].MuteTimes = "my-jira", []string{"night"}
	delivery.Route.Routes[0].Channel = "my-mattermost"
	delivery.Route.Routes = append(delivery.Route.Routes, score.Route{Channel: "my-incidentio", Matchers: []string{`tier=~"\\d"`}})
	return delivery
}

func baseOf(t *testing.T, objects []backend.Object) (backend.Object, []byte) {
	t.Helper()
	last := objects[len(objects)-1]
	var content corev1.Secret
	if err := json.Unmarshal(last.Manifest, &content); err != nil || last.ID.Kind != "Secret" {
		t.Fatalf("got %s last, %v, want the Secret with the base configuration", last.ID, err)
	}
	return last, content.Data[alertmanagerconfig.BaseKey]
}

// TestRaw holds the base configuration of a mixed tree, and that Alertmanager takes it.
func TestRaw(t *testing.T) {
	objects, err := v2().Send(mixed())
	if err != nil {
		t.Fatal(err)
	}
	secret, text := baseOf(t, objects)
	if secret.ID.Name != "alertmanager-main-0123" || secret.Stage != backend.StageReceivers {
		t.Errorf("got %s in stage %s, want alertmanager-main-0123 among the receivers", secret.ID, secret.Stage)
	}
	if _, err := config.Load(string(text)); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	var b bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(secret.Secrets)) {
		fmt.Fprintf(&b, "# data[%s] = %s\n", key, secret.Secrets[key])
		if !strings.Contains(string(text), "/etc/alertmanager/config/"+key) {
			t.Errorf("key %q is in the Secret and nothing refers to it", key)
		}
	}
	b.Write(text)
	files.Check(t, "raw.yaml", b.Bytes())
	config := objects[len(objects)-2]
	validate(t, config)
	if strings.Contains(string(config.Manifest), "my-jira") {
		t.Errorf("the AlertmanagerConfig mentions a channel that it has no receiver for: %s", config.Manifest)
	}
	if got := v2().Mounts(mixed().Channels); !slices.Equal(got, []string{"company"}) {
		t.Errorf("got mounts %v, want the user's Secret alone", got)
	}
	if got := v2().Mounts(channels()); len(got) > 0 {
		t.Errorf("got mounts %v of channels that the resource carries, want none", got)
	}
}

// TestRawAlone expects no matcher on the namespace where the stack stands alone, and a top that goes on to each channel.
func TestRawAlone(t *testing.T) {
	objects := send(t, append(rawChannels(), channels()[0])...)
	secret, text := baseOf(t, objects)
	if secret.ID.Name != "alertmanager-main" {
		t.Errorf("got %s, want the name after the stack", secret.ID)
	}
	loaded, err := config.Load(string(text))
	if err != nil {
		t.Fatal(err)
	}
	top := loaded.Route.Routes[0]
	var got []string
	for _, child := range top.Routes {
		got = append(got, fmt.Sprintf("%s continue=%v", child.Receiver, child.Continue))
	}
	want := []string{"blue/main/my-jira continue=true", "blue/main/my-mattermost continue=true", "blue/main/my-incidentio continue=true"}
	if !slices.Equal(got, want) || len(top.Matchers) > 0 {
		t.Errorf("got routes %q below matchers %v, want %q below none", got, top.Matchers, want)
	}
}

// TestRawCheck expects what the operators cannot read raw to be told at the setting.
func TestRawCheck(t *testing.T) {
	v3 := alertmanagerconfig.New(alertmanagerconfig.RHOBS(score.V3RHOB))
	jira := func(fields ...score.Field) score.AlertChannel {
		return channel("jira", append([]score.Field{text("project", "X"), text("issue_type", "Bug")}, fields...)...)
	}
	for name, test := range map[string]struct {
		sender  *alertmanagerconfig.Sender
		channel score.AlertChannel
		want    string
	}{
		"user name as a secret": {v2(), jira(block("http_config", block("basic_auth", secret("username")))), "secret-unsupported: keeps http_config.basic_auth.username in the open"},
		"password in the open":  {v2(), jira(block("http_config", block("basic_auth", text("password", "x")))), "secret-required: takes http_config.basic_auth.password from a Secret only"},
		"headers for a proxy":   {v2(), jira(block("http_config", value("proxy_connect_header", []score.Field{}))), "unsupported-setting: has no setting http_config.proxy_connect_header"},
		"update of a summary": {
			v2(), jira(value("summary", score.Block{Fields: []score.Field{text("template", "x"), value("enable_update", false)}})),
			"unsupported-setting: has no setting summary.enable_update",
		},
		"missing setting":     {v2(), channel("mattermost", text("text", "x")), "missing-setting: wants a value for webhook_url"},
		"only in newer ones":  {v3, channel("mattermost", secret("webhook_url"), text("title", "x")), "unsupported-setting: has no setting title"},
		"number out of range": {v2(), channel("incidentio", value("max_alerts", int64(1)<<40)), "wrong-type: wants a whole number of 32 bits for max_alerts"},
	} {
		problems := test.sender.Check(test.channel)
		code, summary, _ := strings.Cut(test.want, ": ")
		if len(problems) != 1 || problems[0].Code != code || !strings.Contains(problems[0].Summary, summary) {
			t.Errorf("%s: got %v, want one problem: %s", name, problems, test.want)
		}
	}
	for _, c := range rawChannels() {
		for _, sender := range []*alertmanagerconfig.Sender{v2(), v3} {
			if problems := sender.Check(c); len(problems) > 0 {
				t.Errorf("%s: %v", c.Constructor, problems)
			}
		}
	}
}
