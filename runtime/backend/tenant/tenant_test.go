// SPDX-License-Identifier: Apache-2.0

package tenant_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/tenant"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var files = golden.Flag(flag.CommandLine)

func compile(t *testing.T, s score.Score) []backend.Object {
	t.Helper()
	objects, err := tenant.New().Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestGolden(t *testing.T) {
	codecs := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict)
	for name, sample := range map[string]score.Tenant{
		"name_only": {Name: "green"},
		"everything": {
			Name: "blue", Labels: map[string]string{"team": "blue", "pod-security.kubernetes.io/enforce": "restricted", backend.LabelManagedBy: "me"},
			Quota: map[string]string{"requests.cpu": "4", "requests.memory": "8Gi", "pods": "50"},
			Limits: score.Limits{
				Default: map[string]string{"cpu": "1", "memory": "1Gi"}, DefaultRequest: map[string]string{"cpu": "100m"},
				Max: map[string]string{"memory": "4Gi"}, Min: map[string]string{"cpu": "10m"},
			},
			Network: score.Network{Isolated: true, IngressNamespaces: []string{"edge", "grafana"}, EgressNamespaces: []string{"data"}, EgressCIDRs: []string{"192.0.2.0/24"}},
			Admins:  []string{"user:jane", "group:oidc:team-blue", "serviceaccount:ci:deployer", "system:admin"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			for _, o := range compile(t, sample) {
				if _, _, err := codecs.UniversalDeserializer().Decode(o.Manifest, nil, nil); err != nil {
					t.Errorf("%s: %v", o.ID, err)
				}
				manifest, err := yaml.JSONToYAML(o.Manifest)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "---\n%s", manifest)
			}
			files.Check(t, name+".yaml", b.Bytes())
		})
	}
}

// TestLimitsForQuota expects defaults for exactly what a quota counts, never so large that a few containers fill it.
func TestLimitsForQuota(t *testing.T) {
	for name, test := range map[string]struct {
		quota map[string]string
		want  string // default / default request; "" for no LimitRange
	}{
		"nothing":             {nil, ""},
		"only pods":           {map[string]string{"pods": "5"}, ""},
		"limits":              {map[string]string{"limits.cpu": "8", "limits.memory": "16Gi"}, "cpu=500m memory=512Mi / cpu=50m memory=128Mi"},
		"requests":            {map[string]string{"requests.cpu": "8", "memory": "16Gi"}, "cpu= memory= / cpu=50m memory=128Mi"},
		"little":              {map[string]string{"limits.cpu": "100m", "limits.memory": "256Mi"}, "cpu=25m memory=64Mi / cpu=25m memory=64Mi"},
		"little to request":   {map[string]string{"limits.memory": "16Gi", "requests.memory": "100Mi"}, "cpu= memory=512Mi / cpu= memory=25Mi"},
		"more than 64 bits":   {map[string]string{"limits.memory": "20Pi"}, "cpu= memory=512Mi / cpu= memory=128Mi"},
		"old name of request": {map[string]string{"cpu": "100m"}, "cpu= memory= / cpu=25m memory="},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, o := range compile(t, score.Tenant{Name: "x", Quota: test.quota}) {
				if o.ID.Kind != "LimitRange" {
					continue
				}
				var limits corev1.LimitRange
				if err := json.Unmarshal(o.Manifest, &limits); err != nil {
					t.Fatal(err)
				}
				item := limits.Spec.Limits[0]
				got = describe(item.Default) + " / " + describe(item.DefaultRequest)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func describe(list corev1.ResourceList) string {
	text := func(name corev1.ResourceName) string {
		if q, ok := list[name]; ok {
			return q.String()
		}
		return ""
	}
	return "cpu=" + text(corev1.ResourceCPU) + " memory=" + text(corev1.ResourceMemory)
}

func TestErrors(t *testing.T) {
	for name, test := range map[string]struct {
		score score.Score
		want  string
	}{
		"another score":   {score.MonitoringStack{Namespace: "a", Name: "b"}, `monitoring_stack "a/b": got a score of kind "monitoring_stack", want a tenant`},
		"quota":           {score.Tenant{Name: "x", Quota: map[string]string{"pods": "few"}}, `tenant "x": quota "pods": got "few", want a quantity`},
		"limit":           {score.Tenant{Name: "x", Limits: score.Limits{Max: map[string]string{"cpu": "?"}}}, `tenant "x": limits.max "cpu": got "?", want a quantity`},
		"group":           {score.Tenant{Name: "x", Admins: []string{"group:"}}, `tenant "x": admin: got "group:"`},
		"service account": {score.Tenant{Name: "x", Admins: []string{"serviceaccount:a"}}, "want serviceaccount:<namespace>:<name>"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tenant.New().Compile(test.score)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}
