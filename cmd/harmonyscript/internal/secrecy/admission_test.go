// SPDX-License-Identifier: Apache-2.0

// This file has those who decide about objects in a real cluster quote what they saw: admission webhooks and policies,
// controllers, and quotas.

package secrecy

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

const admission = "/apis/admissionregistration.k8s.io/v1/"

// gossip is an admission webhook on loopback that quotes everything that it has ever seen.
type gossip struct {
	mutex sync.Mutex
	// refuses says which requests it denies, by operation and resource: "DELETE secrets"; the others get a warning.
	refuses func(operation, resource string) bool
	// seen are the contents of Secrets, calls the requests.
	seen  map[string]bool
	calls int
}

func (g *gossip) refuse(what func(operation, resource string) bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.refuses, g.calls = what, 0
}

// called returns how often it was asked since it was told what to refuse.
func (g *gossip) called() int {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.calls
}

func (g *gossip) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	var review struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Request    map[string]any `json:"request,omitempty"`
		Response   map[string]any `json:"response,omitempty"`
	}
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(out, "the webhook is broken", http.StatusInternalServerError)
		return
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	words := []string{string(mustMarshal(review.Request))}
	for _, name := range []string{"object", "oldObject"} {
		object, _ := review.Request[name].(map[string]any)
		data, _ := object["data"].(map[string]any)
		for _, encoded := range data {
			text, _ := encoded.(string)
			decoded, _ := base64.StdEncoding.DecodeString(text)
			g.seen[text], g.seen[string(decoded)] = true, true
		}
	}
	for text := range g.seen {
		words = append(words, text)
	}
	resource, _ := review.Request["resource"].(map[string]any)
	response := map[string]any{"uid": review.Request["uid"], "allowed": true, "warnings": []string{words[len(words)-1]}}
	if g.refuses != nil && g.refuses(fmt.Sprint(review.Request["operation"]), fmt.Sprint(resource["resource"])) {
		g.calls++
		response["allowed"], response["status"] = false, map[string]any{"message": strings.Join(words, " "), "code": 403}
	}
	review.Request, review.Response = nil, response
	out.Header().Set("Content-Type", "application/json")
	_, _ = out.Write(mustMarshal(review))
}

// startGossip starts the webhook for the namespace of the world.
func startGossip(w *world) *gossip {
	w.t.Helper()
	g := &gossip{seen: map[string]bool{}}
	server := httptest.NewTLSServer(g)
	w.t.Cleanup(server.Close)
	authority := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	w.must(http.MethodPost, admission+"validatingwebhookconfigurations", fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: %[1]s}
webhooks:
- name: gossip.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 30
  clientConfig: {url: "%[2]s/all", caBundle: %[3]s}
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}}
  rules: [{apiGroups: ["", monitoring.coreos.com], apiVersions: ["*"], operations: ["*"], resources: [secrets, services, prometheuses, alertmanagerconfigs]}]
`, w.name, server.URL, authority))
	w.t.Cleanup(func() {
		w.request(http.MethodDelete, admission+"validatingwebhookconfigurations/"+w.name, "", "")
	})
	return g
}

// awaitRefusal waits until Secrets of the world's namespace are refused with these words; "" until they are not.
func (w *world) awaitRefusal(words string) {
	w.t.Helper()
	eventually(w.t, func() error {
		status, answer := w.request(http.MethodPost, "/api/v1/namespaces/"+w.name+"/secrets?dryRun=All", "application/yaml", "{apiVersion: v1, kind: Secret, metadata: {name: asked}}")
		if refused := status >= 400; refused != (words != "") || refused && !strings.Contains(string(answer), words) {
			return fmt.Errorf("asked whether Secrets are refused: got %d: %s, want %q", status, answer, words)
		}
		return nil
	})
}

// TestGossip has a webhook refuse Secrets, then everything else, then let everything pass with a warning, then refuse deletions.
func TestGossip(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"V2_CRD", "V1_HELM"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "secrets.star", secretsScript).onCluster(kubeconfig(t))
			w.defaults(version)
			g := startGossip(w)
			refused := func(what func(operation, resource string) bool, code int, arguments ...string) {
				t.Helper()
				g.refuse(what)
				for _, output := range []string{"text", "json"} {
					r := w.run(append([]string{arguments[0], "--output", output}, arguments[1:]...)...)
					w.mustEnd(r, code, "gossip.example.com")
					w.keyIsSecret(r)
				}
				if g.called() == 0 {
					t.Errorf("%v: the webhook refused nothing", arguments)
				}
			}
			secret := func(_, resource string) bool { return resource == "secrets" }
			g.refuse(secret)
			w.awaitRefusal("gossip.example.com")
			refused(secret, 1, "apply", "--no-wait", "secrets.star")
			refused(secret, 1, "plan", "secrets.star")
			refused(func(_, resource string) bool { return resource != "secrets" }, 1, "apply", "--no-wait", "secrets.star")
			refused(func(_, resource string) bool { return resource != "secrets" }, 1, "plan", "secrets.star")
			w.run("status", "--all", "secrets.star")
			g.refuse(nil)
			w.mustRun(0, []string{"apply", "--timeout", "3m", "secrets.star"})
			w.quoteInEvents()
			w.inBoth(0, "status", "--all", "secrets.star")
			w.inBoth(0, "history", "secrets.star", "1")
			refused(func(operation, resource string) bool { return operation == "DELETE" && resource == "secrets" }, 1, "destroy", "secrets.star")
			g.refuse(nil)
			w.mustRun(0, []string{"destroy", "--name", w.name})
			w.searchFiles()
		})
	}
}

// quoteInEvents has controllers record warnings that quote secrets, about objects of the deployment and a pod.
func (w *world) quoteInEvents() {
	w.t.Helper()
	subjects := []string{"/api/v1/namespaces/" + w.name + "/pods/alertmanager-monitoring-0"}
	for _, name := range []string{"prometheuses/monitoring", "alertmanagers/monitoring", "servicemonitors/monitoring.web", "prometheusrules/monitoring.web"} {
		subjects = append(subjects, "/apis/monitoring.coreos.com/v1/namespaces/"+w.name+"/"+name)
	}
	for n, path := range subjects {
		var o struct {
			Kind     string
			Metadata struct{ Name, UID string }
		}
		if err := json.Unmarshal(w.must(http.MethodGet, path, ""), &o); err != nil {
			w.t.Fatal(err)
		}
		words := strings.Split(told(), " | ")
		w.must(http.MethodPost, "/api/v1/namespaces/"+w.name+"/events", string(mustMarshal(map[string]any{
			"apiVersion": "v1", "kind": "Event", "metadata": map[string]any{"name": fmt.Sprintf("quote-%d", n), "namespace": w.name}, "type": "Warning", "reason": "Quoted",
			"message":        "it has " + strings.Join(words[len(words)*n/len(subjects):len(words)*(n+1)/len(subjects)], " | "),
			"involvedObject": map[string]any{"kind": o.Kind, "name": o.Metadata.Name, "namespace": w.name, "uid": o.Metadata.UID},
		})))
	}
}

// TestPolicyQuotes has a ValidatingAdmissionPolicy quote the data of the Secrets that it refuses, and a quota refuse them.
func TestPolicyQuotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "secrets.star", secretsScript).onCluster(kubeconfig(t))
	w.defaults("V2_CRD")
	w.must(http.MethodPost, admission+"validatingadmissionpolicies", fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: %[1]s}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}]
  validations:
  - expression: "!has(object.data)"
    messageExpression: "'it has ' + object.data.map(k, k + ' = ' + string(object.data[k])).join(', ')"
  - expression: "object.metadata.name != 'asked'"
`, w.name))
	w.must(http.MethodPost, admission+"validatingadmissionpolicybindings", fmt.Sprintf(
		"{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: %[1]s}, spec: {policyName: %[1]s, validationActions: [Deny]}}", w.name))
	remove := func() {
		w.request(http.MethodDelete, admission+"validatingadmissionpolicybindings/"+w.name, "", "")
		w.request(http.MethodDelete, admission+"validatingadmissionpolicies/"+w.name, "", "")
	}
	t.Cleanup(remove)
	w.awaitRefusal("ValidatingAdmissionPolicy")
	_, answer := w.request(http.MethodPost, "/api/v1/namespaces/"+w.name+"/secrets?dryRun=All", "application/yaml", "{apiVersion: v1, kind: Secret, metadata: {name: other}, stringData: {word: "+secrets()["WORD"]+"}}")
	if found(answer) == "" {
		t.Errorf("the policy quotes nothing: %s", answer)
	}
	w.inBoth(1, "apply", "--no-wait", "secrets.star")
	w.inBoth(1, "plan", "secrets.star")
	remove()
	w.awaitRefusal("")
	w.must(http.MethodPost, "/api/v1/namespaces/"+w.name+"/resourcequotas", "{apiVersion: v1, kind: ResourceQuota, metadata: {name: none}, spec: {hard: {count/secrets: 0}}}")
	// At first it is refused because the quota's controller has not looked at it yet.
	w.awaitRefusal("exceeded quota: none")
	r := w.run("apply", "--no-wait", "secrets.star")
	w.mustEnd(r, 1, "quota-exceeded", "exceeded quota: none")
	w.run("destroy", "--name", w.name)
	w.searchFiles()
}

// TestControllersQuote gives the operator addresses that it cannot parse and quotes.
func TestControllersQuote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "secrets.star", `deploy(tenant_monitoring(tenant = param("tenant"), stack = monitoring_stack(V2_CRD, alert_channels = [
    discord(name = "env", webhook_url = secret(env = "UNREADABLE")),
    slack(name = "cluster", api_url = secret(name = "hooks", key = "unreadable")),
])), name = param("tenant"))
`).onCluster(kubeconfig(t))
	w.mustRun(4, []string{"apply", "--output", "json", "--timeout", "10m", "--set", "tenant=" + w.name, "secrets.star"}, "InvalidConfiguration")
	for _, output := range []string{"text", "json"} {
		w.mustRun(4, []string{"status", "--all", "--output", output, "--name", w.name}, "InvalidConfiguration")
	}
	w.mustRun(0, []string{"destroy", "--name", w.name})
	w.searchFiles()
}
