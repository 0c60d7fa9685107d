// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	helmbackend "github.com/harmonyscript/harmonyscript/runtime/backend/helm"
	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// helmStack is a stack of V1_HELM with values, whose places are given like those of script.call.
func helmStack(s *script, source string, values map[string]any, places ...string) score.MonitoringStack {
	stack := good(&script{t: s.t})
	stack.APIVersion, stack.HelmValues = score.V1Helm, values
	stack.Origin = s.call(source, places...)
	return stack
}

// helmRegistry has the real backend of V1_HELM.
func helmRegistry(t testing.TB) *backend.Registry {
	t.Helper()
	r, err := backend.NewRegistry([]backend.Backend{helmbackend.New(), version{version: score.V2CRD}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func usesHelm(scores []score.Score) bool {
	return slices.ContainsFunc(scores, func(s score.Score) bool {
		stack, ok := s.(score.MonitoringStack)
		return ok && (stack.APIVersion == score.V1Helm && strings.Contains(stack.Origin.Position().String(), scriptName) || stack.HelmChart != nil)
	})
}

func chartCase(name, source string, chart score.HelmChart, expected ...want) testCase {
	return testCase{name, func(s *script) []score.Score {
		var places []string
		for argument, value := range map[string]string{"repo": chart.Repository, "name": chart.Name, "version": chart.Version, "path": chart.Path, "digest": chart.Digest} {
			if value != "" {
				places = append(places, argument, `"`+value+`"`)
			}
		}
		chart.Origin = s.call(source, places...)
		stack := helmStack(s, "stack = monitoring_stack(V1_HELM, helm_chart = c)", nil)
		stack.HelmChart = &chart
		return []score.Score{stack}
	}, expected}
}

func helmCases() []testCase {
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	return []testCase{
		chartCase("chart of a registry", `helm_chart(repo = "oci://r.example.org:5000/charts/kps", version = "88.5.3", digest = "`+digest+`")`,
			score.HelmChart{Repository: "oci://r.example.org:5000/charts/kps", Version: "88.5.3", Digest: digest}),
		chartCase("chart of a repository", `helm_chart(repo = "http://charts.example.org/x", version = "88.5.3-test+1", name = "kps")`,
			score.HelmChart{Repository: "http://charts.example.org/x", Version: "88.5.3-test+1", Name: "kps"}),
		chartCase("chart of a folder", `helm_chart(path = "../charts/kps")`, score.HelmChart{Path: "../charts/kps"}),
		chartCase("chart version with a v", `helm_chart(version = "v88.5.3")`, score.HelmChart{Version: "v88.5.3"}, want{"1:22", "invalid-helm-chart", `write version = "88.5.3"`}),
		chartCase("chart version range", `helm_chart(version = "^88")`, score.HelmChart{Version: "^88"}, want{"1:22", "invalid-helm-chart", "want one exact version"}),
		chartCase("chart digest", `helm_chart(path = "x", digest = "sha256:ABC")`, score.HelmChart{Path: "x", Digest: "sha256:ABC"}, want{"1:33", "invalid-helm-chart", "64 hexadecimal digits"}),
		chartCase("chart with a tag", `helm_chart(repo = "oci://r/kps:1", version = "1.0.0")`, score.HelmChart{Repository: "oci://r/kps:1", Version: "1.0.0"}, want{"1:19", "invalid-helm-chart", "with a tag"}),
		chartCase("chart without a name", `helm_chart(repo = "oci://r/", version = "1.0.0")`, score.HelmChart{Repository: "oci://r/", Version: "1.0.0"}, want{"1:19", "invalid-helm-chart", "names no chart"}),
		chartCase("chart without a scheme", `helm_chart(repo = "r.example.org/kps", version = "1.0.0")`, score.HelmChart{Repository: "r.example.org/kps", Version: "1.0.0"}, want{"1:19", "invalid-helm-chart", "write oci://"}),
		chartCase("chart of a file URL", `helm_chart(repo = "file:///x", version = "1.0.0")`, score.HelmChart{Repository: "file:///x", Version: "1.0.0"}, want{"1:19", "invalid-helm-chart", "got no oci://"}),
		chartCase("chart host", `helm_chart(repo = "https://a_b..c/x", version = "1.0.0")`, score.HelmChart{Repository: "https://a_b..c/x", Version: "1.0.0"}, want{"1:19", "invalid-helm-chart", "no valid host"}),
		chartCase("chart query", `helm_chart(repo = "https://a.b/x?y=z", version = "1.0.0")`, score.HelmChart{Repository: "https://a.b/x?y=z", Version: "1.0.0"}, want{"1:19", "invalid-helm-chart", "from ? or #"}),
		chartCase("chart credentials", `helm_chart(repo = "https://me:hunter2@a.b/x", version = "1.0.0")`, score.HelmChart{Repository: "https://me:hunter2@a.b/x", Version: "1.0.0"}, want{"1:19", "invalid-helm-chart", "helm registry login"}),
		chartCase("chart name beside OCI", `helm_chart(repo = "oci://r/kps", name = "kps", version = "1.0.0")`, score.HelmChart{Repository: "oci://r/kps", Name: "kps", Version: "1.0.0"}, want{"1:41", "invalid-helm-chart", "names the chart itself"}),
		chartCase("chart name", `helm_chart(repo = "https://a.b", name = "K P", version = "1.0.0")`, score.HelmChart{Repository: "https://a.b", Name: "K P", Version: "1.0.0"}, want{"1:41", "invalid-helm-chart", "lower-case"}),
		chartCase("chart of two places", `helm_chart(repo = "oci://r/kps", path = "x")`, score.HelmChart{Repository: "oci://r/kps", Path: "x"}, want{"1:1", "invalid-helm-chart", "repo without version"}, want{"1:41", "invalid-helm-chart", "one of them"}),
		chartCase("chart path", `helm_chart(path = " ", name = "x")`, score.HelmChart{Path: " ", Name: "x"}, want{"1:19", "invalid-helm-chart", "got no path"}, want{"1:31", "invalid-helm-chart", "name without repo"}),
		{"reserved value", func(s *script) []score.Score {
			return []score.Score{helmStack(s, `monitoring_stack(V1_HELM, helm_values = {"prometheus": {"prometheusSpec": {"replicas": 3, "logLevel": "debug"}}})`,
				map[string]any{"prometheus": map[string]any{"prometheusSpec": map[string]any{"replicas": int64(3), "logLevel": "debug"}}},
				"helm_values[prometheus][prometheusSpec][replicas]", "3")}
		}, []want{{"1:76", "helm-value-reserved", "monitoring_stack(replicas = …)"}}},
		{"secret value", func(s *script) []score.Score {
			return []score.Score{helmStack(s, `monitoring_stack(V1_HELM, helm_values = {"grafana": {"smtp": {"password": "hunter2"}}})`,
				map[string]any{"grafana": map[string]any{"smtp": map[string]any{"password": "hunter2"}}}, "helm_values[grafana][smtp][password]", `"hunter2"`)}
		}, []want{{"1:63", "helm-value-secret", "grafana.smtp.password"}}},
		{"values of a tenant", func(s *script) []score.Score {
			stack := helmStack(s, `stack = monitoring_stack(V1_HELM, helm_values = {"grafana": {"enabled": True}, "alertmanager": {"config": 1}})`,
				map[string]any{"grafana": map[string]any{"enabled": true}, "alertmanager": map[string]any{"config": int64(1)}},
				"helm_values[grafana]", `{"enabled": True}`, "helm_values[alertmanager][config]", "1")
			return []score.Score{
				stack,
				score.TenantMonitoring{Tenant: score.Tenant{Name: "blue"}, Stack: stack, Mode: score.TenantDedicated},
				score.TenantMonitoring{Tenant: score.Tenant{Name: "green"}, Stack: stack, Mode: score.TenantDedicated},
			}
		}, []want{{"1:50", "helm-value-reserved", "beyond the tenant"}, {"1:97", "helm-value-reserved", "alert_channels"}}},
		{"values for another version", func(s *script) []score.Score {
			stack := helmStack(s, `stack = monitoring_stack(V2_CRD, helm_chart = c, helm_values = {"fullnameOverride": "x"})`, map[string]any{"fullnameOverride": "x"},
				"helm_chart", "c,", "helm_values", `{"fullnameOverride": "x"}`)
			stack.APIVersion, stack.HelmChart = score.V2CRD, &score.HelmChart{Path: "x"}
			return []score.Score{stack, score.TenantMonitoring{Tenant: score.Tenant{Name: "blue"}, Stack: stack, Mode: score.TenantDedicated}}
		}, []want{{"1:34", "helm-ignored", "V2_CRD"}, {"1:50", "helm-ignored", "only api_version changes"}}},
		{"what the chart brings along", func(s *script) []score.Score {
			stack := helmStack(s, `stack = monitoring_stack(V1_HELM)`, nil)
			stack.ScrapeTargets, stack.AlertRules = nil, nil
			return []score.Score{stack, score.TenantMonitoring{Origin: stack.Origin, Tenant: score.Tenant{Name: "blue"}, Stack: stack, Mode: score.TenantDedicated}}
		}, []want{{"1:9", "no-rules", "nothing is ever sent"}, {"1:9", "no-targets", "nothing to look at"}}},
		{"two operators", func(s *script) []score.Score {
			one := helmStack(s, `one = monitoring_stack(V1_HELM)`, nil)
			two := helmStack(s, `two = monitoring_stack(V1_HELM, name = "two")`, nil)
			two.Name = "two"
			three := helmStack(s, `three = monitoring_stack(V1_HELM, name = "three")`, map[string]any{"prometheusOperator": map[string]any{"enabled": false}})
			three.Name = "three"
			return []score.Score{one, two, three}
		}, []want{{"2:7", "second-operator", "undoes what the other does"}}},
	}
}

// TestHelmValuesOfAnUnfinishedScript checks values without a place, of a script that deploys nothing.
func TestHelmValuesOfAnUnfinishedScript(t *testing.T) {
	r := helmRegistry(t)
	stack := good(&script{t: t})
	stack.APIVersion, stack.HelmValues = score.V1Helm, map[string]any{"prometheus": "x", "alertmanager": nil, "note": "secretless"}
	found := check.Values([]any{stack, score.HelmChart{Version: "x"}}, r)
	codes := map[string]int{}
	for _, d := range found {
		codes[d.Code]++
	}
	if codes["helm-value-reserved"] != 2 || codes["invalid-helm-chart"] != 1 {
		t.Errorf("got %v:\n%s", codes, found.Error())
	}
}
