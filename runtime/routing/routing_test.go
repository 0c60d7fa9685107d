// SPDX-License-Identifier: Apache-2.0

package routing_test

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"

	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const nobody = "null"

// alertmanagerRoute describes a node as Alertmanager's configuration does.
func alertmanagerRoute(n *routing.Node) *config.Route {
	r := &config.Route{Receiver: n.Channel, Matchers: amcommon.Matchers(n.Matchers), Continue: n.Continue}
	if r.Receiver == "" {
		r.Receiver = nobody
	}
	for _, child := range n.Routes {
		r.Routes = append(r.Routes, alertmanagerRoute(child))
	}
	return r
}

func alertmanagerChannels(top *dispatch.Route, alert map[string]string) []string {
	set := model.LabelSet{}
	for name, value := range alert {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	var names []string
	for _, r := range top.Match(set) {
		if r.RouteOpts.Receiver != nobody {
			names = append(names, r.RouteOpts.Receiver)
		}
	}
	return names
}

// TestLikeAlertmanager routes alerts through random trees with Alertmanager's dispatcher and with this package.
func TestLikeAlertmanager(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	delivered := 0
	for range 300 {
		stack := randomStack(random)
		if random.Intn(5) == 0 {
			stack.Route = nil
		}
		namespace := []string{"", "blue"}[random.Intn(2)]
		tree, err := routing.Of(stack, namespace)
		if err != nil {
			t.Fatal(err)
		}
		theirs := dispatch.NewRoute(alertmanagerRoute(tree.Top), nil)
		for range 100 {
			alert := randomAlert(random)
			got, want := tree.Channels(alert), alertmanagerChannels(theirs, alert)
			if !slices.Equal(got, want) {
				t.Fatalf("alert %v: got %v, Alertmanager says %v", alert, got, want)
			}
			delivered += len(got)
		}
	}
	if delivered < 1000 {
		t.Errorf("only %d deliveries, want enough to prove something", delivered)
	}
}

// TestChannelsTakeWhatTheirMatchersLetThrough holds the compiled tree against the rule itself: the tree of the routes
// alone says which channel an alert goes to, and the channel's own matchers whether it takes it.
func TestChannelsTakeWhatTheirMatchersLetThrough(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	kept, dropped := 0, 0
	for range 500 {
		stack := randomStack(random)
		tree, err := routing.Of(stack, "")
		if err != nil {
			t.Fatal(err)
		}
		plain := stack
		plain.AlertChannels = slices.Clone(stack.AlertChannels)
		for i := range plain.AlertChannels {
			plain.AlertChannels[i].Matchers = nil
		}
		routesAlone, err := routing.Of(plain, "")
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			alert := randomAlert(random)
			var want []string
			for _, name := range routesAlone.Channels(alert) {
				i := slices.IndexFunc(stack.AlertChannels, func(c score.AlertChannel) bool { return c.Name == name })
				own, err := routing.ParseMatchers(stack.AlertChannels[i].Matchers)
				if err != nil {
					t.Fatal(err)
				}
				passes := true
				for _, m := range own {
					passes = passes && m.Matches(alert[m.Name])
				}
				if passes {
					want = append(want, name)
					kept++
				} else {
					dropped++
				}
			}
			if got := tree.Channels(alert); !slices.Equal(got, want) {
				t.Fatalf("alert %v: got %v, want %v", alert, got, want)
			}
		}
	}
	if kept < 1000 || dropped < 1000 {
		t.Errorf("kept %d, dropped %d: want enough of both to prove something", kept, dropped)
	}
}

func arrives(tree *routing.Tree, n *routing.Node, alert map[string]string) (arrived, delivered bool) {
	for _, d := range tree.Deliveries(alert) {
		arrived = arrived || slices.ContainsFunc(d.Way, func(h routing.Hop) bool { return h.Node == n })
		delivered = delivered || d.End() == n
	}
	return arrived, delivered
}

// TestVerdictsHold contradicts no verdict with any alert: what is said to be out of reach is never reached, and what is
// said to be in reach is reached by the alert that is given as the proof.
func TestVerdictsHold(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	verdicts := map[routing.Verdict]int{}
	for range 400 {
		stack := randomStack(random)
		tree, err := routing.Of(stack, []string{"", "blue"}[random.Intn(2)])
		if err != nil {
			t.Fatal(err)
		}
		alerts := make([]map[string]string, 150)
		for i := range alerts {
			alerts[i] = randomAlert(random)
		}
		var solver routing.Solver
		tree.Spots(func(s routing.Spot) bool {
			for i, question := range []routing.Formula{s.Arriving(), s.Delivering()} {
				witness, verdict := solver.Solve(question)
				verdicts[verdict]++
				got := func(alert map[string]string) bool {
					arrived, delivered := arrives(tree, s.Node(), alert)
					return []bool{arrived, delivered}[i]
				}
				switch verdict {
				case routing.Yes:
					if !got(witness) {
						t.Fatalf("question %d: the proof %v does not get to %+v", i, witness, s.Node())
					}
				case routing.No:
					for _, alert := range alerts {
						if got(alert) {
							t.Fatalf("question %d: %v gets to %+v, which was said to be out of reach", i, alert, s.Node())
						}
					}
				}
			}
			return true
		})
		given := randomAlert(random)
		delete(given, oneOf(random, labelNames))
		witness, verdict := tree.Delivers(&solver, given)
		for _, alert := range alerts {
			for name, value := range given {
				alert[name] = value
			}
			if verdict == routing.No && len(tree.Channels(alert)) > 0 {
				t.Fatalf("%v: nobody was to get it, and %v does", alert, tree.Channels(alert))
			}
		}
		if verdict == routing.Yes && len(tree.Channels(witness)) == 0 {
			t.Fatalf("given %v: the proof %v reaches nobody", given, witness)
		}
	}
	if verdicts[routing.Yes] < 1000 || verdicts[routing.No] < 300 || verdicts[routing.Unknown] > verdicts[routing.No]/20 {
		t.Errorf("got verdicts %v, want many of both kinds and few unknown", verdicts)
	}
	t.Logf("verdicts: %v", verdicts)
}

func TestCompileRefuses(t *testing.T) {
	channels := []score.AlertChannel{{Constructor: "discord", Name: "a", Matchers: []string{"x"}}}
	route := &score.Route{Channel: "b", Continue: true, Routes: []score.Route{{Matchers: []string{`a=~"("`}}}}
	_, err := routing.Compile(channels, route)
	for _, want := range []string{`discord "a": matcher "x"`, `got the channel "b"`, "the top of the tree", `matcher "a=~\"(\""`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a part %q", err, want)
		}
	}
}

func TestOfScore(t *testing.T) {
	stack := score.MonitoringStack{Namespace: "monitoring", Name: "main", AlertChannels: []score.AlertChannel{{Name: "a"}}}
	alert := map[string]string{"namespace": "green"}
	for _, test := range []struct {
		score score.Score
		want  int
	}{{stack, 1}, {score.TenantMonitoring{Tenant: score.Tenant{Name: "blue"}, Stack: stack}, 0}, {score.TenantMonitoring{Tenant: score.Tenant{Name: "green"}, Stack: stack}, 1}} {
		tree, err := routing.OfScore(test.score)
		if err != nil {
			t.Fatal(err)
		}
		if got := tree.Channels(alert); len(got) != test.want {
			t.Errorf("%s: got %v, want %d channels", test.score.Title(), got, test.want)
		}
	}
	if _, err := routing.OfScore(score.Tenant{Name: "x"}); err == nil {
		t.Error("a tenant has no routing, want an error")
	}
}
