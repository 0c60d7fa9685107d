// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chartutil"
	helmrelease "helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestHooks waits for a Job that never ends: until the time is over, and until the run is interrupted.
func TestHooks(t *testing.T) {
	p := newPlace(t, "hooks")
	p.deploy(extra("text", "one"))
	options := p.options()
	options.Timeout = 2 * time.Second
	_, err := p.manager.Apply(context.Background(), p.rendered(extra("text", "two", "hook", "pre-upgrade")), options)
	if err == nil || !strings.Contains(err.Error(), "it did not end within 2s") || !strings.Contains(err.Error(), "rolled back to revision 1") {
		t.Fatalf("got %v", err)
	}
	options.Timeout = 0
	background := metav1.DeletePropagationBackground
	if err := p.access("Job").Delete(context.Background(), "stack-hook", metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
		t.Fatal(err)
	}
	for p.get("Job", "stack-hook") != nil {
		time.Sleep(50 * time.Millisecond)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error)
	go func() {
		_, err := p.manager.Apply(ctx, p.rendered(extra("text", "three", "hook", "post-upgrade")), options)
		ended <- err
	}()
	for p.get("Job", "stack-hook") == nil {
		time.Sleep(50 * time.Millisecond)
	}
	cancel()
	err = <-ended
	var failed *FailedError
	if !errors.As(err, &failed) || !errors.Is(err, context.Canceled) || failed.Diagnostic().Code != "interrupted" {
		t.Fatalf("got %v", err)
	}
	p.want("status", string(p.state().Status), "failed")
	p.deploy(extra("text", "four"))
	p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "four")
}

func TestInterruptedInstall(t *testing.T) {
	p := newPlace(t, "interrupted")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := p.manager.Apply(ctx, p.rendered(extra("hook", "post-install")), p.options())
		ended <- err
	}()
	for p.get("Job", "stack-hook") == nil {
		time.Sleep(50 * time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	p.want("status", string(p.state().Status), "failed")
	p.want("status", string(p.deploy(nil).Status), "deployed")
}

// TestMissingKind asks for a kind that the cluster does not have, then has it.
func TestMissingKind(t *testing.T) {
	p := newPlace(t, "missing-kind")
	p.deploy(nil)
	_, err := p.manager.Apply(context.Background(), p.rendered(extra("kind", "Widget")), p.options())
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Diagnostic().Code != "release-kind-missing" || failed.After != "nothing was changed" {
		t.Fatalf("got %v", err)
	}
	release := p.rendered(nil).Release
	release.Definitions = true
	rendered, problems := NewCharts(ChartOptions{}).Render(context.Background(), release, Target{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	definition := rendered.Definitions[0]
	if _, err := p.objects.Resource(definitionsResource).Apply(context.Background(), definition.ID.Name, decoded(t, definition.Manifest), metav1.ApplyOptions{FieldManager: "test"}); err != nil {
		t.Fatal(err)
	}
	for {
		// The API server serves a new kind after a moment.
		if _, err = p.manager.Apply(context.Background(), p.rendered(extra("kind", "Widget")), p.options()); err == nil || !kindMissing(err) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}

	// The kind goes again, and with it its objects: that stands in nobody's way.
	if err := p.objects.Resource(definitionsResource).Delete(context.Background(), definition.ID.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for !p.kindGone(definition.ID.Name) {
		time.Sleep(100 * time.Millisecond)
	}
	if p.manager, err = NewManager(p.config, nil); err != nil {
		t.Fatal(err)
	}
	if _, err = p.manager.Apply(context.Background(), p.rendered(extra("kind", "Widget")), p.options()); err == nil || !kindMissing(err) {
		t.Errorf("an upgrade that wants the kind: got %v", err)
	}
	p.want("an upgrade without the kind", string(p.deploy(nil).Status), "deployed")
	p.record(p.rendered(extra("kind", "Widget")), p.state().Revision+1, helmrelease.StatusPendingUpgrade)
	if err := p.manager.Uninstall(context.Background(), p.namespace, "stack", UninstallOptions{}); err != nil {
		t.Errorf("uninstall: %v", err)
	}
	p.exists("ConfigMap", "stack-config", false)
	p.want("revisions", fmt.Sprint(p.secrets()), "[]")
}

// kindGone reports whether the API server has forgotten a kind: its definition, and what it tells of the group.
func (p *place) kindGone(definition string) bool {
	p.t.Helper()
	_, err := p.objects.Resource(definitionsResource).Get(context.Background(), definition, metav1.GetOptions{})
	_, group, _ := strings.Cut(definition, ".")
	_, unserved := p.typed.Discovery().ServerResourcesForGroupVersion(group + "/v1")
	return apierrors.IsNotFound(err) && apierrors.IsNotFound(unserved)
}

func TestDamagedRevision(t *testing.T) {
	p := newPlace(t, "damaged")
	p.deploy(nil)
	p.deploy(nil)
	p.patch("Secret", "sh.helm.release.v1.stack.v2", `{"data":{"release":"aGVsbG8="}}`)
	_, err := p.manager.State(context.Background(), p.namespace, "stack")
	var damaged *DamagedError
	if !errors.As(err, &damaged) || !strings.Contains(damaged.Diagnostic().Fix, "kubectl delete secret --namespace damaged sh.helm.release.v1.stack.v2") {
		t.Fatalf("got %v", err)
	}
	if err := p.manager.Uninstall(context.Background(), p.namespace, "stack", UninstallOptions{}); err != nil {
		t.Fatal(err)
	}
	p.want("revisions", fmt.Sprint(p.secrets()), "[]")
	p.exists("Service", "stack-web", false)
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	for _, packed := range []string{"", "%", "aGVsbG8=", "H4sIAAAAAAAA", "e30=", "bnVsbA==", "eyJpbmZvIjp7fX0="} {
		if release, err := unpack([]byte(packed)); err == nil {
			t.Errorf("%q: got %+v", packed, release)
		}
	}
}

func TestUnrendered(t *testing.T) {
	t.Parallel()
	manager := &cluster{}
	if _, err := manager.Apply(context.Background(), &Rendered{}, ApplyOptions{}); err == nil {
		t.Error("got no error for a release that was not rendered")
	}
	if chartutil.DefaultCapabilities.KubeVersion.Minor != "20" {
		t.Log("the SDK's default of Kubernetes has changed; target.go speaks of 1.20")
	}
}
