// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// compiled returns the targets of a stack by "Kind namespace/name", and the flag that makes monitors stay at home.
func compiled(t *testing.T, stack score.MonitoringStack, tenant *score.Tenant) (objects map[string]backend.Object, atHome bool) {
	t.Helper()
	scope := operator.NewScope(stack, tenant)
	b := &backend.Builder{Title: "test"}
	scope.AddTargets(b)
	scope.AddRules(b)
	list, err := b.Objects()
	if err != nil {
		t.Fatal(err)
	}
	objects = map[string]backend.Object{}
	for _, o := range list {
		objects[o.ID.String()] = o
	}
	return objects, *scope.ConfinedPrometheus().IgnoreNamespaceSelectors
}

func stackWith(targets ...score.ScrapeTarget) score.MonitoringStack {
	return score.MonitoringStack{APIVersion: score.V2CRD, Namespace: "monitoring", Name: "main", ScrapeTargets: targets}
}

// What looks for targets elsewhere gets the rights that it needs there, and nothing gets rights that does not ask.
func TestNamespacesOfMonitors(t *testing.T) {
	monitor := func(namespaces ...string) score.ServiceMonitor {
		return score.ServiceMonitor{Name: "web", MatchLabels: map[string]string{"app": "web"}, Port: "http", Namespaces: namespaces}
	}
	const monitorName = "ServiceMonitor monitoring/main.web"
	for name, c := range map[string]struct {
		namespaces []string
		tenant     *score.Tenant
		rights     []string
		selector   string
		atHome     bool
	}{
		"its own by default": {atHome: true},
		"some":               {namespaces: []string{"shop", "monitoring", "bank"}, selector: `{"matchNames":["shop","monitoring","bank"]}`, rights: []string{"Role bank/monitoring.main-prometheus", "RoleBinding bank/monitoring.main-prometheus", "Role shop/monitoring.main-prometheus", "RoleBinding shop/monitoring.main-prometheus"}},
		"all":                {namespaces: []string{"*"}, selector: `{"any":true}`, rights: []string{"ClusterRole monitoring.main-prometheus", "ClusterRoleBinding monitoring.main-prometheus"}},
		"a tenant never":     {namespaces: []string{"*"}, tenant: &score.Tenant{Name: "monitoring"}, atHome: true, selector: `{"any":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			objects, atHome := compiled(t, stackWith(monitor(c.namespaces...)), c.tenant)
			if atHome != c.atHome {
				t.Errorf("ignoreNamespaceSelectors: got %v, want %v", atHome, c.atHome)
			}
			if len(objects) != len(c.rights)+1 {
				t.Errorf("got %d objects, want the monitor and %d for rights: %v", len(objects), len(c.rights), objects)
			}
			for _, id := range c.rights {
				if _, ok := objects[id]; !ok {
					t.Errorf("got no %s", id)
				}
			}
			var content struct {
				Spec struct {
					NamespaceSelector json.RawMessage `json:"namespaceSelector"`
				} `json:"spec"`
			}
			if err := json.Unmarshal(objects[monitorName].Manifest, &content); err != nil {
				t.Fatal(err)
			}
			if got := string(content.Spec.NamespaceSelector); got != c.selector {
				t.Errorf("namespaceSelector: got %s, want %s", got, c.selector)
			}
		})
	}
}

// A credential is in the Secret of the stack or in the user's own, and never in the object that uses it.
func TestCredentialsOfTargets(t *testing.T) {
	user := score.Secret{Source: score.SecretFromEnvironment, Name: "USER_OF_WEB"}
	password := score.Secret{Source: score.SecretFromCluster, Name: "web", Key: "password"}
	objects, _ := compiled(t, stackWith(score.PodMonitor{Name: "web", Port: "http", Endpoint: score.Endpoint{HTTP: []score.Field{{
		Name: "basic_auth", Value: score.Block{Constructor: "basic_auth", Fields: []score.Field{{Name: "username", Value: user}, {Name: "password", Value: password}}},
	}}}}), nil)
	secret, ok := objects["Secret monitoring/main-scrape-targets"]
	if !ok || len(secret.Secrets) != 1 || secret.Secrets["pod_monitor.web.basic_auth.username"].Name != user.Name {
		t.Errorf("got %v, want the user's name in the Secret of the stack", secret.Secrets)
	}
	const want = `"basicAuth":{"password":{"key":"password","name":"web"},"username":{"key":"pod_monitor.web.basic_auth.username","name":"main-scrape-targets"}}`
	if got := string(objects["PodMonitor monitoring/main.web"].Manifest); !strings.Contains(got, want) {
		t.Errorf("got %s, want %s in it", got, want)
	}
}

// The namespace of a tenant comes last, so that no relabeling of the script takes its place.
func TestTenantsNamespaceComesLast(t *testing.T) {
	mine := "mine"
	relabelings := score.Endpoint{Relabelings: []score.Relabeling{{TargetLabel: "namespace", Replacement: &mine}}}
	for _, target := range []score.ScrapeTarget{
		score.StaticTargets{Name: "a", Targets: []string{"b:1"}, Endpoint: relabelings},
		score.HTTPDiscovery{Name: "a", URL: "https://b.example.com", Endpoint: relabelings},
		score.DNSDiscovery{Name: "a", Names: []string{"b.example.com"}, Endpoint: relabelings},
	} {
		stack := stackWith(target)
		stack.Namespace = "blue"
		objects, _ := compiled(t, stack, &score.Tenant{Name: "blue"})
		for id, o := range objects {
			const want = `{"replacement":"mine","targetLabel":"namespace"},{"replacement":"blue","targetLabel":"namespace"}]`
			if !strings.Contains(string(o.Manifest), want) {
				t.Errorf("%s of a %s: got %s, want %s in it", id, target.Kind(), o.Manifest, want)
			}
		}
	}
}

func TestGroupSettings(t *testing.T) {
	stack := stackWith()
	stack.AlertRules = []score.RuleGroup{{Name: "web", QueryOffset: "1m", PartialResponseStrategy: "abort", Labels: map[string]string{"team": "web"}, Rules: []score.Rule{{Record: "a:b", Expr: "up"}}}}
	objects, _ := compiled(t, stack, nil)
	const want = `"groups":[{"labels":{"team":"web"},"name":"web","partial_response_strategy":"abort","query_offset":"1m","rules":[`
	if got := string(objects["PrometheusRule monitoring/main.web"].Manifest); !strings.Contains(got, want) {
		t.Errorf("got %s, want %s in it", got, want)
	}
}
