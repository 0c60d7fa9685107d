// SPDX-License-Identifier: Apache-2.0

package crd_test

import (
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// at is the origin of a value that a script makes in the given line.
func at(line int) score.Origin {
	return score.NewOrigin(&score.CallSite{Position: score.Position{File: "stack.star", Line: line, Column: 1}}, nil)
}

func discord() score.AlertChannel {
	return score.AlertChannel{
		Origin: at(10), Constructor: "discord", Name: "on-call", Matchers: []string{`severity="critical"`},
		Receiver: score.Receiver{Integration: "discord", Fields: []score.Field{
			{Name: "webhook_url", Argument: "webhook_url", Value: score.Secret{Source: score.SecretFromEnvironment, Name: "DISCORD_WEBHOOK_URL"}},
			{Name: "title", Argument: "title", Value: "{{ .CommonLabels.alertname }}"},
			{Name: "send_resolved", Argument: "send_resolved", Value: true},
		}},
	}
}

func webhook(url any) score.AlertChannel {
	return score.AlertChannel{
		Origin: at(20), Constructor: "webhook", Name: "audit", Matchers: []string{`severity=~"warning|critical"`, `team!=""`},
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

func targets() []score.ScrapeTarget {
	return []score.ScrapeTarget{
		score.ServiceMonitor{
			Origin: at(30), Name: "web", MatchLabels: map[string]string{"app": "web", "tier": "front"}, Port: "http",
			Endpoint: score.Endpoint{Path: "/metrics/all", Scheme: "https", Interval: "15s", ScrapeTimeout: "10s"},
		},
		score.PodMonitor{Origin: at(31), Name: "worker", MatchLabels: map[string]string{"app": "worker"}, Port: "metrics"},
		score.StaticTargets{
			Origin: at(32), Name: "legacy", Targets: []string{"10.1.2.3:9100", "[2001:db8::7]:9100", "db.example.org:9187", "cache.data.svc:9121", "here:8080"},
			Labels: map[string]string{"site": "basement", "rack": "7"}, Endpoint: score.Endpoint{Path: "/stats"},
		},
		score.Probe{
			Origin: at(33), Name: "shop", Prober: "blackbox.probes.svc.cluster.local:9115", Module: "http_2xx",
			Targets: []string{"https://shop.example.org", "https://example.org/health"}, Labels: map[string]string{"team": "shop"},
			Endpoint: score.Endpoint{Interval: "1m"},
		},
	}
}

func rules() []score.RuleGroup {
	return []score.RuleGroup{
		{
			Origin: at(40), Name: "web", Interval: "1m", Limit: 100,
			Rules: []score.Rule{
				{Origin: at(41), Record: "job:http_requests:rate5m", Expr: `sum by (job) (rate(http_requests_total[5m]))`, Labels: map[string]string{"layer": "web"}},
				{
					Origin: at(42), Alert: "WebDown", Expr: `up{job="web"} == 0`, For: "5m", KeepFiringFor: "10m",
					Labels:      map[string]string{"severity": "critical", "team": "web"},
					Annotations: map[string]string{"summary": "{{ $labels.instance }} is down", "description": "No answer for 5 minutes."},
				},
			},
		},
		{Origin: at(50), Name: "general.rules", Rules: []score.Rule{
			{Origin: at(51), Alert: "Watchdog", Expr: "vector(1)", Labels: map[string]string{"severity": "none"}},
		}},
	}
}

// fullStack says everything that a stack can say.
func fullStack() score.MonitoringStack {
	return score.MonitoringStack{
		Origin: at(1), APIVersion: score.V2CRD, Namespace: "monitoring", Name: "main",
		AlertChannels: []score.AlertChannel{discord(), webhook("https://audit.example.org:8443/hook")},
		ScrapeTargets: targets(), AlertRules: rules(),
		Retention: "30d", Storage: "50Gi", Replicas: 2, Shards: 2,
		RemoteWrite: []score.RemoteWrite{
			{Origin: at(60), Name: "central", URL: "https://metrics.example.org/api/v1/write", BearerToken: score.Secret{Source: score.SecretFromFile, Name: "/etc/token"}},
			{
				Origin: at(61), URL: "http://mimir.mimir.svc:9009/api/v1/push",
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

// isolatedTenant says everything that a tenant can say.
func isolatedTenant() score.TenantMonitoring {
	return score.TenantMonitoring{
		Origin: at(70), Mode: score.TenantDedicated, Stack: fullStack(),
		Tenant: score.Tenant{
			Origin: at(71), Name: "blue", Labels: map[string]string{"cost-centre": "4711"},
			Quota: map[string]string{"requests.cpu": "4", "limits.cpu": "8", "limits.memory": "24Gi", "pods": "50"},
			Network: score.Network{
				Isolated: true, IngressNamespaces: []string{"ingress-nginx"}, EgressNamespaces: []string{"data", "queue"},
				EgressCIDRs: []string{"192.0.2.0/24", "2001:db8::/32"},
			},
			Admins: []string{"user:jane", "group:team-blue", "serviceaccount:ci:deployer", "kubernetes-admin"},
		},
	}
}

// namedTenant is a tenant of which only the name is known.
func namedTenant() score.TenantMonitoring {
	stack := score.MonitoringStack{Origin: at(1), APIVersion: score.V2CRD, Name: "monitoring", AlertChannels: []score.AlertChannel{discord()}}
	return score.TenantMonitoring{Origin: at(80), Mode: score.TenantDedicated, Tenant: score.Tenant{Name: "green"}, Stack: stack}
}

// oddNames has names that Kubernetes would refuse or cut.
func oddNames() score.MonitoringStack {
	stack := fullStack()
	stack.Name = "a-stack-whose-name-is-longer-than-a-statefulset-bears"
	stack.ScrapeTargets = []score.ScrapeTarget{
		score.PodMonitor{Origin: at(31), Name: "Worker $1", MatchLabels: map[string]string{"app": "worker"}, Port: "metrics"},
		score.ServiceMonitor{Origin: at(30), Name: strings.Repeat("long-", 60), MatchLabels: map[string]string{"app": "web"}, Port: "http"},
	}
	stack.AlertRules = []score.RuleGroup{{Origin: at(40), Name: "Web alerts (EU)", Rules: rules()[0].Rules}}
	stack.AlertChannels = []score.AlertChannel{webhook(score.Secret{Source: score.SecretFromFile, Name: "hook"})}
	stack.AlertChannels[0].Name = "null"
	return stack
}

func samples() map[string]score.Score {
	return map[string]score.Score{
		"minimal_stack":   score.MonitoringStack{Origin: at(1), APIVersion: score.V2CRD},
		"full_stack":      fullStack(),
		"isolated_tenant": isolatedTenant(),
		"named_tenant":    namedTenant(),
		"odd_names":       oddNames(),
	}
}
