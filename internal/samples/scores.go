// SPDX-License-Identifier: Apache-2.0

// Package samples has what the tests of all backends share: scores that say everything that a script can say, and the
// schemas of the resources that are made of them.
package samples

import (
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// At is the origin of a value that a script makes in the given line.
func At(line int) score.Origin {
	return score.NewOrigin(&score.CallSite{Position: score.Position{File: "stack.star", Line: line, Column: 1}}, nil)
}

// Discord is a channel with a secret from the environment.
func Discord() score.AlertChannel {
	return score.AlertChannel{
		Origin: At(10), Constructor: "discord", Name: "on-call", Matchers: []string{`severity="critical"`},
		Receiver: score.Receiver{Integration: "discord", Fields: []score.Field{
			{Name: "webhook_url", Argument: "webhook_url", Value: score.Secret{Source: score.SecretFromEnvironment, Name: "DISCORD_WEBHOOK_URL"}},
			{Name: "title", Argument: "title", Value: "{{ .CommonLabels.alertname }}"},
			{Name: "send_resolved", Argument: "send_resolved", Value: true},
		}},
	}
}

// Webhook is a channel whose address is url, text or a secret, with a secret of the cluster.
func Webhook(url any) score.AlertChannel {
	return score.AlertChannel{
		Origin: At(20), Constructor: "webhook", Name: "audit", Matchers: []string{`severity=~"warning|critical"`, `team!=""`},
		Receiver: score.Receiver{Integration: "webhook", Fields: []score.Field{
			{Name: "url", Argument: "url", Value: url},
			{Name: "max_alerts", Argument: "max_alerts", Value: int64(10)},
			{Name: "send_resolved", Argument: "send_resolved", Value: false},
			{Name: "http_config", Argument: "http_config", Value: []score.Field{
				{Name: "authorization", Argument: "http_config[authorization]", Value: []score.Field{
					{Name: "credentials", Argument: "http_config[authorization][credentials]", Value: score.Secret{Source: score.SecretFromCluster, Name: "audit", Key: "token"}},
				}},
				{Name: "follow_redirects", Argument: "http_config[follow_redirects]", Value: false},
			}},
		}},
	}
}

// Targets has one target of every kind.
func Targets() []score.ScrapeTarget {
	return []score.ScrapeTarget{
		score.ServiceMonitor{
			Origin: At(30), Name: "web", MatchLabels: map[string]string{"app": "web", "tier": "front"}, Port: "http",
			Endpoint: score.Endpoint{Path: "/metrics/all", Scheme: "https", Interval: "15s", ScrapeTimeout: "10s"},
		},
		score.PodMonitor{Origin: At(31), Name: "worker", MatchLabels: map[string]string{"app": "worker"}, Port: "metrics"},
		score.StaticTargets{
			Origin: At(32), Name: "legacy", Targets: []string{"10.1.2.3:9100", "[2001:db8::7]:9100", "db.example.org:9187", "cache.data.svc:9121", "here:8080"},
			Labels: map[string]string{"site": "basement", "rack": "7"}, Endpoint: score.Endpoint{Path: "/stats"},
		},
		score.Probe{
			Origin: At(33), Name: "shop", Prober: "blackbox.probes.svc.cluster.local:9115", Module: "http_2xx",
			Targets: []string{"https://shop.example.org", "https://example.org/health"}, Labels: map[string]string{"team": "shop"},
			Endpoint: score.Endpoint{
				Interval: "1m", Params: map[string][]string{"debug": {"true"}, "hostname": {"shop.example.org"}},
				HTTP:        []score.Field{{Name: "proxy_url", Value: "http://proxy.example.org:3128"}, {Name: "no_proxy", Value: "10.0.0.0/8"}, {Name: "follow_redirects", Value: false}},
				Relabelings: []score.Relabeling{{SourceLabels: []string{"__param_target"}, TargetLabel: "url"}},
			},
		},
		fullMonitor(),
		score.HTTPDiscovery{
			Origin: At(35), Name: "machines", URL: "https://inventory.example.org/targets", RefreshInterval: "5m",
			Discovery: []score.Field{{Name: "basic_auth", Value: block("basic_auth",
				score.Field{Name: "username", Value: score.Secret{Source: score.SecretFromEnvironment, Name: "INVENTORY_USER"}},
				score.Field{Name: "password", Value: score.Secret{Source: score.SecretFromFile, Name: "/etc/inventory"}})}},
			Endpoint: score.Endpoint{HTTP: []score.Field{{Name: "enable_http2", Value: false}, {Name: "tls_config", Value: block("tls_config", score.Field{Name: "server_name", Value: "machine"})}}},
		},
		score.DNSDiscovery{Origin: At(36), Name: "databases", Names: []string{"db.example.org"}, Type: "A", Port: 9187, RefreshInterval: "1m"},
	}
}

func block(constructor string, fields ...score.Field) score.Block {
	return score.Block{Constructor: constructor, Fields: fields}
}

// fullMonitor says everything that a monitor can say.
func fullMonitor() score.ServiceMonitor {
	no, comma, empty := false, ",", ""
	variable := func(name string) score.Secret { return score.Secret{Source: score.SecretFromEnvironment, Name: name} }
	tls := block("tls_config",
		score.Field{Name: "ca", Value: score.Secret{Source: score.SecretFromCluster, Name: "mesh", Key: "ca.crt"}},
		score.Field{Name: "cert", Value: variable("CERTIFICATE")}, score.Field{Name: "key", Value: variable("KEY")},
		score.Field{Name: "insecure_skip_verify", Value: false}, score.Field{Name: "min_version", Value: "TLS12"})
	return score.ServiceMonitor{
		Origin: At(34), Name: "everything", MatchLabels: map[string]string{"app": "everything"}, Port: "https",
		TargetLabels: []string{"team"}, PodTargetLabels: []string{"version"},
		Endpoint: score.Endpoint{
			Scheme: "https", Params: map[string][]string{"collect": {"cpu", "memory"}}, HonorTimestamps: &no,
			HTTP: []score.Field{
				{Name: "oauth2", Value: block("oauth2",
					score.Field{Name: "client_id", Value: variable("CLIENT")}, score.Field{Name: "client_secret", Value: variable("CLIENT_SECRET")},
					score.Field{Name: "token_url", Value: "https://login.example.org/token"}, score.Field{Name: "scopes", Value: []string{"metrics"}},
					score.Field{Name: "endpoint_params", Value: []score.Field{{Name: "audience", Value: "metrics"}}},
					score.Field{Name: "tls_config", Value: tls})},
				{Name: "tls_config", Value: tls},
				{Name: "enable_http2", Value: false},
				{Name: "proxy_url", Value: "http://proxy.example.org:3128"},
				{Name: "proxy_connect_header", Value: []score.Field{{Name: "Proxy-Authorization", Value: []score.Secret{variable("PROXY")}}}},
			},
			Relabelings: []score.Relabeling{
				{Action: "replace", SourceLabels: []string{"__meta_kubernetes_namespace", "__meta_kubernetes_pod_name"}, Separator: &comma, Regex: "(.+),(.+)", TargetLabel: "place"},
				{Action: "hashmod", SourceLabels: []string{"__address__"}, TargetLabel: "__tmp_hash", Modulus: 4},
			},
			MetricRelabelings: []score.Relabeling{
				{Action: "drop", SourceLabels: []string{"__name__"}, Regex: "go_.*"},
				{Action: "replace", TargetLabel: "pod_template_hash", Replacement: &empty},
			},
			Limits:          score.ScrapeLimits{Samples: 10_000, Targets: 50, Labels: 40, LabelNameLength: 100, LabelValueLength: 500, KeptDropped: 5, BodySize: "10MB"},
			ScrapeProtocols: []string{"OpenMetricsText1.0.0", "PrometheusText0.0.4"}, FallbackScrapeProtocol: "PrometheusText0.0.4", ScrapeClass: "mesh",
		},
	}
}

// Rules has a group that says everything that a group can say, and one with a dot in its name.
func Rules() []score.RuleGroup {
	return []score.RuleGroup{
		{
			Origin: At(40), Name: "web", Interval: "1m", QueryOffset: "30s", Limit: 100, Labels: map[string]string{"tier": "front"},
			Rules: []score.Rule{
				{Origin: At(41), Record: "job:http_requests:rate5m", Expr: `sum by (job) (rate(http_requests_total[5m]))`, Labels: map[string]string{"layer": "web"}},
				{
					Origin: At(42), Alert: "WebDown", Expr: `up{job="web"} == 0`, For: "5m", KeepFiringFor: "10m",
					Labels:      map[string]string{"severity": "critical", "team": "web"},
					Annotations: map[string]string{"summary": "{{ $labels.instance }} is down", "description": "No answer for 5 minutes."},
				},
			},
		},
		{Origin: At(50), Name: "general.rules", Rules: []score.Rule{
			{Origin: At(51), Alert: "Watchdog", Expr: "vector(1)", Labels: map[string]string{"severity": "none"}},
		}},
	}
}

// FullStack says everything that a stack of version can say.
func FullStack(version score.APIVersion) score.MonitoringStack {
	shards := 2
	if version == score.V3RHOB {
		shards = 1
	}
	return score.MonitoringStack{
		Origin: At(1), APIVersion: version, Namespace: "monitoring", Name: "main",
		AlertChannels: []score.AlertChannel{Discord(), Webhook("https://audit.example.org:8443/hook")},
		ScrapeTargets: Targets(), AlertRules: Rules(),
		Retention: "30d", Storage: "50Gi", Replicas: 2, Shards: shards,
		RemoteWrite: []score.RemoteWrite{
			{Origin: At(60), Name: "central", URL: "https://metrics.example.org/api/v1/write", BearerToken: score.Secret{Source: score.SecretFromFile, Name: "/etc/token"}},
			{
				Origin: At(61), URL: "http://mimir.mimir.svc:9009/api/v1/push",
				Username: score.Secret{Source: score.SecretFromEnvironment, Name: "MIMIR_USER"},
				Password: score.Secret{Source: score.SecretFromCluster, Name: "mimir", Key: "password"},
			},
		},
		ExternalLabels: map[string]string{"cluster": "prod-1", "region": "eu"},
		Resources: score.Resources{
			Requests: map[string]string{"cpu": "500m", "memory": "2Gi"},
			Limits:   map[string]string{"memory": "4Gi"},
		},
	}
}

// IsolatedTenant says everything that a tenant can say.
func IsolatedTenant(version score.APIVersion) score.TenantMonitoring {
	return score.TenantMonitoring{
		Origin: At(70), Mode: score.TenantDedicated, Stack: FullStack(version),
		Tenant: score.Tenant{
			Origin: At(71), Name: "blue", Labels: map[string]string{"cost-centre": "4711"},
			Quota: map[string]string{"requests.cpu": "4", "limits.cpu": "8", "limits.memory": "24Gi", "pods": "50"},
			Network: score.Network{
				Isolated: true, IngressNamespaces: []string{"ingress-nginx"}, EgressNamespaces: []string{"data", "queue"},
				EgressCIDRs: []string{"192.0.2.0/24", "2001:db8::/32"},
			},
			Admins: []string{"user:jane", "group:team-blue", "serviceaccount:ci:deployer", "kubernetes-admin"},
		},
	}
}

// NamedTenant is a tenant of which only the name is known.
func NamedTenant(version score.APIVersion) score.TenantMonitoring {
	stack := score.MonitoringStack{Origin: At(1), APIVersion: version, Name: "monitoring", AlertChannels: []score.AlertChannel{Discord()}}
	return score.TenantMonitoring{Origin: At(80), Mode: score.TenantDedicated, Tenant: score.Tenant{Name: "green"}, Stack: stack}
}

// RoutedStack says everything that routing can say.
func RoutedStack(version score.APIVersion) score.MonitoringStack {
	stack := score.MonitoringStack{
		Origin: At(1), APIVersion: version, Name: "routed",
		AlertChannels: []score.AlertChannel{Discord(), Webhook(score.Secret{Source: score.SecretFromFile, Name: "hook"})},
	}
	stack.Route = &score.Route{
		Origin: At(90), Channel: "audit", GroupBy: []string{"alertname", "cluster"}, GroupWait: "10s", GroupInterval: "2m", RepeatInterval: "12h",
		Routes: []score.Route{
			{
				Origin: At(91), Channel: "on-call", Matchers: []string{`severity="critical"`}, GroupBy: []string{"..."}, Continue: true,
				MuteTimes: []string{"maintenance"}, MuteTimeValues: []*score.MuteTime{nil},
			},
			{
				Origin: At(92), Matchers: []string{`team=~"web|shop"`, `env!="test"`}, GroupBy: []string{},
				Routes: []score.Route{{
					Origin: At(93), Channel: "on-call", Matchers: []string{`page!~"no|never"`},
					ActiveTimes: []string{"office"}, ActiveTimeValues: []*score.MuteTime{nil},
				}},
			},
		},
	}
	stack.InhibitRules = []score.InhibitRule{{
		Origin: At(94), SourceMatchers: []string{`severity="critical"`}, TargetMatchers: []string{`severity=~"warning|info"`}, Equal: []string{"namespace", "alertname"},
	}}
	stack.MuteTimes = []score.MuteTime{
		{Origin: At(95), Name: "maintenance", Intervals: []score.TimeInterval{
			{Origin: At(96), Weekdays: []string{"saturday", "sunday"}, Times: []string{"22:00-24:00", "00:00-06:00"}},
			{Origin: At(97), DaysOfMonth: []string{"-1", "1:3"}, Months: []string{"december", "june:august"}, Years: []string{"2027:2030"}},
		}},
		{Origin: At(98), Name: "office", Intervals: []score.TimeInterval{{Origin: At(99), Weekdays: []string{"monday:friday"}, Times: []string{"09:00-17:00"}}}},
	}
	return stack
}

// OddNames has names that Kubernetes would refuse or cut.
func OddNames(version score.APIVersion) score.MonitoringStack {
	stack := FullStack(version)
	stack.Name = "a-stack-whose-name-is-longer-than-a-statefulset-bears"
	stack.ScrapeTargets = []score.ScrapeTarget{
		score.PodMonitor{Origin: At(31), Name: "Worker $1", MatchLabels: map[string]string{"app": "worker"}, Port: "metrics"},
		score.ServiceMonitor{Origin: At(30), Name: strings.Repeat("long-", 60), MatchLabels: map[string]string{"app": "web"}, Port: "http"},
	}
	stack.AlertRules = []score.RuleGroup{{Origin: At(40), Name: "Web alerts (EU)", Rules: Rules()[0].Rules}}
	stack.AlertChannels = []score.AlertChannel{Webhook(score.Secret{Source: score.SecretFromFile, Name: "hook"})}
	stack.AlertChannels[0].Name = "null"
	return stack
}

// Scores has a score for every way in which stacks differ, by the name of its golden file.
func Scores(version score.APIVersion) map[string]score.Score {
	return map[string]score.Score{
		"minimal_stack":   score.MonitoringStack{Origin: At(1), APIVersion: version},
		"full_stack":      FullStack(version),
		"isolated_tenant": IsolatedTenant(version),
		"named_tenant":    NamedTenant(version),
		"odd_names":       OddNames(version),
		"routed_stack":    RoutedStack(version),
	}
}
