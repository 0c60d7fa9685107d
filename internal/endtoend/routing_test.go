// SPDX-License-Identifier: Apache-2.0

// This file holds the routing that harmonyscript answers for against the configuration that the real operators generate.

package endtoend

import (
	"context"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/internal/generated"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var (
	routedLabels      = []string{"severity", "team", "namespace", "alertname"}
	routedValues      = []string{"", "critical", "warning", "web", "db", "routed-a", "routed-b", "say \"hi\"", `back\slash`, "line\nbreak", "日本"}
	routedExpressions = []string{"critical|warning", ".*", ".+", "web|db", "(?i)WEB", `\w+`, `back\\.*`, `.*"hi"`, "日.?", "routed-[ab]", "", "[^w].*"}
)

// randomTree returns channels, some with matchers of their own, and a random route to them.
func randomTree(random *rand.Rand) ([]score.AlertChannel, *score.Route) {
	matchers := func(most int) []string {
		var texts []string
		for range random.Intn(most + 1) {
			m := score.Matcher{Label: routedLabels[random.Intn(len(routedLabels))], Operator: []string{"=", "=", "!=", "=~", "!~"}[random.Intn(5)]}
			m.Value = routedValues[random.Intn(len(routedValues))]
			if strings.Contains(m.Operator, "~") {
				m.Value = routedExpressions[random.Intn(len(routedExpressions))]
			}
			texts = append(texts, m.String())
		}
		return texts
	}
	var channels []score.AlertChannel
	for i := range 5 {
		c := score.AlertChannel{Constructor: "webhook", Name: fmt.Sprintf("channel-%d", i), Receiver: score.Receiver{
			Integration: "webhook", Fields: []score.Field{{Name: "url", Argument: "url", Value: score.Secret{Source: score.SecretFromEnvironment, Name: "URL"}}},
		}}
		if i%2 == 0 {
			c.Matchers = matchers(2)
		}
		channels = append(channels, c)
	}
	var grow func(depth int) score.Route
	grow = func(depth int) score.Route {
		r := score.Route{Continue: random.Intn(3) > 0, Matchers: matchers(2)}
		if random.Intn(3) > 0 {
			r.Channel = channels[random.Intn(len(channels))].Name
		}
		r.GroupBy = [][]string{nil, {}, {"..."}, {"team"}}[random.Intn(4)]
		if random.Intn(4) == 0 {
			r.MuteTimes, r.ActiveTimes = []string{"night"}, []string{"office"}
		}
		for range random.Intn(4) {
			if depth > 0 {
				r.Routes = append(r.Routes, grow(depth-1))
			}
		}
		return r
	}
	top := grow(0)
	top.Matchers, top.Continue, top.MuteTimes, top.ActiveTimes = nil, false, nil, nil
	for len(top.Routes) < 10 {
		// One that takes everything would leave nothing to the others.
		if child := grow(3); len(child.Matchers) > 0 {
			top.Routes = append(top.Routes, child)
		}
	}
	return channels, &top
}

func routedStack(random *rand.Rand, version score.APIVersion, namespace string) score.MonitoringStack {
	stack := score.MonitoringStack{APIVersion: version, Namespace: namespace, Name: "routed", Retention: "1d", Replicas: 1, Shards: 1}
	stack.AlertChannels, stack.Route = randomTree(random)
	stack.MuteTimes = []score.MuteTime{
		{Name: "night", Intervals: []score.TimeInterval{{Times: []string{"22:00-24:00"}, DaysOfMonth: []string{"1:-1"}}}},
		{Name: "office", Intervals: []score.TimeInterval{{Weekdays: []string{"monday:friday"}, Months: []string{"january:december"}, Years: []string{"2026:2099"}}}},
	}
	stack.InhibitRules = []score.InhibitRule{{SourceMatchers: []string{`severity="critical"`}, TargetMatchers: []string{`severity!="critical"`}, Equal: []string{"alertname"}}}
	return stack
}

// TestRoutingIsTheOperators deploys random routing trees, in tenants and alone, in every version whose operator makes
// Alertmanager's configuration of them, and sends alerts with random labels through what the operators made, with
// Alertmanager's own dispatcher, and through package routing.
func TestRoutingIsTheOperators(t *testing.T) {
	client, err := cluster.Connect(cluster.Options{Kubeconfig: shared.Get(t).Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := deployment.DefaultRegistry()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []score.APIVersion{score.V2CRD, score.V3RHOB} {
		t.Run(version.String(), func(t *testing.T) {
			random := rand.New(rand.NewSource(int64(version)))
			own := strings.ToLower(version.String()[:2])
			direct := routedStack(random, version, own+"-routed-direct")
			direct.Route, direct.MuteTimes = nil, nil
			tenant := func(name string) score.Score {
				return score.TenantMonitoring{Tenant: score.Tenant{Name: own + "-" + name}, Stack: routedStack(random, version, "elsewhere"), Mode: score.TenantDedicated}
			}
			scores := []score.Score{tenant("routed-a"), tenant("routed-b"), routedStack(random, version, own+"-routed-alone"), direct}
			deployScores(t, client, registry, score.Deployment{Name: own + "-routing", Scores: scores})
			answers := map[string]bool{}
			for _, s := range scores {
				t.Run(s.Title(), func(t *testing.T) { compareRouting(t, client, random, s, answers) })
			}
			if len(answers) < 30 {
				t.Errorf("got only %d different answers, want enough to prove something: %v", len(answers), answers)
			}
		})
	}
}

func deployScores(t *testing.T, client *cluster.Client, registry *backend.Registry, d score.Deployment) {
	t.Helper()
	objects, problems, err := deployment.Compile(d, registry)
	if err != nil || problems.HasErrors() {
		t.Fatalf("compile: %v, %v", err, problems)
	}
	outcome, err := apply.Run(t.Context(), apply.Request{
		Client: client, Deployment: d.Name, Objects: objects, Timeout: 4 * time.Minute,
		ResolveSecret: func(context.Context, score.Secret) (string, error) { return "http://127.0.0.1:9/hook", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if outcome.State != apply.Done {
		t.Fatalf("apply: got %s, want done:\n%s", outcome.State, outcome.Diagnostics)
	}
}

// compareRouting sends random alerts through both, and notes the answers.
func compareRouting(t *testing.T, client *cluster.Client, random *rand.Rand, s score.Score, answers map[string]bool) {
	t.Helper()
	stack, namespace := score.MonitoringStack{}, ""
	switch s := s.(type) {
	case score.MonitoringStack:
		stack = s
	case score.TenantMonitoring:
		stack, namespace = s.ScopedStack(), s.Tenant.Name
	}
	loaded := operatorsConfiguration(t, client, stack)
	theirs := dispatch.NewRoute(loaded.Route, nil)
	ours, err := routing.OfScore(s)
	if err != nil {
		t.Fatal(err)
	}
	delivered, mentioned := 0, append(slices.Clone(routedValues), stack.Namespace)
	for range 3000 {
		alert, set := map[string]string{}, model.LabelSet{}
		for _, label := range routedLabels {
			value := mentioned[random.Intn(len(mentioned))]
			if label == routing.NamespaceLabel && random.Intn(2) == 0 {
				value = stack.Namespace
			}
			if value != "" {
				alert[label], set[model.LabelName(label)] = value, model.LabelValue(value)
			}
		}
		var want []string
		for _, r := range theirs.Match(set) {
			if name, ok := strings.CutPrefix(r.RouteOpts.Receiver, routing.ReceiverName(stack.Namespace, backend.StackName(stack.Name), "")); ok && name != "null" {
				want = append(want, name)
			} else if !ok && r.RouteOpts.Receiver != "null" {
				t.Fatalf("got a receiver called %q, want the names that the operator makes", r.RouteOpts.Receiver)
			}
		}
		if got := ours.Channels(alert); !slices.Equal(got, want) {
			t.Fatalf("alert %q: package routing says %v, the operator's configuration %v", alert, got, want)
		}
		delivered += len(want)
		answers[fmt.Sprint(want)] = true
	}
	t.Logf("3000 alerts, %d deliveries, all alike", delivered)
	compareRest(t, loaded, stack, namespace)
}

// compareRest holds the inhibit rules and the names of the mute times against the operator's.
func compareRest(t *testing.T, loaded *config.Config, stack score.MonitoringStack, tenant string) {
	t.Helper()
	if len(loaded.InhibitRules) != len(stack.InhibitRules) {
		t.Fatalf("got %d inhibit rules, want %d", len(loaded.InhibitRules), len(stack.InhibitRules))
	}
	want := `{severity="critical"}`
	if tenant != "" {
		want = fmt.Sprintf(`{namespace=%q,severity="critical"}`, tenant)
	}
	source := labels.Matchers(slices.Clone(loaded.InhibitRules[0].SourceMatchers))
	slices.SortFunc(source, func(a, b *labels.Matcher) int { return strings.Compare(a.Name, b.Name) })
	if got := source.String(); got != want {
		t.Errorf("got the source %s of an inhibit rule, want %s", got, want)
	}
	var names, wanted []string
	for _, m := range loaded.MuteTimeIntervals {
		names = append(names, m.Name)
	}
	for _, m := range stack.MuteTimes {
		wanted = append(wanted, routing.ReceiverName(stack.Namespace, backend.StackName(stack.Name), m.Name))
	}
	if !slices.Equal(names, wanted) {
		t.Errorf("got mute times %v, want %v", names, wanted)
	}
}

// operatorsConfiguration returns what the operator generated for a stack, as soon as it has the stack's channels.
func operatorsConfiguration(t *testing.T, client *cluster.Client, stack score.MonitoringStack) *config.Config {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), generatedWithin)
	defer cancel()
	last := map[string]string{}
	for {
		secrets, err := client.List(ctx, schema.GroupVersionKind{Version: "v1", Kind: "Secret"}, stack.Namespace, "", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			data, found, _ := unstructured.NestedString(secret.Object, "data", "alertmanager.yaml.gz")
			if !found {
				continue
			}
			unzipped, err := generated.Unzip(data)
			if err != nil {
				t.Fatal(err)
			}
			text := string(unzipped)
			last[secret.GetName()] = text
			if !strings.Contains(text, "/"+stack.AlertChannels[len(stack.AlertChannels)-1].Name) {
				continue
			}
			loaded, err := config.Load(text)
			if err != nil {
				t.Fatalf("Alertmanager refuses what the operator made of the routing: %v\n%s", err, text)
			}
			return loaded
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the operator never made a configuration with the channels: got %v", slices.Sorted(maps.Keys(last)))
		case <-time.After(500 * time.Millisecond):
		}
	}
}
