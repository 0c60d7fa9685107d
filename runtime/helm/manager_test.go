// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

func TestInstallAndUpgrade(t *testing.T) {
	p := newPlace(t, "lifecycle")
	if state := p.state(); state != nil {
		t.Fatalf("got %+v before there was a release", state)
	}
	values := map[string]any{"extra": map[string]any{"text": "one"}, "prometheus": map[string]any{"prometheusSpec": map[string]any{"sampleLimit": 5}}}
	state := p.deploy(values)
	p.want("state", words(state.Revision, state.Status, state.Owner, state.Chart.Name, state.Chart.Version), "1 deployed applyset-test-v1 kube-prometheus-stack 1.2.3")
	p.want("objects", fmt.Sprint(state.Objects), "[ConfigMap lifecycle/stack-config ClusterRole lifecycle-stack Service lifecycle/stack-web ServiceMonitor lifecycle/stack]")
	if rendered := p.rendered(values); state.Chart.Digest != rendered.Chart.Digest || state.Chart.Source == "" || state.Size < 1000 || state.Updated.IsZero() {
		t.Errorf("got chart %+v, size %d, time %s", state.Chart, state.Size, state.Updated)
	}
	config := p.get("ConfigMap", "stack-config")
	p.want("labels", fmt.Sprint(config.GetLabels()), "map[app.kubernetes.io/managed-by:Helm applyset.kubernetes.io/part-of:applyset-test-v1]")
	managers := config.GetManagedFields()
	if len(managers) != 1 || managers[0].Manager != FieldManager || managers[0].Operation != metav1.ManagedFieldsOperationApply {
		t.Errorf("got field managers %+v", managers)
	}

	p.want("lookup", p.field("ConfigMap", "stack-config", "data", "found"), "0")
	state = p.deploy(extra("text", "two", "second", true, "config", false))
	p.want("state", words(state.Revision, state.Status), "2 deployed")
	p.exists("ConfigMap", "stack-config", false)
	p.exists("ConfigMap", "stack-second", true)

	before := p.get("ServiceMonitor", "stack").GetResourceVersion()
	state = p.deploy(extra("text", "two", "second", true, "config", false))
	p.want("state", words(state.Revision, state.Status), "3 deployed")
	p.want("resource version of what did not change", p.get("ServiceMonitor", "stack").GetResourceVersion(), before)

	if err := p.manager.Uninstall(context.Background(), p.namespace, "stack", UninstallOptions{}); err != nil {
		t.Fatal(err)
	}
	p.exists("ConfigMap", "stack-second", false)
	p.exists("ServiceMonitor", "stack", false)
	p.want("revisions", fmt.Sprint(p.secrets()), "[]")
	if err := p.manager.Uninstall(context.Background(), p.namespace, "stack", UninstallOptions{}); err != nil {
		t.Errorf("the second removal: %v", err)
	}
}

// TestStoredRelease decodes what Helm keeps in the cluster: exactly the values, the chart and the objects, and no Secret.
func TestStoredRelease(t *testing.T) {
	p := newPlace(t, "stored")
	p.apply("other", `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"receiver"},"stringData":{"url":"https://hooks.example.org/hunter2"}}`)
	p.deploy(extra("text", "one"))
	p.deploy(extra("text", "two"))
	names := p.secrets()
	if len(names) != 2 {
		t.Fatalf("got %v, want two revisions", names)
	}
	for i, name := range names {
		secret, err := p.typed.CoreV1().Secrets(p.namespace).Get(context.Background(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		release, err := unpack(secret.Data["release"])
		if err != nil {
			t.Fatal(err)
		}
		content, err := json.Marshal(release)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "hunter2") {
			t.Errorf("%s tells a secret", name)
		}
		p.want("values", fmt.Sprint(release.Config), []string{"map[extra:map[text:one]]", "map[extra:map[text:two]]"}[i])
		objects, err := parseManifest(release.Manifest, p.namespace, "stack")
		if err != nil {
			t.Fatal(err)
		}
		rendered := p.rendered(release.Config)
		if len(objects) != len(rendered.Objects) {
			t.Errorf("%s: got %d objects, want %d", name, len(objects), len(rendered.Objects))
		}
		for j, o := range objects {
			want, err := withLabels(rendered.Objects[j].Manifest, p.options().Labels)
			if err != nil {
				t.Fatal(err)
			}
			p.want(o.ID.String(), string(o.Manifest), string(want))
			if o.ID.Kind == "Secret" {
				t.Errorf("%s holds %s", name, o.ID)
			}
		}
		p.want("type and owner", string(secret.Type)+" "+secret.Labels[OwnerLabel], "helm.sh/release.v1 applyset-test-v1")
	}
}

// TestDrift changes objects behind the release's back, a custom resource among them.
func TestDrift(t *testing.T) {
	p := newPlace(t, "drift")
	values := map[string]any{"prometheus": map[string]any{"prometheusSpec": map[string]any{"sampleLimit": 5}}}
	p.deploy(values)
	p.patch("ServiceMonitor", "stack", `{"spec":{"sampleLimit":99,"targetLimit":7,"endpoints":[{"port":"other"},{"port":"web"}]},"metadata":{"labels":{"team":"a"}}}`)
	p.patch("ConfigMap", "stack-config", `{"data":{"retention":"1d","class":null}}`)
	if err := p.access("Service").Delete(context.Background(), "stack-web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	p.deploy(values)
	p.want("sampleLimit", p.field("ServiceMonitor", "stack", "spec", "sampleLimit"), "5")
	p.want("endpoints", p.field("ServiceMonitor", "stack", "spec", "endpoints"), "[map[port:web]]")
	p.want("a field that the chart does not set", p.field("ServiceMonitor", "stack", "spec", "targetLimit"), "7")
	p.want("a label of somebody else", p.field("ServiceMonitor", "stack", "metadata", "labels", "team"), "a")
	p.want("data", p.field("ConfigMap", "stack-config", "data", "retention")+p.field("ConfigMap", "stack-config", "data", "class"), "10dnone")
	p.exists("Service", "stack-web", true)
}

func TestFailedUpgradeIsRolledBack(t *testing.T) {
	p := newPlace(t, "rollback")
	p.deploy(extra("text", "one"))
	// Somebody's own, which the failing upgrade takes over on its way.
	p.apply("somebody", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stack-second"},"data":{"mine":"yes"}}`)
	more := []string{"templates/third.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: third}\n"}
	_, err := p.manager.Apply(context.Background(), p.rendered(extra("text", "two", "second", true, "port", 99999), more...), p.options())
	var failed *FailedError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "Service rollback/stack-web") || !strings.Contains(failed.After, "rolled back to revision 1") {
		t.Fatalf("got %v", err)
	}
	if d := failed.Diagnostic(); d.Code != "release-failed" || strings.Contains(d.Summary, "\n") {
		t.Errorf("got %+v", d)
	}
	state := p.state()
	p.want("state", words(state.Revision, state.Status, state.Description), "3 deployed Rollback to 1")
	p.want("owner", state.Owner, "applyset-test-v1")
	p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "one")
	p.exists("ConfigMap", "third", false)
	p.want("what was there before", p.field("ConfigMap", "stack-second", "data", "mine"), "yes")
	p.deploy(extra("text", "three"))
	p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "three")
}

func TestFailedInstallIsTakenBack(t *testing.T) {
	p := newPlace(t, "failure")
	p.apply("somebody", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stack-config"},"data":{"mine":"yes"}}`)
	_, err := p.manager.Apply(context.Background(), p.rendered(extra("port", 99999)), p.options())
	var failed *FailedError
	if !errors.As(err, &failed) || !strings.Contains(failed.After, "removed again") {
		t.Fatalf("got %v", err)
	}
	if state := p.state(); state != nil {
		t.Errorf("got %+v", state)
	}
	p.exists("ServiceMonitor", "stack", false)
	p.want("what was there before", p.field("ConfigMap", "stack-config", "data", "mine"), "yes")
	p.want("after the correction", fmt.Sprint(p.deploy(nil).Revision), "1")
}

// TestKilled leaves a release in each state that a killed process can leave it in.
func TestKilled(t *testing.T) {
	for _, test := range []struct {
		status helmrelease.Status
		// deployed tells that there is a revision before it.
		deployed bool
		word     string
	}{
		{helmrelease.StatusPendingInstall, false, "an install"},
		{helmrelease.StatusPendingUpgrade, true, "an upgrade"},
		{helmrelease.StatusPendingRollback, true, "a rollback"},
		{helmrelease.StatusUninstalling, true, "its removal"},
		{helmrelease.StatusUninstalling, false, "its removal"},
		{helmrelease.StatusUninstalled, false, "Preparing"},
		{helmrelease.StatusFailed, false, "Preparing"},
		{helmrelease.StatusUnknown, true, "Preparing"},
	} {
		t.Run(fmt.Sprint(test.status, test.deployed), func(t *testing.T) {
			p := newPlace(t, fmt.Sprintf("killed-%s-%t", test.status, test.deployed))
			number := 1
			if test.deployed {
				p.deploy(extra("text", "one"))
				number = 2
			}
			there, made := p.orphan("there-before"), p.orphan("made")
			p.apply(FieldManager, there)
			// Times of objects have seconds.
			time.Sleep(1100 * time.Millisecond)
			rendered := p.rendered(extra("text", "two"))
			p.record(rendered, number, test.status, there, made)
			p.apply(FieldManager, made)
			state := p.state()
			if state.Status != Status(test.status) || !strings.Contains(state.Description, test.word) || state.Owner != "applyset-test-v1" {
				t.Errorf("got %s: %q", state.Status, state.Description)
			}
			if got := len(state.Objects) > 0; got != test.deployed {
				t.Errorf("got objects %v", state.Objects)
			}
			state = p.deploy(extra("text", "three"))
			p.want("revision", fmt.Sprint(state.Revision), fmt.Sprint(number+1))
			p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "three")
			p.exists("ConfigMap", "made", false)
			if test.deployed {
				// What was there before the killed run is not ours to remove.
				p.exists("ConfigMap", "there-before", true)
			}
			if err := p.manager.Uninstall(context.Background(), p.namespace, "stack", UninstallOptions{}); err != nil {
				t.Fatal(err)
			}
			p.want("revisions", fmt.Sprint(p.secrets()), "[]")
		})
	}
}

// TestKilledThenRemoved removes a release that a killed upgrade left behind: with what the upgrade had made, and with
// what only the revision before it has.
func TestKilledThenRemoved(t *testing.T) {
	p := newPlace(t, "killed-removed")
	p.deploy(extra("second", true))
	made := p.orphan("made")
	p.record(p.rendered(nil), 2, helmrelease.StatusPendingUpgrade, made)
	p.apply(FieldManager, made)
	if err := p.manager.Uninstall(context.Background(), p.namespace, "stack", UninstallOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"stack-config", "stack-second", "made"} {
		p.exists("ConfigMap", name, false)
	}
	p.want("revisions", fmt.Sprint(p.secrets()), "[]")
}

func TestHistory(t *testing.T) {
	p := newPlace(t, "history")
	options := p.options()
	options.History = 2
	for i := range 4 {
		if _, err := p.manager.Apply(context.Background(), p.rendered(extra("text", fmt.Sprint(i))), options); err != nil {
			t.Fatal(err)
		}
	}
	p.want("revisions", fmt.Sprint(p.secrets()), "[sh.helm.release.v1.stack.v3 sh.helm.release.v1.stack.v4]")
	if _, err := p.manager.Apply(context.Background(), p.rendered(extra("text", "bad", "port", 99999)), options); err == nil {
		t.Fatal("got no error")
	}
	p.want("state", fmt.Sprint(p.state().Status), "deployed")
	p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "3")
}

// TestForeignRelease takes over a release that Helm itself made.
func TestForeignRelease(t *testing.T) {
	p := newPlace(t, "foreign")
	rendered := p.rendered(extra("text", "theirs", "second", true))
	connection := p.manager.(*cluster).connection
	inner := kube.New(&getter{connection: connection, ctx: context.Background(), namespace: p.namespace})
	inner.Namespace = p.namespace
	// Helm's command is known by this name; it is a variable of the SDK.
	kube.ManagedFieldsManager = "helm"
	defer func() { kube.ManagedFieldsManager = "" }()
	from := rendered.source.(*origin)
	install := action.NewInstall(&action.Configuration{
		KubeClient: inner, Releases: storage.Init(driver.NewSecrets(p.typed.CoreV1().Secrets(p.namespace))), Capabilities: from.capabilities, Log: func(string, ...any) {},
	})
	install.ReleaseName, install.Namespace, install.SkipCRDs = "stack", p.namespace, true
	if _, err := install.Run(from.chart.fresh(), copyMap(from.values)); err != nil {
		t.Fatal(err)
	}
	state := p.state()
	p.want("state", fmt.Sprintf("%s %q %d", state.Status, state.Owner, len(state.Objects)), `deployed "" 5`)
	// The chart drops a key: it goes, though Helm wrote it with an update.
	p.deploy(nil, "templates/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stack-config}\ndata: {only: this}\n")
	p.want("data", p.field("ConfigMap", "stack-config", "data"), "map[only:this]")
	p.exists("ConfigMap", "stack-second", false)
	p.want("owner", p.state().Owner, "applyset-test-v1")
}

func TestTakingOver(t *testing.T) {
	p := newPlace(t, "taking-over")
	p.apply("harmonyscript", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stack-config","labels":{"ours":"yes"}},"data":{"text":"v2","retention":"10d"}}`)
	p.apply("harmonyscript", `{"apiVersion":"monitoring.coreos.com/v1","kind":"ServiceMonitor","metadata":{"name":"stack"},"spec":{"sampleLimit":9,"selector":{"matchLabels":{"app":"prometheus"}},"endpoints":[{"port":"web"}]}}`)
	uid := p.get("ServiceMonitor", "stack").GetUID()
	p.deploy(extra("text", "v1"))
	p.want("uid", string(p.get("ServiceMonitor", "stack").GetUID()), string(uid))
	p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "v1")
	p.want("release", p.field("ConfigMap", "stack-config", "metadata", "annotations", releaseNameAnnotation), "stack")
	// Whoever had it lets go, and loses nothing that the release wants.
	p.apply("harmonyscript", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stack-config"}}`)
	p.want("retention", p.field("ConfigMap", "stack-config", "data", "retention"), "10d")
	p.want("label", p.field("ConfigMap", "stack-config", "metadata", "labels", "ours"), "<nil>")
}

// TestKeep removes a release whose objects somebody else took over, interrupted and repeated.
func TestKeep(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		t.Run(fmt.Sprint(interrupted), func(t *testing.T) {
			p := newPlace(t, fmt.Sprintf("keep-%t", interrupted))
			p.deploy(extra("text", "v1"))
			p.apply("harmonyscript", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stack-config","labels":{"ours":"yes"}},"data":{"text":"v1"}}`)
			keep := []backend.ID{
				{Version: "v1", Kind: "ConfigMap", Namespace: p.namespace, Name: "stack-config"},
				{Group: "monitoring.coreos.com", Version: "v1", Kind: "ServiceMonitor", Namespace: p.namespace, Name: "stack"},
				{Version: "v1", Kind: "ConfigMap", Namespace: p.namespace, Name: "gone"},
				{Group: "example.org", Version: "v1", Kind: "Unknown", Namespace: p.namespace, Name: "x"},
			}
			uid := p.get("ServiceMonitor", "stack").GetUID()
			if interrupted {
				// The run before stored what it keeps and removed one object.
				held, err := p.manager.(*cluster).connection.store(context.Background(), p.namespace)
				if err != nil {
					t.Fatal(err)
				}
				revisions, err := held.revisions(context.Background(), "stack")
				if err != nil {
					t.Fatal(err)
				}
				if err := prepareRemoval(context.Background(), held, revisions, keep); err != nil {
					t.Fatal(err)
				}
				if err := p.access("Service").Delete(context.Background(), "stack-web", metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := p.manager.Uninstall(context.Background(), p.namespace, "stack", UninstallOptions{Keep: keep}); err != nil {
					t.Fatal(err)
				}
				p.want("revisions", fmt.Sprint(p.secrets()), "[]")
				p.exists("Service", "stack-web", false)
				// The other has applied it: what only the release wanted is gone.
				p.want("data", p.field("ConfigMap", "stack-config", "data"), "map[text:v1]")
				p.want("labels and annotations", p.field("ConfigMap", "stack-config", "metadata", "labels")+p.field("ConfigMap", "stack-config", "metadata", "annotations"), "map[ours:yes]<nil>")
				// Nobody else has applied it: it stays as it is.
				p.want("uid", p.field("ServiceMonitor", "stack", "metadata", "uid"), string(uid))
				p.want("endpoints", p.field("ServiceMonitor", "stack", "spec", "endpoints"), "[map[port:web]]")
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	p := newPlace(t, "large")
	rendered := p.rendered(nil)
	var noise strings.Builder
	for sum := "x"; noise.Len() < 3<<20; noise.WriteString(sum[7:]) {
		sum = digestOf([]byte(sum))
	}
	big := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "big", "namespace": p.namespace}, "data": map[string]any{"noise": noise.String()}}
	object, err := backend.NewObject(big, testOrigin(), "")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		small := slices.Clone(rendered.Objects)
		rendered.Objects = append(rendered.Objects, object)
		_, err = p.manager.Apply(context.Background(), rendered, p.options())
		var large *TooLargeError
		if !errors.As(err, &large) || large.Diagnostic().Code != "release-too-large" {
			t.Fatalf("got %v", err)
		}
		p.exists("ConfigMap", "big", false)
		rendered.Objects = small
		p.want("install or upgrade without it", fmt.Sprint(p.deploy(nil).Status), "deployed")
	}
}
