// SPDX-License-Identifier: Apache-2.0

// This file deploys secrets in every version, calls every verb on what is there, and looks at every object of the cluster.

package secrecy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// TestDeployedSecrets takes one deployment through all versions. After each move every verb is called and every object of the
// cluster is searched.
func TestDeployedSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "secrets.star", secretsScript).onCluster(kubeconfig(t))
	known := verbs()
	for _, version := range []string{"V2_CRD", "V3_RHOB", "V1_HELM"} {
		w.mustRun(0, w.settings(version, "apply", "--timeout", "3m", "--overlap", "0s", "--output", "json", "secrets.star"))
		w.searchCluster(version)
		w.defaults(version)
		for _, name := range slices.Sorted(maps.Keys(known)) {
			if known[name].deployed != nil {
				known[name].deployed(w, version)
			}
		}
	}
	w.mustRun(0, []string{"destroy", "--name", w.name}, "deleted")
	w.searchFiles()
	t.Logf("%d runs", len(w.ran))
}

// defaults makes the script's parameters those of a version, so that calls need no flags for it.
func (w *world) defaults(version string) {
	w.t.Helper()
	w.write("secrets.star", strings.NewReplacer(`default = "secrets"`, fmt.Sprintf("default = %q", w.name), `default = "V2_CRD"`, fmt.Sprintf("default = %q", version)).Replace(secretsScript))
}

// foreignKey is a key that others put into a Secret beside ours, where it stays.
const foreignKey = "nEEdle"

// watch starts apply --watch, changes an object behind its back and the script, and ends it.
func (w *world) watch(output string) {
	w.t.Helper()
	p := w.start("", "apply", "--watch", "--output", output, "secrets.star")
	eventually(w.t, func() error { return p.has("watching") })
	path := "/api/v1/namespaces/" + w.name + "/secrets/" + w.channelSecret()
	w.must(http.MethodPatch, path, fmt.Sprintf(`{"data": {%q: "bm90aGluZw==", %q: "bm90aGluZw=="}}`, foreignKey, w.keyOf(path)))
	eventually(w.t, func() error { return p.has("drift", "updated") })
	// A script with the secret itself in it is told, and the last good one stays in force.
	good := w.read("secrets.star")
	w.write("secrets.star", literals()["in-place.star"])
	eventually(w.t, func() error { return p.has("plain-secret") })
	w.write("secrets.star", good)
	eventually(w.t, func() error { return p.has("reloaded") })
	_ = p.command.Process.Signal(os.Interrupt)
	if r := p.wait(); r.code != 0 && r.code != 130 { // it may have cut a run short
		w.t.Errorf("want it to end with the interrupt, got %s", r)
	}
}

// others changes a Secret of the deployment to a secret that only the cluster knows, and has that planned and corrected.
func (w *world) others() {
	w.t.Helper()
	path := "/api/v1/namespaces/" + w.name + "/secrets/" + w.channelSecret()
	theirs := base64.StdEncoding.EncodeToString([]byte("nEEdleQ7 of others"))
	w.must(http.MethodPatch, path, fmt.Sprintf(`{"data": {%q: %q}}`, w.keyOf(path), theirs))
	for _, output := range []string{"text", "json"} {
		w.mustRun(1, []string{"plan", "--output", output, "secrets.star"}, "field-conflict")
		w.mustRun(0, []string{"plan", "--take-ownership", "--output", output, "secrets.star"}, "rift")
	}
	w.run("status", "--all", "secrets.star")
	w.run("apply", "--no-wait", "secrets.star")
	w.mustRun(0, []string{"apply", "--take-ownership", "secrets.star"})
	w.inBoth(0, "history", "secrets.star", "1")
}

// fleet calls verbs for two clusters: the real one, and one that is not there.
func (w *world) fleet() {
	w.t.Helper()
	config, err := clientcmd.LoadFromFile(w.kubeconfig)
	if err != nil {
		w.t.Fatal(err)
	}
	there := config.Contexts[config.CurrentContext]
	gone := there.DeepCopy()
	gone.Cluster = "gone"
	config.Contexts = map[string]*clientcmdapi.Context{"there": there, "gone": gone}
	config.Clusters["gone"] = &clientcmdapi.Cluster{Server: "https://user:nEEdleQ7pass@127.0.0.1:1"}
	path := filepath.Join(w.folder, "fleet.kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		w.t.Fatal(err)
	}
	w.inputs = append(w.inputs, path)
	for _, verb := range []string{"plan", "apply", "status", "history"} {
		w.inBoth(1, verb, "--kubeconfig", path, "--context", "there", "--context", "gone", "secrets.star")
	}
}

// has tells what of texts was not said yet.
func (p *process) has(texts ...string) error {
	for _, text := range texts {
		if said := p.out.String() + p.errors.String(); !strings.Contains(said, text) {
			return fmt.Errorf("%s: got no %q yet in %s", p.call, text, said)
		}
	}
	return nil
}

// channelSecret is the name of a Secret that the deployment made.
func (w *world) channelSecret() string {
	w.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(w.mustHold())) {
		if _, isNamed := strings.CutPrefix(name, w.name+"/"); isNamed {
			return strings.TrimPrefix(name, w.name+"/")
		}
	}
	w.t.Fatal("got no Secret of the deployment")
	return ""
}

// keyOf is a key of ours in the Secret at path.
func (w *world) keyOf(path string) string {
	w.t.Helper()
	var secret struct{ Data map[string][]byte }
	if err := json.Unmarshal(w.must(http.MethodGet, path, ""), &secret); err != nil {
		w.t.Fatal(err)
	}
	delete(secret.Data, foreignKey)
	return slices.Sorted(maps.Keys(secret.Data))[0]
}

// mustHold returns the Secrets, by "namespace/name", that the script's own objects are.
func (w *world) mustHold() map[string]bool {
	w.t.Helper()
	names := map[string]bool{}
	for _, line := range strings.Split(w.run("render", "--output", "json", "secrets.star").out, "\n") {
		var o struct {
			ID      struct{ Kind, Namespace, Name string }
			Secrets map[string]string
		}
		if json.Unmarshal([]byte(line), &o) == nil && o.ID.Kind == "Secret" && len(o.Secrets) > 0 {
			names[o.ID.Namespace+"/"+o.ID.Name] = true
		}
	}
	return names
}

// worldName matches the namespaces of the tests' worlds.
var worldName = regexp.MustCompile(`^s[0-9]+-[0-9]+$`)

// searchCluster looks at every object of every kind. Secrets are told apart into those that have to hold a secret and those that
// must not; outside of its data none may have any.
func (w *world) searchCluster(version string) {
	w.t.Helper()
	w.defaults(version)
	mustHold := w.mustHold()
	mustHold[w.name+"/hooks"] = true
	objects, holding := 0, 0
	for _, path := range w.collections() {
		status, answer := w.request(http.MethodGet, path, "", "")
		if status >= 400 {
			continue // it cannot be listed
		}
		var list struct{ Items []map[string]any }
		if err := json.Unmarshal(answer, &list); err != nil {
			w.t.Fatalf("%s: %v", path, err)
		}
		for _, o := range list.Items {
			metadata, _ := o["metadata"].(map[string]any)
			if others := fmt.Sprint(metadata["namespace"]); others != w.name && worldName.MatchString(others) {
				continue // another test is at work there
			}
			objects++
			name := fmt.Sprintf("%v/%v", metadata["namespace"], metadata["name"])
			data := o["data"]
			if path == "/api/v1/secrets" {
				delete(o, "data")
				holds := foundIn(data)
				switch mayHold := mustHold[name] || w.generated(metadata); {
				case holds != "" && !mayHold:
					w.t.Errorf("%s: Secret %s holds a secret: %s", version, name, holds)
				case holds == "" && mustHold[name]:
					w.t.Errorf("%s: Secret %s holds no secret, want one", version, name)
				case holds != "":
					holding++
				}
			}
			if where := found(mustJSON(w.t, o)); where != "" {
				w.t.Errorf("%s: %s %s has a secret: %s", version, path, name, where)
			}
		}
	}
	if objects < 100 || holding < len(mustHold) {
		w.t.Errorf("%s: got %d objects, and %d Secrets that hold a secret, want all of them", version, objects, holding)
	}
	w.t.Logf("%s: %d objects, %d Secrets that hold a secret", version, objects, holding)
}

// foundIn returns where in the data of a Secret a secret is, or "".
func foundIn(data any) string {
	encoded, _ := data.(map[string]any)
	for key, v := range encoded {
		text, _ := v.(string)
		if where := found([]byte(text)); where != "" {
			return key + ": " + where
		}
	}
	return ""
}

// generated reports whether an object is what an operator made of a stack of the test: the configuration of a server, which
// Prometheus and Alertmanager want in one piece.
func (w *world) generated(metadata map[string]any) bool {
	owners, _ := metadata["ownerReferences"].([]any)
	for _, o := range owners {
		owner, _ := o.(map[string]any)
		if kind := owner["kind"]; metadata["namespace"] == w.name && (kind == "Alertmanager" || kind == "Prometheus" || kind == "StatefulSet") {
			return true
		}
	}
	return false
}

// collections are the paths of all lists that the API server has.
func (w *world) collections() []string {
	w.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", w.kubeconfig)
	if err != nil {
		w.t.Fatal(err)
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		w.t.Fatal(err)
	}
	_, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		w.t.Fatal(err)
	}
	var paths []string
	for _, list := range lists {
		root := "/apis/" + list.GroupVersion
		if list.GroupVersion == "v1" {
			root = "/api/v1"
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "list") && !strings.Contains(r.Name, "/") {
				paths = append(paths, root+"/"+r.Name)
			}
		}
	}
	return paths
}

func mustJSON(t testing.TB, value any) []byte {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
