// SPDX-License-Identifier: Apache-2.0

// This file proves the channels that go into the configuration that the operators start from.

package endtoend

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/harmonyscript/harmonyscript/internal/calls"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestOperatorsReadRaw deploys each channel that needs a base configuration, with all settings that its sender takes and
// with each kind of authentication. An operator refuses a base configuration as a whole for one setting that it does not
// know.
func TestOperatorsReadRaw(t *testing.T) {
	client, err := cluster.Connect(cluster.Options{Kubeconfig: shared.Get(t).Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := deployment.DefaultRegistry()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []score.APIVersion{score.V2CRD, score.V3RHOB} {
		t.Run(version.String(), func(t *testing.T) {
			b, _ := registry.Backend(version)
			stack := score.MonitoringStack{APIVersion: version, Namespace: "raw-all-" + strings.ToLower(version.String()[:2]), Name: "all", Retention: "1d", Replicas: 1, Shards: 1}
			for name, call := range rawCalls(t) {
				_, channel, _, err := calls.Missing(b.Sender(), channelOf(t, version.String(), call))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				channel.Name = name
				stack.AlertChannels = append(stack.AlertChannels, channel)
			}
			deployScores(t, client, registry, score.Deployment{Name: stack.Namespace, Scores: []score.Score{stack}})
			loaded := operatorsConfiguration(t, client, stack)
			got := map[string]bool{}
			for _, receiver := range loaded.Receivers {
				got[receiver.Name] = true
			}
			for _, channel := range stack.AlertChannels {
				if name := routing.ReceiverName(stack.Namespace, "all", channel.Name); !got[name] {
					t.Errorf("got no receiver %s: %v", name, slices.Sorted(maps.Keys(got)))
				}
			}
		})
	}
}

// rawCalls are the calls of channels, by a name.
func rawCalls(t *testing.T) map[string]string {
	t.Helper()
	written := map[string]string{}
	for _, name := range []string{"incidentio", "jira", "mattermost"} {
		for _, variant := range calls.Variants(t, name) {
			written[name+"-"+variant.Name] = variant.Call
		}
	}
	for name, settings := range map[string]string{
		"basic": `basic_auth = basic_auth(username = "me", password = secret(env = "PASSWORD"))`,
		"oauth": `oauth2 = oauth2(client_id = "me", client_secret = secret(env = "SECRET"), token_url = "https://example.com/token", scopes = ["a"], endpoint_params = {"b": "c"}, tls_config = tls_config(ca = secret(env = "CA")))`,
	} {
		written[name] = `jira(name = "j", api_url = "https://example.com", project = "P", issue_type = "Bug", http_config = http_config(` + settings + `))`
	}
	return written
}

// TestRawDelivery deploys them, in one tree with another channel, starts a real Alertmanager on what each of the real
// operators made, files and all, and sends it an alert of the tenant and one of a stranger.
func TestRawDelivery(t *testing.T) {
	client, err := cluster.Connect(cluster.Options{Kubeconfig: shared.Get(t).Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ version, group string }{{"V2_CRD", "monitoring.coreos.com"}, {"V3_RHOB", "monitoring.rhobs"}} {
		t.Run(test.version, func(t *testing.T) {
			r := startReceivers(t)
			tenant := "raw-" + strings.ToLower(test.version[:2])
			name := deployRaw(t, client, r, test.version, tenant)
			id := backend.ID{Group: test.group, Version: "v1", Kind: "Alertmanager", Namespace: tenant, Name: name}
			object, err := client.Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if mounts, _, _ := unstructured.NestedStringSlice(object.Object, "spec", "secrets"); !slices.Equal(mounts, []string{"jira-login"}) {
				t.Errorf("got spec.secrets %v, want the user's Secret", mounts)
			}
			address := startAlertmanager(t, rawConfiguration(t, client, tenant, name))
			postAlert(t, address, map[string]string{"alertname": "Stranger", "namespace": "somebody-else", "severity": "critical", "job": "web"})
			postAlert(t, address, map[string]string{"alertname": "WebDown", "namespace": tenant, "severity": "critical", "job": "web-frontend"})
			postAlert(t, address, map[string]string{"alertname": "Slow", "namespace": tenant, "severity": "info"})
			expectRaw(t, r, tenant)
		})
	}
}

// deployRaw deploys the script and returns the name of its Alertmanager.
func deployRaw(t *testing.T, client *cluster.Client, r *receivers, version, tenant string) string {
	t.Helper()
	parameters := map[string]string{"receiver": r.http, "version": version, "tenant": tenant}
	result, problems := deployment.NewHost(deployment.Options{Parameters: parameters}).Run(t.Context(), filepath.Join("testdata", "raw.star"))
	loaded, err := deployment.Finish(result, problems, deployment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Diagnostics.HasErrors() {
		t.Fatal(loaded.Diagnostics.Render(loaded.Sources, diag.Style{}))
	}
	name := ""
	for _, o := range loaded.Objects {
		if o.Stage == backend.StageReceivers && o.ID.Kind == "Secret" {
			name = strings.TrimPrefix(o.ID.Name, alertmanagerconfig.BaseName(""))
		}
	}
	outcome, err := apply.Run(t.Context(), apply.Request{
		Client: client, Deployment: loaded.Deployment.Name + "-" + tenant, Objects: loaded.Objects, Requires: loaded.Requires,
		ResolveSecret: func(_ context.Context, s score.Secret) (string, error) {
			if path, ok := strings.CutPrefix(s.Name, "_"); ok {
				return r.http + "/" + path, nil
			}
			return "0123456789abcdef", nil
		},
		Timeout: 4 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if outcome.State != apply.Done {
		t.Fatalf("apply: got %s, want done:\n%s", outcome.State, outcome.Diagnostics)
	}
	return name
}

// rawConfiguration returns what the operator made, with the folders of the pod replaced by one that has the files which
// the operator and the kubelet would put there.
func rawConfiguration(t *testing.T, client *cluster.Client, namespace, name string) []byte {
	t.Helper()
	id := backend.ID{Version: "v1", Kind: "Secret", Namespace: namespace, Name: "alertmanager-" + name + "-generated"}
	var text []byte
	var data map[string]string
	for deadline := time.Now().Add(generatedWithin); !bytes.Contains(text, []byte("mattermost_configs")) || !bytes.Contains(text, []byte("webhook_configs")); {
		if time.Now().After(deadline) {
			t.Fatalf("the operator's configuration never held the channels:\n%s", text)
		}
		object, err := client.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		data, _, _ = unstructured.NestedStringMap(object.Object, "data")
		text = unpack(t, data["alertmanager.yaml.gz"])
		time.Sleep(300 * time.Millisecond)
	}
	folder := t.TempDir()
	for key, value := range data {
		decoded, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(folder, "config", key), decoded)
		if !strings.HasPrefix(key, "alertmanager.yaml") && bytes.Contains(text, decoded) {
			t.Errorf("the configuration holds the value of %s", key)
		}
	}
	writeFile(t, filepath.Join(folder, "secrets", "jira-login", "token"), []byte("jira-password\n"))
	return bytes.ReplaceAll(text, []byte("/etc/alertmanager"), []byte(folder))
}

func unpack(t *testing.T, encoded string) []byte {
	t.Helper()
	unpacker, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(encoded)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpacker)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// expectRaw waits for the deliveries, and expects no other.
func expectRaw(t *testing.T, r *receivers, tenant string) {
	t.Helper()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("bot@example.com:jira-password"))
	wanted := map[string][]string{
		"jira": {"/jira/rest/api/2/issue", basic, "WebDown in " + tenant, `"from-alerts"`, `"customfield_1":"web-frontend"`, `{"value":"high"}`},
		// The last child of a route that an alert has got to by a sibling that continues.
		"mattermost": {`"text":"WebDown"`, `"title":"web-frontend"`, tenant, `"card":"firing"`, `"priority":"urgent"`},
		"incidentio": {"Bearer 0123456789abcdef", `"alertname":"WebDown"`},
		"leftover":   {`"alertname":"Slow"`},
	}
	got := map[string]string{}
	deadline := time.After(deliveredWithin)
	for len(got) < len(wanted) {
		select {
		case one := <-r.received:
			whole := one.path + "\n" + one.header + "\n" + string(one.body)
			if one.to == "jira" && strings.HasSuffix(one.path, "/search") {
				continue // it looks for an open issue first
			}
			if wanted[one.to] == nil || got[one.to] != "" || strings.Contains(whole, "Stranger") {
				t.Errorf("%s got what it must not: %s", one.to, whole)
			}
			got[one.to] = whole
		case <-deadline:
			t.Fatalf("got deliveries to %s within %s, want %s", slices.Sorted(maps.Keys(got)), deliveredWithin, slices.Sorted(maps.Keys(wanted)))
		}
	}
	for to, parts := range wanted {
		for _, part := range parts {
			if !strings.Contains(got[to], part) {
				t.Errorf("%s: got %s, want %q in it", to, got[to], part)
			}
		}
	}
}
