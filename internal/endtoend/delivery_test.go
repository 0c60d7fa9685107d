// SPDX-License-Identifier: Apache-2.0

package endtoend

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var shared sandboxtest.Shared

func TestMain(m *testing.M) { os.Exit(shared.Main(m)) }

const tenantName = "delivery"

const script = `
deploy(tenant_monitoring(
    tenant = "delivery",
    stack = monitoring_stack(
        api_version = V2_CRD,
        alert_channels = [
            discord(
                name = "on-call",
                webhook_url = secret(env = "DISCORD_URL"),
                title = "{{ .CommonLabels.alertname }} is {{ .Status }}",
            ),
            webhook(name = "tickets", url = secret(env = "TICKETS_URL"), max_alerts = 5),
            webhook(name = "night", url = secret(env = "NIGHT_URL"), matchers = ['severity="info"']),
        ],
        alert_rules = [alert_rule_group(name = "web", rules = [
            alert_rule(alert = "WebDown", expr = 'up{job="web"} == 0', for_ = "5m", labels = {"severity": "critical"}),
        ])],
    ),
))
`

// request is what a receiver got.
type request struct {
	path        string
	contentType string
	body        []byte
}

// TestDelivery deploys channels, takes the configuration that the real operator generated from them, starts a
// real Alertmanager on it, and sends it an alert of the tenant and one of a stranger.
func TestDelivery(t *testing.T) {
	sandbox := shared.Get(t)
	received := make(chan request, 16)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("receiver: %v", err)
		}
		received <- request{r.URL.Path, r.Header.Get("Content-Type"), body}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer receiver.Close()

	client, err := cluster.Connect(cluster.Options{Kubeconfig: sandbox.Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, client, receiver.URL)
	configuration := generatedConfiguration(t, client)
	alertmanager := startAlertmanager(t, configuration)

	postAlert(t, alertmanager, map[string]string{"alertname": "Stranger", "namespace": "somebody-else", "severity": "critical"})
	postAlert(t, alertmanager, map[string]string{"alertname": "WebDown", "namespace": tenantName, "severity": "critical"})

	got := map[string]request{}
	deadline := time.After(2 * time.Minute)
	for len(got) < 2 {
		select {
		case r := <-received:
			got[r.path] = r
		case <-deadline:
			t.Fatalf("got deliveries %v within two minutes, want /discord and /tickets", got)
		}
	}
	checkDiscord(t, got["/discord"])
	checkWebhook(t, got["/tickets"])
	for path, r := range got {
		if strings.Contains(string(r.body), "Stranger") || path == "/night" {
			t.Errorf("%s got what it must not: %s", path, r.body)
		}
	}
}

func deploy(t *testing.T, client *cluster.Client, receiver string) {
	t.Helper()
	result, problems := deployment.NewHost(deployment.Options{}).RunSource(t.Context(), "delivery.star", script)
	loaded, err := deployment.Finish(result, problems, deployment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Diagnostics.HasErrors() {
		t.Fatal(loaded.Diagnostics.Render(loaded.Sources, diag.Style{}))
	}
	urls := map[string]string{"DISCORD_URL": receiver + "/discord", "TICKETS_URL": receiver + "/tickets", "NIGHT_URL": receiver + "/night"}
	outcome, err := apply.Run(t.Context(), apply.Request{
		Client: client, Deployment: loaded.Deployment.Name, Objects: loaded.Objects, Requires: loaded.Requires,
		ResolveSecret: func(_ context.Context, s score.Secret) (string, error) { return urls[s.Name], nil },
		Timeout:       3 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if outcome.State != apply.Done {
		t.Fatalf("apply: got %s, want done:\n%s", outcome.State, outcome.Diagnostics)
	}
	for _, kind := range []string{"Prometheus", "Alertmanager"} {
		id := backend.ID{Group: "monitoring.coreos.com", Version: "v1", Kind: kind, Namespace: tenantName, Name: "monitoring"}
		object, err := client.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, condition := range []string{"Available", "Reconciled"} {
			if got := conditionStatus(object, condition); got != "True" {
				t.Errorf("%s %s: got %q after apply was done, want True", kind, condition, got)
			}
		}
	}
}

func conditionStatus(object *unstructured.Unstructured, name string) string {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == name {
			return fmt.Sprint(c["status"])
		}
	}
	return ""
}

// generatedConfiguration returns the alertmanager.yaml that the operator made, as soon as it holds the channels.
func generatedConfiguration(t *testing.T, client *cluster.Client) []byte {
	t.Helper()
	id := backend.ID{Version: "v1", Kind: "Secret", Namespace: tenantName, Name: "alertmanager-monitoring-generated"}
	var last []byte
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		object, err := client.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		data, _, _ := unstructured.NestedString(object.Object, "data", "alertmanager.yaml.gz")
		last = unzip(t, data)
		if bytes.Contains(last, []byte("discord_configs")) {
			return last
		}
		select {
		case <-t.Context().Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	t.Fatalf("the operator's configuration never held the channels:\n%s", last)
	return nil
}

func unzip(t *testing.T, data string) []byte {
	t.Helper()
	compressed, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// startAlertmanager starts the sandbox's Alertmanager on loopback, with the configuration untouched, and
// returns its address.
func startAlertmanager(t *testing.T, configuration []byte) string {
	t.Helper()
	program, err := sandboxtest.Program()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "alertmanager.yaml")
	if err := os.WriteFile(file, configuration, 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	command := exec.CommandContext(ctx, filepath.Join(filepath.Dir(program), "sandbox", "alertmanager"),
		"--config.file="+file, "--storage.path="+folder, "--web.listen-address="+address, "--cluster.listen-address=")
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("alertmanager:\n%s\nits configuration:\n%s", output.String(), configuration)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		response, err := http.Get("http://" + address + "/-/ready")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return address
			}
		}
		select {
		case <-t.Context().Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatalf("alertmanager did not get ready:\n%s", output.String())
	return ""
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func postAlert(t *testing.T, address string, labels map[string]string) {
	t.Helper()
	body, err := json.Marshal([]map[string]any{{"labels": labels, "annotations": map[string]string{"summary": "web is down"}}})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post("http://"+address+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		t.Fatalf("post alert: got %s: %s", response.Status, text)
	}
}

// checkDiscord wants what Discord's webhooks take: https://discord.com/developers/docs/resources/webhook#execute-webhook.
func checkDiscord(t *testing.T, r request) {
	t.Helper()
	var message struct {
		Content string
		Embeds  []struct{ Title, Description string }
	}
	if err := json.Unmarshal(r.body, &message); err != nil {
		t.Fatalf("discord: got %q: %v", r.body, err)
	}
	if len(message.Embeds) != 1 || message.Embeds[0].Title != "WebDown is firing" || message.Embeds[0].Description == "" {
		t.Errorf("discord: got %s, want one embed titled %q with a description", r.body, "WebDown is firing")
	}
	if !strings.HasPrefix(r.contentType, "application/json") {
		t.Errorf("discord: got content type %q, want application/json", r.contentType)
	}
	t.Logf("discord got %s", r.body)
}

// checkWebhook wants version 4 of Alertmanager's own payload.
func checkWebhook(t *testing.T, r request) {
	t.Helper()
	var message struct {
		Version, Status, Receiver string
		Alerts                    []struct{ Labels map[string]string }
	}
	if err := json.Unmarshal(r.body, &message); err != nil {
		t.Fatalf("webhook: got %q: %v", r.body, err)
	}
	if message.Version != "4" || message.Status != "firing" || len(message.Alerts) != 1 || message.Alerts[0].Labels["alertname"] != "WebDown" {
		t.Errorf("webhook: got %s, want version 4 with the one firing alert WebDown", r.body)
	}
	if !strings.HasSuffix(message.Receiver, "/tickets") {
		t.Errorf("webhook: got receiver %q, want it to end in /tickets", message.Receiver)
	}
	t.Logf("webhook got %s", r.body)
}
