// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// plainBackend makes one object and, when it has releases, one release of each stack. It supports next to nothing.
type plainBackend struct {
	version  score.APIVersion
	kind     string
	releases bool
}

func (b plainBackend) Version() score.APIVersion { return b.version }
func (plainBackend) Capabilities() backend.Capabilities {
	return backend.NewCapabilities([]backend.Feature{backend.FeaturePodMonitor, backend.FeatureTenantDedicated}, nil)
}
func (plainBackend) Sender() backend.Sender { return plainSender{} }
func (b plainBackend) Requires() []backend.CRD {
	return []backend.CRD{{Group: "plain", Version: "v1", Kind: b.kind, Provider: "plain-operator"}}
}

func stackOf(s score.Score) (stack score.MonitoringStack) {
	switch s := s.(type) {
	case score.MonitoringStack:
		stack = s
	case score.TenantMonitoring:
		stack = s.ScopedStack()
	}
	return stack
}

func (b plainBackend) Compile(s score.Score) ([]backend.Object, error) {
	stack := stackOf(s)
	o, err := backend.NewObject(map[string]any{
		"apiVersion": "plain/v1", "kind": b.kind, "metadata": map[string]any{"namespace": stack.Namespace, "name": stack.Name},
	}, stack.Origin, s.Title())
	return []backend.Object{o}, err
}

func (b plainBackend) CompileReleases(s score.Score) ([]backend.Release, error) {
	if !b.releases {
		return nil, nil
	}
	stack := stackOf(s)
	release := backend.Release{Namespace: stack.Namespace, Name: stack.Name, Origin: stack.Origin, Score: s.Title()}
	if stack.HelmChart != nil {
		release.Chart = *stack.HelmChart
	}
	return []backend.Release{release}, nil
}

type plainSender struct{}

func (plainSender) Check(score.AlertChannel) diag.List              { return nil }
func (plainSender) Send(backend.Delivery) ([]backend.Object, error) { return nil, nil }

// plainCharts makes of every release what objects says, and definitions.
type plainCharts struct {
	objects, definitions []backend.ID
	content              map[string]string // of definitions, by release
	problem              *diag.Diagnostic
}

func (c plainCharts) Render(_ context.Context, r backend.Release, _ helm.Target) (*helm.Rendered, diag.List) {
	if c.problem != nil {
		return nil, diag.List{*c.problem}
	}
	rendered := &helm.Rendered{Release: r, Chart: helm.Chart{Name: "plain", Version: "1.0.0"}}
	for _, id := range c.objects {
		rendered.Objects = append(rendered.Objects, objectOf(id, ""))
	}
	for _, id := range c.definitions {
		rendered.Definitions = append(rendered.Definitions, objectOf(id, c.content[r.Key()]))
	}
	return rendered, nil
}

func objectOf(id backend.ID, content string) backend.Object {
	manifest, _ := json.Marshal(map[string]any{"kind": id.Kind, "content": content})
	return backend.Object{ID: id, Manifest: manifest}
}

func plainRegistry(t *testing.T, backends ...backend.Backend) *backend.Registry {
	t.Helper()
	registry, err := backend.NewRegistry(backends, nil)
	if err != nil {
		t.Fatal(err)
	}
	return registry
}
