// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	helmtime "helm.sh/helm/v3/pkg/time"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// place is a namespace of its own with a manager.
type place struct {
	t         *testing.T
	namespace string
	config    *rest.Config
	manager   Manager
	objects   dynamic.Interface
	typed     kubernetes.Interface
}

func newPlace(t *testing.T, namespace string) *place {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", shared.Get(t).Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	return newPlaceFrom(t, config, namespace)
}

func newPlaceFrom(t *testing.T, config *rest.Config, namespace string) *place {
	t.Helper()
	var err error
	p := &place{t: t, namespace: namespace, config: config}
	p.config.QPS = -1
	if p.manager, err = NewManager(config, nil); err != nil {
		t.Fatal(err)
	}
	if p.objects, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	if p.typed, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	p.apply("setup", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"`+namespace+`"}}`)
	return p
}

// rendered renders the test chart for this namespace.
func (p *place) rendered(values map[string]any, pairs ...string) *Rendered {
	p.t.Helper()
	release := releaseOf(p.t, score.HelmChart{Path: folder(p.t, with(testChart(), pairs...))}, values)
	release.Namespace = p.namespace
	rendered, problems := NewCharts(ChartOptions{}).Render(context.Background(), release, Target{})
	if problems.HasErrors() {
		p.t.Fatal(problems)
	}
	return rendered
}

func (p *place) options() ApplyOptions {
	return ApplyOptions{Owner: "applyset-test-v1", Labels: map[string]string{"applyset.kubernetes.io/part-of": "applyset-test-v1"}}
}

// deploy applies a release and expects it to work.
func (p *place) deploy(values map[string]any, pairs ...string) *State {
	p.t.Helper()
	state, err := p.manager.Apply(context.Background(), p.rendered(values, pairs...), p.options())
	if err != nil {
		p.t.Fatal(err)
	}
	if state.Status != Deployed {
		p.t.Fatalf("got status %s: %s", state.Status, state.Description)
	}
	return state
}

func (p *place) state() *State {
	p.t.Helper()
	state, err := p.manager.State(context.Background(), p.namespace, "stack")
	if err != nil {
		p.t.Fatal(err)
	}
	return state
}

var kinds = map[string]schema.GroupVersionResource{
	"ConfigMap":      {Version: "v1", Resource: "configmaps"},
	"Service":        {Version: "v1", Resource: "services"},
	"Namespace":      {Version: "v1", Resource: "namespaces"},
	"Secret":         {Version: "v1", Resource: "secrets"},
	"Job":            {Group: "batch", Version: "v1", Resource: "jobs"},
	"ServiceMonitor": {Group: "monitoring.coreos.com", Version: "v1", Resource: "servicemonitors"},
}

func (p *place) access(kind string) dynamic.ResourceInterface {
	if kind == "Namespace" {
		return p.objects.Resource(kinds[kind])
	}
	return p.objects.Resource(kinds[kind]).Namespace(p.namespace)
}

// get returns a live object, or nil.
func (p *place) get(kind, name string) *unstructured.Unstructured {
	p.t.Helper()
	object, err := p.access(kind).Get(context.Background(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return object
}

// apply writes an object as another field manager.
func (p *place) apply(manager, manifest string) {
	p.t.Helper()
	var head struct {
		Kind     string
		Metadata struct{ Name string }
	}
	if err := json.Unmarshal([]byte(manifest), &head); err != nil {
		p.t.Fatal(err)
	}
	force := true
	if _, err := p.access(head.Kind).Patch(context.Background(), head.Metadata.Name, types.ApplyPatchType, []byte(manifest), metav1.PatchOptions{FieldManager: manager, Force: &force}); err != nil {
		p.t.Fatal(err)
	}
}

// patch changes an object as a person with kubectl does.
func (p *place) patch(kind, name, patch string) {
	p.t.Helper()
	if _, err := p.access(kind).Patch(context.Background(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "kubectl-edit"}); err != nil {
		p.t.Fatal(err)
	}
}

// field returns a field of a live object as text.
func (p *place) field(kind, name string, path ...string) string {
	p.t.Helper()
	object := p.get(kind, name)
	if object == nil {
		return "no " + kind + " " + name
	}
	value, _, err := unstructured.NestedFieldNoCopy(object.Object, path...)
	if err != nil {
		p.t.Fatal(err)
	}
	return fmt.Sprint(value)
}

// words puts spaces between values.
func words(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }

// want compares a text with what it should be.
func (p *place) want(what, got, want string) {
	p.t.Helper()
	if got != want {
		p.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// exists compares whether an object is there with whether it should be.
func (p *place) exists(kind, name string, want bool) {
	p.t.Helper()
	if got := p.get(kind, name) != nil; got != want {
		p.t.Errorf("%s %s: got present=%t, want %t", kind, name, got, want)
	}
}

// secrets returns the names of the stored revisions.
func (p *place) secrets() []string {
	p.t.Helper()
	list, err := p.typed.CoreV1().Secrets(p.namespace).List(context.Background(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		p.t.Fatal(err)
	}
	var names []string
	for _, s := range list.Items {
		names = append(names, s.Name)
	}
	return names
}

// record stores a revision as a process of ours that was killed would have left it. more are manifests that it has besides what
// was rendered. An object that the killed process made must be made after its revision was stored, as Helm does: which
// of the two came first is how recovery knows whose it is.
func (p *place) record(rendered *Rendered, number int, status helmrelease.Status, more ...string) {
	p.t.Helper()
	manifest, err := manifestOf(rendered.Objects, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, m := range more {
		manifest += "\n---\n" + m + "\n"
	}
	from := rendered.source.(*origin)
	release := &helmrelease.Release{
		Name: "stack", Namespace: p.namespace, Version: number, Chart: from.chart.fresh(), Config: from.values, Manifest: manifest,
		Info:   &helmrelease.Info{Status: status, Description: "Preparing", FirstDeployed: helmtime.Now(), LastDeployed: helmtime.Now()},
		Labels: map[string]string{OwnerLabel: "applyset-test-v1"},
	}
	if err := driver.NewSecrets(signedSecrets(p.typed, p.namespace)).Create(secretName("stack", number), release); err != nil {
		p.t.Fatal(err)
	}
}

// orphan returns the manifest of an object of the release that no chart has.
func (p *place) orphan(name string) string {
	return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + name + `","namespace":"` + p.namespace + `","annotations":{` +
		`"meta.helm.sh/release-name":"stack","meta.helm.sh/release-namespace":"` + p.namespace + `"}}}`
}

var definitionsResource = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

func decoded(t *testing.T, manifest []byte) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := json.Unmarshal(manifest, object); err != nil {
		t.Fatal(err)
	}
	return object
}
