// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func targetCases() []testCase {
	match := map[string]string{"app": "web"}
	return []testCase{
		{"port by number", withTarget(func(s *script) score.ScrapeTarget {
			return score.ServiceMonitor{Origin: s.call(`service_monitor(port = "8080")`, "port", `"8080"`), Name: "web", MatchLabels: match, Port: "8080"}
		}), []want{{"1:24", "port-number", "kubectl get service"}}},
		{"port names", withStack(func(s *script, stack *score.MonitoringStack) {
			stack.ScrapeTargets = []score.ScrapeTarget{
				score.ServiceMonitor{Origin: s.call(`service_monitor(port = "Web Port")`, "port", `"Web Port"`), Name: "web", MatchLabels: match, Port: "Web Port"},
				score.ServiceMonitor{Origin: s.call(`service_monitor(name = "b")`), Name: "b", MatchLabels: match},
				score.PodMonitor{Origin: s.call(`pod_monitor(port = "a-much-too-long-name")`, "port", `"a-much-too-long-name"`), Name: "web", MatchLabels: match, Port: "a-much-too-long-name"},
			}
		}), []want{{"2:24", "invalid-port-name", "63"}, {"3:1", "invalid-port-name", "no port"}, {"4:20", "invalid-port-name", "15"}}},
		{"selects everything", withTarget(func(s *script) score.ScrapeTarget {
			return score.ServiceMonitor{Origin: s.call(`service_monitor(name = "web")`), Name: "web", Port: "http"}
		}), []want{{"1:1", "empty-selector", "all services"}}},
		{"two of one name and kind", withStack(func(s *script, stack *score.MonitoringStack) {
			stack.ScrapeTargets = []score.ScrapeTarget{
				score.ServiceMonitor{Origin: s.call(`service_monitor(name = "web")`, "name", `"web"`), Name: "web", MatchLabels: match, Port: "http"},
				score.PodMonitor{Origin: s.call(`pod_monitor(name = "web")`, "name", `"web"`), Name: "web", MatchLabels: match, Port: "http"},
				score.ServiceMonitor{Origin: s.call(`service_monitor(name = "web", port = "b")`, "name", `"web"`), Name: "web", MatchLabels: match, Port: "b"},
			}
		}), []want{{"4:24", "duplicate-target", "rename"}}},
		{"static addresses", withTarget(func(s *script) score.ScrapeTarget {
			targets := []string{"a", "https://b:1/metrics", "c:http", "fe80::1:9", "d_e!:1", "f:1", "f:1", "[1.2.3.4]:5"}
			origin := s.call(`static_targets(targets = ["a", "https://b:1/metrics", "c:http", "fe80::1:9", "d_e!:1", "f:1", "f:1", "[1.2.3.4]:5"])`,
				"targets[0]", `"a"`, "targets[1]", `"https://b:1/metrics"`, "targets[2]", `"c:http"`, "targets[3]", `"fe80::1:9"`, "targets[4]", `"d_e!:1"`, "targets[7]", `"[1.2.3.4]:5"`)
			return score.StaticTargets{Origin: origin, Name: "s", Targets: targets}
		}), []want{
			{"1:1", "duplicate-address", "twice"},
			{"1:27", "invalid-address", "want a port"},
			{"1:32", "invalid-address", `write "b:1" and scheme = "https" and path = "/metrics"`},
			{"1:55", "invalid-address", "1 to 65535"},
			{"1:65", "invalid-address", "brackets"},
			{"1:78", "invalid-address", "DNS name"},
			{"1:102", "invalid-address", "IPv6"},
		}},
		{"no addresses", withTarget(func(s *script) score.ScrapeTarget {
			return score.StaticTargets{Origin: s.call(`static_targets(name = "s", targets = [])`, "targets", "[]"), Name: "s"}
		}), []want{{"1:38", "no-addresses", ""}}},
		{"probe", withTarget(func(s *script) score.ScrapeTarget {
			return score.Probe{
				Origin: s.call(`probe(prober = "http://blackbox:9115", targets = ["https://", "a b", "ftp://"], honor_labels = True)`, "prober", `"http://blackbox:9115"`, "targets[0]", `"https://"`, "targets[1]", `"a b"`, "targets[2]", `"ftp://"`, "honor_labels", "True"),
				Name:   "p", Prober: "http://blackbox:9115", Targets: []string{"https://", "a b", "ftp://"}, Endpoint: score.Endpoint{HonorLabels: true},
			}
		}), []want{{"1:16", "invalid-address", `write "blackbox:9115"`}, {"1:51", "invalid-url", "absolute"}, {"1:63", "invalid-address", "a URL, a host or host:port"}, {"1:70", "invalid-address", ""}, {"1:96", "unsupported-feature", "honor_labels"}}},
		{"remote write", withStack(func(s *script, stack *score.MonitoringStack) {
			token := score.Secret{Source: score.SecretFromEnvironment, Name: "TOKEN"}
			stack.RemoteWrite = []score.RemoteWrite{
				{Origin: s.call(`remote_write(url = "mimir:80", bearer_token = t, username = u)`, "url", `"mimir:80"`, "bearer_token", "t"), URL: "mimir:80", BearerToken: token, Username: token},
				{Origin: s.call(`remote_write(url = "", username = u)`, "url", `""`, "username", "u"), Username: token},
				{URL: "https://a", Name: "n"},
				{Origin: s.call(`remote_write(url = "https://b", name = "n")`, "name", `"n"`), URL: "https://b", Name: "n"},
				{URL: "https://c"},
				{URL: "https://c", Password: token},
			}
		}), []want{
			{"", "duplicate-remote-write", "same URL"},
			{"", "remote-write-authentication", "password and no username"},
			{"2:20", "invalid-url", "https://"},
			{"2:47", "remote-write-authentication", "one of them"},
			{"3:20", "invalid-url", "no URL"},
			{"3:35", "remote-write-authentication", "username and no password"},
			{"4:40", "duplicate-remote-write", "same name"},
		}},
	}
}

func tenantCases() []testCase {
	return []testCase{
		{"network", withTenant(func(s *script) score.Tenant {
			return score.Tenant{
				Origin: s.call(`tenant("blue", network = {"ingress_namespaces": ["A"], "egress_cidrs": ["10.0.0.1/8", "10.0.0.1", "all"]})`, "network", "{", "network[ingress_namespaces][0]", `"A"`, "network[egress_cidrs][0]", `"10.0.0.1/8"`, "network[egress_cidrs][1]", `"10.0.0.1"`, "network[egress_cidrs][2]", `"all"`),
				Name:   "blue", Network: score.Network{Isolated: true, IngressNamespaces: []string{"A"}, EgressNamespaces: []string{"b_c"}, EgressCIDRs: []string{"10.0.0.1/8", "10.0.0.1", "all"}},
			}
		}), []want{
			{"1:26", "invalid-name", "egress namespace"},
			{"1:50", "invalid-name", "ingress namespace"},
			{"1:73", "invalid-cidr", `write "10.0.0.0/8"`},
			{"1:87", "invalid-cidr", `write "10.0.0.1/32"`},
			{"1:99", "invalid-cidr", "CIDR notation"},
		}},
		{"network of its own", withTenant(func(s *script) score.Tenant {
			origin := s.call(`tenant_network(egress_cidrs = ["x"])`, "egress_cidrs[0]", `"x"`)
			return score.Tenant{Name: "blue", Network: score.Network{Origin: origin, EgressCIDRs: []string{"x"}}}
		}), []want{{"1:32", "invalid-cidr", "network"}}},
		{"admins", withTenant(func(s *script) score.Tenant {
			return score.Tenant{Name: "blue", Admins: []string{"", " jane", "user:", "serviceaccount:x", "role:x", "system:masters"}}
		}), []want{
			{"", "invalid-admin", `got " jane"`},
			{"", "invalid-admin", `"serviceaccount:x"`},
			{"", "invalid-admin", `"group:system:masters"`},
			{"", "invalid-admin", "empty name"},
			{"", "invalid-admin", `behind "user:"`},
			{"", "invalid-admin", `the prefix "role"`},
		}},
	}
}

func versionCases() []testCase {
	return []testCase{
		{"no backend", withStack(func(s *script, stack *score.MonitoringStack) { stack.APIVersion = score.V3RHOB }), []want{{"1:40", "no-backend", "write api_version = V2_CRD"}}},
		{"unknown score", func(s *script) []score.Score { return []score.Score{dashboard{s.call("dashboard()")}} }, []want{{"1:1", "no-backend", "compiles a dashboard"}}},
		{"shared mode", func(s *script) []score.Score {
			return []score.Score{score.TenantMonitoring{Origin: s.call(`tenant_monitoring(mode = "shared")`, "mode", `"shared"`), Tenant: score.Tenant{Name: "blue"}, Stack: good(s), Mode: score.TenantShared}}
		}, []want{{"1:26", "unsupported-feature", "Shared tenants come later."}}},
		{"group limit", withStack(func(s *script, stack *score.MonitoringStack) {
			stack.AlertRules[0].Limit = 3
			stack.AlertRules[0].Origin = s.call(`alert_rule_group(limit = 3)`, "limit", "3")
		}), []want{{"2:26", "unsupported-feature", "leave it out"}}},
	}
}

// dashboard is a score that another program might add.
type dashboard struct{ origin score.Origin }

func (dashboard) Kind() string           { return "dashboard" }
func (dashboard) Title() string          { return "dashboard" }
func (d dashboard) Source() score.Origin { return d.origin }

func togetherCases() []testCase {
	tenant := func(s *script, name string) score.Tenant {
		return score.Tenant{Origin: s.call(`tenant(name = "`+name+`")`, "name", `"`+name+`"`), Name: name}
	}
	return []testCase{
		{"nothing", func(*script) []score.Score { return nil }, []want{{"", "nothing-deployed", "add deploy(...)"}}},
		{"tenant and stack in one namespace", func(s *script) []score.Score {
			return []score.Score{good(s), tenant(s, "monitoring")}
		}, []want{{"1:60", "separate-tenant-and-stack", `tenant_monitoring(tenant = "monitoring"`}}},
		{"one tenant and one stack", func(s *script) []score.Score {
			return []score.Score{good(s), tenant(s, "blue")}
		}, []want{{"1:9", "tenant-beside-stack", `tenant_monitoring(tenant = "blue"`}}},
		{"two tenants and a stack of the platform", func(s *script) []score.Score {
			return []score.Score{good(s), tenant(s, "blue"), tenant(s, "green")}
		}, nil},
		{"the same tenant twice", func(s *script) []score.Score {
			stack := good(s)
			return []score.Score{
				tenant(s, "blue"), tenant(s, "blue"),
				score.TenantMonitoring{Origin: s.call(`tenant_monitoring(tenant = "blue")`, "tenant", `"blue"`), Tenant: score.Tenant{Name: "blue"}, Stack: stack, Mode: score.TenantDedicated},
			}
		}, []want{{"3:15", "duplicate-tenant", "remove one"}, {"4:28", "duplicate-tenant", "remove one"}}},
		{"the same stack twice", func(s *script) []score.Score {
			one := good(s)
			two := good(s)
			tenanted := score.TenantMonitoring{Tenant: score.Tenant{Name: "blue"}, Stack: one, Mode: score.TenantDedicated}
			return []score.Score{one, two, tenanted}
		}, []want{{"2:9", "duplicate-stack", "another name"}}},
	}
}
