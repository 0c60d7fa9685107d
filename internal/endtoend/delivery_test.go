// SPDX-License-Identifier: Apache-2.0

package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/generated"
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

// TestDelivery deploys channels, takes the configuration that the real operator generated from them, starts a
// real Alertmanager on it, and sends it an alert of the tenant and one of a stranger.
func TestDelivery(t *testing.T) {
	sandbox := shared.Get(t)
	client, err := cluster.Connect(cluster.Options{Kubeconfig: sandbox.Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	r := startReceivers(t)
	deploy(t, client, r)
	configuration := generatedConfiguration(t, client)
	alertmanager := startAlertmanager(t, configuration)

	postAlert(t, alertmanager, map[string]string{"alertname": "Stranger", "namespace": "somebody-else", "severity": "critical"})
	postAlert(t, alertmanager, map[string]string{"alertname": "WebDown", "namespace": tenantName, "severity": "critical", "job": "web-frontend"})

	wanted := expectations()
	got := map[string]request{}
	deadline := time.After(deliveredWithin)
	for len(got) < len(wanted) {
		select {
		case one := <-r.received:
			if strings.Contains(string(one.body), "Stranger") || one.to == "night" {
				t.Errorf("%s got what it must not: %s", one.to, one.body)
			}
			got[one.to] = one
		case <-deadline:
			t.Fatalf("got deliveries to %s within %s, want %s", slices.Sorted(maps.Keys(got)), deliveredWithin, slices.Sorted(maps.Keys(wanted)))
		}
	}
	for _, to := range slices.Sorted(maps.Keys(got)) {
		one := got[to]
		for _, part := range wanted[to] {
			if whole := one.path + "\n" + one.header + "\n" + string(one.body); !strings.Contains(whole, part) {
				t.Errorf("%s: got %s %s %s, want %q in it", to, one.path, one.header, one.body, part)
			}
		}
		line, _, _ := strings.Cut(string(one.body), "\n")
		t.Logf("%s %s: %s", to, one.path, line)
	}
	checkDiscord(t, got["discord"])
	checkWebhook(t, got["tickets"])
}

func deploy(t *testing.T, client *cluster.Client, r *receivers) {
	t.Helper()
	parameters := map[string]string{"receiver": r.http, "smarthost": r.smtp, "proxy": r.proxy}
	result, problems := deployment.NewHost(deployment.Options{Parameters: parameters}).Run(t.Context(), filepath.Join("testdata", "delivery.star"))
	loaded, err := deployment.Finish(result, problems, deployment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Diagnostics.HasErrors() {
		t.Fatal(loaded.Diagnostics.Render(loaded.Sources, diag.Style{}))
	}
	value := func(name string) string {
		if path, ok := strings.CutPrefix(name, "_"); ok {
			return r.http + "/" + path
		}
		return "0123456789abcdef0123456789abcdef"
	}
	outcome, err := apply.Run(t.Context(), apply.Request{
		Client: client, Deployment: loaded.Deployment.Name, Objects: loaded.Objects, Requires: loaded.Requires,
		ResolveSecret: func(_ context.Context, s score.Secret) (string, error) { return value(s.Name), nil },
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
			if got := generated.Condition(object, condition); got != "True" {
				t.Errorf("%s %s: got %q after apply was done, want True", kind, condition, got)
			}
		}
	}
}

// The limits only end what would never come: an operator's configuration, Alertmanager's start, its deliveries.
const generatedWithin, startWithin, deliveredWithin = 5 * time.Minute, 5 * time.Minute, 5 * time.Minute

// listening is what Alertmanager's log says when it has found itself a port.
var listening = regexp.MustCompile(`msg="Listening on" .*address=(127\.0\.0\.1:\d+)`)

// generatedConfiguration returns the alertmanager.yaml that the operator made, as soon as it holds the channels.
func generatedConfiguration(t *testing.T, client *cluster.Client) []byte {
	t.Helper()
	var last []byte
	for deadline := time.Now().Add(generatedWithin); time.Now().Before(deadline); {
		var err error
		if last, err = generated.Alertmanager(t.Context(), client, tenantName, "monitoring"); err != nil {
			t.Fatal(err)
		}
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
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, filepath.Join(filepath.Dir(program), "sandbox", "alertmanager"),
		"--config.file="+file, "--storage.path="+folder, "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=")
	var output sandboxtest.Output
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
	for deadline := time.Now().Add(startWithin); time.Now().Before(deadline); {
		if address := listening.FindStringSubmatch(output.String()); address != nil {
			response, err := http.Get("http://" + address[1] + "/-/ready")
			if err == nil {
				response.Body.Close()
				if response.StatusCode == http.StatusOK {
					return address[1]
				}
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
	if !strings.HasPrefix(r.header, "application/json") {
		t.Errorf("discord: got content type %q, want application/json", r.header)
	}
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
}
